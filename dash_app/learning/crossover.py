"""Children of two mixtures: the left components of the one, the right components of the other.

On a line the data fall apart: what is best at the left hardly depends on what is best far to the
right. Two local optima that are right in different places have a child that is right in both,
which single moves reach only through something worse. The idea of crossover within EM is Pernkopf
and Bouchaffra (2005), doi 10.1109/TPAMI.2005.162.
"""

from __future__ import annotations

import numpy as np

from dash_app.learning.climb import Climbers
from dash_app.learning.compiled.joints import childrens_log_likelihoods
from dash_app.learning.mixture import Array
from dash_app.learning.objective import Candidates, Objective, sorted_by_mean

_LEAST_WEIGHT = 1e-300
_CROWDING = 4
"""Of so many times as many as are wanted the most are in a neighbourhood of another."""


def children(objective: Objective, parents: Candidates, n_kept: int) -> Candidates:
    """Return the best children of all pairs of parents at all cuts, best first.

    Parameters
    ----------
    objective : J, usually of a coarse copy
    parents : Candidates, (M, K)
    n_kept : int, how many to return at the most

    Returns
    -------
    Candidates, (n_kept or fewer, K): none for K = 1 or a single parent
    """
    n_parents, n_components = parents.means.shape
    if n_components == 1 or n_parents < 2:
        return parents[:0]
    parents = sorted_by_mean(parents)
    joint, _ = objective.joint_log_density(parents)
    density = np.exp(joint, out=joint)
    # every sum over the first and over the last components: a child's density is one of each
    head, tail = _heads(density), _tails(density)
    values = childrens_log_likelihoods(parents.arrays, head, tail, objective.masses)
    weight = _heads(parents.weights)[:, None] + _tails(parents.weights)[None]
    prior = objective.log_prior(parents.variances[..., None])
    np.maximum(weight, _LEAST_WEIGHT, out=weight)  # of components that all died out
    values -= objective.mass * np.log(weight)
    values += _heads(prior)[:, None] + _tails(prior)[None]
    order = np.argsort(-values, axis=None, kind="stable")[: _CROWDING * n_kept]
    order = order[np.isfinite(values.ravel()[order])]
    left, right, cut = np.unravel_index(order, values.shape)
    from_left = np.arange(n_components) <= cut[:, None]
    weights, means, variances = (
        np.where(from_left, array[left], array[right])
        for array in (parents.weights, parents.means, parents.variances)
    )
    weights = np.maximum(weights, 1e-12)
    candidates = Candidates(weights / weights.sum(axis=1, keepdims=True), means, variances)
    values = values.ravel()[order] / objective.mass
    return Climbers(candidates, values, np.zeros(order.size)).best(n_kept).candidates


def _heads(terms: Array) -> Array:
    """Return the sums over the first 1 .. K - 1 components, axis 1."""
    heads: Array = np.cumsum(terms[:, :-1], axis=1)
    return heads


def _tails(terms: Array) -> Array:
    """Return the sums over the last K - 1 .. 1 components, axis 1."""
    return np.ascontiguousarray(np.cumsum(terms[:, :0:-1], axis=1)[:, ::-1])
