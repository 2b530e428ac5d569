"""What every learner of the race has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Optional

import numpy as np
from numpy.typing import ArrayLike

from dash_app.errors import UntrainedError
from dash_app.learning.mixture import Array, Mixture
from dash_app.learning.objective import Objective
from dash_app.learning.points import (
    DEFAULT_CAPACITY,
    MIN_SPREAD,
    MOST_ATOMS,
    as_points,
    check_capacity,
    check_n_components,
    check_number,
    check_seed,
)
from dash_app.learning.scratch import fit_from_scratch
from dash_app.learning.search import OnStep


def _no_step() -> None:
    """Do nothing between the parts of a fit."""


class Learner(ABC):
    """A method that learns a mixture from increments. All maximise J unless they say otherwise.

    A method is one module of this package with one subclass. Its key in `LEARNERS` is the name of
    the module.

    Parameters
    ----------
    n_components : int, 1 to 50
    seed : int, 0 to 2^63 - 1; of the methods here only scikit-learn's has a random part
    prior_weight : float >= 0, pseudo-observations of each component's variance
        Without effect on the methods that maximise something else than J.
    capacity : int, 16 to 1,048,576, atoms of the summary; without effect on methods without one

    Attributes
    ----------
    title : str, a name for people
    n_points : int, number of points learned
    n_touched : int
        Number of points or atoms that the updates have read. An update counts each of them once,
        however many passes it makes.
    """

    title: ClassVar[str]

    def __init__(
        self,
        n_components: int,
        *,
        seed: int = 0,
        prior_weight: float = 1.0,
        capacity: int = DEFAULT_CAPACITY,
    ) -> None:
        self.n_components = check_n_components(n_components)
        self.seed = check_seed(seed)
        self.prior_weight = check_number("prior_weight", prior_weight, 0.0)
        self.capacity = check_capacity(capacity, MOST_ATOMS)
        self.n_points = 0
        self.n_touched = 0
        self._on_step: OnStep = _no_step
        self._mixture: Optional[Mixture] = None

    @classmethod
    def is_available(cls) -> bool:
        """Return whether the packages that the method needs are installed."""
        return True

    @property
    def mixture(self) -> Mixture:
        """The current mixture, data units; raises UntrainedError before the first point."""
        if self._mixture is None:
            raise UntrainedError("expected at least one point before the mixture is asked for")
        return self._mixture

    def partial_fit(self, increment: ArrayLike, on_step: OnStep = _no_step) -> Learner:
        """Learn from the increment, (n_new,) points in data units; return self.

        Parameters
        ----------
        on_step : called between the parts of a search; an exception from it ends the training

        Raises
        ------
        EmptyDataError, NonFiniteError, OutOfRangeError, ShapeError : the learner is unchanged
        """
        x = as_points(increment)
        self._on_step = on_step
        try:
            mixture, n_touched = self._learn(x)
        finally:
            self._on_step = _no_step
        self._mixture = mixture
        self.n_points += x.size
        self.n_touched += n_touched
        return self

    @abstractmethod
    def _learn(self, increment: Array) -> tuple[Mixture, int]:
        """Return the mixture after the increment, and how many points or atoms were read."""

    def _from_scratch(self, points: Array) -> Mixture:
        """Return the fit from scratch, from which methods that need one start."""
        fit = fit_from_scratch(
            points, self.n_components, prior_weight=self.prior_weight, on_step=self._on_step
        )
        return fit.mixture

    def _objective(self, points: Array) -> Objective:
        """Return J of the points, which must not be all equal."""
        return objective_of(points, self.n_components, self.prior_weight)


class AllPointsLearner(Learner):
    """A learner that keeps all points and reads all of them at each update."""

    def __init__(self, n_components: int, **settings: Any) -> None:
        super().__init__(n_components, **settings)
        self._points = np.empty(0)

    def _learn(self, increment: Array) -> tuple[Mixture, int]:
        points = np.concatenate([self._points, increment])
        mixture = self._fit(points)
        self._points = points
        return mixture, points.size

    @abstractmethod
    def _fit(self, points: Array) -> Mixture:
        """Return the mixture after an update; `points` are all points, in order of arrival."""


def enough_to_start(points: Array, n_components: int) -> bool:
    """Return whether a method that starts by itself has enough points: 2 K, not all equal.

    With fewer points some component would start from one point or none.
    """
    return points.size >= 2 * n_components and bool(np.ptp(points) > MIN_SPREAD)


def objective_of(points: Array, n_components: int, prior_weight: float = 1.0) -> Objective:
    """Return J of the points, which must not be all equal."""
    first = points[0]
    offsets = points - first
    return Objective.of_atoms(
        (points, np.ones(points.size), np.zeros(points.size)),
        (float(first + offsets.mean()), float(offsets.std())),
        n_components,
        prior_weight,
    )
