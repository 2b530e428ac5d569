"""Reports of a training from scratch to the store, and its end from outside."""

from __future__ import annotations

import contextlib
import math
import threading
import time

import numpy as np

from dash_app.admission.turns import Turn, Turns
from dash_app.database.run_table import RunTable
from dash_app.errors import BudgetError, CancelledError, StoreError
from dash_app.journal.watch import Watch

_REPORT_EVERY_S = 0.03
"""Shortest time between two reports to the store; event streams send at most 30 a second."""

_LOOK_EVERY_S = 0.05
"""Time between two looks of a run that waits for torch: was it cancelled, does other work wait?"""


class Reporter:
    """Called after each iteration: collects losses for the store, raises if the run must stop."""

    def __init__(
        self,
        table: RunTable,
        watch: Watch,
        session_id: str,
        run_id: str,
        turns: Turns,
        turn: Turn,
        max_work_s: float,
    ) -> None:
        self._table = table
        self._watch = watch
        self._session_id = session_id
        self._run_id = run_id
        self._turns = turns
        self._turn = turn
        self._max_work_s = max_work_s
        self._first = 1
        self._losses: list[float] = []
        self._reported_at = -math.inf  # report the first loss at once

    def __call__(self, _iteration: int, loss: float) -> None:
        self._losses.append(loss)
        if time.monotonic() - self._reported_at >= _REPORT_EVERY_S:
            self._report()
        self.take_turns()

    def take_turns(self) -> None:
        """Let other work have the slot if its slice is over; raise if the run must stop."""
        self.check()
        if self._turns.is_due(self._turn):
            self._report()
            self._turns.pause(self._turn)
            self._turns.wait(self._turn)
            self.check()

    def wait_for(self, thread: threading.Thread) -> None:
        """Wait for what the training needs, before its work begins; raise if it must stop."""
        while thread.is_alive():
            thread.join(_LOOK_EVERY_S)
            self._turn.discount()
            self.take_turns()

    def check(self) -> None:
        """Raise CancelledError if the run was cancelled, BudgetError if it took too long."""
        if self._turn.cancelled:
            raise CancelledError(f"the run {self._run_id} was cancelled")
        if self._turn.worked_s > self._max_work_s:
            raise BudgetError(
                f"expected a training of at most {self._max_work_s:g} s, got one that was not "
                f"done after {self._turn.worked_s:.1f} s: it was stopped, and the model "
                "from scratch is as before; take fewer epochs, components or points"
            )

    def flush(self) -> None:
        """Write the collected losses to the store."""
        if self._losses:
            losses = np.array(self._losses)
            if self._table.report(self._run_id, self._first, losses, time.time()):
                self._turns.cancel(self._turn)
            self._first += losses.size
            self._losses.clear()
            self._watch.changed(self._session_id)

    def _report(self) -> None:
        """Write the losses; where the store fails, the next report has them too."""
        with contextlib.suppress(StoreError):
            self.flush()
        self._reported_at = time.monotonic()
