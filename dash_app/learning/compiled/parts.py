"""Components in two parts, compiled: where to cut, and what a mixture with a part more reaches."""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.batches import new_batch
from dash_app.learning.compiled.compilation import compiled
from dash_app.learning.compiled.densities import HALF_LOG_2PI, LEAST_WEIGHT, scaled_densities
from dash_app.learning.compiled.elementary import exp, log
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

_LEAST_MASS = 1e-12


@compiled(f"void({PRIOR}, f8[:, ::1], f8[:, ::1], f8[::1])")
def _worth(prior: Prior, moments: Array, variances: Array, worth: Array) -> None:
    """Add what components of given moments (3, n_cuts) are worth, nats, and set their variances.

    moments : mass, first and second moment; their means take the place of the first ones
    """
    prior_weight, prior_variance, floor, _ = prior
    for i in range(worth.size):
        mass = max(moments[0, i], _LEAST_MASS)
        mean = moments[1, i] / mass
        scatter = max(moments[2, i] - moments[1, i] * mean, 0.0)
        variance = max((prior_weight * prior_variance + scatter) / (prior_weight + mass), floor)
        worth[i] += mass * log(mass) - 0.5 * (mass + prior_weight) * log(variance)
        moments[0, i], moments[1, i] = mass, mean
        variances[0, i] = variance


@compiled(f"Tuple(({BATCH}, {BATCH}))({ATOMS}, {PRIOR}, {BATCH})")
def cut_parts(atoms: Atoms, prior: Prior, batch: Batch) -> tuple[Batch, Batch]:
    """Return the two parts of each component of each mixture, (R, K) each, cut where it is best.

    Of n_atoms - 1 places the one at which both sides have the greatest classification likelihood.
    """
    weights, means, variances = batch
    positions, masses, spread = atoms[0], atoms[1], atoms[2]
    n_mixtures, size = means.shape
    n_atoms = positions.size
    left, right = new_batch(n_mixtures, size), new_batch(n_mixtures, size)
    resp, top = np.empty((size, n_atoms)), np.empty(n_atoms)
    share = np.empty(n_atoms)
    n_cuts = n_atoms - 1
    to_left, to_right = np.empty((3, n_cuts)), np.empty((3, n_cuts))
    left_variances, right_variances = np.empty((1, n_cuts)), np.empty((1, n_cuts))
    worth = np.empty(n_cuts)
    for r in range(n_mixtures):
        scaled_densities(atoms, (weights[r], means[r], variances[r]), resp, top)
        share[:] = 0.0
        for k in range(size):
            for i in range(n_atoms):
                share[i] += resp[k, i]
        for i in range(n_atoms):
            share[i] = masses[i] / share[i]
        for k in range(size):
            zeroth = first = second = 0.0
            for i in range(n_atoms):
                m = resp[k, i] * share[i]
                x = positions[i]
                zeroth += m
                first += m * x
                second += m * (x * x + spread[i])
                if i < n_cuts:
                    to_left[0, i], to_left[1, i], to_left[2, i] = zeroth, first, second
            for i in range(n_cuts):
                to_right[0, i] = zeroth - to_left[0, i]
                to_right[1, i] = first - to_left[1, i]
                to_right[2, i] = second - to_left[2, i]
            worth[:] = 0.0
            _worth(prior, to_left, left_variances, worth)
            _worth(prior, to_right, right_variances, worth)
            cut = np.argmax(worth)
            for moments, spreads, part in (
                (to_left, left_variances, left),
                (to_right, right_variances, right),
            ):
                part[0][r, k] = moments[0, cut] / prior[3]
                part[1][r, k] = moments[1, cut]
                part[2][r, k] = spreads[0, cut]
    return left, right


@compiled(f"void({ATOMS}, f8, f8, f8, f8[::1], f8[::1])")
def _add_part(
    atoms: Atoms, weight: float, mean: float, variance: float, top: Array, density: Array
) -> None:
    """Add a component to the density of atoms, which is scaled by e^-top."""
    positions, spread = atoms[0], atoms[2]
    log_peak = log(max(weight, LEAST_WEIGHT)) - 0.5 * log(variance) - HALF_LOG_2PI
    factor = -0.5 / variance
    for i in range(top.size):
        deviation = positions[i] - mean
        density[i] += exp(log_peak + factor * (deviation * deviation + spread[i]) - top[i])


@compiled(f"f8[:, ::1]({ATOMS}, {PRIOR}, {BATCH}, {BATCH}, {BATCH})")
def values_with_parts(
    atoms: Atoms, prior: Prior, batch: Batch, ones: Batch, others: Batch
) -> Array:
    """Return J of each mixture with each of its components replaced by its two parts, (R, K)."""
    weights, means, variances = batch
    prior_weight, prior_variance, _, n = prior
    masses = atoms[1]
    n_mixtures, size = means.shape
    n_atoms = masses.size
    values = np.empty((n_mixtures, size))
    own, top = np.empty((size, n_atoms)), np.empty(n_atoms)
    before, after = np.zeros((size + 1, n_atoms)), np.zeros((size + 1, n_atoms))
    density = np.empty(n_atoms)
    for r in range(n_mixtures):
        scaled_densities(atoms, (weights[r], means[r], variances[r]), own, top)
        # sums from both sides: what is left without a component is not a difference
        for k in range(size):
            for i in range(n_atoms):
                before[k + 1, i] = before[k, i] + own[k, i]
        for k in range(size - 1, -1, -1):
            for i in range(n_atoms):
                after[k, i] = after[k + 1, i] + own[k, i]
        total_prior = 0.0
        for k in range(size):
            total_prior += log(variances[r, k]) + prior_variance / variances[r, k]
        for k in range(size):
            for i in range(n_atoms):
                density[i] = before[k, i] + after[k + 1, i]
            weight = weights[r].sum() - weights[r, k]
            penalty = total_prior - log(variances[r, k]) - prior_variance / variances[r, k]
            for part in (ones, others):
                variance = part[2][r, k]
                _add_part(atoms, part[0][r, k], part[1][r, k], variance, top, density)
                weight += part[0][r, k]
                penalty += log(variance) + prior_variance / variance
            value = 0.0
            for i in range(n_atoms):
                value += masses[i] * (top[i] + log(density[i]))
            values[r, k] = (value - 0.5 * prior_weight * penalty) / n - log(weight)
    return values


@compiled(f"{BATCH}({BATCH}, {BATCH}, {BATCH}, i8[::1])")
def with_parts(batch: Batch, ones: Batch, others: Batch, chosen: Indices) -> Batch:
    """Return mixtures of one component more: `chosen` components (r K + k) replaced by parts."""
    size = batch[1].shape[1]
    split = new_batch(chosen.size, size + 1)
    for row in range(chosen.size):
        r, k = chosen[row] // size, chosen[row] % size
        for parameter, one, other, out in zip(batch, ones, others, split):
            out[row, :size] = parameter[r]
            out[row, k] = one[r, k]
            out[row, size] = other[r, k]
        for at in range(size + 1):
            split[0][row, at] = max(split[0][row, at], _LEAST_MASS)
        split[0][row] /= split[0][row].sum()
    return split
