"""Rough, accelerated EM on many candidates at once: it ranks them.

Acceleration is SQUAREM (Varadhan and Roland 2008, doi 10.1111/j.1467-9469.2007.00585.x), scheme
S3: two steps of EM, an extrapolation along them, and a third step from there; where J fell the
second step stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dash_app.learning.em import SufficientStats, m_step
from dash_app.learning.mixture import LOG_2PI, Array, Mask
from dash_app.learning.objective import Candidates, Objective, sorted_by_mean

_MAX_STRIDE = 16.0
_LEAST_WEIGHT = 1e-12
_MAX_LOG_VARIANCE = 3.0

_NEAR_STDS, _NEAR_LOG_VARIANCE, _NEAR_WEIGHT = 0.5, 0.7, 0.08
"""Two mixtures are in one neighbourhood where no component differs by more than this."""


_CROWDING = 3
"""Only so many times as many as are wanted are compared: that leaves enough neighbourhoods."""


@dataclass(frozen=True, eq=False)
class Climbers:
    """Candidates on their way up.

    candidates : Candidates, (R, K), sorted by mean
    values : ndarray, shape (R,), J of one step before, nats per point, standardised units
    gains : ndarray, shape (R,), how much the last leap raised J
    """

    candidates: Candidates
    values: Array
    gains: Array

    def __len__(self) -> int:
        return self.values.size

    def __getitem__(self, index: Any) -> Climbers:
        return Climbers(
            self.candidates[index],
            self.values[index],
            self.gains[index],
        )

    def joined(self, other: Climbers) -> Climbers:
        """Return the climbers of both."""
        return Climbers(
            Candidates.joined(self.candidates, other.candidates),
            np.concatenate([self.values, other.values]),
            np.concatenate([self.gains, other.gains]),
        )

    @property
    def prospects(self) -> Array:
        """Where each is heading: J and what the next cycles should bring, (R,)."""
        prospects: Array = self.values + 2.0 * self.gains
        return prospects

    def best(self, n_kept: int) -> Climbers:
        """Return the most promising `n_kept`, most promising first, one of each neighbourhood."""
        order = np.argsort(-self.prospects, kind="stable")
        ranked = self[order[: _CROWDING * n_kept]]
        apart = _apart(ranked.candidates, ranked.candidates).tolist()
        kept: list[int] = []
        for index, row in enumerate(apart):
            if len(kept) == n_kept:
                break
            if all(row[other] for other in kept):
                kept.append(index)
        return ranked[kept]

    def apart_from(self, home: Candidates) -> Climbers:
        """Return those that are in no neighbourhood of the mixtures of `home`, sorted by mean."""
        return self[_apart(self.candidates, home).all(axis=1)]


def _apart(ones: Candidates, others: Candidates) -> Mask:
    """Return whether some component differs visibly, for each pair, (n_ones, n_others)."""
    apart: Mask = np.logical_not(near(ones, others).all(axis=2))
    return apart


def near(ones: Candidates, others: Candidates) -> Mask:
    """Return which components are alike, for each pair, (n_ones, n_others, K); sorted by mean."""
    shift = np.abs(ones.means[:, None] - others.means)
    log_ratio = np.abs(np.log(ones.variances)[:, None] - np.log(others.variances))
    alike: Mask = shift <= _NEAR_STDS * np.sqrt(others.variances)
    alike &= log_ratio <= _NEAR_LOG_VARIANCE
    alike &= np.abs(ones.weights[:, None] - others.weights) <= _NEAR_WEIGHT
    return alike


def climb(objective: Objective, candidates: Candidates, n_cycles: int) -> Climbers:
    """Return the candidates after `n_cycles` of three EM steps each.

    The densities of all candidates are one matrix product on the powers of the standardised
    positions. That loses digits a needle far out would need, which only ranks candidates: what is
    kept is polished on deviations.
    """
    powers = np.stack(
        [
            np.ones_like(objective.positions),
            objective.positions,
            objective.positions * objective.positions + objective.variances,
        ]
    )
    values = gains = np.zeros(len(candidates))
    if len(candidates):
        for _ in range(n_cycles):
            candidates, values, gains = _cycle(objective, powers, candidates)
    return Climbers(sorted_by_mean(candidates), values, gains)


def _cycle(
    objective: Objective, powers: Array, candidates: Candidates
) -> tuple[Candidates, Array, Array]:
    """Return the candidates after one cycle, J of one step before its end, the last rise of J."""
    first, _ = rough_em_step(objective, powers, candidates)
    second, middle = rough_em_step(objective, powers, first)
    start, one, two = (_as_vector(batch) for batch in (candidates, first, second))
    change = one - start
    curvature = two - one - change
    squares = (change * change).sum(axis=1), (curvature * curvature).sum(axis=1)
    stride = np.sqrt(squares[0] / np.maximum(squares[1], 1e-300))
    stride = np.clip(stride, 1.0, _MAX_STRIDE)[:, None]
    leapt = _as_candidates(objective, start + 2.0 * stride * change + stride**2 * curvature)
    third, after = rough_em_step(objective, powers, leapt)
    rose = after >= middle
    pick = rose[:, None]
    chosen = Candidates(
        np.where(pick, third.weights, second.weights),
        np.where(pick, third.means, second.means),
        np.where(pick, third.variances, second.variances),
    )
    return chosen, np.where(rose, after, middle), np.maximum(after - middle, 0.0)


def _as_vector(candidates: Candidates) -> Array:
    """Return (log weights, means, log variances), shape (R, 3K): every value is allowed."""
    return np.concatenate(
        [
            np.log(np.maximum(candidates.weights, _LEAST_WEIGHT)),
            candidates.means,
            np.log(candidates.variances),
        ],
        axis=1,
    )


def _as_candidates(objective: Objective, vector: Array) -> Candidates:
    n_components = vector.shape[1] // 3
    log_weights = vector[:, :n_components]
    weights = np.exp(log_weights - log_weights.max(axis=1, keepdims=True)) + _LEAST_WEIGHT
    log_variances = np.minimum(vector[:, 2 * n_components :], _MAX_LOG_VARIANCE)
    return Candidates(
        weights / weights.sum(axis=1, keepdims=True),
        vector[:, n_components : 2 * n_components],
        np.maximum(np.exp(log_variances), objective.variance_floor),
    )


def rough_em_step(
    objective: Objective, powers: Array, candidates: Candidates
) -> tuple[Candidates, Array]:
    """Return what `em.em_step` returns, to fewer digits and in a third of the time.

    powers : ndarray, shape (3, n_atoms): 1, x, x^2 + variance of each atom
    """
    # components first: what is summed or compared over them are whole planes of memory
    weights, means, variances = candidates.weights.T, candidates.means.T, candidates.variances.T
    n_components, n_candidates = means.shape
    precision = 1.0 / variances
    coefficients = np.empty((n_components, n_candidates, 3))
    coefficients[..., 0] = np.log(np.maximum(weights, 1e-300)) - 0.5 * (np.log(variances) + LOG_2PI)
    coefficients[..., 0] -= 0.5 * precision * means * means
    coefficients[..., 1] = precision * means
    coefficients[..., 2] = -0.5 * precision
    joint = (coefficients.reshape(-1, 3) @ powers).reshape(n_components, n_candidates, -1)
    top = joint.max(axis=0)
    joint -= top
    np.exp(joint, out=joint)
    density = joint.sum(axis=0)
    top += np.log(density)
    values = (top @ objective.masses + objective.log_prior(candidates.variances)) / objective.mass
    joint *= objective.masses / density
    moments = joint.reshape(n_components * n_candidates, -1) @ powers.T
    mass, first, second = moments.reshape(n_components, n_candidates, 3).T
    new_means = np.where(mass > 1e-200, first / np.maximum(mass, 1e-300), candidates.means)
    scatter = np.maximum(second - first * new_means, 0.0)
    return m_step(objective, SufficientStats(mass, new_means, scatter)), values
