"""Which mixtures of a batch are on their way to the same optimum, compiled."""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.compilation import compiled
from dash_app.learning.compiled.signatures import BATCH, THETA, Batch, Indices, Mask, Theta

_NEAR_STDS, _NEAR_VARIANCE, _NEAR_WEIGHT = 0.5, 2.0, 0.08
"""Two mixtures are in one neighbourhood where no component differs by more than this, the
variances by this factor."""


@compiled(f"b1({THETA}, {THETA}, i8)")
def near_at(one: Theta, other: Theta, k: int) -> bool:
    """Return whether component k of two mixtures, sorted by mean, is alike."""
    shift, variance, other_variance = one[1][k] - other[1][k], one[2][k], other[2][k]
    alike: bool = (
        shift * shift <= _NEAR_STDS * _NEAR_STDS * other_variance
        and variance <= _NEAR_VARIANCE * other_variance
        and other_variance <= _NEAR_VARIANCE * variance
        and abs(one[0][k] - other[0][k]) <= _NEAR_WEIGHT
    )
    return alike


@compiled(f"b1({THETA}, {THETA})")
def near(one: Theta, other: Theta) -> bool:
    """Return whether all components of two mixtures, sorted by mean, are alike."""
    for k in range(one[0].size):  # noqa: SIM110 (numba compiles no generator)
        if not near_at(one, other, k):
            return False
    return True


@compiled(f"i8[::1]({BATCH}, i8[::1], i8)")
def first_of_each(batch: Batch, order: Indices, n_kept: int) -> Indices:
    """Return which mixtures come first in their neighbourhoods, in order, `n_kept` at the most."""
    weights, means, variances = batch
    kept = np.empty(min(n_kept, order.size), dtype=np.int64)
    n = 0
    for row in order:
        if n == kept.size:
            break
        one = (weights[row], means[row], variances[row])
        fresh = True
        for other in kept[:n]:
            if near(one, (weights[other], means[other], variances[other])):
                fresh = False
                break
        if fresh:
            kept[n] = row
            n += 1
    first: Indices = kept[:n].copy()
    return first


@compiled(f"b1[::1]({BATCH}, {BATCH})")
def apart_from(batch: Batch, homes: Batch) -> Mask:
    """Return which mixtures of the batch are in no neighbourhood of the homes."""
    weights, means, variances = batch
    apart = np.ones(means.shape[0], dtype=np.bool_)
    for row in range(apart.size):
        one = (weights[row], means[row], variances[row])
        for home in range(homes[1].shape[0]):
            if near(one, (homes[0][home], homes[1][home], homes[2][home])):
                apart[row] = False
                break
    return apart
