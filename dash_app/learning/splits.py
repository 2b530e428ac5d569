"""Mixtures of one component more: one that is there in two parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dash_app.learning.compiled.splits import best_splits, values_after_splits, with_splits
from dash_app.learning.mixture import Indices
from dash_app.learning.objective import Candidates, Objective

_HALF_STDS = 0.8
"""So far to either side go the halves of a component, in its standard deviations; its variance
stays theirs together."""


@dataclass(frozen=True, eq=False)
class Splits:
    """Mixtures (R, K), and two parts of each of their components, (R, K) each."""

    candidates: Candidates
    ones: Candidates
    others: Candidates

    def all(self) -> Candidates:
        """Return each mixture with each of its components in two parts, (R K, K + 1)."""
        return self._of(np.arange(self.candidates.means.size))

    def best(self, objective: Objective, n_kept: int) -> Candidates:
        """Return those of the greatest J as they stand, best first."""
        values = values_after_splits(
            objective.atoms,
            objective.prior,
            self.candidates.batch,
            self.ones.batch,
            self.others.batch,
        )
        return self._of(np.argsort(-values, axis=None, kind="stable")[:n_kept])

    def _of(self, chosen: Indices) -> Candidates:
        parts = self.ones.batch, self.others.batch
        return Candidates(*with_splits(self.candidates.batch, *parts, chosen))


def halves(objective: Objective, candidates: Candidates) -> Splits:
    """Return the splits of components into two equal halves."""
    step = _HALF_STDS * np.sqrt(candidates.variances)
    narrow = np.maximum(candidates.variances - step * step, objective.variance_floor)
    half = 0.5 * candidates.weights
    return Splits(
        candidates,
        Candidates(half, candidates.means - step, narrow),
        Candidates(half, candidates.means + step, narrow),
    )


def cuts(objective: Objective, candidates: Candidates) -> Splits:
    """Return the splits of components where that is best for each.

    What a component is responsible for is divided at the atom at which both sides, each as a
    component of its own, have the greatest classification likelihood (Scott and Symons 1971,
    doi 10.2307/2529003). Unequal parts are found at once that halves come to slowly.
    """
    ones, others = best_splits(objective.atoms, objective.prior, candidates.batch)
    return Splits(candidates, Candidates(*ones), Candidates(*others))
