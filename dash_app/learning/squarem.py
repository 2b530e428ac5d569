"""SQUAREM (accelerated EM) on many candidates, to rank them.

Most candidates lead to the same few optima. So only one candidate of each basin is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dash_app.learning import tuning
from dash_app.learning.compiled import basins
from dash_app.learning.compiled.squarem import squarem_cycles
from dash_app.learning.mixture import Array, Mask
from dash_app.learning.objective import Candidates, Objective


@dataclass(frozen=True, eq=False)
class Scored:
    """Candidates after SQUAREM, and the values that rank them.

    candidates : Candidates, (R, K), sorted by mean
    values : ndarray, shape (R,), J one step before, nats per point, standardised units
    gains : ndarray, shape (R,), gain of J by the last extrapolation, nats per point
    """

    candidates: Candidates
    values: Array
    gains: Array

    def __len__(self) -> int:
        return self.values.size

    def __getitem__(self, index: Any) -> Scored:
        return Scored(
            self.candidates[index],
            self.values[index],
            self.gains[index],
        )

    def joined(self, other: Scored) -> Scored:
        """Return the candidates of `self`, then those of `other`."""
        return Scored(
            Candidates.joined(self.candidates, other.candidates),
            np.concatenate([self.values, other.values]),
            np.concatenate([self.gains, other.gains]),
        )

    @property
    def predicted(self) -> Array:
        """Predicted J after further cycles, shape (R,), nats per point."""
        predicted: Array = self.values + 2.0 * self.gains
        return predicted

    def best(self, n_kept: int) -> Scored:
        """Return at most `n_kept` candidates of largest predicted J, best first, one per basin."""
        order = np.argsort(-self.predicted, kind="stable")
        return self[basins.first_of_each_basin(self.candidates.batch, order, n_kept)]

    def novel(self, known: Candidates, value: float) -> Scored:
        """Return the candidates outside the basins of `known`, and those with J above `value`.

        value : J of the best of `known`; a candidate with a larger J leads to another optimum,
            however close its components are
        """
        better = self.values > value + tuning.SAME_NATS
        return self[better | outside_basins(self.candidates, known)]

    def outside_basins_of(self, known: Candidates) -> Scored:
        """Return the candidates outside the basins of `known`, which is sorted by mean."""
        return self[outside_basins(self.candidates, known)]


def outside_basins(candidates: Candidates, known: Candidates) -> Mask:
    """Return a mask, (R,), of the candidates outside the basins of `known`; all sorted by mean."""
    return basins.outside_basins(candidates.batch, known.batch)


def squarem(objective: Objective, candidates: Candidates, n_cycles: int) -> Scored:
    """Return the candidates after `n_cycles` of SQUAREM; a cycle takes three EM steps."""
    batch = candidates.batch_copy()
    values, gains = np.zeros(len(candidates)), np.zeros(len(candidates))
    squarem_cycles(objective.atoms, objective.prior, batch, values, gains, n_cycles)
    return Scored(Candidates(*batch), values, gains)
