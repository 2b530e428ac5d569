"""Newton's method, compiled: derivatives of J, a damped step, and the test that accepts it.

The parameters are alpha, mean and log variance, K entries each; weights = softmax(alpha). Gradients
have the shape (3K,) and Hessians (3K, 3K).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import types

from dash_app.learning.compiled.batches import (
    copy_to,
    mixture_at,
    new_batch,
    new_parameters,
    normalise,
)
from dash_app.learning.compiled.bounds import WEIGHT_FLOOR
from dash_app.learning.compiled.compilation import compiled, inner
from dash_app.learning.compiled.elementary import exp
from dash_app.learning.compiled.penalty import log_prior
from dash_app.learning.compiled.responsibilities import CHUNK_SIZE, Chunk, new_chunk, read_chunk
from dash_app.learning.compiled.signatures import (
    ATOMS,
    BATCH,
    PARAMETERS,
    PRIOR,
    Atoms,
    Batch,
    Parameters,
    Prior,
    b1,
    f8,
    i8,
)
from dash_app.learning.mixture import Array, Mask

_MAX_ALPHA_STEP, _MAX_MEAN_STEP, _MAX_LOG_VARIANCE_STEP = 3.0, 1.5, 2.0
"""Longest step of a component's parameters. The mean's step is in standard deviations of the
component. Longer steps leave the region where the quadratic model holds."""

_REFUSED_DAMPING = 0.01
"""Lower bound of the damping after a step that did not raise J. With less damping the next step
would be almost the same."""

_INITIAL_DAMPING = 1e-3
"""Damping of the first step: the share of the complete-data information added to -Hessian."""

_MAX_DAMPING = 1e6
"""Stop a candidate at this damping: its steps are too short to matter."""

_AT_FLOOR = 1 + 1e-12
"""A variance counts as being at the floor up to this multiple of it; allows for rounding."""


class Derivatives(NamedTuple):
    """Mixtures, their J, (R,), gradients, (R, 3K), and Hessians, (R, 3K, 3K)."""

    batch: Batch
    values: Array
    gradients: Array
    hessians: Array


DERIVATIVES = types.NamedTuple((BATCH, f8[::1], f8[:, ::1], f8[:, :, ::1]), Derivatives)


@inner
def new_derivatives(batch: Batch) -> Derivatives:
    """Return copies of the mixtures, and uninitialised arrays for the derivatives.

    Weights are raised to WEIGHT_FLOOR, so that alpha = log w is finite.
    """
    n_mixtures, size = batch.means.shape
    copies = new_batch(n_mixtures, size)
    for r in range(n_mixtures):
        copy_to(mixture_at(copies, r), mixture_at(batch, r))
        for k in range(size):
            copies.weights[r, k] = max(copies.weights[r, k], WEIGHT_FLOOR)
        normalise(copies.weights[r])
    return Derivatives(
        copies,
        np.empty(n_mixtures),
        np.empty((n_mixtures, 3 * size)),
        np.empty((n_mixtures, 3 * size, 3 * size)),
    )


@inner
def _subtract_products(chunk: Chunk, slopes: Array, massed: Array, hessian: Array) -> None:
    """Subtract the chunk's sum of (r_k g_k)(r_l g_l)' from the blocks k >= l of the Hessian."""
    starts, ends = chunk.starts, chunk.ends
    size = starts.size
    for k in range(size):
        for other in range(k + 1):
            for row in range(k, 3 * size, size):
                by_alpha = by_mean = by_variance = 0.0
                for i in range(max(starts[k], starts[other]), min(ends[k], ends[other])):
                    by_alpha += massed[row, i] * slopes[other, i]
                    by_mean += massed[row, i] * slopes[size + other, i]
                    by_variance += massed[row, i] * slopes[2 * size + other, i]
                hessian[row, other] -= by_alpha
                hessian[row, size + other] -= by_mean
                hessian[row, 2 * size + other] -= by_variance


@inner
def _log_likelihood(atoms: Atoms, parameters: Parameters, gradient: Array, hessian: Array) -> float:
    """Set gradient and Hessian of the log-likelihood; return its value, nats, not divided by n.

    Let r_k be the responsibilities, and g_k the gradient of component k's joint log-density. The
    gradient is sum r_k g_k. The Hessian is sum r_k (g_k g_k' + dg_k) - (sum r_k g_k)(sum r_k g_k)'.
    """
    weights, means, variances = parameters
    size = weights.size
    gradient[:] = 0.0
    hessian[:] = 0.0
    own = np.zeros((3, size))  # sum r g g' of (mean, mean), (mean, variance), (variance, variance)
    chunk = new_chunk(size)
    _, x, mass, spread, _, _, inverse, joint, _, _, starts, ends = chunk
    slopes, massed = np.empty((3 * size, CHUNK_SIZE)), np.empty((3 * size, CHUNK_SIZE))
    log_likelihood = 0.0
    for start in range(0, atoms.positions.size, CHUNK_SIZE):
        log_likelihood += read_chunk(atoms, start, parameters, chunk)
        for k in range(size):
            precision = 1.0 / variances[k]
            by_alpha = by_mean = by_variance = 0.0
            mean_mean = mean_variance = variance_variance = 0.0
            for i in range(starts[k], ends[k]):
                r = joint[k, i] * inverse[i]
                deviation = x[i] - means[k]
                to_mean = deviation * precision
                to_variance = 0.5 * (precision * (deviation * deviation + spread[i]) - 1.0)
                slopes[k, i] = r
                slopes[size + k, i] = r * to_mean
                slopes[2 * size + k, i] = r * to_variance
                m = mass[i] * r
                massed[k, i] = m
                massed[size + k, i] = m * to_mean
                massed[2 * size + k, i] = m * to_variance
                by_alpha += m
                by_mean += m * to_mean
                by_variance += m * to_variance
                mean_mean += m * to_mean * to_mean
                mean_variance += m * to_mean * to_variance
                variance_variance += m * to_variance * to_variance
            gradient[k] += by_alpha
            gradient[size + k] += by_mean
            gradient[2 * size + k] += by_variance
            own[0, k] += mean_mean
            own[1, k] += mean_variance
            own[2, k] += variance_variance
        _subtract_products(chunk, slopes, massed, hessian)
    for row in range(3 * size):
        for column in range(3 * size):
            if row % size < column % size:
                hessian[row, column] = hessian[column, row]
    total = gradient[:size].sum()  # the mass, because responsibilities sum to 1
    # Each component's own block is sum r (g g' + dg). The softmax adds
    # d log w_k / d alpha_l = [k = l] - w_l.
    for k in range(size):
        a, b, c = k, size + k, 2 * size + k
        mass_k, by_mean, by_variance = gradient[a], gradient[b], gradient[c]
        hessian[a, a] += mass_k - total * weights[k]
        hessian[a, b] += by_mean
        hessian[b, a] += by_mean
        hessian[a, c] += by_variance
        hessian[c, a] += by_variance
        hessian[b, b] += own[0, k] - mass_k / variances[k]
        hessian[b, c] += own[1, k] - by_mean
        hessian[c, b] += own[1, k] - by_mean
        hessian[c, c] += own[2, k] - by_variance - 0.5 * mass_k
        for other in range(size):
            hessian[k, other] += total * weights[k] * weights[other]
    for k in range(size):
        gradient[k] -= total * weights[k]
    return log_likelihood


@compiled(f8(ATOMS, PRIOR, PARAMETERS, f8[::1], f8[:, ::1]))
def evaluate(
    atoms: Atoms, prior: Prior, parameters: Parameters, gradient: Array, hessian: Array
) -> float:
    """Set gradient and Hessian of J and return J, nats per point."""
    value = _log_likelihood(atoms, parameters, gradient, hessian)
    size = parameters.variances.size
    for k in range(size):
        variance, at = parameters.variances[k], 2 * size + k
        value += log_prior(prior, variance)
        gradient[at] += 0.5 * prior.weight * (prior.variance / variance - 1.0)
        hessian[at, at] -= 0.5 * prior.weight * (prior.variance / variance)
    gradient /= prior.mass
    hessian /= prior.mass
    return value / prior.mass


@compiled(types.Tuple((f8[::1], f8))(PARAMETERS, f8[::1], f8[:, ::1], f8, f8))
def newton_step(
    parameters: Parameters, gradient: Array, hessian: Array, damping: float, floor: float
) -> tuple[Array, float]:
    """Return the damped Newton step, (3K,), and the predicted gain of J, nats per point."""
    weights, variances = parameters.weights, parameters.variances
    size = weights.size
    # the complete-data information is each parameter's natural scale, and is always positive
    scale = np.empty(3 * size)
    uphill = gradient.copy()
    system = -hessian
    for k in range(size):
        share = weights[k] + 1e-9
        scale[k], scale[size + k], scale[2 * size + k] = share, share / variances[k], 0.5 * share
        at = 2 * size + k
        # a variance at the floor whose gradient points below it stays fixed
        if variances[k] <= floor * _AT_FLOOR and gradient[at] < 0.0:
            uphill[at] = 0.0
            system[at, :] = 0.0
            system[:, at] = 0.0
            system[at, at] = scale[at]
    for p in range(3 * size):
        system[p, p] += damping * scale[p]
    # softmax ignores a constant added to alpha: fix the mean step of alpha at 0
    for p in range(size):
        for q in range(size):
            system[p, q] += 1.0 / size
    step = np.zeros(3 * size)
    try:
        step = np.linalg.solve(system, uphill)
    except Exception:  # noqa: BLE001  (numba supports no other type; the matrix is singular)
        step[:] = 0.0
    predicted = np.dot(step, uphill)
    if not predicted > 0.0:  # indefinite Hessian, no ascent: use the scaled gradient
        step = uphill / (scale * (1.0 + damping))
        predicted = np.dot(step, uphill)
    return step, predicted


@inner
def _move(parameters: Parameters, step: Array, floor: float, moved: Parameters) -> None:
    """Set `moved` to the parameters after a step; too long a step is shortened."""
    weights, means, variances = parameters
    size = weights.size
    longest = 1.0
    for k in range(size):
        longest = max(longest, abs(step[k]) / _MAX_ALPHA_STEP)
        in_stds = abs(step[size + k]) / np.sqrt(variances[k])
        longest = max(longest, in_stds / _MAX_MEAN_STEP)
        longest = max(longest, abs(step[2 * size + k]) / _MAX_LOG_VARIANCE_STEP)
    moved_weights = moved.weights
    for k in range(size):
        moved_weights[k] = weights[k] * exp(step[k] / longest)
        moved.means[k] = means[k] + step[size + k] / longest
        moved.variances[k] = max(variances[k] * exp(step[2 * size + k] / longest), floor)
    normalise(moved_weights)
    for k in range(size):
        moved_weights[k] = max(moved_weights[k], WEIGHT_FLOOR)
    normalise(moved_weights)


@inner
def differentiate(atoms: Atoms, prior: Prior, derivatives: Derivatives) -> None:
    """Set J, gradient and Hessian of each mixture."""
    batch, values, gradients, hessians = derivatives
    for r in range(values.size):
        values[r] = evaluate(atoms, prior, mixture_at(batch, r), gradients[r], hessians[r])


@compiled(i8(ATOMS, PRIOR, f8, DERIVATIVES, f8[::1], b1[::1], i8))
def newton_steps(
    atoms: Atoms,
    prior: Prior,
    tol: float,
    derivatives: Derivatives,
    damping: Array,
    converged: Mask,
    max_steps: int,
) -> int:
    """Take at most `max_steps` steps with each mixture; return the largest number taken.

    derivatives, damping and converged change in place; the next call continues from them.
    """
    batch, values, gradients, hessians = derivatives
    n_components = batch.means.shape[1]
    trial = new_parameters(n_components)
    gradient = np.empty(3 * n_components)
    hessian = np.empty((3 * n_components, 3 * n_components))
    most = 0
    for r in range(values.size):
        mixture = mixture_at(batch, r)
        n_steps = 0
        while n_steps < max_steps and not converged[r]:
            step, predicted = newton_step(
                mixture, gradients[r], hessians[r], damping[r], prior.floor
            )
            if predicted < tol or damping[r] > _MAX_DAMPING:
                converged[r] = True
                break
            n_steps += 1
            _move(mixture, step, prior.floor, trial)
            value = evaluate(atoms, prior, trial, gradient, hessian)
            if value > values[r]:
                damping[r] *= 0.1
                values[r] = value
                copy_to(mixture, trial)
                for p in range(gradient.size):
                    gradients[r, p] = gradient[p]
                    for q in range(gradient.size):
                        hessians[r, p, q] = hessian[p, q]
            else:
                damping[r] = max(damping[r] * 8.0, _REFUSED_DAMPING)
        most = max(most, n_steps)
    return most


@compiled(types.Tuple((DERIVATIVES, f8[::1], b1[::1]))(ATOMS, PRIOR, BATCH))
def newton_started(atoms: Atoms, prior: Prior, batch: Batch) -> tuple[Derivatives, Array, Mask]:
    """Return the arguments of `newton_steps` that change: derivatives, damping and converged."""
    derivatives = new_derivatives(batch)
    differentiate(atoms, prior, derivatives)
    n_mixtures = derivatives.values.size
    return derivatives, np.full(n_mixtures, _INITIAL_DAMPING), np.zeros(n_mixtures, dtype=np.bool_)


@compiled(types.Tuple((BATCH, f8[::1], b1[::1], i8))(ATOMS, PRIOR, BATCH, i8, f8))
def newton(
    atoms: Atoms, prior: Prior, batch: Batch, max_steps: int, tol: float
) -> tuple[Batch, Array, Mask, int]:
    """Return the mixtures after Newton's method, J, which have converged, and the most steps."""
    derivatives, damping, converged = newton_started(atoms, prior, batch)
    n_steps = newton_steps(atoms, prior, tol, derivatives, damping, converged, max_steps)
    return derivatives.batch, derivatives.values, converged, n_steps
