"""How many components a session's points ask for, from the summary of its online learner."""

from __future__ import annotations

import time
from dataclasses import dataclass

from dash_app.admission.effort import Effort, Task
from dash_app.admission.turns import Turns
from dash_app.admission.waits import Waits
from dash_app.config import Config
from dash_app.errors import RefusedError
from dash_app.journal.live import Live
from dash_app.journal.operation_log import OperationLog
from dash_app.learning.selection import MOST, N_FOLDS, Selection, select_n_components
from dash_app.learning.summary import WeightedSummary
from dash_app.records.operations import EQUAL_WEIGHTS, Settings

_GOAL = "the criteria of all numbers of components"
_ADVICE = "take a smaller capacity"


@dataclass(frozen=True)
class Selected:
    """The criteria of the points at a revision; `time_s` are wall seconds."""

    selection: Selection
    revision: int
    time_s: float


class Selections:
    """Compares numbers of components for the sessions of a process; it keeps nothing."""

    def __init__(
        self, operations: OperationLog, turns: Turns, waits: Waits, config: Config
    ) -> None:
        self._operations = operations
        task = Task(config.max_increment_s, _GOAL, _ADVICE, is_reading=True)
        self._effort = Effort(turns, waits, task)

    def of(self, session_id: str) -> Selected:
        """Return the criteria for the active points.

        Raises
        ------
        SessionNotFoundError
        RefusedError : fewer than 5 points, equal points, or a half-life (see `EQUAL_WEIGHTS`)
        BudgetError : it takes too long
        BusyError : a later attempt may succeed
        """
        summary, settings, revision = self._operations.read(session_id, _held)
        started = time.perf_counter()
        with self._effort.of(summary.n_atoms * MOST * (N_FOLDS + 1)) as on_step:
            found = select_n_components(
                summary, prior_weight=settings.prior_weight, seed=settings.seed, on_step=on_step
            )
        return Selected(found, revision, time.perf_counter() - started)


def _held(live: Live) -> tuple[WeightedSummary, Settings, int]:
    """Return what a selection needs; a summary is never changed in place."""
    state = live.state
    if state.settings.half_life is not None or state.decay > 0:
        raise RefusedError(f"expected {EQUAL_WEIGHTS}: the criteria count every point once")
    return state.learner.summary, state.settings, live.seq
