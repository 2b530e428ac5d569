"""Offspring of two mixtures, compiled."""

from __future__ import annotations

import numpy as np
from numba import types

from dash_app.learning.compiled.basins import component_is_close, in_basin_of_any
from dash_app.learning.compiled.batches import new_batch
from dash_app.learning.compiled.bounds import TINY, WEIGHT_FLOOR
from dash_app.learning.compiled.compilation import compiled
from dash_app.learning.compiled.densities import densities_of_each
from dash_app.learning.compiled.elementary import log
from dash_app.learning.compiled.penalty import log_prior
from dash_app.learning.compiled.signatures import (
    ATOMS,
    BATCH,
    PRIOR,
    Atoms,
    Batch,
    Prior,
    b1,
    f8,
    i8,
)
from dash_app.learning.mixture import Array, Indices


@compiled(i8[:, :, ::1](BATCH))
def shared_ends(parents: Batch) -> Indices:
    """Return how many first components and how many last components each pair shares, (2, M, M).

    A component is shared if it is close in both parents.

    parents : (M, K), sorted by mean
    """
    n_parents, size = parents.means.shape
    shared = np.zeros((2, n_parents, n_parents), dtype=np.int64)
    for i in range(n_parents):
        for j in range(n_parents):
            first = last = 0
            while first < size and component_is_close(parents, i, parents, j, first):
                first += 1
            while last < size and component_is_close(parents, i, parents, j, size - 1 - last):
                last += 1
            shared[0, i, j], shared[1, i, j] = first, last
    return shared


@compiled(f8[:, :, ::1](f8[:, :, ::1], i8, b1))
def _partial_sums(terms: Array, n_cuts: int, from_right: bool) -> Array:
    """Return cumulative sums along axis 1: of the first 1 .. n_cuts or the last n_cuts .. 1."""
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


@compiled(f8[:, :, ::1](PRIOR, BATCH))
def _weights_and_log_priors(prior: Prior, batch: Batch) -> Array:
    """Return each component's weight and its term of the log prior, (R, K, 2)."""
    terms = np.empty((batch.means.shape[0], batch.means.shape[1], 2))
    for r in range(terms.shape[0]):
        for k in range(terms.shape[1]):
            terms[r, k, 0] = batch.weights[r, k]
            terms[r, k, 1] = log_prior(prior, batch.variances[r, k])
    return terms


@compiled(f8[:, :, ::1](ATOMS, PRIOR, BATCH, BATCH, i8[:, :, ::1], i8))
def offspring_values(
    atoms: Atoms, prior: Prior, lefts: Batch, rights: Batch, shared: Indices, n_components: int
) -> Array:
    """Return J of each pair's offspring at each cut, (M, N, K - 1).

    At cut c the offspring has the first c + 1 components of a left parent and the last K - c - 1
    components of a right parent.

    Parameters
    ----------
    lefts, rights : (M, any), (N, any), sorted by mean
    shared : ndarray of int, shape (2, M, N)
        The numbers of shared first and shared last components (see `shared_ends`). Offspring that
        is in the basin of a parent gets the value -inf.
    n_components : int, K
    """
    masses = atoms.masses
    n_cuts = n_components - 1
    heads = _partial_sums(densities_of_each(atoms, lefts), n_cuts, False)
    tails = _partial_sums(densities_of_each(atoms, rights), n_cuts, True)
    left_terms = _partial_sums(_weights_and_log_priors(prior, lefts), n_cuts, False)
    right_terms = _partial_sums(_weights_and_log_priors(prior, rights), n_cuts, True)
    values = np.full((heads.shape[0], tails.shape[0], n_cuts), -np.inf)
    for left in range(heads.shape[0]):
        for right in range(tails.shape[0]):
            for cut in range(shared[0, left, right], n_cuts - shared[1, left, right]):
                value = 0.0
                for i in range(masses.size):
                    density = heads[left, cut, i] + tails[right, cut, i]
                    value += masses[i] * log(max(density, TINY))
                weight = left_terms[left, cut, 0] + right_terms[right, cut, 0]
                value -= prior.mass * log(max(weight, TINY))
                value += left_terms[left, cut, 1] + right_terms[right, cut, 1]
                values[left, right, cut] = value / prior.mass
    return values


@compiled(types.Tuple((BATCH, i8[::1]))(BATCH, BATCH, i8[:, ::1], i8, i8))
def distinct_offspring(
    lefts: Batch, rights: Batch, crossings: Indices, n_components: int, n_kept: int
) -> tuple[Batch, Indices]:
    """Return offspring in the order of their crossings, one per basin, and the crossings' indices.

    Parameters
    ----------
    crossings : ndarray of int, shape (3, any): left parent, right parent and cut, from 0
    n_kept : int, the largest number of offspring
    """
    offset = rights.means.shape[1] - n_components
    n_crossings = crossings.shape[1]
    offspring = new_batch(min(n_kept, n_crossings), n_components)
    weights, means, variances = offspring
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
                parents, row, at_parent = rights, crossings[1, at], k + offset
            weights[n, k] = max(parents.weights[row, at_parent], WEIGHT_FLOOR)
            means[n, k] = parents.means[row, at_parent]
            variances[n, k] = parents.variances[row, at_parent]
        weights[n] /= weights[n].sum()
        if not in_basin_of_any(offspring, n, offspring, every[:n]):
            kept[n] = at
            n += 1
    return Batch(weights[:n].copy(), means[:n].copy(), variances[:n].copy()), kept[:n].copy()
