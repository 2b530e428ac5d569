"""Learners along one stream: how far each is from the fit from scratch after each increment.

The learners run side by side on the same increments. The result is a generator, so that it can be
shown while it is made.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np
from numpy.typing import ArrayLike

from dash_app.errors import EmptyDataError, OutOfRangeError
from dash_app.learning.comparison import compare
from dash_app.learning.learners import LEARNERS, Learner
from dash_app.learning.learners.base import objective_of
from dash_app.learning.mixture import Array, Mixture
from dash_app.learning.points import MIN_SPREAD, as_points

MAX_INCREMENTS = 200
"""Largest number of steps of a timeline. A longer stream is divided anew, evenly in log n: each
step is a fit from scratch, so the time of a timeline grows with their number."""


@dataclass(frozen=True)
class Record:
    """One learner after one increment.

    learner : str, key in `LEARNERS`
    n_points : int, points so far
    mixture : Mixture, data units
    objective : float, J of the mixture on all points so far, nats per point
        nan if all points are equal; J has no optimum for them.
    mean_nll : float, mean negative log-likelihood of all points so far, nats per point
    tv_to_scratch : float, 0 to 1, total variation to the fit from scratch to the same points
    tv_to_truth : float, 0 to 1, or None where the truth is not known
    time_s : float, time of the update, seconds
    n_touched : int, points or atoms that the updates have read so far
    """

    learner: str
    n_points: int
    mixture: Mixture
    objective: float
    mean_nll: float
    tv_to_scratch: float
    tv_to_truth: Optional[float]
    time_s: float
    n_touched: int


def timeline(
    increments: Iterable[ArrayLike],
    learners: Sequence[str] = ("summary", "scratch"),
    n_components: int = 3,
    seed: int = 0,
    truth: Optional[Mixture] = None,
) -> Iterator[Record]:
    """Train learners on the same increments; yield one record a learner after each increment.

    Everything but the times is determined by the arguments.

    Parameters
    ----------
    increments : arrays, each shape (n_new,), data units
        More than 200 increments are divided anew into about 200, evenly in log n.
    learners : keys of `LEARNERS`
    n_components : int, 1 to 50
    seed : int, of every learner
    truth : Mixture, the density that the points were drawn from

    Yields
    ------
    Record : in the order of `learners`, increment by increment

    Raises
    ------
    OutOfRangeError : if a learner is not known
    EmptyDataError, NonFiniteError, OutOfRangeError, ShapeError : for invalid increments

    Examples
    --------
    >>> records = list(timeline([[-1.0, -1.1], [2.0, 2.1]], ["scratch"], n_components=2))
    >>> [(each.learner, each.n_points) for each in records]
    [('scratch', 2), ('scratch', 4)]
    """
    unknown = [name for name in learners if name not in LEARNERS]
    if unknown or not learners:
        expected = ", ".join(LEARNERS)
        raise OutOfRangeError(f"expected learners of {expected}, got {unknown}", "learners")
    checked = [as_points(increment) for increment in increments]
    if not checked:
        raise EmptyDataError("expected at least one increment, got none", "increments")
    steps = divided(checked)
    racing = [(name, LEARNERS[name](n_components, seed=seed)) for name in learners]
    reference = dict(racing).get("scratch") or LEARNERS["scratch"](n_components, seed=seed)
    return _records(steps, racing, reference, truth)


def _records(
    steps: list[Array],
    racing: list[tuple[str, Learner]],
    reference: Learner,
    truth: Optional[Mixture],
) -> Iterator[Record]:
    points = np.concatenate(steps)
    n_points = 0
    for step in steps:
        n_points += step.size
        so_far = points[:n_points]
        scratch_s = _time_of_update(reference, step)
        for name, learner in racing:
            is_reference = learner is reference
            time_s = scratch_s if is_reference else _time_of_update(learner, step)
            mixture = learner.mixture
            apart = 0.0 if is_reference else _total_variation(mixture, reference.mixture)
            yield Record(
                learner=name,
                n_points=n_points,
                mixture=mixture,
                objective=_objective(mixture, so_far),
                mean_nll=-mixture.mean_log_likelihood(so_far),
                tv_to_scratch=apart,
                tv_to_truth=None if truth is None else _total_variation(mixture, truth),
                time_s=time_s,
                n_touched=learner.n_touched,
            )


def _time_of_update(learner: Learner, step: Array) -> float:
    begin = time.perf_counter()
    learner.partial_fit(step)
    return time.perf_counter() - begin


def _total_variation(one: Mixture, other: Mixture) -> float:
    return compare(one, other).total_variation


def _objective(mixture: Mixture, points: Array) -> float:
    if np.ptp(points) <= MIN_SPREAD:
        return float("nan")
    objective = objective_of(points, mixture.n_components)
    return objective.in_data_units(float(objective.value(objective.standardised(mixture))[0]))


def divided(steps: list[Array]) -> list[Array]:
    """Return the increments; more than MAX_INCREMENTS are divided anew, evenly in log n."""
    if len(steps) <= MAX_INCREMENTS:
        return steps
    points = np.concatenate(steps)
    ends = np.geomspace(1.0, points.size, MAX_INCREMENTS).round().astype(np.int64)
    return np.split(points, np.unique(ends)[:-1])
