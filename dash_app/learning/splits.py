"""Mixtures of one component more: one that is there in two parts."""

from __future__ import annotations

import numpy as np

from dash_app.learning.mixture import Array, Indices
from dash_app.learning.objective import Candidates, Objective

_HALF_STDS = 0.8
"""So far to either side go the halves of a component, in its standard deviations; its variance
stays theirs together."""

_LEAST_WEIGHT = 1e-12


def halves(objective: Objective, candidates: Candidates) -> Candidates:
    """Return each mixture (R, K) with each of its components in two equal halves, (R K, K + 1)."""
    step = _HALF_STDS * np.sqrt(candidates.variances)
    narrow = np.maximum(candidates.variances - step * step, objective.variance_floor)
    half = 0.5 * candidates.weights
    return _replaced(
        candidates,
        Candidates(half, candidates.means - step, narrow),
        Candidates(half, candidates.means + step, narrow),
    )


def cuts(objective: Objective, candidates: Candidates) -> Candidates:
    """Return each mixture with each component cut where that is best for it, (R K, K + 1).

    What a component is responsible for is divided at the atom at which both sides, each as a
    component of its own, have the greatest classification likelihood (Scott and Symons 1971,
    doi 10.2307/2529003). Unequal parts are found at once that halves come to slowly.
    """
    joint, _ = objective.joint_log_density(candidates)
    joint -= joint.max(axis=1, keepdims=True)
    resp = np.exp(joint, out=joint)
    resp *= (objective.masses / resp.sum(axis=1))[:, None]
    x = objective.positions
    powers = np.stack([np.ones_like(x), x, x * x + objective.variances])
    sums = np.cumsum(resp[:, :, None] * powers, axis=3)  # of each component, up to each atom
    left = sums[..., :-1]
    right = sums[..., -1:] - left
    one, value = _parts(objective, left)
    other, other_value = _parts(objective, right)
    cut = (value + other_value).argmax(axis=2)[..., None]
    return _replaced(candidates, _at(one, cut), _at(other, cut))


def _parts(objective: Objective, moments: Array) -> tuple[Candidates, Array]:
    """Return components of given moments (R, K, 3, n_cuts), and what each is worth, nats."""
    mass, first, second = np.moveaxis(moments, 2, 0)
    mass = np.maximum(mass, _LEAST_WEIGHT)
    means = first / mass
    scatter = np.maximum(second - first * means, 0.0)
    prior = objective.prior_weight
    variances = (prior * objective.prior_variance + scatter) / (prior + mass)
    variances = np.maximum(variances, objective.variance_floor)
    value = mass * np.log(mass) - 0.5 * (mass + prior) * np.log(variances)
    return Candidates(mass / objective.mass, means, variances), value


def _at(parts: Candidates, cut: Indices) -> Candidates:
    """Return the parts at one cut of each component."""
    weights, means, variances = (
        np.take_along_axis(values, cut, axis=2)[..., 0]
        for values in (parts.weights, parts.means, parts.variances)
    )
    return Candidates(weights, means, variances)


def _replaced(candidates: Candidates, ones: Candidates, others: Candidates) -> Candidates:
    """Return each mixture with each component replaced by its two parts, one at a time."""
    row, at = np.indices(candidates.means.shape).reshape(2, -1)
    every = np.arange(row.size)

    def with_parts(values: Array, one: Array, other: Array) -> Array:
        more: Array = np.concatenate([values[row], other[row, at][:, None]], axis=1)
        more[every, at] = one[row, at]
        return more

    weights = with_parts(candidates.weights, ones.weights, others.weights)
    weights = np.maximum(weights, _LEAST_WEIGHT)
    return Candidates(
        weights / weights.sum(axis=1, keepdims=True),
        with_parts(candidates.means, ones.means, others.means),
        with_parts(candidates.variances, ones.variances, others.variances),
    )
