"""Counts of points in equal bins, which stand for the points where there are too many to draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dash_app.errors import RefusedError
from dash_app.learning.mixture import Array, Indices

N_BINS = 256
"""Number of bins. A plot of 1,000 pixels shows no more columns than this apart."""

_CHUNK = 1 << 18
"""Points counted at a time: the working memory stays in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts of points.

    edges : ndarray, shape (n_bins + 1,), ascending, data units
    counts : ndarray, shape (n_bins,); the last bin has its upper edge
    """

    edges: Array
    counts: Indices


def histogram_of(points: Array, n_bins: int = N_BINS) -> Histogram:
    """Return the histogram from the smallest to the largest point.

    Equal points are in one bin of width 0.

    Raises
    ------
    RefusedError : no points

    Examples
    --------
    >>> found = histogram_of(np.array([0.0, 0.1, 4.0]), n_bins=4)
    >>> found.edges.tolist(), found.counts.tolist()
    ([0.0, 1.0, 2.0, 3.0, 4.0], [2, 0, 0, 1])
    """
    if points.size == 0:
        raise RefusedError("expected points to count, got none")
    low, high = float(points.min()), float(points.max())
    if high == low:
        return Histogram(np.array([low, high]), np.array([points.size]))
    counts = np.zeros(n_bins, dtype=np.int64)
    for start in range(0, points.size, _CHUNK):
        share = (points[start : start + _CHUNK] - low) / (high - low)
        bins = np.minimum((share * n_bins).astype(np.int64), n_bins - 1)
        counts += np.bincount(bins, minlength=n_bins)
    return Histogram(np.linspace(low, high, n_bins + 1), counts)
