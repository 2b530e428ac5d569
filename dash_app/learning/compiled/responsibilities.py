"""Responsibilities of a mixture's components for a chunk of atoms, compiled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import types

from dash_app.learning.compiled.batches import mixture_at
from dash_app.learning.compiled.compilation import compiled, inner
from dash_app.learning.compiled.densities import log_density, log_peak
from dash_app.learning.compiled.elementary import exp, log
from dash_app.learning.compiled.penalty import log_priors
from dash_app.learning.compiled.signatures import (
    ATOMS,
    BATCH,
    PRIOR,
    Atoms,
    Batch,
    Parameters,
    Prior,
    f8,
)
from dash_app.learning.mixture import Array

CHUNK_SIZE = 128
"""Atoms per chunk. A larger chunk no longer fits in the processor's first-level cache; a smaller
one costs more loops."""


class Chunk(NamedTuple):
    """Some atoms and their density under each component.

    positions, masses, variances : (CHUNK_SIZE,), of the atoms
    top : (CHUNK_SIZE,), each atom's largest joint log-density
    inverse : (CHUNK_SIZE,), 1 / the sum of `joint` over the components
    joint : (K, CHUNK_SIZE), w_k N(atom | k) / e^top

    The responsibilities are joint * inverse.
    """

    positions: Array
    masses: Array
    variances: Array
    top: Array
    inverse: Array
    joint: Array


CHUNK = types.NamedTuple((f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[:, ::1]), Chunk)


@inner
def new_chunk(n_components: int) -> Chunk:
    """Return an empty chunk."""
    return Chunk(
        np.zeros(CHUNK_SIZE),
        np.zeros(CHUNK_SIZE),
        np.zeros(CHUNK_SIZE),
        np.zeros(CHUNK_SIZE),
        np.zeros(CHUNK_SIZE),
        np.zeros((n_components, CHUNK_SIZE)),
    )


@inner
def size_of_chunk(atoms: Atoms, start: int) -> int:
    """Return how many entries of a chunk are used for the atoms from `start`.

    The number is rounded up to a multiple of 4, the width of a vector instruction.
    """
    size: int = min(CHUNK_SIZE, (atoms.positions.size - start + 3) // 4 * 4)
    return size


@inner
def read_chunk(atoms: Atoms, start: int, parameters: Parameters, chunk: Chunk) -> float:
    """Fill a chunk with the atoms from `start`; return their log-likelihood, nats.

    Entries after the last atom have a mass of 0. The densities of entries beyond `size_of_chunk`
    are not set.
    """
    x, mass, spread, top, inverse, joint = chunk
    n_here = min(CHUNK_SIZE, atoms.positions.size - start)
    mass[n_here:] = 0.0
    size = size_of_chunk(atoms, start)
    per_scale = 1.0 / atoms.scale
    for i in range(n_here):
        x[i] = (atoms.positions[start + i] - atoms.location) * per_scale
    if atoms.masses.size:
        for i in range(n_here):
            mass[i] = atoms.masses[start + i]
            spread[i] = atoms.variances[start + i]
    else:
        mass[:n_here] = 1.0
    top[:size] = -np.inf
    for k in range(joint.shape[0]):
        mean, variance = parameters.means[k], parameters.variances[k]
        peak = log_peak(parameters.weights[k], variance)
        for i in range(size):
            joint[k, i] = log_density(peak, variance, x[i] - mean, spread[i])
            top[i] = max(top[i], joint[k, i])
    inverse[:size] = 0.0
    for k in range(joint.shape[0]):
        for i in range(size):
            joint[k, i] = exp(joint[k, i] - top[i])
            inverse[i] += joint[k, i]
    log_likelihood = 0.0
    for i in range(size):
        log_likelihood += mass[i] * (top[i] + log(inverse[i]))
        inverse[i] = 1.0 / inverse[i]
    return log_likelihood


@inner
def _log_likelihood(atoms: Atoms, parameters: Parameters, chunk: Chunk) -> float:
    """Return the log-likelihood of a mixture, nats; the chunk is work space."""
    log_likelihood = 0.0
    for start in range(0, atoms.positions.size, CHUNK_SIZE):
        log_likelihood += read_chunk(atoms, start, parameters, chunk)
    return log_likelihood


@compiled(f8[::1](ATOMS, PRIOR, BATCH))
def objective_values(atoms: Atoms, prior: Prior, batch: Batch) -> Array:
    """Return J of each mixture of a batch, shape (R,), nats per point."""
    values = log_priors(prior, batch.variances)
    chunk = new_chunk(batch.means.shape[1])
    for r in range(values.size):
        log_likelihood = _log_likelihood(atoms, mixture_at(batch, r), chunk)
        values[r] = (log_likelihood + values[r]) / prior.mass
    return values
