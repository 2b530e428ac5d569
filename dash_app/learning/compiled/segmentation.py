"""Optimal cuts of the line into intervals, compiled."""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.batches import new_batch
from dash_app.learning.compiled.compilation import compiled
from dash_app.learning.compiled.elementary import log
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

_LEAST_MASS = 1e-300


@compiled(f"Tuple((f8[:, ::1], f8[:, ::1]))({ATOMS}, {PRIOR})")
def interval_costs(atoms: Atoms, prior: Prior) -> tuple[Array, Array]:
    """Return what the atoms i .. j - 1 cost as one group, (n_atoms + 1, n_atoms + 1); inf if none.

    Once their scatter, once their negative log-likelihood as a component of their own, which has
    a share of the weight and a variance.
    """
    positions, masses, spread = atoms[0], atoms[1], atoms[2]
    prior_weight, prior_variance, floor, n = prior
    n_atoms = positions.size
    # positions are standardised, so the sums do not cancel
    sums = np.zeros((3, n_atoms + 1))
    for i in range(n_atoms):
        sums[0, i + 1] = sums[0, i] + masses[i]
        sums[1, i + 1] = sums[1, i] + masses[i] * positions[i]
        second = positions[i] * positions[i] + spread[i]
        sums[2, i + 1] = sums[2, i] + masses[i] * second
    scatters = np.full((n_atoms + 1, n_atoms + 1), np.inf)
    costs = np.full((n_atoms + 1, n_atoms + 1), np.inf)
    for i in range(n_atoms):
        for j in range(i + 1, n_atoms + 1):
            mass = sums[0, j] - sums[0, i]
            first = sums[1, j] - sums[1, i]
            scatter = max(sums[2, j] - sums[2, i] - first * first / mass, 0.0)
            scatters[i, j] = scatter
            scatter += prior_weight * prior_variance
            variance = max(scatter / (prior_weight + mass), floor)
            cost = 0.5 * ((mass + prior_weight) * log(variance) + scatter / variance)
            costs[i, j] = cost - mass * log(mass / n)
    return scatters, costs


@compiled("i8[:, ::1](f8[:, ::1], i8)")
def best_cuts(costs: Array, n_intervals: int) -> Indices:
    """Return where the last of 2 .. n_intervals intervals of the first j atoms begins.

    Shape (n_intervals - 1, n_atoms + 1), by dynamic programming.
    """
    size = costs.shape[0]
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
    return cuts


@compiled("i8[::1](i8[:, ::1], i8)")
def labels_of(cuts: Indices, n_intervals: int) -> Indices:
    """Return each atom's interval, for `n_intervals` intervals."""
    end = cuts.shape[1] - 1
    labels = np.zeros(end, dtype=np.int64)
    for interval in range(n_intervals - 1, 0, -1):
        start = cuts[interval - 1, end]
        labels[start:end] = interval
        end = start
    return labels


@compiled(f"{BATCH}({ATOMS}, {PRIOR}, i8[::1], i8)")
def groups(atoms: Atoms, prior: Prior, labels: Indices, n_components: int) -> Batch:
    """Return a mixture, (1, K), of one component a label; one without atoms is in the middle."""
    positions, masses, spread = atoms[0], atoms[1], atoms[2]
    prior_weight, prior_variance, floor, n = prior
    batch = new_batch(1, n_components)
    weights, means, variances = batch
    for parameter in batch:
        parameter[:] = 0.0
    for i in range(labels.size):
        weights[0, labels[i]] += masses[i]
        means[0, labels[i]] += masses[i] * positions[i]
    for k in range(n_components):
        means[0, k] /= max(weights[0, k], _LEAST_MASS)
    for i in range(labels.size):
        deviation = positions[i] - means[0, labels[i]]
        variances[0, labels[i]] += masses[i] * (deviation * deviation + spread[i])
    for k in range(n_components):
        mass = max(weights[0, k], _LEAST_MASS)
        variance = (prior_weight * prior_variance + variances[0, k]) / (prior_weight + mass)
        variances[0, k] = max(variance, floor)
        weights[0, k] = max(weights[0, k] / n, 0.01 / n_components)
    weights /= weights.sum()
    return batch
