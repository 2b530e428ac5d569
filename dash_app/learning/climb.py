"""Accelerated EM on many candidates: it ranks them.

Most of them are on their way to the same few optima: of each neighbourhood one climbs on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dash_app.learning.compiled.basins import first_of_each_basin, outside_basins
from dash_app.learning.compiled.squarem import squarem_cycles
from dash_app.learning.mixture import Array, Mask
from dash_app.learning.objective import Candidates, Objective


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
        return self[first_of_each_basin(self.candidates.batch, order, n_kept)]

    def apart_from(self, home: Candidates) -> Climbers:
        """Return those that are in no neighbourhood of the mixtures of `home`, sorted by mean."""
        return self[apart(self.candidates, home)]


def apart(candidates: Candidates, homes: Candidates) -> Mask:
    """Return which candidates are in no neighbourhood of the homes, (R,); all sorted by mean."""
    return outside_basins(candidates.batch, homes.batch)


def climb(objective: Objective, candidates: Candidates, n_cycles: int) -> Climbers:
    """Return the candidates after `n_cycles` of three EM steps each."""
    batch = candidates.batch_copy()
    values, gains = np.zeros(len(candidates)), np.zeros(len(candidates))
    squarem_cycles(objective.atoms, objective.prior, batch, values, gains, n_cycles)
    return Climbers(Candidates(*batch), values, gains)
