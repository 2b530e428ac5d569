"""Responsibilities of a mixture's components for a chunk of atoms, compiled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
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
    i8,
    u8,
)
from dash_app.learning.mixture import Array, Indices

CHUNK_SIZE = 256
"""Atoms per chunk, as many as a coarse copy has: then a look reads them once. With half as many, a
step of EM with 8 to 10 components takes 6 to 10 % longer."""

_BLOCK_SIZE = 16
"""Atoms for which one bound of each component's density is computed. A smaller block leaves out
more, and costs more bounds."""

_NEGLIGIBLE_NATS = 37.0
"""A density smaller than another by e^-37 does not change their sum in float64."""


class Chunk(NamedTuple):
    """Some atoms and their density under each component.

    held : (1,), the index of the first atom, or -1 if none was read
    positions, masses, variances : (CHUNK_SIZE,), of the atoms
    bounds : (3, CHUNK_SIZE / _BLOCK_SIZE), each block's least and largest position, and variance
    top : (CHUNK_SIZE,), each atom's largest joint log-density
    inverse : (CHUNK_SIZE,), 1 / the sum of `joint` over the components
    joint : (K, CHUNK_SIZE), w_k N(atom | k) / e^top; set from `starts` to `ends` only
    peaks, half_precisions : (K,), log(w_k N(m_k | k)) and 1 / (2 v_k)
    starts, ends : (K,), the first atom, and the one after the last, where `joint` is needed;
        unsigned, because the compiler vectorises a loop from a signed start only if it is 0

    The responsibilities are joint * inverse.
    """

    held: Indices
    positions: Array
    masses: Array
    variances: Array
    bounds: Array
    top: Array
    inverse: Array
    joint: Array
    peaks: Array
    half_precisions: Array
    starts: npt.NDArray[np.uint64]
    ends: npt.NDArray[np.uint64]


_LINE, _TABLE = f8[::1], f8[:, ::1]
CHUNK = types.NamedTuple(
    (
        *(i8[::1], _LINE, _LINE, _LINE, _TABLE),
        *(_LINE, _LINE, _TABLE, _LINE, _LINE, u8[::1], u8[::1]),
    ),
    Chunk,
)


@inner
def new_chunk(n_components: int) -> Chunk:
    """Return an empty chunk, for one set of atoms."""
    return Chunk(
        np.full(1, -1),
        np.zeros(CHUNK_SIZE),
        np.zeros(CHUNK_SIZE),
        np.zeros(CHUNK_SIZE),
        np.zeros((3, CHUNK_SIZE // _BLOCK_SIZE)),
        np.empty(CHUNK_SIZE),
        np.empty(CHUNK_SIZE),
        np.empty((n_components, CHUNK_SIZE)),
        np.empty(n_components),
        np.empty(n_components),
        np.zeros(n_components, dtype=np.uint64),
        np.zeros(n_components, dtype=np.uint64),
    )


@inner
def size_of_chunk(atoms: Atoms, start: int) -> int:
    """Return how many entries of a chunk are used for the atoms from `start`.

    The number is rounded up to a multiple of 8, the width of a vector instruction in float32.
    """
    size: int = min(CHUNK_SIZE, (atoms.positions.size - start + 7) // 8 * 8)
    return size


@inner
def _read_atoms(atoms: Atoms, start: int, size: int, chunk: Chunk) -> None:
    """Fill the first entries of a chunk with atoms, the rest up to `size` with a mass of 0."""
    x, mass, spread, bounds = chunk.positions, chunk.masses, chunk.variances, chunk.bounds
    n_here = min(CHUNK_SIZE, atoms.positions.size - start)
    per_scale = 1.0 / atoms.scale
    for i in range(n_here):
        x[i] = (atoms.positions[start + i] - atoms.location) * per_scale
    if atoms.masses.size:
        for i in range(n_here):
            mass[i] = atoms.masses[start + i]
            spread[i] = atoms.variances[start + i]
    else:
        mass[:n_here] = 1.0
    for i in range(n_here, size):
        x[i], mass[i], spread[i] = x[n_here - 1], 0.0, 0.0
    for block in range((size + _BLOCK_SIZE - 1) // _BLOCK_SIZE):
        first = block * _BLOCK_SIZE
        low = high = x[first]
        widest = spread[first]
        for i in range(first, min(first + _BLOCK_SIZE, size)):
            low, high, widest = min(low, x[i]), max(high, x[i]), max(widest, spread[i])
        bounds[0, block], bounds[1, block], bounds[2, block] = low, high, widest


@inner
def _find_ranges(means: Array, size: int, chunk: Chunk) -> None:
    """Set the range of atoms at which each component's density has to be computed.

    A component far from a block of atoms is not needed there: the largest density that it can have
    in the block's interval is negligible beside the smallest that another can have.
    """
    bounds, peaks, half_precisions = chunk.bounds, chunk.peaks, chunk.half_precisions
    starts, ends = chunk.starts, chunk.ends
    starts[:], ends[:] = size, 0
    for start in range(0, size, _BLOCK_SIZE):
        block, end = start // _BLOCK_SIZE, min(start + _BLOCK_SIZE, size)
        low, high, widest = bounds[0, block], bounds[1, block], bounds[2, block]
        least = -np.inf
        for k in range(means.size):
            farthest = max(means[k] - low, high - means[k])
            least = max(least, log_density(peaks[k], half_precisions[k], farthest, widest))
        for k in range(means.size):
            nearest = max(low - means[k], means[k] - high, 0.0)
            most = log_density(peaks[k], half_precisions[k], nearest, 0.0)
            needed = not most < least - _NEGLIGIBLE_NATS  # also if one of them is NaN
            # without a branch, which becomes a slow conditional store
            starts[k] = min(starts[k], np.uint64(start if needed else size))
            ends[k] = np.uint64(end) if needed else ends[k]


@inner
def locate(atoms: Atoms, start: int, parameters: Parameters, chunk: Chunk) -> bool:
    """Set peaks and ranges of the components for the atoms from `start`.

    Return whether the chunk was filled with these atoms, because it held others.
    """
    weights, means, variances = parameters
    size, held = size_of_chunk(atoms, start), chunk.held[0]
    if held != start:
        _read_atoms(atoms, start, size, chunk)
        chunk.held[0] = start
    for k in range(means.size):
        chunk.peaks[k] = log_peak(weights[k], variances[k])
        chunk.half_precisions[k] = 0.5 / variances[k]
    _find_ranges(means, size, chunk)
    changed: bool = held != start
    return changed


@inner
def read_chunk(atoms: Atoms, start: int, parameters: Parameters, chunk: Chunk) -> float:
    """Fill a chunk with the atoms from `start`; return their log-likelihood, nats.

    Entries after the last atom, up to `size_of_chunk`, have a mass of 0; those beyond are not set.
    """
    means = parameters.means
    _, x, mass, spread, _, top, inverse, joint, peaks, half_precisions, starts, ends = chunk
    size = size_of_chunk(atoms, start)
    locate(atoms, start, parameters, chunk)
    top[:size] = -np.inf
    inverse[:size] = 0.0
    for k in range(means.size):
        peak, mean, half_precision = peaks[k], means[k], half_precisions[k]
        for i in range(starts[k], ends[k]):
            joint[k, i] = log_density(peak, half_precision, x[i] - mean, spread[i])
            # not max(), which becomes a slow conditional store
            top[i] = np.maximum(top[i], joint[k, i])
    for k in range(means.size):
        for i in range(starts[k], ends[k]):
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
