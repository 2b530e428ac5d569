"""Other methods for the same stream, behind one small interface."""

from __future__ import annotations

import warnings
from typing import Optional, Protocol

import numpy as np
from numpy.typing import NDArray

from dash_app.learning import Mixture, OnlineGaussianMixture

Array = NDArray[np.float64]


class Peer(Protocol):
    """A method that learns from increments and returns a mixture."""

    name: str

    def partial_fit(self, increment: Array) -> None:
        """Learn from an increment."""

    def mixture(self) -> Mixture:
        """Return the current mixture, data units."""


class OwnOnline:
    """This project's online learner."""

    name = "own online"

    def __init__(self, n_components: int, half_life: Optional[float] = None) -> None:
        self.learner = OnlineGaussianMixture(n_components, half_life=half_life)

    def partial_fit(self, increment: Array) -> None:
        self.learner.partial_fit(increment)

    def mixture(self) -> Mixture:
        return self.learner.mixture


class ScikitLearn:
    """scikit-learn's GaussianMixture, fitted to all points at every increment."""

    def __init__(self, n_components: int, warm_start: bool) -> None:
        from sklearn.mixture import GaussianMixture

        self.name = "scikit-learn warm" if warm_start else "scikit-learn refit"
        self._n_components = n_components
        self._model = GaussianMixture(n_components, warm_start=warm_start, random_state=0)
        self._points = np.empty(0)

    def partial_fit(self, increment: Array) -> None:
        self._points = np.concatenate([self._points, increment])
        if self._points.size >= self._n_components:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._model.fit(self._points[:, None])

    def mixture(self) -> Mixture:
        model = self._model
        return Mixture(
            model.weights_ / model.weights_.sum(), model.means_[:, 0], model.covariances_[:, 0, 0]
        )


class IncrementalEM:
    """Online EM with statistics of each component, O(K) per point.

    Cappe and Moulines (2009), doi 10.1111/j.1467-9868.2009.00698.x. The step size is t^-0.6. The
    start is by quantiles of the first 2 K points.
    """

    name = "incremental EM"

    def __init__(self, n_components: int) -> None:
        self._n_components = n_components
        self._first: list[float] = []
        self._stats: Optional[Array] = None  # rows: mass, sum, sum of squares; about the origin
        self._origin, self._scale = 0.0, 1.0
        self._n_seen = 0

    def partial_fit(self, increment: Array) -> None:
        for x in increment.tolist():
            self._learn_one(x)

    def _learn_one(self, x: float) -> None:
        self._n_seen += 1
        if self._stats is None:
            self._first.append(x)
            if len(self._first) >= 2 * self._n_components:
                self._start()
            return
        z = (x - self._origin) / self._scale
        weights, means, variances = self._parameters()
        joint = np.log(weights) - 0.5 * (np.log(variances) + (z - means) ** 2 / variances)
        resp = np.exp(joint - joint.max())
        resp /= resp.sum()
        step = self._n_seen**-0.6
        self._stats = (1 - step) * self._stats + step * resp * np.array([[1.0], [z], [z * z]])

    def _start(self) -> None:
        points = np.sort(self._first)
        self._origin, self._scale = float(points.mean()), float(points.std()) or 1.0
        groups = np.array_split((points - self._origin) / self._scale, self._n_components)
        self._stats = np.array([[1.0, g.mean(), (g * g).mean() + 1e-2] for g in groups]).T
        self._stats = self._stats / self._n_components

    def _parameters(self) -> tuple[Array, Array, Array]:
        assert self._stats is not None
        mass = np.maximum(self._stats[0], 1e-12)
        means = self._stats[1] / mass
        variances = np.maximum(self._stats[2] / mass - means**2, 1e-4)
        return mass / mass.sum(), means, variances

    def mixture(self) -> Mixture:
        if self._stats is None:
            self._start()
        weights, means, variances = self._parameters()
        return Mixture(
            weights, self._origin + self._scale * means, variances * self._scale * self._scale
        )


class AdamOnIncrement:
    """gmm.py, trained further on the increment alone: the simplest online method."""

    name = "Adam on the increment"

    def __init__(self, n_components: int, n_epochs: int = 20) -> None:
        import torch

        from gmm import GMMSimple, extract_gmm_parameters, train_model

        self._torch, self._train, self._extract = torch, train_model, extract_gmm_parameters
        self._model = GMMSimple(n_components)
        self._optimizer = torch.optim.Adam(self._model.parameters(), lr=0.05)
        self._n_epochs = n_epochs
        self._mean = self._std = 0.0

    def partial_fit(self, increment: Array) -> None:
        x = self._torch.tensor(increment, dtype=self._torch.float32)
        self._train(self._model, self._optimizer, x, n_epochs=self._n_epochs)
        self._mean = float(increment.mean())
        self._std = float(increment.std(ddof=1)) if increment.size > 1 else 1.0

    def mixture(self) -> Mixture:
        pi, mu, sigma = self._extract(self._model, self._mean, self._std or 1.0)
        weights = np.asarray(pi, dtype=np.float64)
        return Mixture(
            weights / weights.sum(),
            np.asarray(mu, dtype=np.float64),
            np.square(np.maximum(np.asarray(sigma, dtype=np.float64), 1e-6)),
        )
