"""Where a new component raises J of a mixture most, compiled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dash_app.learning.compiled.batches import mixture_at, new_batch
from dash_app.learning.compiled.compilation import compiled, inlined, inner
from dash_app.learning.compiled.densities import log_density, log_peak
from dash_app.learning.compiled.elementary import exp, log
from dash_app.learning.compiled.penalty import log_priors
from dash_app.learning.compiled.responsibilities import CHUNK_SIZE, new_chunk, read_chunk
from dash_app.learning.compiled.signatures import (
    ATOMS,
    BATCH,
    PRIOR,
    Atoms,
    Batch,
    Prior,
    f8,
)
from dash_app.learning.mixture import Array

_MIN_LOG_DENSITY = -50.0
"""Lower bound of a log-density, log(1 / standardised units). It keeps squared inverse densities
within float64."""

_REACH_STDS = 8.6
"""A new component counts up to this many standard deviations from its mean, where its density is
e^-37 of its peak. Farther away it would matter at an atom that no component explains better."""

_MIN_CURVATURE = 1e-12
"""Lower bound of the curvature, which is a divisor."""

_MIN_WEIGHT, _MAX_WEIGHT = 0.125, 0.5
"""Bounds of a new component's mixing weight. The lower one is divided by the number of
components."""


class NewComponents(NamedTuple):
    """Every new component that is tried, by location, then by width.

    means, stds : (I,), standardised units
    densities : (I, n_atoms), set from `starts` to `ends` only; elsewhere they count as 0
    starts, ends : (I,), the first atom, and the one after the last; unsigned, see `Chunk`
    """

    means: Array
    stds: Array
    densities: Array
    starts: npt.NDArray[np.uint64]
    ends: npt.NDArray[np.uint64]


@inner
def _new_components(atoms: Atoms, locations: Array, stds: Array) -> NewComponents:
    """Return a component of each width at each location."""
    x, spread = atoms.positions, atoms.variances
    means, widths = np.repeat(locations, stds.size), np.empty(locations.size * stds.size)
    for j in range(means.size):
        widths[j] = stds[j % stds.size]
    starts = np.searchsorted(x, means - _REACH_STDS * widths).astype(np.uint64)
    ends = np.searchsorted(x, means + _REACH_STDS * widths).astype(np.uint64)
    densities = np.empty((means.size, x.size))
    for j in range(means.size):
        mean, variance = means[j], widths[j] * widths[j]
        peak, half_precision = log_peak(1.0, variance), 0.5 / variance
        for i in range(starts[j], ends[j]):
            densities[j, i] = exp(log_density(peak, half_precision, x[i] - mean, spread[i]))
    return NewComponents(means, widths, densities, starts, ends)


@inner
def _values_and_log_densities(atoms: Atoms, prior: Prior, batch: Batch) -> tuple[Array, Array]:
    """Return J of each mixture, (R,), and its log-density at each atom, (R, n_atoms)."""
    n_mixtures, n_atoms = batch.means.shape[0], atoms.positions.size
    values, log_densities = log_priors(prior, batch.variances), np.empty((n_mixtures, n_atoms))
    chunk = new_chunk(batch.means.shape[1])
    for r in range(n_mixtures):
        for start in range(0, n_atoms, CHUNK_SIZE):
            values[r] += read_chunk(atoms, start, mixture_at(batch, r), chunk)
            for i in range(min(CHUNK_SIZE, n_atoms - start)):
                log_densities[r, start + i] = chunk.top[i] - log(chunk.inverse[i])
    values /= prior.mass
    return values, log_densities


@inner
def _predict(
    atoms: Atoms, prior: Prior, values: Array, log_densities: Array, new: NewComponents
) -> tuple[Array, Array]:
    """Return the predicted J of each mixture with each new component, and its best weight, (I, R).

    Let D be the mean and V the mean square of (new / density - 1). A new component of weight e
    raises J by about e D - e^2 V / 2. The best weight is e = D / V. The prediction is -inf where D
    is not positive.
    """
    masses, n = atoms.masses, prior.mass
    once, twice = np.empty(log_densities.shape), np.empty(log_densities.shape)
    for r in range(values.size):
        for i in range(masses.size):
            inverse = exp(-max(log_densities[r, i], _MIN_LOG_DENSITY))
            once[r, i] = masses[i] / n * inverse
            twice[r, i] = once[r, i] * inverse
    shape = (new.means.size, values.size)
    predicted, weights = np.empty(shape), np.empty(shape)
    for j in range(shape[0]):
        # not np.dot: for products of this size it starts threads, which take longer
        for r in range(shape[1]):
            first = second = 0.0
            for i in range(new.starts[j], new.ends[j]):
                density = new.densities[j, i]
                first += density * once[r, i]
                second += density * density * twice[r, i]
            slope = first - 1.0
            curvature = second - 2.0 * first + 1.0
            weight = min(max(slope / max(curvature, _MIN_CURVATURE), 0.0), _MAX_WEIGHT)
            gain = weight * slope - 0.5 * weight * weight * curvature
            predicted[j, r] = values[r] + gain if slope > 0.0 else -np.inf
            weights[j, r] = weight
    return predicted, weights


@inlined
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
    new = _new_components(atoms, locations, stds)
    predicted, weights = _predict(atoms, prior, values, log_densities, new)
    found, n_found = np.empty((predicted.size, 5)), 0
    for j in range(predicted.shape[0]):
        for r in range(predicted.shape[1]):
            if _is_peak(predicted, stds.size, j, r):
                found[n_found, 0] = r
                found[n_found, 1] = new.means[j]
                found[n_found, 2] = new.stds[j]
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


@compiled(BATCH(ATOMS, PRIOR, BATCH, f8[::1], f8[::1]))
def births(atoms: Atoms, prior: Prior, batch: Batch, locations: Array, stds: Array) -> Batch:
    """Return mixtures (R, K - 1) after each birth that helps, the largest predicted J first.

    A birth adds a component where the directional derivative of the log-likelihood is largest
    (Lindsay 1983, Annals of Statistics 11:86).

    atoms : their positions ascend
    locations, stds : ndarray, ascending, standardised units
        Each location is tried with each width. The floor is added to a width's square.
    """
    stds = np.sqrt(stds * stds + prior.floor)
    found = _birth_places(atoms, prior, batch, locations, stds)
    order = np.argsort(-found[:, 4], kind="mergesort")
    return _with_births(batch, found[order])
