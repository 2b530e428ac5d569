"""The choice between nearly equal optima, and which updates start a search."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from dash_app.learning import OnlineGaussianMixture, fit_from_scratch, search, tracking, tuning
from dash_app.learning.objective import Objective
from dash_app.learning.summary import WeightedSummary
from testbed.streams import random_mixture

#: Two optima that are mirror images: the middle clump joins the left or the right clump.
SIDE = np.random.default_rng(2).normal(1.0, 0.05, 14)
MIDDLE = np.random.default_rng(3).normal(0.0, 0.05, 5)
CLUMPS = np.concatenate([SIDE, -SIDE, MIDDLE, -MIDDLE])
#: After each point the other optimum is better, by about 1e-5 nats per point.
SWAYING = [1e-4, *(2e-4 * (-1) ** index for index in range(1, 12))]


def single_side(learner: OnlineGaussianMixture) -> float:
    """The side whose clump has its own narrow component."""
    mixture = learner.mixture
    return float(np.sign(mixture.means[mixture.variances.argmin()]))


def sides(points: list[float]) -> list[float]:
    learner = OnlineGaussianMixture(2).partial_fit(CLUMPS)
    return [single_side(learner.partial_fit([x])) for x in points]


def test_incumbent_stays_when_two_optima_are_nearly_tied() -> None:
    assert len(set(sides(SWAYING))) == 1


def test_incumbent_alternates_without_the_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "SWITCH_NATS", 0.0)
    assert len(set(sides(SWAYING))) == 2


def test_clearly_better_optimum_becomes_the_incumbent() -> None:
    before = sides([0.0])[0]
    points = (before * np.random.default_rng(4).normal(-1.0, 0.05, 10)).tolist()
    assert sides(points)[-1] == -before
    learner = OnlineGaussianMixture(2).partial_fit(CLUMPS)
    for x in points:
        learner.partial_fit([x])
    best = fit_from_scratch(np.concatenate([CLUMPS, points]), 2).objective
    assert learner.objective >= best - tuning.SWITCH_NATS


def test_incumbent_is_the_same_at_each_run() -> None:
    assert sides(SWAYING) == sides(SWAYING)


class Tracker:
    """The state of `tracking.update` along a stream."""

    def __init__(self, points: np.ndarray, n_components: int) -> None:
        self.n_components = n_components
        self.summary = WeightedSummary(1024).with_points(points)
        self.state = tracking.search_anew(self.objective(), self.summary)

    def objective(self) -> Objective:
        return Objective.of_summary(self.summary, self.n_components, 1.0)

    def add(self, points: ArrayLike) -> tracking.TrackingState:
        increment = np.array(points, dtype=np.float64)
        self.summary = self.summary.with_points(increment)
        self.state = tracking.update(self.state, self.objective(), self.summary, increment)
        return self.state


def test_the_usual_update_does_not_look() -> None:
    rng = np.random.default_rng(4)
    tracker = Tracker(rng.normal(0.0, 0.1, 2_000), 3)
    misfits = [tracker.add([x]).misfit_nats for x in rng.normal(0.0, 0.1, 100)]
    assert 1 <= misfits.count(0.0) <= 50  # a look sets it to 0


def test_surprising_point_starts_a_look() -> None:
    tracker = Tracker(np.random.default_rng(4).normal(0.0, 0.1, 2_000), 2)
    assert tracker.add([0.0]).misfit_nats > 0.0
    assert tracker.add([3.0]).misfit_nats == 0.0


def test_only_an_unfamiliar_small_batch_starts_a_look() -> None:
    rng = np.random.default_rng(5)
    tracker = Tracker(rng.normal(size=200_000), 2)
    assert tracker.add(rng.normal(size=200)).misfit_nats > 0.0
    assert tracker.add(rng.normal(4.0, 0.1, size=1_000)).misfit_nats == 0.0


def test_a_large_batch_starts_a_search_from_an_empty_archive() -> None:
    rng = np.random.default_rng(5)
    tracker = Tracker(rng.normal(size=1_000), 2)
    assert tracker.add(rng.normal(size=100)).n_new == 100
    assert tracker.add(rng.normal(size=200)).n_new == 0


def test_growth_of_the_data_starts_a_search_from_an_empty_archive() -> None:
    rng = np.random.default_rng(5)
    tracker = Tracker(rng.normal(size=1_000), 2)
    n_new = [tracker.add(x).n_new for x in np.split(rng.normal(size=1_200), 24)]
    assert n_new.index(0) == 20  # after 1,050 new points of 2,050


def test_looks_start_from_the_optima_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    points, _ = random_mixture(np.random.default_rng(3), 124, 8)
    tracker = Tracker(points[:120], 8)
    homes = _spied_homes(monkeypatch)
    for x in points[120:]:
        tracker.add([x])
    assert homes == [0, 1, 2, 3]
    assert tracker.state.turn == 4


@pytest.mark.parametrize(
    ("n_components", "n_points", "n_looks"), [(6, 1, 1), (6, 2, 3), (6, 8, 7), (2, 8, 1)]
)
def test_an_increment_of_more_points_takes_more_looks_in_vain(
    monkeypatch: pytest.MonkeyPatch, n_components: int, n_points: int, n_looks: int
) -> None:
    clump = np.linspace(-0.1, 0.1, 50)
    tracker = Tracker(np.concatenate([clump + mean for mean in range(n_components)]), n_components)
    homes = _spied_homes(monkeypatch)
    tracker.add(np.full(n_points, n_components - 0.9))
    assert len(homes) == n_looks


def _spied_homes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the list of the optima from which looks start, as they come."""
    homes: list[int] = []

    def spied(*arguments: Any, home: int, **options: Any) -> Any:
        homes.append(home)
        return search.step(*arguments, home=home, **options)

    monkeypatch.setattr(tracking, "step", spied)
    return homes


def test_margin_shrinks_as_the_noise_of_the_objective() -> None:
    assert tracking.switch_margin(1.0) == tracking.switch_margin(1_000.0) == tuning.SWITCH_NATS
    assert tracking.switch_margin(1e7) == pytest.approx(tuning.SWITCH_NATS / 100)
