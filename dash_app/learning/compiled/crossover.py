"""Offspring of two mixtures, compiled.

On a line, components far apart hardly affect each other. One local optimum may be better at the
left, another at the right; one of their offspring is better at both ends. Crossover within EM:
Pernkopf and Bouchaffra (2005), doi 10.1109/TPAMI.2005.162.
"""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.basins import component_is_close, in_basin_of_any
from dash_app.learning.compiled.batches import new_batch, normalise, rows_of
from dash_app.learning.compiled.bounds import TINY, WEIGHT_FLOOR
from dash_app.learning.compiled.compilation import compiled, inner
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
    i8,
)
from dash_app.learning.mixture import Array, Indices

_CROWDING = 4
"""Build 4 x n_kept offspring; most are near-duplicates."""


@inner
def _shared_ends(parents: Batch) -> Indices:
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


@inner
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


@inner
def _weights_and_log_priors(prior: Prior, batch: Batch) -> Array:
    """Return each component's weight and its term of the log prior, (R, K, 2)."""
    terms = np.empty((batch.means.shape[0], batch.means.shape[1], 2))
    for r in range(terms.shape[0]):
        for k in range(terms.shape[1]):
            terms[r, k, 0] = batch.weights[r, k]
            terms[r, k, 1] = log_prior(prior, batch.variances[r, k])
    return terms


@inner
def _offspring_values(atoms: Atoms, prior: Prior, parents: Batch) -> Array:
    """Return J of each pair's offspring at each cut, (M, M, K - 1).

    At cut c the offspring has the first c + 1 components of the first parent and the last K - c - 1
    components of the second. Offspring in the basin of a parent gets the value -inf.
    """
    masses = atoms.masses
    n_parents, n_cuts = parents.means.shape[0], parents.means.shape[1] - 1
    shared = _shared_ends(parents)
    densities = densities_of_each(atoms, parents)
    terms = _weights_and_log_priors(prior, parents)
    heads = _partial_sums(densities, n_cuts, False)
    tails = _partial_sums(densities, n_cuts, True)
    left_terms, right_terms = (
        _partial_sums(terms, n_cuts, False),
        _partial_sums(terms, n_cuts, True),
    )
    values = np.full((n_parents, n_parents, n_cuts), -np.inf)
    for left in range(n_parents):
        for right in range(n_parents):
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


@compiled(BATCH(ATOMS, PRIOR, BATCH, i8))
def crossover(atoms: Atoms, prior: Prior, parents: Batch, n_kept: int) -> Batch:
    """Return the best offspring of all pairs of parents at all cuts, best first, one per basin.

    Each has the first components of one parent and the last components of another.

    Parameters
    ----------
    parents : (M, K), sorted by mean
    n_kept : int, the largest number of offspring
    """
    n_parents, size = parents.means.shape
    if size == 1 or n_parents < 2:
        return new_batch(0, size)
    n_cuts = size - 1
    values = _offspring_values(atoms, prior, parents).ravel()
    order = np.argsort(-values, kind="mergesort")[: _CROWDING * n_kept]
    offspring = new_batch(n_kept, size)
    n, every = 0, np.arange(n_kept)
    for at in order:
        if n == n_kept or not values[at] > -np.inf:
            break
        left, right, cut = at // (n_parents * n_cuts), at // n_cuts % n_parents, at % n_cuts
        for k in range(size):
            parent = left if k <= cut else right
            offspring.weights[n, k] = max(parents.weights[parent, k], WEIGHT_FLOOR)
            offspring.means[n, k] = parents.means[parent, k]
            offspring.variances[n, k] = parents.variances[parent, k]
        normalise(offspring.weights[n])
        if not in_basin_of_any(offspring, n, offspring, every[:n]):
            n += 1
    return rows_of(offspring, every[:n])
