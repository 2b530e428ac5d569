"""Stepwise EM: one pass, no memory of points, a step size that falls as (t + 2)^-0.6.

Cappe and Moulines (2009), On-line expectation-maximization algorithm for latent data models,
doi 10.1111/j.1467-9868.2009.00698.x; the exponent as in Liang and Klein (2009), Online EM for
unsupervised models.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dash_app.learning.learners.base import Learner, enough_to_start
from dash_app.learning.mixture import Array, Indices, Mixture, component_order
from dash_app.learning.objective import FLOOR_RATIO

EXPONENT = 0.6
"""The step size is (t + 2)^-EXPONENT, where t points came before. From 0.5 to 1: a larger one
averages more, a smaller one forgets the start sooner."""


class StepwiseEM(Learner):
    """Sufficient statistics s_k of (1, x, x^2), each new point mixed in with the step size.

    The M-step maximises J. Until 2 K points have come, it fits them from scratch.
    """

    title = "Stepwise EM"

    def __init__(self, n_components: int, **settings: Any) -> None:
        super().__init__(n_components, **settings)
        self._first_points = np.empty(0)
        self._stats = np.empty(0)  # (3, K) means of r, r z, r z^2 over the points; z = x - origin
        self._origin = 0.0
        self._moments = np.zeros(3)  # number, mean and scatter of all z

    def _learn(self, increment: Array) -> tuple[Mixture, int]:
        if self._stats.size == 0:
            return self._begin(np.concatenate([self._first_points, increment]))
        stats, moments, mixture = self._stats, self._moments, self.mixture
        for x in increment:
            z = x - self._origin
            shares = mixture.responsibilities([x])[0]
            step = (moments[0] + 2.0) ** -EXPONENT
            stats = (1.0 - step) * stats + step * shares * np.array([[1.0], [z], [z * z]])
            moments = _with_value(moments, z)
            mixture, order = _maximiser(stats, moments, self._origin, self.prior_weight)
            stats = stats[:, order]
        self._stats, self._moments = stats, moments
        return mixture, increment.size

    def _begin(self, points: Array) -> tuple[Mixture, int]:
        mixture = self._from_scratch(points)
        self._first_points = points
        if enough_to_start(points, self.n_components):
            self._origin = float(points[0])
            z = points - self._origin
            shares = mixture.responsibilities(points)
            self._stats = np.stack([np.ones(z.size), z, z * z]) @ shares / z.size
            self._moments = np.array([z.size, z.mean(), z.size * z.var()])
            self._first_points = np.empty(0)
        return mixture, points.size


def _with_value(moments: Array, z: float) -> Array:
    """Return number, mean and scatter with one more value."""
    n, mean, scatter = moments
    shifted = mean + (z - mean) / (n + 1.0)
    return np.array([n + 1.0, shifted, scatter + (z - mean) * (z - shifted)])


def _maximiser(
    stats: Array, moments: Array, origin: float, prior_weight: float
) -> tuple[Mixture, Indices]:
    """Return the M-step of J: v = (a s2 / n + S) / (a / n + N), at least the floor.

    Also the order in which the mixture has the components: their means may have crossed.
    """
    n, _, scatter = moments
    masses, firsts, seconds = stats
    n_components, variance = masses.size, scatter / n
    means = firsts / np.maximum(masses, np.finfo(float).tiny)
    spreads = np.maximum(seconds - means * firsts, 0.0)
    prior = 0.25 * variance / n_components**2
    penalty = prior_weight / n
    variances = (penalty * prior + spreads) / (penalty + masses)
    floored = np.maximum(variances, FLOOR_RATIO**2 * variance)
    components = masses / masses.sum(), origin + means, floored
    return Mixture(*components), component_order(*components)
