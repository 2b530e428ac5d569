"""Which mixtures of a batch are on their way to the same optimum, compiled."""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.compilation import compiled
from dash_app.learning.compiled.signatures import BATCH, Batch, Indices, Mask

_NEAR_STDS, _NEAR_VARIANCE, _NEAR_WEIGHT = 0.5, 2.0, 0.08
"""Two mixtures are in one neighbourhood where no component differs by more than this, the
variances by this factor."""


@compiled(f"b1({BATCH}, i8, {BATCH}, i8, i8)")
def near_at(batch: Batch, row: int, others: Batch, other: int, k: int) -> bool:
    """Return whether component k is alike in a mixture of each batch; both sorted by mean."""
    shift = batch[1][row, k] - others[1][other, k]
    variance, other_variance = batch[2][row, k], others[2][other, k]
    alike: bool = (
        shift * shift <= _NEAR_STDS * _NEAR_STDS * other_variance
        and variance <= _NEAR_VARIANCE * other_variance
        and other_variance <= _NEAR_VARIANCE * variance
        and abs(batch[0][row, k] - others[0][other, k]) <= _NEAR_WEIGHT
    )
    return alike


@compiled(f"b1({BATCH}, i8, {BATCH}, i8[::1])")
def near_any(batch: Batch, row: int, others: Batch, which: Indices) -> bool:
    """Return whether a mixture is alike in all its components to any of some others."""
    size = batch[1].shape[1]
    for other in which:
        k = 0
        while k < size and near_at(batch, row, others, other, k):
            k += 1
        if k == size:
            return True
    return False


@compiled(f"i8[::1]({BATCH}, i8[::1], i8)")
def first_of_each(batch: Batch, order: Indices, n_kept: int) -> Indices:
    """Return which mixtures come first in their neighbourhoods, in order, `n_kept` at the most."""
    kept = np.empty(min(n_kept, order.size), dtype=np.int64)
    n = 0
    for row in order:
        if n == kept.size:
            break
        if not near_any(batch, row, batch, kept[:n]):
            kept[n] = row
            n += 1
    first: Indices = kept[:n].copy()
    return first


@compiled(f"b1[::1]({BATCH}, {BATCH})")
def apart_from(batch: Batch, homes: Batch) -> Mask:
    """Return which mixtures of the batch are in no neighbourhood of the homes."""
    apart = np.empty(batch[1].shape[0], dtype=np.bool_)
    every = np.arange(homes[1].shape[0])
    for row in range(apart.size):
        apart[row] = not near_any(batch, row, homes, every)
    return apart
