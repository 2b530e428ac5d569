"""From scratch by Adam on the provided torch model, over all points."""

from __future__ import annotations

from dash_app.learning.learners.base import AllPointsLearner
from dash_app.learning.mixture import Array, Mixture


class Adam(AllPointsLearner):
    """200 steps of Adam on -J from the provided start values, anew at each update."""

    title = "Adam, all points"

    def _fit(self, points: Array) -> Mixture:
        from dash_app.learning.adam import fit_adam  # torch takes seconds to load

        return fit_adam(points, self.n_components).mixture
