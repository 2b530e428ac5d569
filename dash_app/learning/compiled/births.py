"""Where a new component raises J of a mixture most, compiled."""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.batches import mixture_at, new_batch
from dash_app.learning.compiled.compilation import compiled, inner
from dash_app.learning.compiled.densities import log_density, log_peak, scaled_densities
from dash_app.learning.compiled.elementary import exp, log
from dash_app.learning.compiled.penalty import log_prior
from dash_app.learning.compiled.signatures import (
    ATOMS,
    BATCH,
    PRIOR,
    Atoms,
    Batch,
    Prior,
    f8,
    i8,
)
from dash_app.learning.mixture import Array

_MIN_LOG_DENSITY = -50.0
"""Lower bound of a log-density, log(1 / standardised units). It keeps squared inverse densities
within float64."""

_MIN_CURVATURE = 1e-12
"""Lower bound of the curvature, which is a divisor."""

_MIN_WEIGHT, _MAX_WEIGHT = 0.125, 0.5
"""Bounds of a new component's mixing weight. The lower one is divided by the number of
components."""


@inner
def _values_and_log_densities(atoms: Atoms, prior: Prior, batch: Batch) -> tuple[Array, Array]:
    """Return J of each mixture, (R,), and its log-density at each atom, (R, n_atoms)."""
    masses = atoms.masses
    n_mixtures, size = batch.means.shape
    densities, top = np.empty((size, masses.size)), np.empty(masses.size)
    density = np.empty(masses.size)
    values, log_densities = np.empty(n_mixtures), np.empty((n_mixtures, masses.size))
    for r in range(n_mixtures):
        scaled_densities(atoms, mixture_at(batch, r), densities, top)
        density[:] = 0.0
        for k in range(size):
            for i in range(masses.size):
                density[i] += densities[k, i]
        value = 0.0
        for i in range(masses.size):
            log_densities[r, i] = top[i] + log(density[i])
            value += masses[i] * log_densities[r, i]
        for k in range(size):
            value += log_prior(prior, batch.variances[r, k])
        values[r] = value / prior.mass
    return values, log_densities


