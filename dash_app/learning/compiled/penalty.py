"""The prior of the variances: its term of J and its M-step, compiled."""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.bounds import SMALLEST_NORMAL
from dash_app.learning.compiled.compilation import compiled, inlined
from dash_app.learning.compiled.elementary import log
from dash_app.learning.compiled.signatures import PRIOR, Prior, f8
from dash_app.learning.mixture import Array


@inlined
def log_prior(prior: Prior, variance: float) -> float:
    """Return one component's term of the log prior, -(a/2) (log v + s2 / v), nats."""
    return -0.5 * prior.weight * (log(variance) + prior.variance / variance)


@inlined
def m_step_variance(prior: Prior, mass: float, scatter: float) -> float:
    """Return the variance of a component that maximises J: (a s2 + S) / (a + N), or the floor."""
    total = max(mass + prior.weight, SMALLEST_NORMAL)
    return max((prior.weight * prior.variance + scatter) / total, prior.floor)


@compiled(f8[::1](PRIOR, f8[:, ::1]))
def log_priors(prior: Prior, variances: Array) -> Array:
    """Return the log prior of each mixture's variances (R, K), shape (R,), nats."""
    sums = np.zeros(variances.shape[0])
    for r in range(sums.size):
        for k in range(variances.shape[1]):
            sums[r] += log_prior(prior, variances[r, k])
    return sums
