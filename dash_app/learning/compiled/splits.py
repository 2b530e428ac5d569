"""Splits of a component in two at its best cut, compiled."""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.batches import mixture_at, new_batch, normalise
from dash_app.learning.compiled.bounds import TINY_MASS, WEIGHT_FLOOR
from dash_app.learning.compiled.compilation import compiled, inner
from dash_app.learning.compiled.densities import scaled_densities
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


@inner
def _component(
    prior: Prior, zeroth: float, first: float, second: float
) -> tuple[float, float, float, float]:
    """Return mass, mean and variance of a group, and its classification log-likelihood, nats.

    The arguments are the group's moments: its mass, and the sums of x and of x squared.
    """
    mass = max(zeroth, TINY_MASS)
    mean = first / mass
    variance = m_step_variance(prior, mass, max(second - first * mean, 0.0))
    return mass, mean, variance, mass * log(mass) - 0.5 * (mass + prior.weight) * log(variance)


@inner
def _best_splits(atoms: Atoms, prior: Prior, batch: Batch) -> tuple[Batch, Batch, Array]:
    """Return the two parts of each component of each mixture at its best cut, (R, K) each.

    The best of the n_atoms - 1 cuts maximises the classification likelihood of the two sides. The
    last array, (R, K), is the gain of that likelihood by the split, nats.
    """
    positions, masses, spread = atoms.positions, atoms.masses, atoms.variances
    n_mixtures, size = batch.means.shape
    n_atoms = positions.size
    left, right = new_batch(n_mixtures, size), new_batch(n_mixtures, size)
    gains = np.empty((n_mixtures, size))
    resp, top = np.empty((size, n_atoms)), np.empty(n_atoms)
    share = np.empty(n_atoms)
    moments, total = np.empty((3, n_atoms)), np.empty(n_atoms - 1)
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
                moments[0, i], moments[1, i], moments[2, i] = zeroth, first, second
            for i in range(total.size):
                a, b, c = moments[0, i], moments[1, i], moments[2, i]
                one = _component(prior, a, b, c)
                other = _component(prior, zeroth - a, first - b, second - c)
                total[i] = one[3] + other[3]
            cut = np.argmax(total)
            a, b, c = moments[0, cut], moments[1, cut], moments[2, cut]
            one = _component(prior, a, b, c)
            other = _component(prior, zeroth - a, first - b, second - c)
            for part, values in ((left, one), (right, other)):
                part.weights[r, k] = values[0] / prior.mass
                part.means[r, k] = values[1]
                part.variances[r, k] = values[2]
            gains[r, k] = total[cut] - _component(prior, zeroth, first, second)[3]
    return left, right, gains


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
    """Return mixtures (R, K - 1) with one component split, largest gain first, at most `n_kept`.

    A cut divides the atoms, weighted by responsibility, into two groups. The best cut maximises the
    classification likelihood (Scott and Symons 1971, doi 10.2307/2529003). It finds unequal parts
    directly; EM reaches them slowly from equal halves.
    """
    ones, others, gains = _best_splits(atoms, prior, batch)
    order = np.argsort(-gains.ravel(), kind="mergesort")[:n_kept]
    return _with_splits(batch, ones, others, order)
