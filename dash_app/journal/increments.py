"""The online model after each change of the data, and its distance to the model from scratch."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Optional, Union

from dash_app.journal.active_points import points_at
from dash_app.learning import Comparison, compare
from dash_app.learning.mixture import Array
from dash_app.records.operations import ROOT, TRAIN, Operation, SessionRecord
from dash_app.records.versions import ModelVersion
from dash_app.store import PointRow, Store

_N_KEPT = 20_000
"""Comparisons kept in memory, over all sessions."""

_N_OPERATIONS = 2_000
"""Operations read from the end of the log; older increments are not returned."""

_N_MEASURED = 150
"""Newest increments whose models are compared; bounds the time of one request."""

_N_POINTS_MEASURED = 200_000
"""Points over all comparisons of one request. Each comparison uses the points of its increment."""


@dataclass(frozen=True)
class Increment:
    """One change of the data.

    Attributes
    ----------
    online : the online model after the change
    node : int, the state of the data, see `records.operations`
    scratch : the newest model from scratch before the next change; None without one
    current : whether that model was trained on exactly these points and settings
    difference : between the two models, online first; None if it was not measured
    """

    online: ModelVersion
    node: int
    scratch: Optional[ModelVersion] = None
    current: bool = False
    difference: Optional[Comparison] = None


class Increments:
    """Reads increments from the log and caches comparisons, because models never change."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[Union[str, float], ...], Comparison] = OrderedDict()

    def compare(
        self,
        session_id: str,
        online: ModelVersion,
        scratch: ModelVersion,
        points: Callable[[], Array],
    ) -> Comparison:
        """Compare two models of a session on the points of the online model."""
        # the times are in the key: a deleted session may be imported again from an older export
        models = (online.number, online.created_at, scratch.number, scratch.created_at)
        key = (session_id, *models)
        with self._lock:
            known = self._known.get(key)
        if known is None:
            known = compare(online.mixture, scratch.mixture, points())
            with self._lock:
                self._known[key] = known
                if len(self._known) > _N_KEPT:
                    self._known.popitem(last=False)
        return known

    def newest(self, record: SessionRecord) -> list[Increment]:
        """Return the newest increments since the last clear, in order of time."""
        last = self._store.last(record.id)
        if last is None:
            return []
        operations = self._store.operations(
            record.id, after=max(last.seq - _N_OPERATIONS, 0), with_points=False
        )
        by_seq = {operation.seq: operation for operation in operations}
        scratch: Optional[ModelVersion] = None
        era: Optional[int] = None
        found: list[Increment] = []
        for operation in operations:
            if operation.kind != TRAIN:
                if operation.era != era:
                    era = operation.era
                    trained = self._store.last_training(record.id, era, upto=operation.seq)
                    scratch = None if trained is None else trained.version
                online = self._online_at(record.id, operation.head, by_seq)
                if online is None:
                    found.clear()
                elif not found or found[-1].online.number != online.number:
                    found.append(Increment(online, operation.head))
            elif operation.era == era:
                scratch = operation.version
            if found and scratch is not None:
                trained_on = by_seq.get(scratch.revision)
                current = trained_on is not None and trained_on.head == operation.head
                found[-1] = replace(found[-1], scratch=scratch, current=current)
        return self._measured(record, found)

    def _online_at(
        self, session_id: str, node: int, by_seq: dict[int, Operation]
    ) -> Optional[ModelVersion]:
        """Return the online model at a node."""
        while node != ROOT:
            operation = by_seq.get(node) or self._store.operation(session_id, node)
            if operation is None or operation.n_points == 0:
                return None
            if operation.version is not None:
                return operation.version
            node = operation.parent  # a new setting that trained no model
        return None

    def _measured(self, record: SessionRecord, increments: list[Increment]) -> list[Increment]:
        """Return the increments; the newest have their differences."""

        @cache
        def rows() -> list[PointRow]:
            # read only if a difference is measured: a session may have millions of points
            return self._store.point_rows(record.id, max(each.node for each in increments))

        n_points = 0
        for index in range(len(increments) - 1, max(len(increments) - _N_MEASURED, 0) - 1, -1):
            each = increments[index]
            n_points += each.online.n_points
            if n_points > _N_POINTS_MEASURED:
                break
            if each.scratch is None:
                continue

            def points(node: int = each.node) -> Array:
                return points_at(rows(), node, record.settings.half_life).values

            difference = self.compare(record.id, each.online, each.scratch, points)
            increments[index] = replace(each, difference=difference)
        return increments
