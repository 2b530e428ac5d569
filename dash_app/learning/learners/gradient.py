"""Adam on the increment alone: the simplest online training, and the one that forgets."""

from __future__ import annotations

from typing import Any

import numpy as np

from dash_app.learning.adam_steps import fit_by_steps, refine_by_steps
from dash_app.learning.learners.base import Learner, enough_to_start
from dash_app.learning.mixture import Array, Mixture


class Gradient(Learner):
    """Adam steps on the likelihood of the new points, from the mixture before them.

    There is no penalty, as in the provided code. Until 2 K points have come, the provided training
    runs on all of them. Earlier points act through the mixture only, so new ones overwrite them.
    """

    title = "Adam, new points only"

    def __init__(self, n_components: int, **settings: Any) -> None:
        super().__init__(n_components, **settings)
        self._first_points = np.empty(0)
        self._has_started = False

    def _learn(self, increment: Array) -> tuple[Mixture, int]:
        if self._has_started:
            return refine_by_steps(self.mixture, increment), increment.size
        points = np.concatenate([self._first_points, increment])
        mixture = fit_by_steps(points, self.n_components, None)
        self._has_started = enough_to_start(points, self.n_components)
        self._first_points = np.empty(0) if self._has_started else points
        return mixture, points.size
