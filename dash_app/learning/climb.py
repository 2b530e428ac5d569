"""Accelerated EM on many candidates: it ranks them.

Most of them are on their way to the same few optima: of each neighbourhood one climbs on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dash_app.learning.compiled.leap import cycles
from dash_app.learning.mixture import Array, Mask
from dash_app.learning.objective import Candidates, Objective, sorted_by_mean

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
    """Return the candidates after `n_cycles` of three EM steps each."""
    weights, means, variances = (
        np.array(values) for values in (candidates.weights, candidates.means, candidates.variances)
    )
    values, gains = np.zeros(len(candidates)), np.zeros(len(candidates))
    cycles(objective.atoms, objective.prior, (weights, means, variances), values, gains, n_cycles)
    return Climbers(sorted_by_mean(Candidates(weights, means, variances)), values, gains)
