"""The models of sessions: the current ones, all versions, and how the two kinds differ."""

from __future__ import annotations

from typing import Optional

from dash_app.errors import OutOfRangeError, RefusedError
from dash_app.journal.comparisons import Comparisons
from dash_app.journal.differences import Difference, Differences
from dash_app.journal.live import Live
from dash_app.journal.operation_log import OperationLog
from dash_app.journal.views import ModelComparison, SessionView, view_of
from dash_app.learning.mixture import Array
from dash_app.records.versions import ONLINE, SCRATCH, ModelVersion
from dash_app.store import Store


class Models:
    """Reads and compares the models of the sessions of a process."""

    def __init__(self, operations: OperationLog, store: Store) -> None:
        self._operations = operations
        self._store = store
        self._comparisons = Comparisons()
        self._differences = Differences()

    def current(self, session_id: str, kind: str = ONLINE) -> ModelVersion:
        """Return the current online model, or the newest from scratch.

        Raises
        ------
        RefusedError : there is no such model
        """
        if kind not in (ONLINE, SCRATCH):
            raise OutOfRangeError(f"expected online or scratch, got {kind!r}", "model")
        view = self._operations.read(session_id, view_of)
        version = view.online if kind == ONLINE else view.scratch
        if version is None:
            raise RefusedError(f"expected a trained model, got a session without {kind} model")
        return version

    def versions(
        self, session_id: str, *, after: int = 0, limit: Optional[int] = None
    ) -> list[ModelVersion]:
        """Return at most `limit` model versions with numbers above `after`, oldest first."""
        self._operations.check(session_id)
        return self._store.versions(session_id, after=after, limit=limit)

    def totals(self, session_id: str) -> tuple[int, int]:
        """Return the number of operations in the log, and that of all model versions."""
        last = self._store.last(session_id)
        return (0, 0) if last is None else (last.seq, last.n_models)

    def compare(self, session_id: str) -> ModelComparison:
        """Compare the online model with the model from scratch, on the points of the session.

        With a half-life a point weighs as much as it still counts, as in both trainings.

        Raises
        ------
        RefusedError : one of the models is missing
        """

        def both(
            live: Live,
        ) -> tuple[Optional[ModelVersion], Optional[ModelVersion], tuple[Array, Optional[Array]]]:
            weighted = self._operations.history.active_points(live).weighted()
            return live.state.online, live.scratch, weighted

        online, scratch, (points, weights) = self._operations.read(session_id, both)
        if online is None or scratch is None:
            missing = ONLINE if online is None else SCRATCH
            raise RefusedError(
                f"expected two trained models, got a session without {missing} model"
            )
        difference = self._comparisons.compare(session_id, online, scratch, points, weights)
        return ModelComparison(online, scratch, difference)

    def difference(self, view: SessionView) -> Optional[Difference]:
        """Return the difference between the two models of a view; None unless both exist.

        It reads nothing from the store, and its time does not depend on the number of points. The
        gap is that of the summary of the online model; `compare` reads all points instead.
        """
        return None if view.basis is None else self._differences.of(view.id, view.basis)
