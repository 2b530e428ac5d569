"""Newton's method for the shared objective: the last digits, where EM is slow.

Parameters are theta = (alpha, mean, log variance) of each component, weights = softmax(alpha).
Damping after Levenberg and Marquardt; variances at their floor are held there while the gradient
points below it; a step is taken only if J rises.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from dash_app.learning.mixture import Array, Indices, Mask
from dash_app.learning.objective import Candidates, Objective

_LARGEST_STEP = np.array([3.0, 1.5, 2.0])[:, None]
"""In alpha, mean (in the component's standard deviations) and log variance."""

_LEAST_WEIGHT = 1e-12
_INITIAL_DAMPING = 1e-3
_REFUSED_DAMPING = 0.01
"""Least damping after a step that J refused: below it the next step would be the same one."""

_GIVE_UP_DAMPING = 1e6


@dataclass(frozen=True, eq=False)
class Derivatives:
    """Log-likelihood with its gradient and Hessian; `a + b` is that of both data.

    log_likelihood (R,), gradient (R, 3K), hessian (R, 3K, 3K); nats, not divided by n.
    """

    log_likelihood: Array
    gradient: Array
    hessian: Array

    def __add__(self, other: Derivatives) -> Derivatives:
        return Derivatives(
            self.log_likelihood + other.log_likelihood,
            self.gradient + other.gradient,
            self.hessian + other.hessian,
        )


def derivatives(objective: Objective, candidates: Candidates) -> Derivatives:
    """Return the log-likelihood's derivatives in (alpha, mean, log variance).

    With r the responsibilities and g_k the derivative of component k's log joint density, the
    gradient is sum r_k g_k and the Hessian sum r_k (g_k g_k' + dg_k) - (sum r g)(sum r g)'.
    """
    n_candidates, n_components = candidates.means.shape
    resp, deviations = objective.joint_log_density(candidates)
    top = resp.max(axis=1)
    resp -= top[:, None]
    np.exp(resp, out=resp)
    density = resp.sum(axis=1)
    log_likelihood = (np.log(density) + top) @ objective.masses
    resp /= density[:, None]

    slopes = np.empty((n_candidates, 3, *resp.shape[1:]))  # g_k: by alpha, mean, log variance
    slopes[:, 0] = 1.0
    precision = (1.0 / candidates.variances)[..., None]
    np.multiply(deviations, precision, out=slopes[:, 1])
    squares = np.multiply(deviations, deviations, out=slopes[:, 2])
    if objective.has_spread:
        squares += objective.variances
    squares *= 0.5 * precision
    squares -= 0.5

    weighted = slopes * resp[:, None]
    flat = weighted.reshape(n_candidates, 3 * n_components, -1)
    flat_masses = flat * objective.masses
    gradient = flat_masses.sum(axis=2)
    hessian = -(flat_masses @ flat.transpose(0, 2, 1))

    # each component's own block: sum r (g g' + dg), with sums as in the gradient
    massed = flat_masses.reshape(weighted.shape)
    own = np.einsum("rpkn,rqkn->rpqk", massed, slopes)
    mass, by_mean, by_log_variance = gradient.reshape(n_candidates, 3, n_components).transpose(
        1, 0, 2
    )
    own[:, 1, 1] -= mass * precision[..., 0]
    own[:, 1, 2] -= by_mean
    own[:, 2, 1] -= by_mean
    own[:, 2, 2] -= by_log_variance + 0.5 * mass
    # softmax: d log w_k / d alpha_l = [k = l] - w_l
    total = objective.mass
    weights = candidates.weights
    own[:, 0, 0] -= total * weights
    gradient[:, :n_components] -= total * weights
    hessian[:, :n_components, :n_components] += total * weights[:, :, None] * weights[:, None, :]
    hessian.reshape(n_candidates, -1)[:, _own_entries(n_components)] += own.reshape(
        n_candidates, -1
    )
    return Derivatives(log_likelihood, gradient, hessian)


@cache
def _own_entries(n_components: int) -> Indices:
    """Return where the 3 x 3 blocks of single components stand in a flat (3K, 3K) matrix."""
    rows = np.arange(3)[:, None, None] * n_components + np.arange(n_components)
    columns = np.arange(3)[None, :, None] * n_components + np.arange(n_components)
    entries: Indices = (rows * (3 * n_components) + columns).ravel()
    return entries


@dataclass(frozen=True, eq=False)
class Polished:
    """Candidates after Newton: J (R,), whether each gradient vanished (R,), steps taken."""

    candidates: Candidates
    values: Array
    converged: Mask
    n_steps: int


def polish(
    objective: Objective,
    candidates: Candidates,
    *,
    max_steps: int,
    tol: float = 1e-10,
    likelihood: Callable[[Candidates], Derivatives] | None = None,
    on_step: Callable[[Array], None] | None = None,
) -> Polished:
    """Raise J of each candidate by at most `max_steps` evaluations of Newton's method.

    Parameters
    ----------
    candidates : Candidates, (R, K)
    max_steps : int, evaluations after the first one
    tol : float, nats per point; a candidate is done when its next step promises less
    likelihood : derivatives of the log-likelihood, where it is not that of `objective`'s own
        atoms (a sum over blocks of the points)
    on_step : called with J (R,) after each evaluation

    Returns
    -------
    Polished; J never falls below that of the candidates handed in
    """
    likelihood = likelihood or (lambda batch: derivatives(objective, batch))
    current = _without_empty(candidates)
    values, gradient, hessian = _penalised(objective, current, likelihood(current))
    final, final_values = current, values.copy()
    converged = np.zeros(len(current), dtype=bool)
    live = np.arange(len(current))  # those on their way; the arrays below are theirs alone
    damping = np.full(len(current), _INITIAL_DAMPING)
    n_steps = 0
    if on_step is not None:
        on_step(final_values)
    while n_steps < max_steps:
        step, promise = _steps(objective, current, gradient, hessian, damping)
        done = (promise < tol) | (damping > _GIVE_UP_DAMPING)
        if done.any():
            converged[live[done]] = True
            on = ~done
            live, current, values, damping = live[on], current[on], values[on], damping[on]
            gradient, hessian, step = gradient[on], hessian[on], step[on]
        if not live.size:
            break
        n_steps += 1
        trial = _moved(objective, current, step)
        trial_values, trial_gradient, trial_hessian = _penalised(
            objective, trial, likelihood(trial)
        )
        better = trial_values > values
        damping = np.where(better, damping * 0.1, np.maximum(damping * 8.0, _REFUSED_DAMPING))
        if better.all():
            current, values = trial, trial_values
            gradient, hessian = trial_gradient, trial_hessian
        else:
            current = current.replaced(better, trial[better])
            values = np.where(better, trial_values, values)
            gradient[better], hessian[better] = trial_gradient[better], trial_hessian[better]
        final, final_values[live] = final.replaced(live, current), values
        if on_step is not None:
            on_step(final_values)
    return Polished(final, final_values, converged, n_steps)


def polish_leaders(
    objective: Objective,
    candidates: Candidates,
    *,
    max_steps: tuple[int, int],
    tol: tuple[float, float],
    reach: float,
    least: float = -np.inf,
) -> Polished:
    """Polish the candidates a little, then to the end those that may still be the best.

    Parameters
    ----------
    candidates : Candidates, (R, K)
    max_steps, tol : of `polish`, for all of them and then for the leaders
    reach : float, nats per point; how far below the best a leader may be
    least : float, J of the best one known
    """
    polished = polish(objective, candidates, max_steps=max_steps[0], tol=tol[0])
    values = polished.values
    open_ = ~polished.converged & (values > max(least, values.max()) - reach)
    if not open_.any():
        return polished
    last = polish(objective, polished.candidates[open_], max_steps=max_steps[1], tol=tol[1])
    values = values.copy()
    values[open_] = last.values
    return replace(
        polished, candidates=polished.candidates.replaced(open_, last.candidates), values=values
    )


def _without_empty(candidates: Candidates) -> Candidates:
    """Return the candidates with weights above 0, since alpha = log w must be finite."""
    weights = np.maximum(candidates.weights, _LEAST_WEIGHT)
    return Candidates(
        weights / weights.sum(axis=1, keepdims=True), candidates.means, candidates.variances
    )


def _penalised(
    objective: Objective, candidates: Candidates, likelihood: Derivatives
) -> tuple[Array, Array, Array]:
    """Return J, its gradient and its Hessian, per point."""
    half = 0.5 * objective.prior_weight
    pull = half * objective.prior_variance / candidates.variances
    n_components = candidates.means.shape[1]
    gradient, hessian = likelihood.gradient, likelihood.hessian
    gradient[:, 2 * n_components :] += pull - half
    _diagonal(hessian)[:, 2 * n_components :] -= pull
    value = likelihood.log_likelihood + objective.log_prior(candidates.variances)
    share = 1.0 / objective.mass
    gradient *= share
    hessian *= share
    return value * share, gradient, hessian


def _diagonal(matrices: Array) -> Array:
    """Return the diagonals of (R, P, P) as a view (R, P)."""
    size = matrices.shape[1]
    return matrices.reshape(len(matrices), -1)[:, :: size + 1]


def _steps(
    objective: Objective, candidates: Candidates, gradient: Array, hessian: Array, damping: Array
) -> tuple[Array, Array]:
    """Return the damped Newton step (R, 3K) and the rise in J it promises (R,)."""
    n_components = candidates.means.shape[1]
    # the information of complete data: the natural scale of each parameter, always positive
    share = candidates.weights + 1e-9
    scale = np.concatenate([share, share / candidates.variances, 0.5 * share], axis=1)
    system = -hessian
    at_floor = candidates.variances <= objective.variance_floor * (1 + 1e-12)
    if at_floor.any():
        held = np.zeros(gradient.shape, dtype=bool)
        held[:, 2 * n_components :] = at_floor & (gradient[:, 2 * n_components :] < 0)
        gradient = np.where(held, 0.0, gradient)
        system[held[:, :, None] | held[:, None, :]] = 0.0
        _diagonal(system)[held] = scale[held]
    _diagonal(system)[...] += damping[:, None] * scale
    # alpha is known up to a constant: the mean step of alpha is pinned to 0
    system[:, :n_components, :n_components] += 1.0 / n_components
    try:
        step = np.asarray(np.linalg.solve(system, gradient[..., None])[..., 0], dtype=np.float64)
    except np.linalg.LinAlgError:  # one singular system refuses the batch
        step = np.zeros_like(gradient)
    ascent: Array = (step * gradient).sum(axis=1)
    wrong = ascent <= 0
    if wrong.any():
        # no ascent direction (an indefinite Hessian): the scaled gradient instead
        uphill = gradient / (scale * (1.0 + damping[:, None]))
        step = np.where(wrong[:, None], uphill, step)
        ascent = (step * gradient).sum(axis=1)
    return step, ascent


def _moved(objective: Objective, candidates: Candidates, step: Array) -> Candidates:
    """Return the candidates after a step, shortened to stay where the quadratic model holds."""
    n_components = candidates.means.shape[1]
    alpha, mean, log_variance = step.reshape(-1, 3, n_components).transpose(1, 0, 2)
    relative = np.abs(step).reshape(-1, 3, n_components)
    relative[:, 1] /= np.sqrt(candidates.variances)
    relative /= _LARGEST_STEP
    shrink = 1.0 / np.maximum(relative.max(axis=(1, 2)), 1.0)[:, None]
    weights = candidates.weights * np.exp(alpha * shrink)
    weights = np.maximum(weights / weights.sum(axis=1, keepdims=True), _LEAST_WEIGHT)
    variances = candidates.variances * np.exp(log_variance * shrink)
    return Candidates(
        weights / weights.sum(axis=1, keepdims=True),
        candidates.means + mean * shrink,
        np.maximum(variances, objective.variance_floor),
    )
