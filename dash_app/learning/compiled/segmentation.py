"""Optimal partition of the line into intervals, compiled."""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.batches import new_batch, normalise
from dash_app.learning.compiled.bounds import TINY
from dash_app.learning.compiled.compilation import compiled, inner
from dash_app.learning.compiled.elementary import log
from dash_app.learning.compiled.penalty import m_step_variance
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

_MIN_WEIGHT = 0.01
"""Lower bound of a group's mixing weight. It is divided by the number of components."""


@inner
def _interval_costs(atoms: Atoms, prior: Prior) -> Array:
    """Return the cost of the atoms i .. j - 1 as one group, (n_atoms + 1, n_atoms + 1).

    It is the group's negative log-likelihood as one component, with its own weight and variance. An
    empty group costs inf.
    """
    positions, masses, spread = atoms.positions, atoms.masses, atoms.variances
    n_atoms = positions.size
    # positions are standardised, so the sums do not cancel
    sums = np.zeros((3, n_atoms + 1))
    for i in range(n_atoms):
        sums[0, i + 1] = sums[0, i] + masses[i]
        sums[1, i + 1] = sums[1, i] + masses[i] * positions[i]
        second = positions[i] * positions[i] + spread[i]
        sums[2, i + 1] = sums[2, i] + masses[i] * second
    costs = np.full((n_atoms + 1, n_atoms + 1), np.inf)
    for i in range(n_atoms):
        for j in range(i + 1, n_atoms + 1):
            mass = sums[0, j] - sums[0, i]
            first = sums[1, j] - sums[1, i]
            scatter = max(sums[2, j] - sums[2, i] - first * first / mass, 0.0)
            variance = m_step_variance(prior, mass, scatter)
            scatter += prior.weight * prior.variance
            cost = 0.5 * ((mass + prior.weight) * log(variance) + scatter / variance)
            costs[i, j] = cost - mass * log(mass / prior.mass)
    return costs


@inner
def _best_labels(costs: Array, n_intervals: int) -> Indices:
    """Return the index of each atom's interval in the best partition, by dynamic programming."""
    size = costs.shape[0]
    # cuts[m, j]: the first atom of the last interval when the first j atoms form m + 2 intervals
    cuts = np.zeros((n_intervals - 1, size), dtype=np.int64)
    total = costs[0].copy()
    for step in range(n_intervals - 1):
        best = np.full(size, np.inf)
        for i in range(size):
            for j in range(i + 1, size):
                with_last = total[i] + costs[i, j]
                if with_last < best[j]:
                    best[j] = with_last
                    cuts[step, j] = i
        total = best
    end = size - 1
    labels = np.zeros(end, dtype=np.int64)
    for interval in range(n_intervals - 1, 0, -1):
        start = cuts[interval - 1, end]
        labels[start:end] = interval
        end = start
    return labels


@compiled(BATCH(ATOMS, PRIOR, i8[::1], i8))
def mixture_of_groups(atoms: Atoms, prior: Prior, labels: Indices, n_components: int) -> Batch:
    """Return a mixture, (1, K), with one component per label; without atoms its mean is 0."""
    positions, masses, spread = atoms.positions, atoms.masses, atoms.variances
    batch = new_batch(1, n_components)
    weights, means, variances = batch
    for parameter in batch:
        parameter[:] = 0.0
    for i in range(labels.size):
        weights[0, labels[i]] += masses[i]
        means[0, labels[i]] += masses[i] * positions[i]
    for k in range(n_components):
        means[0, k] /= max(weights[0, k], TINY)
    for i in range(labels.size):
        deviation = positions[i] - means[0, labels[i]]
        variances[0, labels[i]] += masses[i] * (deviation * deviation + spread[i])
    for k in range(n_components):
        variances[0, k] = m_step_variance(prior, weights[0, k], variances[0, k])
        weights[0, k] = max(weights[0, k] / prior.mass, _MIN_WEIGHT / n_components)
    normalise(weights[0])
    return batch


@compiled(BATCH(ATOMS, PRIOR, i8))
def segmentation(atoms: Atoms, prior: Prior, n_components: int) -> Batch:
    """Return the mixture, (1, K), of the best partition of the line into intervals.

    It maximises the classification likelihood, with a variance for each interval (Scott and Symons
    1971, doi 10.2307/2529003). Dynamic programming finds it (Wang and Song 2011, The R Journal
    3(2):29). The time is O(K n_atoms^2), so use a coarse copy.
    """
    n_intervals = min(n_components, atoms.positions.size)
    labels = _best_labels(_interval_costs(atoms, prior), n_intervals)
    return mixture_of_groups(atoms, prior, labels, n_components)
