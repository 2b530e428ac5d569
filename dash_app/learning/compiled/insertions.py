"""Where a component is inserted into mixtures, compiled."""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.batches import new_batch
from dash_app.learning.compiled.compilation import compiled
from dash_app.learning.compiled.densities import HALF_LOG_2PI, scaled_densities
from dash_app.learning.compiled.elementary import exp, log
from dash_app.learning.compiled.signatures import (
    ATOMS,
    BATCH,
    PRIOR,
    Array,
    Atoms,
    Batch,
    Prior,
)

_LEAST_LOG_DENSITY = -50.0
"""A point that is less likely counts as this likely, so that squares stay within float64."""

_LEAST_CURVATURE = 1e-12
_SMALLEST_SHARE, _LARGEST_SHARE = 0.125, 0.5
"""Weights of a component that is inserted: the first by the number of components."""


@compiled(f"Tuple((f8[::1], f8[:, ::1]))({ATOMS}, {PRIOR}, {BATCH})")
def _read(atoms: Atoms, prior: Prior, reduced: Batch) -> tuple[Array, Array]:
    """Return J of each mixture, (R,), and the log-density of each atom under it, (R, n_atoms)."""
    weights, means, variances = reduced
    prior_weight, prior_variance, _, n = prior
    masses = atoms[1]
    n_mixtures, size = means.shape
    densities, top = np.empty((size, masses.size)), np.empty(masses.size)
    density = np.empty(masses.size)
    values, log_densities = np.empty(n_mixtures), np.empty((n_mixtures, masses.size))
    for r in range(n_mixtures):
        scaled_densities(atoms, (weights[r], means[r], variances[r]), densities, top)
        density[:] = 0.0
        for k in range(size):
            for i in range(masses.size):
                density[i] += densities[k, i]
        value = 0.0
        for i in range(masses.size):
            log_densities[r, i] = top[i] + log(density[i])
            value += masses[i] * log_densities[r, i]
        for k in range(size):
            value -= 0.5 * prior_weight * (log(variances[r, k]) + prior_variance / variances[r, k])
        values[r] = value / n
    return values, log_densities


