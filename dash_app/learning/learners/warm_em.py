"""EM over all points from the mixture before them."""

from __future__ import annotations

from typing import Any

from dash_app.learning.em import em_step
from dash_app.learning.learners.base import AllPointsLearner, enough_to_start
from dash_app.learning.mixture import Array, Mixture

MAX_STEPS = 100
"""Largest number of EM steps of an update, each over all points. More steps come closer to the
local optimum and take longer."""

GAIN_NATS = 1e-6
"""EM ends at the first step that gains less than this, nats per point."""


class WarmEM(AllPointsLearner):
    """EM for J. It follows one local optimum, so its result depends on the order of arrival.

    Until 2 K points have come, it starts anew.
    """

    title = "EM, warm start"

    def __init__(self, n_components: int, **settings: Any) -> None:
        super().__init__(n_components, **settings)
        self._has_started = False

    def _fit(self, points: Array) -> Mixture:
        if not self._has_started:
            mixture = self._from_scratch(points)
            self._has_started = enough_to_start(points, self.n_components)
            return mixture
        objective = self._objective(points)
        candidates, last = objective.standardised(self.mixture), -float("inf")
        for _ in range(MAX_STEPS):
            candidates, values = em_step(objective, candidates)
            if values[0] - last < GAIN_NATS:
                break
            last = values[0]
        return objective.mixture(candidates)