@inner
def _new_densities(atoms: Atoms, locations: Array, stds: Array) -> Array:
    """Return each new component's density at each atom; rows by location, then by width."""
    positions, spread = atoms.positions, atoms.variances
    densities = np.empty((locations.size * stds.size, positions.size))
    for j in range(densities.shape[0]):
        mean, std = locations[j // stds.size], stds[j % stds.size]
        variance = std * std
        peak, half_precision = log_peak(1.0, variance), 0.5 / variance
        for i in range(positions.size):
            densities[j, i] = exp(log_density(peak, half_precision, positions[i] - mean, spread[i]))
    return densities


@inner
def _predict(
    atoms: Atoms, prior: Prior, values: Array, log_densities: Array, new: Array
) -> tuple[Array, Array]:
    """Return the predicted J of each mixture with each new component, and its best weight, (I, R).

    Let D be the mean and V the mean square of (new / density - 1). A new component of weight e
    raises J by about e D - e^2 V / 2. The best weight is e = D / V. The prediction is -inf where D
    is not positive.
    """
    masses, n = atoms.masses, prior.mass
    n_mixtures = log_densities.shape[0]
    once, twice = np.empty((masses.size, n_mixtures)), np.empty((masses.size, n_mixtures))
    for r in range(n_mixtures):
        for i in range(masses.size):
            inverse = exp(-max(log_densities[r, i], _MIN_LOG_DENSITY))
            once[i, r] = masses[i] / n * inverse
            twice[i, r] = once[i, r] * inverse
    predicted, weights = np.empty((new.shape[0], n_mixtures)), np.empty((new.shape[0], n_mixtures))
    first, second = np.empty(n_mixtures), np.empty(n_mixtures)
    for j in range(new.shape[0]):
        # not np.dot: for products of this size it starts threads, which take longer
        first[:] = second[:] = 0.0
        for i in range(masses.size):
            density = new[j, i]
            for r in range(n_mixtures):
                first[r] += density * once[i, r]
                second[r] += density * density * twice[i, r]
        for r in range(n_mixtures):
            slope = first[r] - 1.0
            curvature = second[r] - 2.0 * first[r] + 1.0
            weight = min(max(slope / max(curvature, _MIN_CURVATURE), 0.0), _MAX_WEIGHT)
            gain = weight * slope - 0.5 * weight * weight * curvature
            predicted[j, r] = values[r] + gain if slope > 0.0 else -np.inf
            weights[j, r] = weight
    return predicted, weights


@inner
def _is_peak(predicted: Array, n_stds: int, j: int, r: int) -> bool:
    """Return whether the prediction is a local maximum in location and width."""
    here, width = predicted[j, r], j % n_stds
    return (
        here > -np.inf
        and (j < n_stds or here > predicted[j - n_stds, r])
        and (j + n_stds >= predicted.shape[0] or here >= predicted[j + n_stds, r])
        and (width == 0 or here > predicted[j - 1, r])
        and (width == n_stds - 1 or here >= predicted[j + 1, r])
    )


@inner
def _birth_places(atoms: Atoms, prior: Prior, batch: Batch, locations: Array, stds: Array) -> Array:
    """Return the local maxima of the predicted J over births in mixtures (R, K - 1), unordered.

    Each birth is a row of five values: the mixture's index; the new component's mean, standard
    deviation and weight; and the predicted J.
    """
    values, log_densities = _values_and_log_densities(atoms, prior, batch)
    new = _new_densities(atoms, locations, stds)
    predicted, weights = _predict(atoms, prior, values, log_densities, new)
    found, n_found = np.empty((predicted.size, 5)), 0
    for j in range(predicted.shape[0]):
        for r in range(predicted.shape[1]):
            if _is_peak(predicted, stds.size, j, r):
                found[n_found, 0] = r
                found[n_found, 1] = locations[j // stds.size]
                found[n_found, 2] = stds[j % stds.size]
                found[n_found, 3] = weights[j, r]
                found[n_found, 4] = predicted[j, r]
                n_found += 1
    rows: Array = found[:n_found].copy()
    return rows


@inner
def _with_births(batch: Batch, chosen: Array) -> Batch:
    """Return one mixture for each of the chosen rows of `_birth_places`, with its new component."""
    size = batch.means.shape[1]
    out = new_batch(chosen.shape[0], size + 1)
    for row in range(chosen.shape[0]):
        r = int(chosen[row, 0])
        weight = min(max(chosen[row, 3], _MIN_WEIGHT / (size + 1)), _MAX_WEIGHT)
        for k in range(size):
            out.weights[row, k] = batch.weights[r, k] * (1.0 - weight)
            out.means[row, k] = batch.means[r, k]
            out.variances[row, k] = batch.variances[r, k]
        out.weights[row, size], out.means[row, size] = weight, chosen[row, 1]
        out.variances[row, size] = chosen[row, 2] * chosen[row, 2]
    return out


@compiled(BATCH(ATOMS, PRIOR, BATCH, f8[::1], f8[::1], i8))
def births(
    atoms: Atoms, prior: Prior, batch: Batch, locations: Array, stds: Array, n_births: int
) -> Batch:
    """Return mixtures (R, K - 1) after a birth, the largest predicted J first, at most `n_births`.

    A birth adds a component where the directional derivative of the log-likelihood is largest
    (Lindsay 1983, Annals of Statistics 11:86).

    locations, stds : ndarray, ascending, standardised units
        Each location is tried with each width. The floor is added to a width's square.
    """
    stds = np.sqrt(stds * stds + prior.floor)
    found = _birth_places(atoms, prior, batch, locations, stds)
    order = np.argsort(-found[:, 4], kind="mergesort")[:n_births]
    return _with_births(batch, found[order])
