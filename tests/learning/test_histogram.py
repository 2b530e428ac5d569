"""Counts of points in equal bins."""

from __future__ import annotations

import numpy as np
import pytest

from dash_app.errors import RefusedError
from dash_app.learning.histogram import histogram_of


def test_counts_are_those_of_numpy() -> None:
    points = np.random.default_rng(0).normal(size=600_000)
    found = histogram_of(points)
    expected, edges = np.histogram(points, found.edges.size - 1)
    np.testing.assert_allclose(found.edges, edges, rtol=1e-12)
    # a point within rounding of an edge may be on either side of it
    assert np.abs(found.counts - expected).max() <= 1
    assert found.counts.sum() == points.size


@pytest.mark.parametrize("points", [[7.0], [7.0] * 5, [-1e150, 1e150], [1.0, np.nextafter(1, 2)]])
def test_hard_cases_count_every_point_once(points: list[float]) -> None:
    found = histogram_of(np.array(points))
    assert found.counts.sum() == len(points)
    assert np.isfinite(found.edges).all()


def test_no_points_are_refused() -> None:
    with pytest.raises(RefusedError):
        histogram_of(np.empty(0))
