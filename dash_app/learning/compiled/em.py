"""Expectation-maximisation for J, compiled.

Sources: Dempster, Laird and Rubin (1977), JRSS B 39:1; Bishop (2006), Pattern Recognition and
Machine Learning, section 9.2. The M-step of the variances includes the pseudo-observations of
`objective.Objective`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import types

from dash_app.learning.compiled.batches import copy_to, mixture_at, new_parameters, normalise
from dash_app.learning.compiled.compilation import compiled, inlined, inner
from dash_app.learning.compiled.penalty import log_prior, m_step_variance
from dash_app.learning.compiled.responsibilities import (
    CHUNK,
    CHUNK_SIZE,
    Chunk,
    new_chunk,
    read_chunk,
    size_of_chunk,
)
from dash_app.learning.compiled.signatures import (
    ATOMS,
    BATCH,
    PARAMETERS,
    PRIOR,
    Atoms,
    Batch,
    Parameters,
    Prior,
    f8,
)
from dash_app.learning.mixture import Array


class SufficientStats(NamedTuple):
    """Mass, mean and centred scatter of each component, (K,) each, standardised units."""

    mass: Array
    means: Array
    scatter: Array


STATS = types.NamedUniTuple(f8[::1], 3, SufficientStats)


@inner
def new_stats(n_components: int) -> SufficientStats:
    """Return uninitialised statistics of one mixture."""
    return SufficientStats(np.empty(n_components), np.empty(n_components), np.empty(n_components))


@inlined
def centre(stats: SufficientStats, means: Array) -> None:
    """Make statistics of the sums of mass, deviation from `means` and squared deviation."""
    zeroths, firsts, seconds = stats
    for k in range(means.size):
        first = firsts[k]
        shift = first / zeroths[k] if zeroths[k] > 0.0 else 0.0
        stats.means[k] = means[k] + shift
        stats.scatter[k] = max(seconds[k] - shift * first, 0.0)


@inlined
def e_step(atoms: Atoms, chunk: Chunk, parameters: Parameters, stats: SufficientStats) -> float:
    """Set the statistics under the mixture's responsibilities; return its log-likelihood, nats.

    Bishop (2006), eq. 9.23 and 9.24-9.27.
    """
    # moments about the old means: they are close to the new ones, so no digits cancel
    zeroths, firsts, seconds = stats
    _, x, mass, spread, _, _, inverse, joint, _, _, starts, ends = chunk
    means = parameters.means
    for k in range(means.size):
        zeroths[k] = firsts[k] = seconds[k] = 0.0
    log_likelihood = 0.0
    for start in range(0, atoms.positions.size, CHUNK_SIZE):
        log_likelihood += read_chunk(atoms, start, parameters, chunk)
        size = size_of_chunk(atoms, start)
        for i in range(size):
            inverse[i] *= mass[i]
        for k in range(means.size):
            zeroth = first = second = 0.0
            for i in range(starts[k], ends[k]):
                m = inverse[i] * joint[k, i]
                deviation = x[i] - means[k]
                zeroth += m
                first += m * deviation
                second += m * (deviation * deviation + spread[i])
            zeroths[k] += zeroth
            firsts[k] += first
            seconds[k] += second
    centre(stats, means)
    return log_likelihood


@inlined
def m_step(prior: Prior, stats: SufficientStats, after: Parameters) -> None:
    """Set `after` to the maximiser of the expected objective: w = N / n, v = (a s2 + S) / (a + N).

    A component without mass keeps its mean. Its variance becomes that of the prior, or the floor.
    """
    weights = after.weights
    for k in range(weights.size):
        weights[k] = stats.mass[k]
        after.means[k] = stats.means[k]
        after.variances[k] = m_step_variance(prior, stats.mass[k], stats.scatter[k])
    normalise(weights)


@compiled(f8(ATOMS, PRIOR, CHUNK, STATS, PARAMETERS, PARAMETERS), allocates=False)
def em_step(
    atoms: Atoms,
    prior: Prior,
    chunk: Chunk,
    stats: SufficientStats,
    parameters: Parameters,
    after: Parameters,
) -> float:
    """Set `after` to the mixture after one iteration; return J *before* it, nats per point.

    chunk, stats : work space
    """
    value = e_step(atoms, chunk, parameters, stats)
    m_step(prior, stats, after)
    for k in range(parameters.means.size):
        value += log_prior(prior, parameters.variances[k])
    return value / prior.mass


@compiled(f8[::1](ATOMS, PRIOR, BATCH))
def em_step_of_each(atoms: Atoms, prior: Prior, batch: Batch) -> Array:
    """Run one iteration on each mixture of a batch, in place; return J *before* it, (R,)."""
    size = batch.means.shape[1]
    chunk, stats, after = new_chunk(size), new_stats(size), new_parameters(size)
    values = np.empty(batch.means.shape[0])
    for r in range(values.size):
        mixture = mixture_at(batch, r)
        values[r] = em_step(atoms, prior, chunk, stats, mixture, after)
        copy_to(mixture, after)
    return values
