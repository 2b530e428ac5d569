"""Splits of a component in two at its best cut, compiled."""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.batches import mixture_at, new_batch, normalise
from dash_app.learning.compiled.bounds import TINY_MASS, WEIGHT_FLOOR
from dash_app.learning.compiled.compilation import compiled, inner
from dash_app.learning.compiled.densities import log_density, log_peak, scaled_densities
from dash_app.learning.compiled.elementary import exp, log
from dash_app.learning.compiled.penalty import log_prior, m_step_variance
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


@inner
def _add_log_likelihoods(prior: Prior, moments: Array, variances: Array, total: Array) -> None:
    """Add to `total` the classification log-likelihood of one component per cut, nats.

    `variances` is set to the components' variances. Row 1 of `moments` is replaced by their means.

    moments : (3, n_cuts); mass, first and second moment
    """
    for i in range(total.size):
        mass = max(moments[0, i], TINY_MASS)
        mean = moments[1, i] / mass
        scatter = max(moments[2, i] - moments[1, i] * mean, 0.0)
        variance = m_step_variance(prior, mass, scatter)
        total[i] += mass * log(mass) - 0.5 * (mass + prior.weight) * log(variance)
        moments[0, i], moments[1, i] = mass, mean
        variances[i] = variance


@inner
def _best_splits(atoms: Atoms, prior: Prior, batch: Batch) -> tuple[Batch, Batch]:
    """Return the two parts of each component of each mixture at its best cut, (R, K) each.

    The best of the n_atoms - 1 cuts maximises the classification likelihood of the two sides.
    """
    positions, masses, spread = atoms.positions, atoms.masses, atoms.variances
    n_mixtures, size = batch.means.shape
    n_atoms = positions.size
    left, right = new_batch(n_mixtures, size), new_batch(n_mixtures, size)
    resp, top = np.empty((size, n_atoms)), np.empty(n_atoms)
    share = np.empty(n_atoms)
    n_cuts = n_atoms - 1
    to_left, to_right = np.empty((3, n_cuts)), np.empty((3, n_cuts))
    left_variances, right_variances = np.empty(n_cuts), np.empty(n_cuts)
    total = np.empty(n_cuts)
    for r in range(n_mixtures):
        scaled_densities(atoms, mixture_at(batch, r), resp, top)
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
            total[:] = 0.0
            _add_log_likelihoods(prior, to_left, left_variances, total)
            _add_log_likelihoods(prior, to_right, right_variances, total)
            cut = np.argmax(total)
            for moments, variances, part in (
                (to_left, left_variances, left),
                (to_right, right_variances, right),
            ):
                part.weights[r, k] = moments[0, cut] / prior.mass
                part.means[r, k] = moments[1, cut]
                part.variances[r, k] = variances[cut]
    return left, right


@inner
def _add_component(
    atoms: Atoms, weight: float, mean: float, variance: float, top: Array, density: Array
) -> None:
    """Add a component's density at the atoms to `density`, which is scaled by e^-top."""
    positions, spread = atoms.positions, atoms.variances
    peak = log_peak(weight, variance)
    for i in range(top.size):
        density[i] += exp(log_density(peak, variance, positions[i] - mean, spread[i]) - top[i])


@inner
def _values_after_splits(
    atoms: Atoms, prior: Prior, batch: Batch, ones: Batch, others: Batch
) -> Array:
    """Return J of each mixture with each of its components replaced by its two parts, (R, K)."""
    masses = atoms.masses
    n_mixtures, size = batch.means.shape
    n_atoms = masses.size
    values = np.empty((n_mixtures, size))
    own, top = np.empty((size, n_atoms)), np.empty(n_atoms)
    before, after = np.zeros((size + 1, n_atoms)), np.zeros((size + 1, n_atoms))
    density = np.empty(n_atoms)
    for r in range(n_mixtures):
        scaled_densities(atoms, mixture_at(batch, r), own, top)
        # Prefix and suffix sums give the density without a component. A difference would cancel.
        for k in range(size):
            for i in range(n_atoms):
                before[k + 1, i] = before[k, i] + own[k, i]
        for k in range(size - 1, -1, -1):
            for i in range(n_atoms):
                after[k, i] = after[k + 1, i] + own[k, i]
        whole_prior = 0.0
        for k in range(size):
            whole_prior += log_prior(prior, batch.variances[r, k])
        for k in range(size):
            for i in range(n_atoms):
                density[i] = before[k, i] + after[k + 1, i]
            weight = batch.weights[r].sum() - batch.weights[r, k]
            own_prior = whole_prior - log_prior(prior, batch.variances[r, k])
            for part in (ones, others):
                part_weight, variance = part.weights[r, k], part.variances[r, k]
                _add_component(atoms, part_weight, part.means[r, k], variance, top, density)
                weight += part_weight
                own_prior += log_prior(prior, variance)
            value = 0.0
            for i in range(n_atoms):
                value += masses[i] * (top[i] + log(density[i]))
            values[r, k] = (value + own_prior) / prior.mass - log(weight)
    return values


@inner
def _with_splits(batch: Batch, ones: Batch, others: Batch, chosen: Indices) -> Batch:
    """Return one mixture per chosen component (index r K + k), which its two parts replace."""
    size = batch.means.shape[1]
    split = new_batch(chosen.size, size + 1)
    for row in range(chosen.size):
        r, k = chosen[row] // size, chosen[row] % size
        for parameter, one, other, out in zip(batch, ones, others, split):
            for at in range(size):
                out[row, at] = parameter[r, at]
            out[row, k] = one[r, k]
            out[row, size] = other[r, k]
        for at in range(size + 1):
            split.weights[row, at] = max(split.weights[row, at], WEIGHT_FLOOR)
        normalise(split.weights[row])
    return split


@compiled(BATCH(ATOMS, PRIOR, BATCH, i8))
def splits(atoms: Atoms, prior: Prior, batch: Batch, n_kept: int) -> Batch:
    """Return mixtures (R, K - 1) with one component split, the largest J first, at most `n_kept`.

    A cut divides the atoms, weighted by responsibility, into two groups. The best cut maximises the
    classification likelihood (Scott and Symons 1971, doi 10.2307/2529003). It finds unequal parts
    directly; EM reaches them slowly from equal halves.
    """
    ones, others = _best_splits(atoms, prior, batch)
    values = _values_after_splits(atoms, prior, batch, ones, others)
    order = np.argsort(-values.ravel(), kind="mergesort")[:n_kept]
    return _with_splits(batch, ones, others, order)
