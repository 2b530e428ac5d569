"""Online training: each increment updates the mixture, at a cost bounded by the capacity.

The learner keeps a weighted summary of the data, the incumbent mixture and other local optima. It
adds an increment to the summary. Then it moves the incumbent to its new optimum of the shared
objective. Some updates also search for better optima.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import Any, Optional

import numpy as np
from numpy.typing import ArrayLike

from dash_app.errors import RefusedError, StateError, UntrainedError
from dash_app.learning import learner_state
from dash_app.learning.mixture import Array, Mixture
from dash_app.learning.objective import Objective, all_equal
from dash_app.learning.points import (
    DEFAULT_CAPACITY,
    MAX_HALF_LIFE,
    MIN_HALF_LIFE,
    MOST_ATOMS,
    as_points,
    check_capacity,
    check_n_components,
    check_number,
    check_seed,
)
from dash_app.learning.search import OnStep
from dash_app.learning.summary import WeightedSummary
from dash_app.learning.tracking import TrackingState, search_anew, update

_SETTINGS = ("n_components", "seed", "half_life", "prior_weight", "capacity")

Arrived = tuple[Array, Optional[float]]
"""An increment, and the half-life at its arrival."""


class OnlineGaussianMixture:
    """A Gaussian mixture trained online.

    Training centres the points, so that a large offset costs it no digits. Points and means are
    float64: at 1e8 its steps are 1.5e-8, and the means that are returned are rounded to them. Where
    that matters, subtract a constant first.

    Settings are fixed. Several threads may use one learner: each training waits for the one before.

    Parameters
    ----------
    n_components : int, 1 to 50
    seed : int, without effect, since no part of the training is random; part of the state
    half_life : float, 0.01 to 1e9, or None; a point seen j points ago weighs 2^(-j/half_life)
    prior_weight : float >= 0, pseudo-observations of each component's variance
    capacity : int >= 16, largest number of atoms of the summary
        The summary is exact up to this many distinct values.

    Raises
    ------
    OutOfRangeError : if a setting is out of range

    Examples
    --------
    >>> learner = OnlineGaussianMixture(2)
    >>> learner.partial_fit([-1.0, -1.0, -1.0]).partial_fit([2.0, 2.0, 2.0]).n_points
    6
    >>> learner.mixture.means.round(6).tolist()
    [-1.0, 2.0]
    """

    def __init__(
        self,
        n_components: int,
        *,
        seed: int = 0,
        half_life: Optional[float] = None,
        prior_weight: float = 1.0,
        capacity: int = DEFAULT_CAPACITY,
    ) -> None:
        self.n_components = check_n_components(n_components)
        self.seed = check_seed(seed)
        self.half_life = _checked_half_life(half_life)
        self.prior_weight = check_number("prior_weight", prior_weight, 0.0)
        self.capacity = check_capacity(capacity, MOST_ATOMS)
        self._summary = WeightedSummary(self.capacity)
        self._n_points = 0
        self._tracking: Optional[TrackingState] = None  # None with atoms: merged, not yet trained
        self._lock, self._training = threading.RLock(), False

    def __setattr__(self, name: str, value: object) -> None:
        if name in _SETTINGS and name in self.__dict__:
            raise AttributeError(f"{name} is fixed; make a new learner, or use with_n_components")
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        settings = (f"{name}={getattr(self, name)!r}" for name in (*_SETTINGS, "n_points"))
        return f"<OnlineGaussianMixture {', '.join(settings)}>"

    def __getstate__(self) -> dict[str, Any]:
        with self._lock:
            return {k: v for k, v in self.__dict__.items() if k not in ("_lock", "_training")}

    def __setstate__(self, attributes: dict[str, Any]) -> None:
        self.__dict__.update(attributes)
        self._lock, self._training = threading.RLock(), False

    # -- what has been learned

    @property
    def mixture(self) -> Mixture:
        """The current mixture, data units; raises UntrainedError before the first point."""
        return self._trained().incumbent.mixture

    @property
    def n_points(self) -> int:
        """Number of points added, minus the number removed."""
        return self._n_points

    @property
    def summary(self) -> WeightedSummary:
        """The bounded stand-in for the data."""
        return self._summary

    @property
    def mean_nll(self) -> float:
        """Negative mean log-likelihood, nats per point.

        It is exact while the summary is exact. After merging it is an upper bound.
        """
        return self._trained().incumbent.mean_nll

    @property
    def objective(self) -> float:
        """J of the current mixture, nats per point; its negative is the loss."""
        return self._trained().incumbent.objective

    # -- learning

    def partial_fit(
        self, points: ArrayLike, on_step: Optional[OnStep] = None
    ) -> OnlineGaussianMixture:
        """Learn from an increment; earlier points are not needed again.

        Parameters
        ----------
        points : array, shape (n_points,), data units
        on_step : called between the steps of a search
            An exception from it ends the training and leaves the learner unchanged.

        Returns
        -------
        self

        Raises
        ------
        EmptyDataError, NonFiniteError, OutOfRangeError, ShapeError : the learner is unchanged
        """
        x = as_points(points)
        with self._alone():
            self._adopt(_extended(self._summary, x, self.half_life), x, on_step)
            self._n_points += x.size
        return self

    def forget(
        self,
        points: ArrayLike,
        on_step: Optional[OnStep] = None,
        remaining: Optional[Callable[[], Iterable[Arrived]]] = None,
    ) -> OnlineGaussianMixture:
        """Remove points.

        Removal is exact while the summary is exact. After merging, points are removed from the
        nearest atoms. A caller that has the data avoids this: `remaining` returns the increments
        without these points, and the summary is built again from them. `on_step` is as for
        `partial_fit`.

        Raises
        ------
        UnknownPointError : if a value was never added, as far as the atoms tell; the learner is
            unchanged
        RefusedError : with half_life, because the weight of a single point is not known
        """
        if self.half_life is not None:
            raise RefusedError("expected no half_life where points are taken back, got one")
        x = as_points(points)
        with self._alone():
            if remaining is None or self._summary.exact:
                summary = self._summary.without_points(x)
            else:
                summary = summary_of(remaining(), self.capacity, on_step)
            if summary.n_atoms == 0:
                self._summary, self._tracking = summary, None
            else:
                self._adopt(summary, x, on_step, removed=True)
            self._n_points -= x.size
        return self

    def merge(self, other: OnlineGaussianMixture) -> OnlineGaussianMixture:
        """Return a new learner of the data of both learners, with the settings of `self`.

        It is trained when its mixture or state is asked for, so that a chain of merges costs one
        training.

        Raises
        ------
        RefusedError : with half_life, because the joint order of the two streams is not known
        """
        if self.half_life is not None or other.half_life is not None:
            raise RefusedError("expected two learners without half_life to merge")
        merged = self._empty(self.n_components)
        with self._lock:
            summary, tracking, n_points = self._summary, self._tracking, self._n_points
        with other._lock:
            if other._n_points:
                summary, tracking = summary.merged_with(other._summary), None
            merged._n_points = n_points + other._n_points
        merged._summary, merged._tracking = summary, tracking
        return merged

    def with_n_components(
        self, n_components: int, on_step: Optional[OnStep] = None
    ) -> OnlineGaussianMixture:
        """Return a new learner of the same data with another number of components.

        It is trained on the summary, without a pass over the data. `on_step` is as for
        `partial_fit`.
        """
        changed = self._empty(check_n_components(n_components))
        with self._lock:
            summary, changed._n_points = self._summary, self._n_points
        if summary.n_atoms:
            changed._adopt(summary, None, on_step)
        return changed

    def with_capacity(
        self, capacity: int, increments: Iterable[Arrived], on_step: Optional[OnStep] = None
    ) -> OnlineGaussianMixture:
        """Return a new learner with another capacity.

        Its summary is that of a learner which had this capacity from the beginning: it is built
        again from all increments. `on_step` is as for `partial_fit`.
        """
        changed = self._empty(self.n_components, capacity)
        summary = summary_of(increments, capacity, on_step)
        with self._lock:
            changed._n_points, exact, tracking = self._n_points, self._summary.exact, self._tracking
        if summary.exact and exact:  # both hold every value: the optimum is the same
            changed._summary, changed._tracking = summary, tracking
        elif summary.n_atoms:
            changed._adopt(summary, None, on_step)
        return changed

    # -- state

    def state(self) -> dict[str, Any]:
        """Return plain arrays and numbers from which `from_state` restores every bit.

        Lists instead of arrays, as JSON has them, are restored too.
        """
        with self._lock:
            tracking = self._trained() if self._summary.n_atoms else None
            settings = {name: getattr(self, name) for name in _SETTINGS}
            return learner_state.to_plain(settings, self._n_points, self._summary, tracking)

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> OnlineGaussianMixture:
        """Return the learner that `state` described.

        Raises
        ------
        StateError : if the state has another version or is damaged
        """
        learner_state.check_version(state)
        try:
            learner = cls(**{name: state[name] for name in _SETTINGS})
            learner._summary = learner_state.read_summary(state, learner.capacity)
            learner._n_points = learner_state.read_n_points(state, learner._summary)
            learner._tracking = learner_state.read_tracking(state, learner._n_points)
        except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
            raise StateError(f"expected a learner's state, got a damaged one: {error}") from error
        return learner

    # -- inside

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait for another thread's training; refuse one within a step of this thread's own."""
        with self._lock:
            if self._training:
                raise RefusedError("expected one training at a time, got another from on_step")
            self._training = True
            try:
                yield
            finally:
                self._training = False

    def _trained(self) -> TrackingState:
        tracking = self._tracking
        if tracking is None and self._summary.n_atoms:
            with self._alone():
                if self._tracking is None:
                    self._adopt(self._summary, None)
                tracking = self._tracking
        if tracking is None:
            raise UntrainedError("expected at least one point before the mixture is asked for")
        return tracking

    def _empty(self, n_components: int, capacity: Optional[int] = None) -> OnlineGaussianMixture:
        return OnlineGaussianMixture(
            n_components,
            seed=self.seed,
            half_life=self.half_life,
            prior_weight=self.prior_weight,
            capacity=self.capacity if capacity is None else capacity,
        )

    def _adopt(
        self,
        summary: WeightedSummary,
        increment: Optional[Array],
        on_step: Optional[OnStep] = None,
        removed: bool = False,
    ) -> None:
        """Train on a new summary, then store it; an exception leaves the learner unchanged.

        increment : the points added, or removed; None to start a new search
        """
        on_step = on_step or _go_on
        if all_equal(summary):
            state = TrackingState.of_equal_points(float(summary.means[0]), self.n_components)
        else:
            objective = Objective.of_summary(summary, self.n_components, self.prior_weight)
            if self._tracking is None or increment is None or all_equal(self._summary):
                state = search_anew(objective, summary, on_step)
            else:
                state = update(self._tracking, objective, summary, increment, on_step, removed)
        self._summary, self._tracking = summary, state


