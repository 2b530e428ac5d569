"""Children of two mixtures, compiled."""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.batches import new_batch
from dash_app.learning.compiled.compilation import compiled
from dash_app.learning.compiled.densities import densities_of_each
from dash_app.learning.compiled.elementary import log
from dash_app.learning.compiled.neighbourhoods import near_any, near_at
from dash_app.learning.compiled.signatures import (
    ATOMS,
    BATCH,
    PRIOR,
    Array,
    Atoms,
    Batch,
    Indices,
    Prior,
)

_LEAST_DENSITY = _LEAST_WEIGHT = 1e-300
_LEAST_CHILDS_WEIGHT = 1e-12


@compiled(f"i8[:, :, ::1]({BATCH})")
def shared_ends(parents: Batch) -> Indices:
    """Return how many of the first and of the last components of each pair are alike, (2, M, M).

    parents : (M, K), sorted by mean
    """
    n_parents, size = parents[1].shape
    shared = np.zeros((2, n_parents, n_parents), dtype=np.int64)
    for i in range(n_parents):
        for j in range(n_parents):
            first = last = 0
            while first < size and near_at(parents, i, parents, j, first):
                first += 1
            while last < size and near_at(parents, i, parents, j, size - 1 - last):
                last += 1
            shared[0, i, j], shared[1, i, j] = first, last
    return shared


@compiled("f8[:, :, ::1](f8[:, :, ::1], i8, b1)")
def _partial_sums(terms: Array, n_cuts: int, from_right: bool) -> Array:
    """Return sums over the first 1 .. n_cuts of axis 1, or over the last n_cuts .. 1 of it."""
    sums = np.empty((terms.shape[0], n_cuts, terms.shape[2]))
    size = terms.shape[1]
    for r in range(terms.shape[0]):
        for step in range(n_cuts):
            at = size - 1 - step if from_right else step
            cut = n_cuts - 1 - step if from_right else step
            before = cut + 1 if from_right else cut - 1
            for i in range(terms.shape[2]):
                sums[r, cut, i] = terms[r, at, i] + (sums[r, before, i] if step else 0.0)
    return sums


@compiled(f"f8[:, :, ::1]({PRIOR}, {BATCH})")
def _own_terms(prior: Prior, batch: Batch) -> Array:
    """Return each component's weight and its part of the log prior, (R, K, 2)."""
    weights, _, variances = batch
    terms = np.empty((weights.shape[0], weights.shape[1], 2))
    for r in range(terms.shape[0]):
        for k in range(terms.shape[1]):
            variance = variances[r, k]
            terms[r, k, 0] = weights[r, k]
            terms[r, k, 1] = -0.5 * prior[0] * (log(variance) + prior[1] / variance)
    return terms


@compiled(f"f8[:, :, ::1]({ATOMS}, {PRIOR}, {BATCH}, {BATCH}, i8[:, :, ::1], i8)")
def childrens_values(
    atoms: Atoms, prior: Prior, lefts: Batch, rights: Batch, shared: Indices, n_components: int
) -> Array:
    """Return J of each pair's child at each cut, (M, N, K - 1).

    A child has the first 1 .. K - 1 components of a left parent and as many of the last ones of a
    right parent as make K.

    Parameters
    ----------
    lefts, rights : (M, any), (N, any), sorted by mean
    shared : ndarray of int, shape (2, M, N), how many of their first and of their last components
        are alike: a child that is like one of its parents is worth -inf
    n_components : int, K
    """
    masses = atoms[1]
    n_cuts = n_components - 1
    heads = _partial_sums(densities_of_each(atoms, lefts), n_cuts, False)
    tails = _partial_sums(densities_of_each(atoms, rights), n_cuts, True)
    left_terms = _partial_sums(_own_terms(prior, lefts), n_cuts, False)
    right_terms = _partial_sums(_own_terms(prior, rights), n_cuts, True)
    values = np.full((heads.shape[0], tails.shape[0], n_cuts), -np.inf)
    for left in range(heads.shape[0]):
        for right in range(tails.shape[0]):
            for cut in range(shared[0, left, right], n_cuts - shared[1, left, right]):
                value = 0.0
                for i in range(masses.size):
                    density = heads[left, cut, i] + tails[right, cut, i]
                    value += masses[i] * log(max(density, _LEAST_DENSITY))
                weight = left_terms[left, cut, 0] + right_terms[right, cut, 0]
                value -= prior[3] * log(max(weight, _LEAST_WEIGHT))
                value += left_terms[left, cut, 1] + right_terms[right, cut, 1]
                values[left, right, cut] = value / prior[3]
    return values


@compiled(f"Tuple(({BATCH}, i8[::1]))({BATCH}, {BATCH}, i8[:, ::1], i8, i8)")
def born(
    lefts: Batch, rights: Batch, crossings: Indices, n_components: int, n_kept: int
) -> tuple[Batch, Indices]:
    """Return the children of crossings in order, one of each neighbourhood, and which these are.

    Parameters
    ----------
    crossings : ndarray of int, shape (3, any), left parent, right parent and cut from 0 of each
    n_kept : int, how many to return at the most
    """
    surplus = rights[1].shape[1] - n_components
    n_crossings = crossings.shape[1]
    children = new_batch(min(n_kept, n_crossings), n_components)
    weights, means, variances = children
    kept = np.empty(weights.shape[0], dtype=np.int64)
    every = np.arange(kept.size)
    n = 0
    for at in range(n_crossings):
        if n == kept.size:
            break
        for k in range(n_components):
            if k <= crossings[2, at]:
                parents, row, at_parent = lefts, crossings[0, at], k
            else:
                parents, row, at_parent = rights, crossings[1, at], k + surplus
            weights[n, k] = max(parents[0][row, at_parent], _LEAST_CHILDS_WEIGHT)
            means[n, k] = parents[1][row, at_parent]
            variances[n, k] = parents[2][row, at_parent]
        weights[n] /= weights[n].sum()
        if not near_any(children, n, children, every[:n]):
            kept[n] = at
            n += 1
    return (weights[:n].copy(), means[:n].copy(), variances[:n].copy()), kept[:n].copy()
