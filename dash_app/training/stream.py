"""The points of a session as learners are told them, with the settings of that moment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Optional

from dash_app.errors import OutOfRangeError, RefusedError
from dash_app.journal.active_points import increments_at, path_to, settings_at
from dash_app.learning import Mixture
from dash_app.learning.race import Step
from dash_app.records.operations import ADD, CLEAR, EQUAL_WEIGHTS, REMOVE, SessionRecord, Settings
from dash_app.store import PointRow, Store


@dataclass(frozen=True, eq=False)
class Stream:
    """The increments of a session at a node, in order of arrival.

    Attributes
    ----------
    faded : whether a point has come with a half-life
    """

    settings: Settings
    increments: list[Step]
    faded: bool

    def check_weights(self, what: str) -> None:
        """Raise RefusedError with a half-life, or if a point came with one: no learner forgets."""
        if self.settings.half_life is not None or self.faded:
            raise RefusedError(unequal_weights(what))


def unequal_weights(what: str) -> str:
    """Return why there is no race or timeline of points that fade."""
    return f"expected {EQUAL_WEIGHTS}: a {what} gives every point the same weight"


def stream_at(store: Store, record: SessionRecord, node: int) -> Stream:
    """Return the stream of a session at a node.

    Raises
    ------
    KeyError : the session has no such node
    """
    path_rows = store.point_rows(record.id, node)
    found = increments_at(path_rows, node, record.settings.half_life)
    settings = settings_at(path_rows, node, record.settings)
    truth, n_drawn = _truth_at(path_rows, node)
    increments = [
        Step(points, truth if index < n_drawn else None) for index, (points, _) in enumerate(found)
    ]
    # no point of a session that has faded can be removed: one of them is still there
    return Stream(settings, increments, any(half_life is not None for _, half_life in found))


def _truth_at(path_rows: list[PointRow], node: int) -> tuple[Optional[Mixture], int]:
    """Return the truth of the example at a node, and the number of first increments that it is of.

    Points that are added or removed by hand are not drawn from it.
    """
    truth: Optional[dict[str, Any]] = None
    start, n_drawn, is_drawn = node, 0, True
    for row in path_to(path_rows, node):
        if row.kind == CLEAR:
            truth = json.loads(row.detail or "{}").get("truth")
            start, n_drawn, is_drawn = row.seq, 0, True
        elif row.kind == ADD:
            is_drawn = is_drawn and json.loads(row.detail or "{}").get("play") == start
            n_drawn += is_drawn
        elif row.kind == REMOVE:
            n_drawn, is_drawn = 0, False
    return None if truth is None else Mixture.from_dict(truth), n_drawn


def check_work(
    steps: list[Step], n_components: int, n_learners: int, most: float, field: Optional[str]
) -> None:
    """Raise OutOfRangeError where the learners would have more than `most` work with the steps."""
    n_points = sum(step.points.size for step in steps)
    work = len(steps) * n_points * n_components * n_learners
    if work > most:
        raise OutOfRangeError(
            f"expected increments x points x components x learners <= {most:.3g}, got "
            f"{len(steps)} x {n_points} x {n_components} x {n_learners} = {work:.3g}",
            field,
        )
