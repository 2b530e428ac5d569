"""The active points of a session: the points at its head, in order of arrival, with their ages."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Optional

import numpy as np

from dash_app.database.rows import floats_from_bytes
from dash_app.errors import UnknownPointError
from dash_app.learning.mixture import Array, Indices
from dash_app.records.operations import ADD, CLEAR, CONFIGURE, REMOVE, ROOT, Settings
from dash_app.store import PointRow

_NEGLIGIBLE = 1e-12
"""Share of the total weight below which the learner drops a point."""


class ActivePoints:
    """Points in order of arrival, in an array that doubles when it is full.

    A second row records how many half-lives had passed when each point arrived.
    """

    def __init__(self) -> None:
        self._columns = np.empty((2, 64))
        self._size = 0
        self._decay = 0.0

    @property
    def values(self) -> Array:
        """The points, shape (n_points,), data units; a view, valid until the next change."""
        return self._columns[0, : self._size]

    def weights(self) -> Optional[Array]:
        """Return each point's weight, shape (n_points,); None where all are 1."""
        if self._decay == 0.0:
            return None
        weights: Array = np.exp2(self._columns[1, : self._size] - self._decay)
        return weights

    def weighted(self) -> tuple[Array, Optional[Array]]:
        """Return copies of the points of non-negligible weight, and of their weights."""
        weights = self.weights()
        if weights is None:
            return self.values.copy(), None
        kept = weights >= _NEGLIGIBLE * weights.sum()
        return self.values[kept], weights[kept]

    def add(self, points: Array, half_life: Optional[float]) -> None:
        """Append an increment, with the current half-life."""
        end = self._size + points.size
        if end > self._columns.shape[1]:
            grown = np.empty((2, max(end, 2 * self._columns.shape[1])))
            grown[:, : self._size] = self._columns[:, : self._size]
            self._columns = grown
        new = self._columns[:, self._size : end]
        new[0] = points
        new[1] = self._decay
        if half_life is not None:
            new[1] += np.arange(1, points.size + 1) / half_life
            self._decay += points.size / half_life
        self._size = end

    def positions(self, points: Array) -> Indices:
        """Return the positions of the last occurrences of the points.

        Raises
        ------
        UnknownPointError : a value is not active, or fewer times than asked for
        """
        wanted = Counter(points.tolist())
        found: list[int] = []
        for position in np.flatnonzero(np.isin(self.values, points))[::-1].tolist():
            x = float(self.values[position])
            if wanted[x] > 0:
                wanted[x] -= 1
                found.append(position)
        missing = next((x for x, count in wanted.items() if count > 0), None)
        if missing is not None:
            n_active = np.count_nonzero(self.values == missing)
            message = f"expected an active point, got {missing!r}"
            if n_active:
                message = (
                    f"expected no more copies of {missing!r} than the {n_active} active, got "
                    f"{n_active + wanted[missing]}"
                )
            raise UnknownPointError(message, "points")
        return np.array(found, dtype=np.intp)

    def remove(self, points: Array) -> None:
        """Remove the last occurrence of each point."""
        kept = np.delete(self._columns[:, : self._size], self.positions(points), axis=1)
        self._columns, self._size = kept, kept.shape[1]

    def drop_last(self, n: int) -> bool:
        """Remove the last `n` points; return False, and change nothing, where points fade."""
        if self._decay == 0.0:
            self._size -= n
        return self._decay == 0.0

    def clear(self) -> None:
        """Remove all points."""
        self._size, self._decay = 0, 0.0


def increments_at(
    path_rows: Iterable[PointRow],
    node: int,
    half_life: Optional[float],
    without: Optional[Array] = None,
) -> list[tuple[Array, Optional[float]]]:
    """Return the increments at a node, each with its half-life; removed points are left out.

    `without` are points to remove in addition. The other parameters are those of `points_at`.
    """
    active = ActivePoints()
    numbers = np.empty(0, dtype=np.int64)  # of the increment of each active point
    half_lives: list[Optional[float]] = []
    pending: list[Array] = []

    def flush() -> None:
        nonlocal numbers
        if pending:
            sizes = [each.size for each in pending]
            first = len(half_lives) - len(pending)
            new = np.repeat(np.arange(first, len(half_lives)), sizes)
            numbers = np.concatenate([numbers, new])
            active.add(np.concatenate(pending), None)
            pending.clear()

    def remove(points: Array) -> None:
        nonlocal numbers
        numbers = np.delete(numbers, active.positions(points))
        active.remove(points)

    for row in path_to(path_rows, node):
        if row.kind == ADD:
            pending.append(floats_from_bytes(row.points or b""))
            half_lives.append(half_life)
            continue
        flush()
        if row.kind == REMOVE:
            remove(floats_from_bytes(row.points or b""))
        elif row.kind == CLEAR:
            active.clear()
            numbers = numbers[:0]
            half_life = _half_life_after(row, half_life)
        elif row.kind == CONFIGURE:
            half_life = _half_life_after(row, half_life)
    flush()
    if without is not None:
        remove(without)
    if not numbers.size:
        return []
    starts = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))
    parts = np.split(active.values.copy(), starts[1:])
    return [(part, half_lives[number]) for part, number in zip(parts, numbers[starts])]


def settings_at(path_rows: Iterable[PointRow], node: int, settings: Settings) -> Settings:
    """Return the settings at a node; `settings` are those of the new session."""
    changed: dict[str, Any] = {}
    for row in path_to(path_rows, node):
        changed.update(_changed_settings(row))
    return replace(settings, **changed)


def _changed_settings(row: PointRow) -> dict[str, Any]:
    """Return the settings that an operation changes: a configure, or a clear, may change some."""
    if row.kind not in (CONFIGURE, CLEAR):
        return {}
    detail = json.loads(row.detail or "{}")
    changed: dict[str, Any] = detail.get("settings", {}) if row.kind == CLEAR else detail
    return changed


def _half_life_after(row: PointRow, half_life: Optional[float]) -> Optional[float]:
    changed: Optional[float] = _changed_settings(row).get("half_life", half_life)
    return changed


def path_to(path_rows: Iterable[PointRow], node: int) -> Iterable[PointRow]:
    """Return the rows on the path to a node, oldest first."""
    by_seq = {row.seq: row for row in path_rows}
    path: list[PointRow] = []
    while node != ROOT:
        path.append(by_seq[node])
        node = path[-1].parent
    return reversed(path)


def points_at(path_rows: Iterable[PointRow], node: int, half_life: Optional[float]) -> ActivePoints:
    """Return the active points at a node, from rows that include the path to it.

    `half_life` is the setting with which the session was created.
    """
    points = ActivePoints()
    pending: list[bytes] = []

    def flush() -> None:
        if pending:
            points.add(floats_from_bytes(b"".join(pending)), half_life)
            pending.clear()

    for row in path_to(path_rows, node):
        if row.kind == ADD:
            pending.append(row.points or b"")
            if half_life is not None:  # one increment at a time: the ages must match bit for bit
                flush()
            continue
        flush()
        if row.kind == REMOVE:
            points.remove(floats_from_bytes(row.points or b""))
        elif row.kind == CLEAR:
            points.clear()
            half_life = _half_life_after(row, half_life)
        elif row.kind == CONFIGURE:
            half_life = _half_life_after(row, half_life)
    flush()
    return points
