"""Responsibilities of a mixture's components for the atoms of a chunk, compiled."""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.compilation import compiled
from dash_app.learning.compiled.densities import HALF_LOG_2PI, LEAST_WEIGHT
from dash_app.learning.compiled.elementary import exp, log
from dash_app.learning.compiled.signatures import ATOMS, BATCH, THETA, Array, Atoms, Batch, Theta

CHUNK = 128
"""Atoms worked on at once: few enough to stay in the processor's nearest cache."""

Chunk = tuple[Array, Array, Array, Array, Array, Array]
"""Positions, masses, variances, top and evidence, (CHUNK,) each, and joint densities, (K, CHUNK).

A responsibility is a joint density times the evidence: both are relative to e^top, the greatest
joint density of an atom, and the evidence is the inverse of their sum.
"""

CHUNKS = "Tuple((f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[:, ::1]))"


@compiled(f"{THETA}(i8)")
def new_theta(n_components: int) -> Theta:
    """Return room for a mixture."""
    return np.empty(n_components), np.empty(n_components), np.empty(n_components)


@compiled(f"{CHUNKS}(i8)")
def new_chunk(n_components: int) -> Chunk:
    """Return room for a chunk."""
    x, mass, spread = np.zeros(CHUNK), np.zeros(CHUNK), np.zeros(CHUNK)
    return x, mass, spread, np.zeros(CHUNK), np.zeros(CHUNK), np.zeros((n_components, CHUNK))


@compiled(f"i8({ATOMS}, i8)")
def size_of_chunk(atoms: Atoms, start: int) -> int:
    """Return how much of a chunk the atoms from `start` on take, in whole vectors of 4."""
    size: int = min(CHUNK, (atoms[0].size - start + 3) // 4 * 4)
    return size


@compiled(f"f8({ATOMS}, i8, {THETA}, {CHUNKS})")
def read_chunk(atoms: Atoms, start: int, theta: Theta, chunk: Chunk) -> float:
    """Fill a chunk with the atoms from `start` on; return their log-likelihood, nats.

    Where the atoms end before the chunk does, the rest has a mass of 0; what is beyond
    `size_of_chunk` is left as it was.
    """
    positions, masses, variances, location, scale = atoms
    x, mass, spread, top, evidence, joint = chunk
    n_here = min(CHUNK, positions.size - start)
    mass[n_here:] = 0.0
    size = size_of_chunk(atoms, start)
    per_scale = 1.0 / scale
    for i in range(n_here):
        x[i] = (positions[start + i] - location) * per_scale
    if masses.size:
        mass[:n_here] = masses[start : start + n_here]
        spread[:n_here] = variances[start : start + n_here]
    else:
        mass[:n_here] = 1.0
    top[:size] = -np.inf
    for k in range(joint.shape[0]):
        weight, mean, variance = theta[0][k], theta[1][k], theta[2][k]
        log_weight = log(weight) if weight > LEAST_WEIGHT else -np.inf
        log_peak = log_weight - 0.5 * log(variance) - HALF_LOG_2PI
        factor = -0.5 / variance
        for i in range(size):
            deviation = x[i] - mean
            joint[k, i] = log_peak + factor * (deviation * deviation + spread[i])
            top[i] = max(top[i], joint[k, i])
    evidence[:size] = 0.0
    for k in range(joint.shape[0]):
        for i in range(size):
            joint[k, i] = exp(joint[k, i] - top[i])
            evidence[i] += joint[k, i]
    log_likelihood = 0.0
    for i in range(size):
        log_likelihood += mass[i] * (top[i] + log(evidence[i]))
        evidence[i] = 1.0 / evidence[i]
    return log_likelihood


@compiled(f"f8[::1]({ATOMS}, {BATCH})")
def log_likelihoods(atoms: Atoms, batch: Batch) -> Array:
    """Return the log-likelihood of the atoms under each mixture of a batch, (R,), nats."""
    weights, means, variances = batch
    log_likelihood = np.zeros(means.shape[0])
    chunk = new_chunk(means.shape[1])
    for r in range(log_likelihood.size):
        theta = (weights[r], means[r], variances[r])
        for start in range(0, atoms[0].size, CHUNK):
            log_likelihood[r] += read_chunk(atoms, start, theta, chunk)
    return log_likelihood
