"""The last operations of a session in memory, for those who have seen all but these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from dash_app.learning.mixture import Array
from dash_app.records.operations import ADD, CONFIGURE, NOTE, REMOVE, TRAIN, Change
from dash_app.records.versions import ModelVersion

_N_KEPT = 64
"""Operations kept for each session: two seconds of the fastest stream."""

MAX_POINTS = 1_000
"""Most points of the changes that are told one by one."""

_SILENT = (CONFIGURE, TRAIN, NOTE)
"""Operations that leave the points as they are."""


@dataclass(frozen=True, eq=False)
class Recent:
    """One operation: the points that it added or removed, and the online model after it."""

    revision: int
    kind: str
    points: Optional[Array]
    online: Optional[ModelVersion]

    @classmethod
    def of(cls, revision: int, change: Change, online: Optional[ModelVersion]) -> Recent:
        """Return the entry of an operation; it does not keep the points of a large one."""
        points = change.points
        few = points is not None and points.size <= MAX_POINTS
        return cls(revision, change.kind, points if few else None, online)


def extended(recent: tuple[Recent, ...], newest: Recent) -> tuple[Recent, ...]:
    """Return the operations with a newer one, without those that are too old."""
    return (*recent[1 - _N_KEPT :], newest)


def changes_since(recent: tuple[Recent, ...], since: int, revision: int) -> Optional[list[Recent]]:
    """Return the adds and removes above `since`; None where they do not tell the whole change."""
    newer = [each for each in recent if since < each.revision <= revision]
    if len(newer) != revision - since:
        return None
    changes = [each for each in newer if each.kind not in _SILENT]
    n_points = 0
    for each in changes:
        if each.kind not in (ADD, REMOVE) or each.points is None:
            return None
        n_points += each.points.size
    return changes if n_points <= MAX_POINTS else None
