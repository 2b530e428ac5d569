"""Which mixtures of a batch are in the same basin of attraction, compiled.

Two mixtures, sorted by mean, count as in the same basin if all their components are pairwise close.
"""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.compilation import compiled, inlined, inner
from dash_app.learning.compiled.signatures import BATCH, Batch, b1
from dash_app.learning.mixture import Indices, Mask

_MAX_SHIFT_STDS = 0.5
"""Largest difference of the means of two close components, in standard deviations of the second.
A larger bound keeps fewer mixtures as distinct."""

_MAX_VARIANCE_RATIO = 2.0
"""Largest ratio of the variances of two close components."""

_MAX_WEIGHT_DIFFERENCE = 0.08
"""Largest difference of the mixing weights of two close components."""


@inlined
def component_is_close(batch: Batch, row: int, others: Batch, other: int, k: int) -> bool:
    """Return whether component k of `batch[row]` is close to component k of `others[other]`.

    Both mixtures are sorted by mean.
    """
    shift = batch.means[row, k] - others.means[other, k]
    variance, other_variance = batch.variances[row, k], others.variances[other, k]
    close: bool = (
        shift * shift <= _MAX_SHIFT_STDS * _MAX_SHIFT_STDS * other_variance
        and variance <= _MAX_VARIANCE_RATIO * other_variance
        and other_variance <= _MAX_VARIANCE_RATIO * variance
        and abs(batch.weights[row, k] - others.weights[other, k]) <= _MAX_WEIGHT_DIFFERENCE
    )
    return close


@inner
def in_basin_of_any(batch: Batch, row: int, others: Batch, which: Indices) -> bool:
    """Return whether `batch[row]` is in the basin of one of `others[which]`."""
    size = batch.means.shape[1]
    for other in which:
        k = 0
        while k < size:
            # not in the loop's condition: there numba counts references of all arrays each time
            if not component_is_close(batch, row, others, other, k):
                break
            k += 1
        if k == size:
            return True
    return False


@inner
def first_of_each_basin(batch: Batch, order: Indices, n_kept: int, known: Batch) -> Indices:
    """Return the first mixture of each basin, in the given order, outside the basins of `known`.

    There are at most `n_kept` indices.
    """
    every = np.arange(known.means.shape[0])
    kept = np.empty(min(n_kept, order.size), dtype=np.int64)
    n = 0
    for row in order:
        if n == kept.size:
            break
        is_new = not in_basin_of_any(batch, row, batch, kept[:n])
        if is_new and not in_basin_of_any(batch, row, known, every):
            kept[n] = row
            n += 1
    first: Indices = kept[:n].copy()
    return first


@compiled(b1[::1](BATCH, BATCH))
def outside_basins(batch: Batch, known: Batch) -> Mask:
    """Return which mixtures of the batch are in no basin of the known ones."""
    outside = np.empty(batch.means.shape[0], dtype=np.bool_)
    every = np.arange(known.means.shape[0])
    for row in range(outside.size):
        outside[row] = not in_basin_of_any(batch, row, known, every)
    return outside
