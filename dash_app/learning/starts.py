"""Starting points for a fit from scratch: quantiles, optimal segmentation, random draws."""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.segmentation import (
    best_cuts,
    interval_costs,
    labels_of,
    mixture_of_groups,
)
from dash_app.learning.deaths import deaths_and_merges
from dash_app.learning.mixture import Indices
from dash_app.learning.objective import Candidates, Objective

_BROAD_SHARES = (0.05, 0.3)
"""Mixing weights of the broad component that is added to the intervals."""


def quantile_starts(objective: Objective) -> Candidates:
    """Return one candidate, from K groups of equal mass."""
    n_components = objective.n_components
    cumulative = np.cumsum(objective.masses)
    middle = (cumulative - 0.5 * objective.masses) / cumulative[-1]
    labels = np.minimum((middle * n_components).astype(np.int64), n_components - 1)
    return _segments(objective, labels, n_components)


def segmentation_starts(objective: Objective) -> Candidates:
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
        starts += [_with_broad(fewer, share) for share in _BROAD_SHARES]
    if 1 < n_segments < objective.positions.size:
        more = _segments(objective, labels_of(cuts, n_segments + 1), n_segments + 1)
        starts.append(deaths_and_merges(more))
    return Candidates.joined(*starts)


def _with_broad(candidates: Candidates, share: float) -> Candidates:
    """Return the candidate with one more component, as broad as the data."""
    return Candidates(
        np.concatenate([candidates.weights * (1 - share), [[share]]], axis=1),
        np.concatenate([candidates.means, [[0.0]]], axis=1),
        np.concatenate([candidates.variances, [[1.0]]], axis=1),
    )


def random_starts(objective: Objective, n_starts: int, rng: np.random.Generator) -> Candidates:
    """Return candidates with means at random points and log-uniform standard deviations."""
    n_components = objective.n_components
    picks = rng.choice(
        objective.positions.size,
        size=(n_starts, n_components),
        p=objective.masses / objective.mass,
    )
    jitter = rng.standard_normal(picks.shape) * np.sqrt(objective.variances[picks])
    log_widths = rng.uniform(np.log(0.02), np.log(1.0), size=picks.shape)
    return Candidates(
        np.full(picks.shape, 1.0 / n_components),
        objective.positions[picks] + jitter,
        np.exp(2.0 * log_widths),
    )


def _segments(objective: Objective, labels: Indices, n_components: int) -> Candidates:
    """Return a candidate with one component per label; without atoms its mean is 0."""
    return Candidates(*mixture_of_groups(objective.atoms, objective.prior, labels, n_components))
