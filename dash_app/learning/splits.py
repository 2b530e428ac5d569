"""Mixtures with one component more, by a split of one component."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dash_app.learning.compiled.splits import best_splits, values_after_splits, with_splits
from dash_app.learning.mixture import Indices
from dash_app.learning.objective import Candidates, Objective

_HALF_STDS = 0.8
"""Distance of each half's mean from the component's, in its standard deviations. Together they
keep its variance."""


@dataclass(frozen=True, eq=False)
class Splits:
    """Mixtures (R, K), and the two parts of each component, (R, K) each."""

    candidates: Candidates
    ones: Candidates
    others: Candidates

    def all(self) -> Candidates:
        """Return each mixture with each component split, (R K, K + 1)."""
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
    """Return the splits of components into two halves of equal weight."""
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

    The cut divides the atoms, weighted by responsibility, in two. The best has the
    largest classification likelihood (Scott and Symons 1971, doi 10.2307/2529003). It finds
    unequal parts at once, which even splits reach slowly.
    """
    ones, others = best_splits(objective.atoms, objective.prior, candidates.batch)
    return Splits(candidates, Candidates(*ones), Candidates(*others))
