"""The choice between nearly equal optima, and which updates start a search."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import ArrayLike

from dash_app.learning import Mixture, OnlineGaussianMixture, fit_from_scratch, tracking
from dash_app.learning.objective import Candidates, Objective
from dash_app.learning.summary import WeightedSummary

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


def test_incumbent_alternates_without_the_hysteresis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "HYSTERESIS_NATS", 0.0)
    assert len(set(sides(SWAYING))) == 2


def test_clearly_better_optimum_becomes_the_incumbent() -> None:
    before = sides([0.0])[0]
    points = (before * np.random.default_rng(4).normal(-1.0, 0.05, 10)).tolist()
    assert sides(points)[-1] == -before
    learner = OnlineGaussianMixture(2).partial_fit(CLUMPS)
    for x in points:
        learner.partial_fit([x])
    best = fit_from_scratch(np.concatenate([CLUMPS, points]), 2).objective
    assert learner.objective >= best - tracking.HYSTERESIS_NATS


def test_incumbent_is_the_same_at_each_run() -> None:
    assert sides(SWAYING) == sides(SWAYING)


class Tracker:
    """The state of `tracking.update` along a stream."""

    def __init__(self, points: np.ndarray, n_components: int) -> None:
        self.n_components = n_components
        self.summary = WeightedSummary(1024).with_points(points)
        self.state = tracking.search_anew(self.objective(), self.summary, seed=0)

    def objective(self) -> Objective:
        return Objective.of_summary(self.summary, self.n_components, 1.0)

    def add(self, points: ArrayLike) -> tracking.TrackingState:
        increment = np.array(points, dtype=np.float64)
        self.summary = self.summary.with_points(increment)
        self.state = tracking.update(self.state, self.objective(), self.summary, increment, seed=0)
        return self.state

    def add_until_the_second_search_is_next(self) -> tracking.TrackingState:
        while self.state.n_searches % 4 != 3:
            self.add([0.0])
        return self.state


def test_the_usual_update_does_not_search(eruptions: np.ndarray) -> None:
    tracker = Tracker(eruptions[:100], 3)
    n_searches = [tracker.add([x]).n_searches for x in eruptions[100:200]]
    assert 5 <= n_searches[-1] <= 40


def test_surprising_point_starts_one_search() -> None:
    tracker = Tracker(np.random.default_rng(4).normal(0.0, 0.1, 200), 2)
    before = tracker.add([0.0]).n_searches
    assert tracker.add([3.0]).n_searches == before + 1


def test_only_an_unfamiliar_batch_starts_a_search() -> None:
    rng = np.random.default_rng(5)
    tracker = Tracker(rng.normal(size=200_000), 2)
    assert tracker.add(rng.normal(size=10_000)).n_searches == 0
    assert tracker.add(rng.normal(4.0, 0.1, size=1_000)).n_searches == 1


def test_second_search_waits_if_the_newest_point_is_surprising() -> None:
    tracker = Tracker(CLUMPS, 2)
    before = tracker.add_until_the_second_search_is_next()
    surprised = tracker.add([4.0])
    assert surprised.n_searches == before.n_searches
    expected, kept = before.second_search.incumbent, surprised.second_search.incumbent
    np.testing.assert_array_equal(kept.means, expected.means)
    assert tracker.add([0.0]).n_searches == before.n_searches + 1


def test_second_search_waits_if_a_challenger_is_better() -> None:
    tracker = Tracker(CLUMPS, 2)
    before = tracker.add_until_the_second_search_is_next()
    expected = tracker.add([0.0]).incumbent.objective
    other = Tracker(CLUMPS, 2)
    other.add_until_the_second_search_is_next()
    best, worse = other.state.incumbent.mixture, other.state.challengers[:1]
    swapped = Mixture(worse.weights[0], worse.means[0], worse.variances[0])
    other.state = replace(
        other.state,
        incumbent=replace(other.state.incumbent, mixture=swapped),
        challengers=Candidates(best.weights[None], best.means[None], best.variances[None]),
    )
    after = other.add([0.0])
    assert after.n_searches == before.n_searches
    assert after.incumbent.objective == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("n_components", "at_each"), [(5, False), (6, True), (16, True), (17, False)]
)
def test_every_point_starts_a_search_with_six_to_sixteen_components(
    n_components: int, at_each: bool
) -> None:
    points = np.random.default_rng(8).normal(np.repeat([-2.0, 0.0, 3.0], 40), 0.3)
    tracker = Tracker(points, n_components)
    rested = [tracker.add([x]).n_since_search for x in np.linspace(-0.2, 0.2, 6).tolist()]
    assert (max(rested) == 0) == at_each
