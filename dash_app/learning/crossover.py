"""Children of two mixtures: the left components of the one, the right components of the other.

On a line the data fall apart: what is best at the left hardly depends on what is best far to the
right. Two local optima that are right in different places have a child that is right in both,
which single moves reach only through something worse. The idea of crossover within EM is Pernkopf
and Bouchaffra (2005), doi 10.1109/TPAMI.2005.162.
"""

from __future__ import annotations

import numpy as np

from dash_app.learning.climb import Climbers
from dash_app.learning.compiled.joints import childrens_log_likelihoods, shared_ends
from dash_app.learning.mixture import Array, Indices
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
    if objective.n_components == 1 or len(parents) < 2:
        return parents[:0]
    parents = sorted_by_mean(parents)
    found = _spliced(objective, parents, parents, shared_ends(parents.arrays), n_kept)
    return found.best(n_kept).candidates


def unequal_children(
    objective: Objective, fewer: Candidates, more: Candidates, n_kept: int
) -> Candidates:
    """Return the best children of one parent with a component less and one with one more.

    Such a child has moved a component from one side to the other, with all the others where that
    makes them be.

    Parameters
    ----------
    objective : J, usually of a coarse copy
    fewer : Candidates, (M, K - 1)
    more : Candidates, (N, K + 1)
    n_kept : int, how many to return at the most

    Returns
    -------
    Candidates, (n_kept or fewer, K): none for K = 1
    """
    if objective.n_components == 1 or not len(fewer) or not len(more):
        return Candidates.none(objective.n_components)
    fewer, more = sorted_by_mean(fewer), sorted_by_mean(more)
    nothing = np.zeros((2, len(fewer), len(more)), dtype=np.int64)
    one = _spliced(objective, fewer, more, nothing, n_kept)
    other = _spliced(objective, more, fewer, nothing.transpose(0, 2, 1).copy(), n_kept)
    return one.joined(other).best(n_kept).candidates


def _spliced(
    objective: Objective, lefts: Candidates, rights: Candidates, shared: Indices, n_kept: int
) -> Climbers:
    """Return children, each with 1 .. K - 1 components of the left and the rest of the right."""
    n_components = objective.n_components
    n_left = np.arange(1, n_components)
    left_densities, right_densities = _densities(objective, lefts), _densities(objective, rights)
    heads, tails = _heads(left_densities, n_components), _tails(right_densities, n_components)
    values = childrens_log_likelihoods(heads, tails, objective.masses, shared)
    weight = _heads(lefts.weights, n_components)[:, None]
    weight = weight + _tails(rights.weights, n_components)[None]
    np.maximum(weight, _LEAST_WEIGHT, out=weight)  # of components that all died out
    values -= objective.mass * np.log(weight)
    values += _heads(objective.log_prior(lefts.variances[..., None]), n_components)[:, None]
    values += _tails(objective.log_prior(rights.variances[..., None]), n_components)[None]
    order = np.argsort(-values, axis=None, kind="stable")[: _CROWDING * n_kept]
    order = order[np.isfinite(values.ravel()[order])]
    left, right, cut = np.unravel_index(order, values.shape)
    slot = np.arange(n_components)
    from_left = slot < n_left[cut][:, None]
    # the right parent's last components, whatever it has of them
    surplus = rights.means.shape[1] - n_components
    in_left = np.minimum(slot, lefts.means.shape[1] - 1)[None]
    in_right = np.maximum(slot + surplus, 0)[None]
    weights, means, variances = (
        np.where(from_left, ones[left[:, None], in_left], others[right[:, None], in_right])
        for ones, others in (
            (lefts.weights, rights.weights),
            (lefts.means, rights.means),
            (lefts.variances, rights.variances),
        )
    )
    weights = np.maximum(weights, 1e-12)
    candidates = Candidates(weights / weights.sum(axis=1, keepdims=True), means, variances)
    values = values.ravel()[order] / objective.mass
    return Climbers(candidates, values, np.zeros(order.size))


def _densities(objective: Objective, candidates: Candidates) -> Array:
    joint, _ = objective.joint_log_density(candidates)
    density: Array = np.exp(joint, out=joint)
    return density


def _heads(terms: Array, n_components: int) -> Array:
    """Return the sums over the first 1 .. K - 1 components, axis 1."""
    return np.ascontiguousarray(np.cumsum(terms, axis=1)[:, : n_components - 1])


def _tails(terms: Array, n_components: int) -> Array:
    """Return the sums over the last K - 1 .. 1 components, axis 1."""
    sums = np.cumsum(terms[:, ::-1], axis=1)[:, : n_components - 1]
    return np.ascontiguousarray(sums[:, ::-1])
