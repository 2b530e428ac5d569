"""From scratch: the global search over all points, anew at each update."""

from __future__ import annotations

from dash_app.learning.learners.base import AllPointsLearner
from dash_app.learning.mixture import Array, Mixture


class Scratch(AllPointsLearner):
    """The fit from scratch, to which the other learners are compared."""

    title = "From scratch"

    def _fit(self, points: Array) -> Mixture:
        return self._from_scratch(points)
