"""Learners side by side along one stream, step by step; the stream may grow or change its end.

Every record is kept. What changes at the end of the stream costs nothing at its beginning.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Optional

import numpy as np

from dash_app.learning.comparison import total_variation
from dash_app.learning.learners import LEARNERS, Learner
from dash_app.learning.learners.base import objective_of
from dash_app.learning.mixture import Array, Indices, Mixture
from dash_app.learning.points import MIN_SPREAD
from dash_app.learning.search import OnStep

REFERENCE = "scratch"
"""The learner that the others are compared with; it runs along even where nobody asks for it."""

MAX_STEPS = 200
"""Largest number of steps of a race. Each is a fit from scratch, so the time grows with them."""

N_DIVIDED = 150
"""Steps into which a longer stream is divided, evenly in log n; equal ones among the first are
merged. Fewer leave more room until the next division, and show less of the course."""

N_HELD_OUT = 1_000
"""Fresh points of the truth. The standard error of a mean over them is some 0.03 nats."""

_N_NEWEST, _SPARSE_EVERY = 8, 16
"""A learner keeps copies of itself after its last 8 steps and after each 16th: after an undo it is
told 15 steps again at most. More copies need more memory."""

_MAX_COPIED = 2_000
"""Points up to which there are copies. With 50 components the copies of a learner take 20 MB."""


@dataclass(frozen=True, eq=False)
class Step:
    """Points that the learners are told at once, and the density that all so far are drawn from."""

    points: Array
    truth: Optional[Mixture] = None

    def equals(self, other: Step) -> bool:
        """Whether both have the same points and the same truth."""
        return self.truth == other.truth and np.array_equal(self.points, other.points)


@dataclass(frozen=True)
class Record:
    """One learner after one step.

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
    held_out_nll : float, or None where the truth is not known
        Mean negative log-likelihood of 1,000 fresh points of the truth, nats per point.
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
    held_out_nll: Optional[float] = None


@dataclass
class _Runner:
    """A learner, its records, and copies of it by the number of steps told."""

    learner: Learner
    n_told: int = 0
    records: list[Record] = field(default_factory=list)
    copies: dict[int, Learner] = field(default_factory=dict)

    def tell(self, points: Array, on_step: OnStep) -> float:
        """Train on the points of the next step; return the seconds."""
        begin = time.perf_counter()
        self.learner.partial_fit(points, on_step)
        time_s = time.perf_counter() - begin
        self.n_told += 1
        if self.learner.n_points <= _MAX_COPIED:
            self.copies[self.n_told] = copy.deepcopy(self.learner)
        old = self.n_told - _N_NEWEST
        if old % _SPARSE_EVERY:
            self.copies.pop(old, None)
        return time_s

    def cut(self, n_steps: int) -> None:
        """Drop the records and copies of later steps."""
        del self.records[n_steps:]
        self.copies = {told: each for told, each in self.copies.items() if told <= n_steps}


