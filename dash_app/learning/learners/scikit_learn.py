"""scikit-learn's GaussianMixture on all points: an independent referee."""

from __future__ import annotations

import warnings
from importlib.util import find_spec

import numpy as np

from dash_app.learning.learners.base import AllPointsLearner
from dash_app.learning.mixture import Array, Mixture
from dash_app.learning.objective import equal_points_mixture
from dash_app.learning.points import MIN_SPREAD


class ScikitLearn(AllPointsLearner):
    """scikit-learn with its default settings, anew at each update.

    It maximises the likelihood and adds 1e-6 to each variance. With fewer points than components
    the mixture has as many components as points.
    """

    title = "scikit-learn, all points"

    @classmethod
    def is_available(cls) -> bool:
        """Return whether scikit-learn is installed."""
        return find_spec("sklearn") is not None

    def _fit(self, points: Array) -> Mixture:
        from sklearn.mixture import GaussianMixture

        if np.ptp(points) <= MIN_SPREAD:
            return equal_points_mixture(float(points[0]), self.n_components)
        model = GaussianMixture(min(self.n_components, points.size), random_state=self.seed % 2**32)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # not converged, or fewer distinct points
            model.fit(points[:, None])
        weights = model.weights_ / model.weights_.sum()
        return Mixture(weights, model.means_[:, 0], model.covariances_[:, 0, 0])
