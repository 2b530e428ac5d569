"""Which optimum is shown while two are nearly as good as one another, and whose turn a look is."""

from __future__ import annotations

import numpy as np
import pytest

from dash_app.learning import OnlineGaussianMixture, fit_from_scratch, tracking

#: Mirror images: two components can unite the clump in the middle with the left or the right one.
SIDE = np.random.default_rng(2).normal(1.0, 0.05, 14)
MIDDLE = np.random.default_rng(3).normal(0.0, 0.05, 5)
CLUMPS = np.concatenate([SIDE, -SIDE, MIDDLE, -MIDDLE])
#: After each point the other of the two is better, by some 1e-5 nats a point.
SWAYING = [1e-4, *(2e-4 * (-1) ** index for index in range(1, 12))]


def single_side(learner: OnlineGaussianMixture) -> float:
    """The side whose clump has the narrow component to itself."""
    mixture = learner.mixture
    return float(np.sign(mixture.means[mixture.variances.argmin()]))


def sides(points: list[float]) -> list[float]:
    learner = OnlineGaussianMixture(2).partial_fit(CLUMPS)
    return [single_side(learner.partial_fit([x])) for x in points]


def test_of_two_optima_that_are_nearly_tied_the_one_shown_stays() -> None:
    assert len(set(sides(SWAYING))) == 1


def test_without_the_margin_it_would_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "HYSTERESIS_NATS", 0.0)
    assert len(set(sides(SWAYING))) == 2


def test_an_optimum_that_is_better_by_more_is_shown() -> None:
    before = sides([0.0])[0]
    points = (before * np.random.default_rng(4).normal(-1.0, 0.05, 10)).tolist()
    assert sides(points)[-1] == -before
    learner = OnlineGaussianMixture(2).partial_fit(CLUMPS)
    for x in points:
        learner.partial_fit([x])
    best = fit_from_scratch(np.concatenate([CLUMPS, points]), 2).objective
    assert learner.objective >= best - tracking.HYSTERESIS_NATS


def test_what_is_shown_is_the_same_each_time() -> None:
    assert sides(SWAYING) == sides(SWAYING)


def test_the_second_search_waits_where_the_newest_point_is_a_surprise() -> None:
    learner = OnlineGaussianMixture(2).partial_fit(CLUMPS)
    while learner.state()["n_searches"] % 4 != 3:  # the next look is the second search's
        learner.partial_fit([0.0])
    before = learner.state()
    learner.partial_fit([4.0])
    surprised = learner.state()
    assert surprised["n_searches"] == before["n_searches"]
    np.testing.assert_array_equal(surprised["second_incumbent"], before["second_incumbent"])
    learner.partial_fit([0.0])
    assert learner.state()["n_searches"] == before["n_searches"] + 1


def test_the_second_search_waits_where_an_alternative_has_overtaken() -> None:
    learner = OnlineGaussianMixture(2).partial_fit(CLUMPS)
    while learner.state()["n_searches"] % 4 != 3:
        learner.partial_fit([0.0])
    state = learner.state()
    worse = state["challengers"][:1].copy()
    state["challengers"] = state["mixture"].copy()
    state["mixture"] = worse
    held = OnlineGaussianMixture.from_state(state)
    held.partial_fit([0.0])
    assert held.state()["n_searches"] == state["n_searches"]
    learner.partial_fit([0.0])
    assert held.objective == pytest.approx(learner.objective, abs=1e-9)


@pytest.mark.parametrize(
    ("n_components", "at_each"), [(5, False), (6, True), (16, True), (17, False)]
)
def test_many_components_are_looked_at_with_every_point(n_components: int, at_each: bool) -> None:
    points = np.random.default_rng(8).normal(np.repeat([-2.0, 0.0, 3.0], 40), 0.3)
    learner = OnlineGaussianMixture(n_components).partial_fit(points)
    rested = [
        learner.partial_fit([x]).state()["n_since_search"]
        for x in np.linspace(-0.2, 0.2, 6).tolist()
    ]
    assert (max(rested) == 0) == at_each
