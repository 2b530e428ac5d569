"""A session's points in other orders: where a learner ends, from the log of operations."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from dash_app.admission.effort import Effort, Task
from dash_app.admission.turns import Turns
from dash_app.admission.waits import Waits
from dash_app.config import Config
from dash_app.errors import OutOfRangeError, RefusedError
from dash_app.journal.live import Live
from dash_app.journal.operation_log import OperationLog
from dash_app.learning.mixture import Array, Mixture
from dash_app.learning.orders import ORDERS, Ends, ends_by_order
from dash_app.learning.race import divided
from dash_app.records.operations import EQUAL_WEIGHTS, SessionRecord, Settings
from dash_app.store import Store
from dash_app.training.stream import stream_at

MAX_SHUFFLES = 50
"""Largest number of further shuffles; each trains the learner on all points once more."""

_GOAL = "a learner to be trained in every order"
_ADVICE = "take fewer shuffles, a faster learner or fewer components"


@dataclass(frozen=True)
class Ordered:
    """The ends of a learner on the points at a revision; `time_s` are wall seconds."""

    learner: str
    n_components: int
    n_points: int
    n_steps: int
    ends: Ends
    revision: int
    time_s: float


class Orders:
    """Trains learners on other orders of the sessions' points.

    It keeps the last fit from scratch: a dialog asks for its ends in several parts.
    """

    def __init__(
        self, operations: OperationLog, store: Store, turns: Turns, waits: Waits, config: Config
    ) -> None:
        self._operations = operations
        self._store = store
        self._max_work = config.max_run_work
        task = Task(config.max_run_s, _GOAL, _ADVICE, is_reading=True)
        self._effort = Effort(turns, waits, task)
        self._last: tuple[Any, Optional[Mixture]] = (None, None)

    def of(
        self,
        session_id: str,
        learner: str = "summary",
        n_shuffles: int = 10,
        seed: int = 0,
        part: slice = slice(None),
    ) -> Ordered:
        """Return where the learner ends after the active points in each order.

        It has the settings of the session. More than 200 increments are divided as in a timeline.

        Parameters
        ----------
        seed : int, of the first shuffle
        part : slice, which of the ends; a dialog asks for a few, to show how far it is

        Raises
        ------
        SessionNotFoundError
        OutOfRangeError : an unknown learner, or too much work
        RefusedError : fewer than two points, or a half-life (see `EQUAL_WEIGHTS`)
        BudgetError : it takes too long
        BusyError : a later attempt may succeed
        """
        if not 0 <= n_shuffles <= MAX_SHUFFLES:
            raise OutOfRangeError(
                f"expected 0 <= n_shuffles <= {MAX_SHUFFLES}, got {n_shuffles}", "n_shuffles"
            )
        record, node, settings, revision = self._operations.read(session_id, _settings)
        steps = self._steps(record, node)
        n_points = sum(step.size for step in steps)
        work = len(steps) * n_points * settings.n_components * (len(ORDERS) + n_shuffles)
        if work > self._max_work:
            raise OutOfRangeError(
                "expected increments x points x components x orders <= "
                f"{self._max_work:.3g}, got {work:.3g}",
                "n_shuffles",
            )
        started = time.perf_counter()
        points = np.concatenate(steps).tobytes()
        of = (settings, hashlib.blake2b(points).digest())
        known, scratch = self._last
        with self._effort.of(work) as on_step:
            ends = ends_by_order(
                steps,
                learner,
                settings.n_components,
                seed=settings.seed,
                prior_weight=settings.prior_weight,
                capacity=settings.capacity,
                n_shuffles=n_shuffles,
                shuffle_seed=seed,
                part=part,
                scratch=scratch if known == of else None,
                on_step=on_step,
            )
        self._last = (of, ends.scratch)
        time_s = time.perf_counter() - started
        n_components = settings.n_components
        return Ordered(learner, n_components, n_points, len(steps), ends, revision, time_s)

    def _steps(self, record: SessionRecord, node: int) -> list[Array]:
        increments = stream_at(self._store, record, node).increments
        n_points = sum(each.points.size for each in increments)
        if n_points < 2:
            raise RefusedError(f"expected at least 2 points to reorder, got {n_points}", "points")
        return [step.points for step in divided(increments)]


def _settings(live: Live) -> tuple[SessionRecord, int, Settings, int]:
    state = live.state
    if state.settings.half_life is not None or state.decay > 0:
        raise RefusedError(
            f"expected {EQUAL_WEIGHTS}: in another order every point would have another weight"
        )
    return live.record, state.node, state.settings, live.seq
