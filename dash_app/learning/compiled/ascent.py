"""The steps of Newton's method, compiled: derivatives of J, a damped step, whether it is taken.

Arrays are those of one candidate, (K,), (3K,) and (3K, 3K), or of a batch of them; theta is
(weights, means, variances).
"""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.compilation import compiled
from dash_app.learning.compiled.elementary import exp, log
from dash_app.learning.compiled.responsibilities import CHUNK, new_chunk, new_theta, read_chunk
from dash_app.learning.compiled.signatures import (
    ATOMS,
    PRIOR,
    THETA,
    Array,
    Atoms,
    Mask,
    Prior,
    Theta,
)

LEAST_WEIGHT = 1e-12

_LARGEST_STEP, _LARGEST_SHIFT, _LARGEST_LOG_RATIO = 3.0, 1.5, 2.0
"""In alpha, mean (in the component's standard deviations) and log variance."""

_REFUSED_DAMPING = 0.01
"""Least damping after a step that J refused: below it the next step would be the same one."""

_GIVE_UP_DAMPING = 1e6
_AT_FLOOR = 1 + 1e-12

Arrays = tuple[Array, Array, Array, Array, Array, Array]
"""weights, means, variances (R, K), J (R,), its gradients (R, 3K) and Hessians (R, 3K, 3K)."""

_ARRAYS = "Tuple((f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[::1], f8[:, ::1], f8[:, :, ::1]))"


@compiled(f"f8({ATOMS}, {THETA}, f8[::1], f8[:, ::1])")
def _log_likelihood(atoms: Atoms, theta: Theta, gradient: Array, hessian: Array) -> float:
    """Set gradient and Hessian of the log-likelihood; return it, nats, not divided by n.

    With r the responsibilities and g_k the derivative of component k's log joint density, the
    gradient is sum r_k g_k and the Hessian sum r_k (g_k g_k' + dg_k) - (sum r g)(sum r g)'.
    """
    weights, means, variances = theta
    size = weights.size
    gradient[:] = 0.0
    hessian[:] = 0.0
    own = np.zeros((3, size))  # sum r g g' of mean with mean, mean with variance, variance
    chunk = new_chunk(size)
    x, mass, spread, _, evidence, joint = chunk
    slopes, massed = np.empty((3 * size, CHUNK)), np.empty((3 * size, CHUNK))
    log_likelihood = total = 0.0
    for start in range(0, atoms[0].size, CHUNK):
        log_likelihood += read_chunk(atoms, start, theta, chunk)
        total += mass.sum()
        for k in range(size):
            precision = 1.0 / variances[k]
            by_alpha = by_mean = by_variance = 0.0
            mean_mean = mean_variance = variance_variance = 0.0
            for i in range(CHUNK):
                r = joint[k, i] * evidence[i]
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
        hessian -= np.dot(massed, slopes.T)
    # each component's own block: sum r (g g' + dg)
    # and softmax: d log w_k / d alpha_l = [k = l] - w_l
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


@compiled(f"f8({ATOMS}, {PRIOR}, {THETA}, f8[::1], f8[:, ::1])")
def _evaluate(atoms: Atoms, prior: Prior, theta: Theta, gradient: Array, hessian: Array) -> float:
    """Set gradient and Hessian of J and return J, nats per point."""
    prior_weight, prior_variance, _, n = prior
    value = _log_likelihood(atoms, theta, gradient, hessian)
    variances = theta[2]
    size = variances.size
    for k in range(size):
        ratio = prior_variance / variances[k]
        value -= 0.5 * prior_weight * (log(variances[k]) + ratio)
        gradient[2 * size + k] += 0.5 * prior_weight * (ratio - 1.0)
        hessian[2 * size + k, 2 * size + k] -= 0.5 * prior_weight * ratio
    gradient /= n
    hessian /= n
    return value / n


