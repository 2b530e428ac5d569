"""From scratch by Adam, over all points, as the provided torch model is trained."""

from __future__ import annotations

from dash_app.learning.adam_steps import fit_by_steps
from dash_app.learning.learners.base import AllPointsLearner
from dash_app.learning.mixture import Array, Mixture


class Adam(AllPointsLearner):
    """200 steps of Adam on -J from the provided start values, anew at each update."""

    title = "Adam, all points"

    def _fit(self, points: Array) -> Mixture:
        return fit_by_steps(points, self.n_components, self.prior_weight)
