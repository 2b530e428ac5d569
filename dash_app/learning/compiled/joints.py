"""What the children of pairs of mixtures reach, compiled."""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.compilation import compiled
from dash_app.learning.compiled.elementary import log
from dash_app.learning.compiled.neighbourhoods import near_at
from dash_app.learning.compiled.signatures import BATCH, THETA, Array, Batch, Theta

_LEAST_DENSITY = 1e-300


@compiled(f"UniTuple(i8, 2)({THETA}, {THETA})")
def _shared(one: Theta, other: Theta) -> tuple[int, int]:
    """Return how many of the first and of the last components of two mixtures are alike."""
    size = one[0].size
    first = last = 0
    while first < size and near_at(one, other, first):
        first += 1
    while last < size and near_at(one, other, size - 1 - last):
        last += 1
    return first, last


@compiled(f"f8[:, :, ::1]({BATCH}, f8[:, :, ::1], f8[:, :, ::1], f8[::1])")
def childrens_log_likelihoods(parents: Batch, heads: Array, tails: Array, masses: Array) -> Array:
    """Return the log-likelihood of each pair's child at each cut, (M, M, K - 1), nats.

    -inf for a child that is like one of its parents.

    Parameters
    ----------
    parents : (M, K), sorted by mean
    heads, tails : ndarray, shape (M, K - 1, n_atoms): densities of the first 1 .. K - 1 components
        of each parent, and of its last K - 1 .. 1
    masses : ndarray, shape (n_atoms,)
    """
    weights, means, variances = parents
    n_parents, n_cuts, n_atoms = heads.shape
    values = np.full((n_parents, n_parents, n_cuts), -np.inf)
    for left in range(n_parents):
        for right in range(n_parents):
            one = (weights[left], means[left], variances[left])
            other = (weights[right], means[right], variances[right])
            first, last = _shared(one, other)
            for cut in range(first, n_cuts - last):
                value = 0.0
                for i in range(n_atoms):
                    density = heads[left, cut, i] + tails[right, cut, i]
                    value += masses[i] * log(max(density, _LEAST_DENSITY))
                values[left, right, cut] = value
    return values