@compiled(f"Tuple((f8[::1], f8))({THETA}, f8[::1], f8[:, ::1], f8, f8)")
def newton_step(
    theta: Theta, gradient: Array, hessian: Array, damping: float, floor: float
) -> tuple[Array, float]:
    """Return the damped Newton step (3K,) and the rise in J it promises."""
    weights, _, variances = theta
    size = weights.size
    # the information of complete data: the natural scale of each parameter, always positive
    scale = np.empty(3 * size)
    uphill = gradient.copy()
    system = -hessian
    for k in range(size):
        share = weights[k] + 1e-9
        scale[k], scale[size + k], scale[2 * size + k] = share, share / variances[k], 0.5 * share
        held = 2 * size + k
        if variances[k] <= floor * _AT_FLOOR and gradient[held] < 0.0:
            uphill[held] = 0.0
            system[held, :] = 0.0
            system[:, held] = 0.0
            system[held, held] = scale[held]
    for p in range(3 * size):
        system[p, p] += damping * scale[p]
    # alpha is known up to a constant: the mean step of alpha is pinned to 0
    system[:size, :size] += 1.0 / size
    step = np.zeros(3 * size)
    try:
        step = np.linalg.solve(system, uphill)
    except Exception:  # noqa: BLE001  (a compiled loop knows no other; here: singular)
        step[:] = 0.0
    promise = np.dot(step, uphill)
    if not promise > 0.0:  # no ascent (an indefinite Hessian): the scaled gradient instead
        step = uphill / (scale * (1.0 + damping))
        promise = np.dot(step, uphill)
    return step, promise


@compiled(f"void({THETA}, f8[::1], f8, {THETA})")
def _move(theta: Theta, step: Array, floor: float, moved: Theta) -> None:
    """Set theta after a step, shortened to stay where the quadratic model holds."""
    weights, means, variances = theta
    size = weights.size
    longest = 1.0
    for k in range(size):
        longest = max(longest, abs(step[k]) / _LARGEST_STEP)
        in_stds = abs(step[size + k]) / np.sqrt(variances[k])
        longest = max(longest, in_stds / _LARGEST_SHIFT)
        longest = max(longest, abs(step[2 * size + k]) / _LARGEST_LOG_RATIO)
    moved_weights, moved_means, moved_variances = moved
    for k in range(size):
        moved_weights[k] = weights[k] * exp(step[k] / longest)
        moved_means[k] = means[k] + step[size + k] / longest
        moved_variances[k] = max(variances[k] * exp(step[2 * size + k] / longest), floor)
    moved_weights /= moved_weights.sum()
    for k in range(size):
        moved_weights[k] = max(moved_weights[k], LEAST_WEIGHT)
    moved_weights /= moved_weights.sum()


@compiled(f"void({ATOMS}, {PRIOR}, {_ARRAYS})")
def differentiate(atoms: Atoms, prior: Prior, arrays: Arrays) -> None:
    """Set J of each candidate with its gradient and Hessian."""
    weights, means, variances, values, gradients, hessians = arrays
    for r in range(values.size):
        theta = (weights[r], means[r], variances[r])
        values[r] = _evaluate(atoms, prior, theta, gradients[r], hessians[r])


@compiled(f"i8({ATOMS}, {PRIOR}, f8, {_ARRAYS}, f8[::1], b1[::1], i8)")
def ascend(
    atoms: Atoms,
    prior: Prior,
    tol: float,
    arrays: Arrays,
    damping: Array,
    converged: Mask,
    max_steps: int,
) -> int:
    """Raise each candidate by at most `max_steps` steps; return the most that one of them took.

    arrays, damping and converged change in place: the next call goes on from there.
    """
    weights, means, variances, values, gradients, hessians = arrays
    floor = prior[2]
    n_components = weights.shape[1]
    trial = new_theta(n_components)
    gradient = np.empty(3 * n_components)
    hessian = np.empty((3 * n_components, 3 * n_components))
    most = 0
    for r in range(values.size):
        theta = (weights[r], means[r], variances[r])
        n_steps = 0
        while n_steps < max_steps and not converged[r]:
            step, promise = newton_step(theta, gradients[r], hessians[r], damping[r], floor)
            if promise < tol or damping[r] > _GIVE_UP_DAMPING:
                converged[r] = True
                break
            n_steps += 1
            _move(theta, step, floor, trial)
            value = _evaluate(atoms, prior, trial, gradient, hessian)
            if value > values[r]:
                damping[r] *= 0.1
                values[r] = value
                weights[r], means[r], variances[r] = trial
                gradients[r] = gradient
                hessians[r] = hessian
            else:
                damping[r] = max(damping[r] * 8.0, _REFUSED_DAMPING)
        most = max(most, n_steps)
    return most
