"""Online from a bounded summary of the data: this project's online learner."""

from __future__ import annotations

from dash_app.learning.learners.base import Learner
from dash_app.learning.mixture import Array, Mixture
from dash_app.learning.online import OnlineGaussianMixture
from dash_app.learning.points import DEFAULT_CAPACITY


class Summary(Learner):
    """The online learner; an update reads the increment and the atoms of the summary.

    capacity : int, 16 to 1,048,576, largest number of atoms
    """

    title = "Bounded memory"

    def __init__(
        self, n_components: int, *, seed: int = 0, capacity: int = DEFAULT_CAPACITY
    ) -> None:
        super().__init__(n_components, seed=seed)
        self._learner = OnlineGaussianMixture(self.n_components, seed=seed, capacity=capacity)

    @classmethod
    def of(cls, n_components: int, *, seed: int = 0, capacity: int = DEFAULT_CAPACITY) -> Summary:
        """Return a learner with these settings."""
        return cls(n_components, seed=seed, capacity=capacity)

    def _learn(self, increment: Array) -> tuple[Mixture, int]:
        n_new = 0 if self._learner.summary.exact else increment.size
        self._learner.partial_fit(increment)
        return self._learner.mixture, n_new + self._learner.summary.n_atoms