class Race:
    """Learners of one setting along one stream. It is not safe for several threads.

    Parameters
    ----------
    n_components : int, 1 to 50
    settings : seed, prior_weight and capacity of every learner, see `Learner`

    Attributes
    ----------
    steps : list of Step, the stream; a step stays the same object while it is unchanged
    """

    def __init__(self, n_components: int, **settings: Any) -> None:
        self.n_components, self._settings = n_components, settings
        self._prior_weight = self._begun(REFERENCE).prior_weight  # raises for invalid settings
        self._runners: dict[str, _Runner] = {}
        self._points = np.empty(0)
        self._ends: list[int] = []
        self.steps: list[Step] = []

    def follow(self, steps: Sequence[Step]) -> int:
        """Make these the steps; return how many records of each learner stay at most.

        No learner is told anything.
        """
        n_kept = 0
        for known, step in zip(self.steps, steps):
            if not known.equals(step):
                break
            n_kept += 1
        self.steps = [*self.steps[:n_kept], *steps[n_kept:]]
        self._points = np.concatenate([np.empty(0), *(step.points for step in self.steps)])
        self._ends = np.cumsum([step.points.size for step in self.steps]).tolist()
        for runner in self._runners.values():
            runner.cut(n_kept)
        return n_kept

    def n_told(self, name: str) -> int:
        """Return how many records the learner has."""
        return len(self._runners[name].records) if name in self._runners else 0

    def record(self, step: int, name: str, on_step: OnStep = lambda: None) -> Record:
        """Return the learner's record of a step, counted from 0; compute it if it is not there.

        Parameters
        ----------
        on_step : called between the parts of a fit from scratch
            An exception from it ends the work; what was recorded stays.
        """
        runner = self._runners.get(name)
        if runner is None:
            runner = self._runners[name] = _Runner(self._begun(name))
        while len(runner.records) <= step:
            runner.records.append(self._next(name, runner, on_step))
        return runner.records[step]

    def _begun(self, name: str) -> Learner:
        return LEARNERS[name](self.n_components, **self._settings)

    def _next(self, name: str, runner: _Runner, on_step: OnStep) -> Record:
        index = len(runner.records)
        # the reference first: a failure of the measurement must not leave a learner ahead
        reference = None if name == REFERENCE else self.record(index, REFERENCE, on_step).mixture
        time_s = self._told(name, runner, index, on_step)
        mixture, so_far = runner.learner.mixture, self._points[: self._ends[index]]
        truth = self.steps[index].truth
        return Record(
            learner=name,
            n_points=so_far.size,
            mixture=mixture,
            objective=_objective(mixture, so_far, self._prior_weight),
            mean_nll=-mixture.mean_log_likelihood(so_far),
            tv_to_scratch=0.0 if reference is None else total_variation(mixture, reference),
            tv_to_truth=None if truth is None else total_variation(mixture, truth),
            time_s=time_s,
            n_touched=runner.learner.n_touched,
            held_out_nll=None if truth is None else -mixture.mean_log_likelihood(_held_out(truth)),
        )

    def _told(self, name: str, runner: _Runner, index: int, on_step: OnStep) -> float:
        """Tell the learner the step; a learner that has seen other points begins from a copy."""
        if runner.n_told != index:
            told = max((n for n in runner.copies if n <= index), default=0)
            known = runner.copies.get(told)
            runner.learner = self._begun(name) if known is None else copy.deepcopy(known)
            runner.n_told = told
            for step in self.steps[told:index]:
                runner.tell(step.points, on_step)
        return runner.tell(self.steps[index].points, on_step)


def _objective(mixture: Mixture, points: Array, prior_weight: float) -> float:
    if np.ptp(points) <= MIN_SPREAD:
        return float("nan")
    objective = objective_of(points, mixture.n_components, prior_weight)
    return objective.of_mixture(mixture)


@lru_cache(maxsize=64)
def _held_out(truth: Mixture) -> Array:
    rng = np.random.default_rng(N_HELD_OUT)
    kinds = rng.choice(truth.n_components, N_HELD_OUT, p=truth.weights / truth.weights.sum())
    return rng.normal(truth.means[kinds], truth.stds[kinds])


def ends_of(sizes: Iterable[int]) -> Indices:
    """Return where the steps of a stream end, in points; `sizes` are those of its increments.

    Each increment is a step. When there are more than MAX_STEPS, the points so far are divided
    anew. So one more increment adds one step, except now and then.

    Examples
    --------
    >>> ends_of([2, 1, 5]).tolist()
    [2, 3, 8]
    """
    ends: list[int] = []
    n_points = 0
    for size in sizes:
        n_points += size
        ends.append(n_points)
        if len(ends) > MAX_STEPS:
            spaced = np.geomspace(1.0, n_points, N_DIVIDED).round().astype(np.int64)
            ends = np.unique(spaced).tolist()
    return np.array(ends, dtype=np.int64)


def divided(increments: Sequence[Step]) -> list[Step]:
    """Return the steps of a stream; see `ends_of`. A step has the truth of its last point."""
    if len(increments) <= MAX_STEPS:
        return list(increments)
    sizes = [each.points.size for each in increments]
    ends = ends_of(sizes)
    parts = np.split(np.concatenate([each.points for each in increments]), ends[:-1])
    last = np.searchsorted(np.cumsum(sizes), ends)
    return [Step(part, increments[index].truth) for part, index in zip(parts, last)]
