"""Moves that need points on a line: split at a cut, crossover at a cut, and segmentation.

Crossover: on a line, components far apart hardly affect each other. One local optimum may be better
at the left, another at the right; one of their offspring is better at both ends. Crossover within
EM: Pernkopf and Bouchaffra (2005), doi 10.1109/TPAMI.2005.162.
"""

from __future__ import annotations

import numpy as np

from dash_app.learning import tuning
from dash_app.learning.compiled.crossover import distinct_offspring, offspring_values, shared_ends
from dash_app.learning.compiled.segmentation import (
    best_cuts,
    interval_costs,
    labels_of,
    mixture_of_groups,
)
from dash_app.learning.compiled.splits import best_splits, values_after_splits, with_splits
from dash_app.learning.mixture import Indices
from dash_app.learning.moves import deaths_and_merges
from dash_app.learning.objective import Candidates, Objective, sorted_by_mean

_CROWDING = 4
"""Score 4 x n_kept offspring; most are near-duplicates."""


def splits(objective: Objective, candidates: Candidates, n_kept: int) -> Candidates:
    """Return mixtures with one component split at its best cut, the largest J first.

    A cut divides the atoms, weighted by responsibility, into two groups. The best cut maximises the
    classification likelihood (Scott and Symons 1971, doi 10.2307/2529003). It finds unequal parts
    directly; EM reaches them slowly from equal halves.

    Parameters
    ----------
    objective : J, usually of a coarse copy
    candidates : Candidates, (R, K - 1)
    n_kept : int, the largest number returned
    """
    batch = candidates.batch
    parts = best_splits(objective.atoms, objective.prior, batch)
    values = values_after_splits(objective.atoms, objective.prior, batch, *parts)
    order = np.argsort(-values, axis=None, kind="stable")[:n_kept]
    return Candidates(*with_splits(batch, *parts, order))


def crossover(objective: Objective, parents: Candidates, n_kept: int) -> Candidates:
    """Return the best offspring of all pairs of parents at all cuts, best first.

    Each has the first components of one parent and the last components of another.

    Parameters
    ----------
    objective : J, usually of a coarse copy
    parents : Candidates, (M, K)
    n_kept : int, the largest number of offspring

    Returns
    -------
    Candidates, (n_kept or fewer, K); none for K = 1 or a single parent
    """
    size = objective.n_components
    if size == 1 or len(parents) < 2:
        return parents[:0]
    batch = sorted_by_mean(parents).batch
    shared = shared_ends(batch)
    values = offspring_values(objective.atoms, objective.prior, batch, batch, shared, size)
    order = np.argsort(-values, axis=None, kind="stable")[: _CROWDING * n_kept]
    order = order[np.isfinite(values.ravel()[order])]
    crossings = np.array(np.unravel_index(order, values.shape))
    offspring, _ = distinct_offspring(batch, batch, crossings, size, n_kept)
    return Candidates(*offspring)


def segmentations(objective: Objective) -> Candidates:
    """Return candidates from the best partitions of the line into intervals.

    Dynamic programming finds the optimal cuts (Wang and Song 2011, The R Journal 3(2):29). One
    partition minimises the squares (k-means). Another maximises the classification likelihood, with
    a variance for each interval (Scott and Symons 1971, doi 10.2307/2529003). Further candidates
    have K - 1 intervals and a broad component, or K + 1 intervals less one. The time is
    O(K n_atoms^2), so use a coarse copy.
    """
    n_components = objective.n_components
    n_segments = min(n_components, objective.positions.size)
    scatters, costs = interval_costs(objective.atoms, objective.prior)
    cuts = best_cuts(costs, n_segments + 1)
    starts = [
        _segments(objective, labels_of(which, n_segments), n_components)
        for which in (best_cuts(scatters, n_segments), cuts)
    ]
    if 1 < n_segments == n_components:
        fewer = _segments(objective, labels_of(cuts, n_segments - 1), n_segments - 1)
        starts += [_with_broad(fewer, share) for share in tuning.BROAD_SHARES]
    if 1 < n_segments < objective.positions.size:
        more = _segments(objective, labels_of(cuts, n_segments + 1), n_segments + 1)
        starts.append(deaths_and_merges(more))
    return Candidates.joined(*starts)


def quantile_segmentation(objective: Objective) -> Candidates:
    """Return one candidate, from K groups of equal mass."""
    n_components = objective.n_components
    cumulative = np.cumsum(objective.masses)
    middle = (cumulative - 0.5 * objective.masses) / cumulative[-1]
    labels = np.minimum((middle * n_components).astype(np.int64), n_components - 1)
    return _segments(objective, labels, n_components)


def _with_broad(candidates: Candidates, share: float) -> Candidates:
    """Return the candidate with one more component, as broad as the data."""
    return Candidates(
        np.concatenate([candidates.weights * (1 - share), [[share]]], axis=1),
        np.concatenate([candidates.means, [[0.0]]], axis=1),
        np.concatenate([candidates.variances, [[1.0]]], axis=1),
    )


def _segments(objective: Objective, labels: Indices, n_components: int) -> Candidates:
    """Return a candidate with one component per label; without atoms its mean is 0."""
    return Candidates(*mixture_of_groups(objective.atoms, objective.prior, labels, n_components))
