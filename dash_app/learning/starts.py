"""Starting points for a fit from scratch: quantiles, optimal segmentation, random draws."""

from __future__ import annotations

import numpy as np

from dash_app.learning.mixture import Array, Indices
from dash_app.learning.objective import Candidates, Objective
from dash_app.learning.reductions import reductions

_BROAD_SHARES = (0.05, 0.3)
"""Weights of the broad component laid under the intervals."""


def quantile_starts(objective: Objective) -> Candidates:
    """Return one candidate: K groups of equal mass."""
    n_components = objective.n_components
    cumulative = np.cumsum(objective.masses)
    middle = (cumulative - 0.5 * objective.masses) / cumulative[-1]
    labels = np.minimum((middle * n_components).astype(np.int64), n_components - 1)
    return _segments(objective, labels, n_components)


def segmentation_starts(objective: Objective) -> Candidates:
    """Return the best cuts of the line into intervals, and the same with a broad component.

    The cuts are exact, by dynamic programming (Wang and Song 2011, The R Journal 3(2):29): once for
    least squares (k-means), once for the classification likelihood, in which each interval has a
    variance of its own (Scott and Symons 1971, doi 10.2307/2529003). O(K n_atoms^2), so meant for a
    coarse copy.
    """
    n_atoms = objective.positions.size
    n_components = objective.n_components
    n_segments = min(n_components, n_atoms)
    mass, scatter = _interval_moments(objective)
    cuts = _best_cuts(_classification_costs(objective, mass, scatter), n_segments + 1)
    starts = [
        _segments(objective, _labels(which, n_atoms, n_segments), n_components)
        for which in (_best_cuts(scatter, n_segments), cuts)
    ]
    if 1 < n_segments == n_components:
        fewer = _segments(objective, _labels(cuts, n_atoms, n_segments - 1), n_segments - 1)
        starts += [_with_broad(fewer, share) for share in _BROAD_SHARES]
    if 1 < n_segments < n_atoms:
        more = _segments(objective, _labels(cuts, n_atoms, n_segments + 1), n_segments + 1)
        starts.append(reductions(more))
    return Candidates.joined(*starts)


def _interval_moments(objective: Objective) -> tuple[Array, Array]:
    """Return mass and scatter of the atoms i .. j - 1, (n_atoms + 1, n_atoms + 1); inf if none."""
    x, w = objective.positions, objective.masses
    # positions are standardised, so the sums do not cancel
    sums = np.zeros((3, x.size + 1))
    np.cumsum([w, w * x, w * (x * x + objective.variances)], axis=1, out=sums[:, 1:])
    mass, first, second = sums[:, None] - sums[..., None]
    index = np.arange(x.size + 1)
    none = index[:, None] >= index
    np.copyto(mass, 1.0, where=none)
    scatter = np.maximum(second - first * first / mass, 0.0)
    np.copyto(scatter, np.inf, where=none)
    return mass, scatter


def _classification_costs(objective: Objective, mass: Array, scatter: Array) -> Array:
    """Return each interval's negative log-likelihood as a component of its own."""
    prior = objective.prior_weight
    none = np.isinf(scatter)
    spread = np.where(none, 1.0, scatter)
    spread += prior * objective.prior_variance
    variance = np.maximum(spread / (prior + mass), objective.variance_floor)
    costs: Array = 0.5 * ((mass + prior) * np.log(variance) + spread / variance)
    costs -= mass * np.log(mass / objective.mass)
    np.copyto(costs, np.inf, where=none)
    return costs


def _best_cuts(costs: Array, n_segments: int) -> list[Indices]:
    """Return, for 2 .. n_segments intervals, where the last one of the first j atoms begins."""
    cuts = []
    total = costs[0]
    for _ in range(1, n_segments):
        totals = total[:, None] + costs
        cut = totals.argmin(axis=0)
        total = totals[cut, np.arange(cut.size)]
        cuts.append(cut)
    return cuts


def _labels(cuts: list[Indices], n_atoms: int, n_segments: int) -> Indices:
    """Return each atom's interval, for `n_segments` intervals."""
    labels = np.zeros(n_atoms, dtype=np.int64)
    end = n_atoms
    for segment in range(n_segments - 1, 0, -1):
        start = int(cuts[segment - 1][end])
        labels[start:end] = segment
        end = start
    return labels


def _with_broad(candidates: Candidates, share: float) -> Candidates:
    """Return the candidate with a component as broad as the data added."""
    return Candidates(
        np.concatenate([candidates.weights * (1 - share), [[share]]], axis=1),
        np.concatenate([candidates.means, [[0.0]]], axis=1),
        np.concatenate([candidates.variances, [[1.0]]], axis=1),
    )


def random_starts(objective: Objective, n_starts: int, rng: np.random.Generator) -> Candidates:
    """Return candidates with means at random points and widths log-uniform over the scales."""
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
    """Return one component a label; one without atoms stands in the middle."""
    mass: Array = np.bincount(labels, objective.masses, minlength=n_components).astype(np.float64)
    filled = np.maximum(mass, 1e-300)
    weighted = objective.masses * objective.positions
    means: Array = np.bincount(labels, weighted, minlength=n_components) / filled
    deviations = objective.positions - means[labels]
    scatter = np.bincount(
        labels,
        objective.masses * (deviations * deviations + objective.variances),
        minlength=n_components,
    )
    prior = objective.prior_weight
    variances = (prior * objective.prior_variance + scatter) / (prior + filled)
    weights: Array = np.maximum(mass / objective.mass, 0.01 / n_components)
    return Candidates(
        (weights / weights.sum())[None],
        means[None],
        np.maximum(variances, objective.variance_floor)[None],
    )
