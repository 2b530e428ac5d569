"""Computations within a request: long ones take turns, a click trains at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from dash_app.admission import client
from dash_app.admission.turns import Turn, Turns
from dash_app.admission.waits import Waits
from dash_app.errors import BudgetError, BusyError

_FREE_WORK = 2_000
"""Atoms times components up to which a training needs no turn; it takes 0.2 s at most."""


@dataclass(frozen=True)
class Task:
    """What an effort is for.

    max_work_s : float, longest work of one request, seconds
    goal, advice : for the message of a refusal
    is_reading : whether the result is the answer alone; the work then ends when the client is gone
    """

    max_work_s: float
    goal: str = "an increment to be learned"
    advice: str = "send fewer points at once, or take fewer components"
    is_reading: bool = False


class Effort:
    """Gives turns to the computations of one task in a process."""

    def __init__(self, turns: Turns, waits: Waits, task: Task) -> None:
        self._turns = turns
        self._waits = waits
        self._task = task

    @contextmanager
    def of(self, work: int) -> Iterator[Callable[[], None]]:
        """Compute in this context; yields the function to call between two steps.

        Parameters
        ----------
        work : int, atoms times components; small work begins at once, large work waits for a turn

        Raises
        ------
        BudgetError : the work takes too long
        BusyError : too many requests wait, the wait was too long, or the server stops
        """
        if work <= _FREE_WORK:
            started = time.monotonic()
            yield lambda: self._check(time.monotonic() - started)
            return
        turn = self._turns.enter(object())
        with ExitStack() as context:
            context.callback(self._turns.leave, turn)
            if not turn.holds:
                context.enter_context(self._waits.place())
                self._wait(turn)
                may_pause = True
            else:
                may_pause = self._reserve_place(context)
            yield lambda: self._step(turn, may_pause)

    def _reserve_place(self, context: ExitStack) -> bool:
        """Reserve a waiting place for later pauses; return whether one was free."""
        try:
            context.enter_context(self._waits.place())
        except BusyError:
            return False
        return True

    def _step(self, turn: Turn, may_pause: bool) -> None:
        self._check(turn.worked_s)
        if may_pause and self._turns.is_due(turn):
            self._turns.pause(turn)
            self._wait(turn)

    def _wait(self, turn: Turn) -> None:
        self._waits.patiently(
            lambda timeout_s: self._turns.wait(turn, timeout_s), "a turn to train"
        )

    def _check(self, worked_s: float) -> None:
        self._waits.check()
        task = self._task
        asking = client.current.get()
        if task.is_reading and asking is not None and asking.has_gone():
            raise BusyError(f"the client disconnected while it waited for {task.goal}")
        if worked_s > task.max_work_s:
            raise BudgetError(
                f"expected {task.goal} within {task.max_work_s:g} s, got {worked_s:.1f} s and no "
                f"end: nothing has changed; {task.advice}"
            )
