"""Incremental EM: each point keeps its responsibilities, and one point is visited at a time.

Neal and Hinton (1998), A view of the EM algorithm that justifies incremental, sparse, and other
variants, doi 10.1007/978-94-011-5014-9_12.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dash_app.learning.compiled.incremental_em import sweep
from dash_app.learning.learners.base import AllPointsLearner, enough_to_start
from dash_app.learning.mixture import Array, Mixture, component_order


class IncrementalEM(AllPointsLearner):
    """One sweep over all points an update; the M-step follows each point.

    Until 2 K points have come, it starts anew.
    """

    title = "Incremental EM"

    def __init__(self, n_components: int, **settings: Any) -> None:
        super().__init__(n_components, **settings)
        self._responsibilities = np.empty((0, self.n_components))  # of the points when last visited

    def _fit(self, points: Array) -> Mixture:
        n_known = self._responsibilities.shape[0]
        if n_known == 0:
            mixture = self._from_scratch(points)
            if enough_to_start(points, self.n_components):
                self._responsibilities = mixture.responsibilities(points)
            return mixture
        of_new = self.mixture.responsibilities(points[n_known:])
        responsibilities = np.ascontiguousarray(np.concatenate([self._responsibilities, of_new]))
        objective = self._objective(points)
        candidates = objective.standardised(self.mixture)
        batch = candidates.batch_copy()
        sweep(objective.atoms, objective.prior, batch, responsibilities)
        swept = type(candidates)(*batch)
        # the mixture is sorted by mean, and means may have crossed
        scaled = objective.in_data_scale(swept)
        order = component_order(scaled.weights[0], scaled.means[0], scaled.variances[0])
        self._responsibilities = responsibilities[:, order]
        return objective.mixture(swept)
