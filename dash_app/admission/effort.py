"""Online training within a request: a turn for what takes long, none for a click."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dash_app.admission.turns import Turns
from dash_app.admission.waits import Waits

_FREE_WORK = 2_000
"""Atoms times components that are learned without a turn: 0.1 s at most."""


class Effort:
    """Gives the online trainings of a process their turns."""

    def __init__(self, turns: Turns, waits: Waits) -> None:
        self._turns = turns
        self._waits = waits

    @contextmanager
    def of(self, work: int) -> Iterator[None]:
        """Train within; a small one at once, a large one when it is its turn.

        Raises
        ------
        BusyError : too many wait already, or it was too long
        """
        if work <= _FREE_WORK:
            yield
            return
        turn = self._turns.enter(object())
        try:
            self._waits.until(
                lambda timeout_s: self._turns.wait(turn, timeout_s), "a turn to train"
            )
            yield
        finally:
            self._turns.leave(turn)
