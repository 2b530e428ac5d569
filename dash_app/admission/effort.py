"""Online training within a request: long trainings take turns, a click trains at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from dash_app.admission.turns import Turn, Turns
from dash_app.admission.waits import Waits
from dash_app.errors import BudgetError, BusyError

_FREE_WORK = 2_000
"""Atoms times components up to which a training needs no turn; it takes 0.1 s at most."""


class Effort:
    """Gives turns to the online trainings of a process; each may work at most `max_work_s`."""

    def __init__(self, turns: Turns, waits: Waits, max_work_s: float) -> None:
        self._turns = turns
        self._waits = waits
        self._max_work_s = max_work_s

    @contextmanager
    def of(self, work: int) -> Iterator[Callable[[], None]]:
        """Train in this context; yields the function to call between two steps of the training.

        Parameters
        ----------
        work : int, atoms times components; a small training begins at once, a large one waits
            for a turn

        Raises
        ------
        BudgetError : the training takes too long
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
        if worked_s > self._max_work_s:
            raise BudgetError(
                f"expected an increment to be learned within {self._max_work_s:g} s, got "
                f"{worked_s:.1f} s and no end: nothing has changed; send fewer points at once, or "
                "take fewer components"
            )