@compiled(f"f8[:, ::1]({ATOMS}, f8[::1], f8[::1])")
def _new_densities(atoms: Atoms, locations: Array, stds: Array) -> Array:
    """Return the density of each atom under each new component, by location and then by width."""
    positions, spread = atoms[0], atoms[2]
    densities = np.empty((locations.size * stds.size, positions.size))
    for j in range(densities.shape[0]):
        mean, std = locations[j // stds.size], stds[j % stds.size]
        log_peak, factor = -log(std) - HALF_LOG_2PI, -0.5 / (std * std)
        for i in range(positions.size):
            deviation = positions[i] - mean
            densities[j, i] = exp(log_peak + factor * (deviation * deviation + spread[i]))
    return densities


@compiled(f"Tuple((f8[:, ::1], f8[:, ::1]))({ATOMS}, {PRIOR}, f8[::1], f8[:, ::1], f8[:, ::1])")
def _promises(
    atoms: Atoms, prior: Prior, values: Array, log_densities: Array, new: Array
) -> tuple[Array, Array]:
    """Return what each new component promises to bring each mixture to, and its weight, (I, R).

    Moving a weight e to the new component gains e D - e^2 V / 2, at best D^2 / (2 V) at D / V, with
    D and V the mean and mean square of (new / density - 1); -inf where that is no gain.
    """
    masses, n = atoms[1], prior[3]
    n_mixtures = log_densities.shape[0]
    once, twice = np.empty((masses.size, n_mixtures)), np.empty((masses.size, n_mixtures))
    for r in range(n_mixtures):
        for i in range(masses.size):
            inverse = exp(-max(log_densities[r, i], _LEAST_LOG_DENSITY))
            once[i, r] = masses[i] / n * inverse
            twice[i, r] = once[i, r] * inverse
    first, second = np.dot(new, once), np.dot(new * new, twice)
    promises, shares = np.empty(first.shape), np.empty(first.shape)
    for j in range(first.shape[0]):
        for r in range(n_mixtures):
            slope = first[j, r] - 1.0
            curvature = second[j, r] - 2.0 * first[j, r] + 1.0
            share = min(max(slope / max(curvature, _LEAST_CURVATURE), 0.0), _LARGEST_SHARE)
            gain = share * slope - 0.5 * share * share * curvature
            promises[j, r] = values[r] + gain if slope > 0.0 else -np.inf
            shares[j, r] = share
    return promises, shares


@compiled("b1(f8[:, ::1], i8, i8, i8)")
def _is_peak(promises: Array, n_stds: int, j: int, r: int) -> bool:
    """Return whether a new component promises more than its neighbours in location and width."""
    here, width = promises[j, r], j % n_stds
    return (
        here > -np.inf
        and (j < n_stds or here > promises[j - n_stds, r])
        and (j + n_stds >= promises.shape[0] or here >= promises[j + n_stds, r])
        and (width == 0 or here > promises[j - 1, r])
        and (width == n_stds - 1 or here >= promises[j + 1, r])
    )


@compiled(f"f8[:, ::1]({ATOMS}, {PRIOR}, {BATCH}, f8[::1], f8[::1], f8)")
def places(
    atoms: Atoms,
    prior: Prior,
    reduced: Batch,
    locations: Array,
    stds: Array,
    std_at_worst: float,
) -> Array:
    """Return where a component promises most in which mixture (R, K - 1), a row each, in no order.

    A row is: the mixture's index, the component's mean, standard deviation and weight, and what J
    of the mixture with it may be.

    Parameters
    ----------
    locations, stds : ndarray, in order; each of the one is tried with each of the other
    std_at_worst : float, of a component at the atom that a mixture explains worst, which is tried
        too: the quadratic gain says little of far points, where the likelihood grows as a logarithm
    """
    positions, masses = atoms[0], atoms[1]
    n_mixtures = reduced[1].shape[0]
    values, log_densities = _read(atoms, prior, reduced)
    new = _new_densities(atoms, locations, stds)
    promises, shares = _promises(atoms, prior, values, log_densities, new)
    found = np.empty((promises.size + n_mixtures, 5))
    n_found = 0
    for j in range(promises.shape[0]):
        for r in range(n_mixtures):
            if _is_peak(promises, stds.size, j, r):
                found[n_found, 0] = r
                found[n_found, 1] = locations[j // stds.size]
                found[n_found, 2] = stds[j % stds.size]
                found[n_found, 3] = shares[j, r]
                found[n_found, 4] = promises[j, r]
                n_found += 1
    log_peak = -log(std_at_worst) - HALF_LOG_2PI
    for r in range(n_mixtures):
        worst = np.argmin(log_densities[r])
        share = masses[worst] / prior[3]
        gain = share * max(log(share) + log_peak - log_densities[r, worst], 0.0)
        found[n_found, 0], found[n_found, 1] = r, positions[worst]
        found[n_found, 2], found[n_found, 3] = std_at_worst, share
        found[n_found, 4] = values[r] + gain
        n_found += 1
    rows: Array = found[:n_found].copy()
    return rows


@compiled(f"{BATCH}({BATCH}, f8[:, ::1])")
def inserted(reduced: Batch, chosen: Array) -> Batch:
    """Return mixtures with a component at each of the chosen places."""
    size = reduced[1].shape[1]
    batch = new_batch(chosen.shape[0], size + 1)
    weights, means, variances = batch
    for row in range(chosen.shape[0]):
        r = int(chosen[row, 0])
        share = min(max(chosen[row, 3], _SMALLEST_SHARE / (size + 1)), _LARGEST_SHARE)
        for k in range(size):
            weights[row, k] = reduced[0][r, k] * (1.0 - share)
            means[row, k], variances[row, k] = reduced[1][r, k], reduced[2][r, k]
        weights[row, size], means[row, size] = share, chosen[row, 1]
        variances[row, size] = chosen[row, 2] * chosen[row, 2]
    return batch
