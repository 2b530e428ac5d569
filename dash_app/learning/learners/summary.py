"""Online from a bounded summary of the data: this project's online learner."""

from __future__ import annotations

from typing import Any

from dash_app.learning.learners.base import Learner
from dash_app.learning.mixture import Array, Mixture
from dash_app.learning.online import OnlineGaussianMixture


class Summary(Learner):
    """The online learner; an update reads the increment and the atoms of the summary."""

    title = "Bounded memory"

    def __init__(self, n_components: int, **settings: Any) -> None:
        super().__init__(n_components, **settings)
        self._learner = OnlineGaussianMixture(
            self.n_components,
            seed=self.seed,
            prior_weight=self.prior_weight,
            capacity=self.capacity,
        )

    def _learn(self, increment: Array) -> tuple[Mixture, int]:
        n_new = 0 if self._learner.summary.exact else increment.size
        self._learner.partial_fit(increment, self._on_step)
        return self._learner.mixture, n_new + self._learner.summary.n_atoms
