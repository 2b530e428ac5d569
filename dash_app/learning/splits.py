"""Mixtures with one component more, by a split of one component."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dash_app.learning.compiled.splits import best_splits, values_after_splits, with_splits
from dash_app.learning.mixture import Indices
from dash_app.learning.objective import Candidates, Objective

_HALF_STDS = 0.8
"""Distance of each half's mean from the component's mean, in standard deviations of the component.
The halves are narrower, so that together they keep its variance."""


@dataclass(frozen=True, eq=False)
class Splits:
    """Mixtures, (R, K), and the two parts of each of their components, (R, K) each."""

    candidates: Candidates
    ones: Candidates
    others: Candidates

    def all(self) -> Candidates:
        """Return every split: each component of each mixture in turn, (R K, K + 1)."""
        return self._of(np.arange(self.candidates.means.size))

    def best(self, objective: Objective, n_kept: int) -> Candidates:
        """Return the splits of the largest J, best first."""
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


def even_splits(objective: Objective, candidates: Candidates) -> Splits:
    """Return the splits of each component into two halves of equal weight."""
    step = _HALF_STDS * np.sqrt(candidates.variances)
    narrow = np.maximum(candidates.variances - step * step, objective.variance_floor)
    half = 0.5 * candidates.weights
    return Splits(
        candidates,
        Candidates(half, candidates.means - step, narrow),
        Candidates(half, candidates.means + step, narrow),
    )


def optimal_splits(objective: Objective, candidates: Candidates) -> Splits:
    """Return the split of each component at its best cut.

    A cut divides the atoms, weighted by responsibility, into two groups. The best cut maximises the
    classification likelihood (Scott and Symons 1971, doi 10.2307/2529003). It finds unequal parts
    directly; EM reaches them slowly from an even split.
    """
    ones, others = best_splits(objective.atoms, objective.prior, candidates.batch)
    return Splits(candidates, Candidates(*ones), Candidates(*others))