def summary_of(
    increments: Iterable[Arrived], capacity: int, on_step: Optional[OnStep] = None
) -> WeightedSummary:
    """Return the summary of increments, in order of arrival, as a learner would have built it.

    Examples
    --------
    >>> increments = [(np.array([0.5]), None), (np.array([2.0, 2.0]), None)]
    >>> summary_of(increments, 16).masses.tolist()
    [1.0, 2.0]
    """
    on_step = on_step or _go_on
    summary = WeightedSummary(capacity)
    for alone, run in groupby(increments, lambda each: each[0].size == 1 and each[1] is None):
        if alone:
            summary = summary.with_each(np.concatenate([points for points, _ in run]))
            on_step()
            continue
        for points, half_life in run:
            summary = _extended(summary, points, half_life)
            on_step()
    return summary


def _extended(summary: WeightedSummary, x: Array, half_life: Optional[float]) -> WeightedSummary:
    """Return the summary with an increment; with a half-life older points lose weight."""
    if half_life is None:
        return summary.with_points(x)
    decay = -1.0 / half_life
    ages = np.arange(x.size - 1, -1, -1, dtype=np.float64)
    weights = np.maximum(np.exp2(decay * ages), np.finfo(np.float64).tiny)
    return summary.scaled(float(np.exp2(decay * x.size))).with_points(x, weights).scaled(1.0)


def _go_on() -> None:
    """Do nothing between two steps."""


def _checked_half_life(half_life: Optional[float]) -> Optional[float]:
    if half_life is None:
        return None
    return check_number("half_life", half_life, MIN_HALF_LIFE, MAX_HALF_LIFE)
