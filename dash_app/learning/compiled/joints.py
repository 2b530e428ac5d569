"""What the children of pairs of mixtures reach, compiled."""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.compilation import compiled
from dash_app.learning.compiled.elementary import log
from dash_app.learning.compiled.neighbourhoods import near_at
from dash_app.learning.compiled.signatures import BATCH, Array, Batch, Indices

_LEAST_DENSITY = 1e-300


@compiled(f"i8[:, :, ::1]({BATCH})")
def shared_ends(parents: Batch) -> Indices:
    """Return how many of the first and of the last components of each pair are alike, (2, M, M).

    parents : (M, K), sorted by mean
    """
    weights, means, variances = parents
    n_parents, size = means.shape
    shared = np.zeros((2, n_parents, n_parents), dtype=np.int64)
    for i in range(n_parents):
        for j in range(n_parents):
            one, other = (weights[i], means[i], variances[i]), (weights[j], means[j], variances[j])
            first = last = 0
            while first < size and near_at(one, other, first):
                first += 1
            while last < size and near_at(one, other, size - 1 - last):
                last += 1
            shared[0, i, j], shared[1, i, j] = first, last
    return shared


@compiled("f8[:, :, ::1](f8[:, :, ::1], f8[:, :, ::1], f8[::1], i8[:, :, ::1])")
def childrens_log_likelihoods(heads: Array, tails: Array, masses: Array, shared: Indices) -> Array:
    """Return the log-likelihood of each pair's child at each cut, (M, N, n_cuts), nats.

    Parameters
    ----------
    heads : ndarray, shape (M, n_cuts, n_atoms), densities of the first components of each left
        parent, one more at each cut
    tails : ndarray, shape (N, n_cuts, n_atoms), those of the last components of each right parent,
        one fewer at each cut
    masses : ndarray, shape (n_atoms,)
    shared : ndarray of int, shape (2, M, N), how many of their first and of their last components
        are alike: a child that is like one of its parents is worth -inf
    """
    n_cuts, n_atoms = heads.shape[1:]
    values = np.full((heads.shape[0], tails.shape[0], n_cuts), -np.inf)
    for left in range(heads.shape[0]):
        for right in range(tails.shape[0]):
            for cut in range(shared[0, left, right], n_cuts - shared[1, left, right]):
                value = 0.0
                for i in range(n_atoms):
                    density = heads[left, cut, i] + tails[right, cut, i]
                    value += masses[i] * log(max(density, _LEAST_DENSITY))
                values[left, right, cut] = value
    return values
