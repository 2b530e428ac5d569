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
from dash_app.learning.mixture import Array


@inner
def _differing(parents: Batch, left: int, right: int) -> tuple[int, int]:
    """Return the first and the last component in which two mixtures are not close.

    The last is before the first, or equal, if there are not two.
    """
    size = parents.means.shape[1]
    least, most = 0, size - 1
    while least < size and component_is_close(parents, left, parents, right, least):
        least += 1
    while most >= least and component_is_close(parents, left, parents, right, most):
        most -= 1
    return least, most


@inner
def _offspring_values(atoms: Atoms, prior: Prior, parents: Batch) -> Array:
    """Return J of each pair's offspring at each cut, (M, M, K - 1).

    At cut c the offspring has the first c + 1 components of the first parent and the last K - c - 1
    components of the second. J is -inf where it would be in the basin of one of the two, since
    their first or their last components are close.
    """
    masses = atoms.masses
    n_parents, size = parents.means.shape
    # sums over the first components, up to each, and over the last ones, from each
    heads = densities_of_each(atoms, parents)
    tails = heads.copy()
    for r in range(n_parents):
        for k in range(1, size):
            for i in range(masses.size):
                heads[r, k, i] += heads[r, k - 1, i]
                tails[r, size - 1 - k, i] += tails[r, size - k, i]
    values = np.full((n_parents, n_parents, size - 1), -np.inf)
    for left in range(n_parents):
        for right in range(n_parents):
            least, most = _differing(parents, left, right)
            for cut in range(least, most):
                value = weight = 0.0
                for i in range(masses.size):
                    density = heads[left, cut, i] + tails[right, cut + 1, i]
                    value += masses[i] * log(max(density, TINY))
                for k in range(size):
                    parent = left if k <= cut else right
                    weight += parents.weights[parent, k]
                    value += log_prior(prior, parents.variances[parent, k])
                values[left, right, cut] = value / prior.mass - log(max(weight, TINY))
    return values


@compiled(BATCH(ATOMS, PRIOR, BATCH, i8))
def crossover(atoms: Atoms, prior: Prior, parents: Batch, n_kept: int) -> Batch:
    """Return the best offspring of all pairs of parents at all cuts, best first, one per basin.

    Each has the first components of one parent and the last components of another. None is in the
    basin of a parent.

    Parameters
    ----------
    parents : (M, K), sorted by mean
    n_kept : int, the largest number of offspring
    """
    n_parents, size = parents.means.shape
    values = _offspring_values(atoms, prior, parents).ravel()
    possible = np.flatnonzero(values > -np.inf)
    order = possible[np.argsort(-values[possible], kind="mergesort")]
    offspring = new_batch(n_kept, size)
    n, every = 0, np.arange(max(n_kept, n_parents))
    for at in order:
        if n == n_kept:
            break
        pair, cut = at // (size - 1), at % (size - 1)
        for k in range(size):
            parent = pair // n_parents if k <= cut else pair % n_parents
            offspring.weights[n, k] = max(parents.weights[parent, k], WEIGHT_FLOOR)
            offspring.means[n, k] = parents.means[parent, k]
            offspring.variances[n, k] = parents.variances[parent, k]
        normalise(offspring.weights[n])
        if not (
            in_basin_of_any(offspring, n, parents, every[:n_parents])
            or in_basin_of_any(offspring, n, offspring, every[:n])
        ):
            n += 1
    return rows_of(offspring, every[:n])
