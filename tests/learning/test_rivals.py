"""Rivals of a mixture, and the second search."""

from __future__ import annotations

import numpy as np
import pytest

from dash_app.learning import OnlineGaussianMixture, fit_from_scratch
from dash_app.learning.escapes import escapes
from dash_app.learning.newton import polish
from dash_app.learning.objective import Candidates, Objective
from dash_app.learning.rivals import Family, Ground, contest, landed, rivals_of, within_reach
from dash_app.learning.summary import WeightedSummary
from testbed.streams import random_streams

MODES = (-3.0, -2.0, 2.0, 3.0)


@pytest.fixture
def points() -> np.ndarray:
    rng = np.random.default_rng(3)
    return np.concatenate([rng.normal(m, 0.05, 40) for m in MODES])


@pytest.fixture
def ground(points: np.ndarray) -> Ground:
    summary = WeightedSummary(1024).with_points(points)
    return Ground.of(Objective.of_summary(summary, 4, 1.0), summary)


def at(ground: Ground, means: tuple[float, ...]) -> Candidates:
    positions = (np.array([means]) - ground.whole.location) / ground.whole.scale
    return Candidates(np.full((1, 4), 0.25), positions, np.full((1, 4), 1e-3))


def trapped(ground: Ground) -> Candidates:
    """A local optimum: three components share one mode, one stands for three modes."""
    start = at(ground, (-3.05, -3.0, -2.95, 1.0))
    return polish(ground.whole, start, max_steps=50).candidates


@pytest.mark.parametrize("exchanging", [False, True])
def test_a_trapped_mixture_has_a_rival_at_the_optimum(
    ground: Ground, points: np.ndarray, exchanging: bool
) -> None:
    home = trapped(ground)
    best = fit_from_scratch(points, 4).objective
    assert ground.whole.in_data_units(float(ground.whole.value(home)[0])) < best - 0.1
    family = Family(home, home[:0], Family.none(4).stock)
    rivals, stock = rivals_of(ground, family, np.empty(0), exchanging=exchanging)
    near_by = within_reach(ground.whole, home, rivals)
    polished = contest(ground, Candidates.joined(home, near_by))
    found = ground.whole.in_data_units(float(polished.values.max()))
    assert found == pytest.approx(best, abs=1e-6)
    assert stock.reserves.means.shape[1] == 3
    assert stock.surpluses.means.shape[1] == 5
    assert (len(stock.surpluses) > 0) == exchanging


def test_escapes_are_mixtures_and_the_first_lead_upwards(ground: Ground) -> None:
    home = trapped(ground)
    found = escapes(
        ground.coarse,
        home,
        np.empty(0),
        Family.none(4).stock,
        n_insertions=40,
        n_exchanges=12,
    )
    for moves in (found.splits[:8], found.splits[8:], found.exchanges, found.insertions):
        assert moves.means.shape[1] == 4
        assert len(moves)
        np.testing.assert_allclose(moves.weights.sum(axis=1), 1.0)
        assert (moves.variances >= ground.coarse.variance_floor).all()
    for moves in (found.splits[:8], found.splits[8:]):
        assert (np.diff(ground.coarse.value(moves)) <= 1e-12).all()
    for moves in (found.splits, found.exchanges):
        risen = polish(ground.coarse, moves[:1], max_steps=20).values[0]
        assert risen > ground.coarse.value(home)[0] + 0.1


def test_rivals_come_most_promising_first_and_are_not_the_home(ground: Ground) -> None:
    home = trapped(ground)
    family = Family(home, home[:0], Family.none(4).stock)
    rivals, _ = rivals_of(ground, family, np.empty(0), exchanging=False)
    assert len(rivals) > 1
    assert (np.diff(rivals.prospects) <= 0).all()
    assert len(rivals.apart_from(home)) == len(rivals)


def test_out_of_reach_is_not_polished(ground: Ground) -> None:
    best = polish(ground.whole, at(ground, MODES), max_steps=50).candidates
    rivals = landed(ground, np.random.default_rng(0))
    near_by = within_reach(ground.whole, best, rivals)
    value = float(ground.whole.value(best)[0])
    assert len(near_by) < len(rivals)
    assert (ground.whole.value(near_by) > value - 0.02).all()


def test_a_contest_by_way_of_the_coarse_copy_ends_on_the_whole() -> None:
    rng = np.random.default_rng(4)
    points = np.concatenate([rng.normal(m, 0.05, 200) for m in MODES])
    summary = WeightedSummary(1024).with_points(points)
    ground = Ground.of(Objective.of_summary(summary, 4, 1.0), summary)
    assert ground.coarse.positions.size < ground.whole.positions.size
    home, other = trapped(ground), at(ground, MODES)
    best = float(polish(ground.whole, other, max_steps=50).values[0])
    won = contest(ground, Candidates.joined(home, other))
    assert won.values[1] == pytest.approx(best, abs=1e-9)
    assert won.values[0] == pytest.approx(float(ground.whole.value(home)[0]), abs=1e-6)
    held = contest(ground, Candidates.joined(other, home))  # the loser stays on the copy
    assert held.values[0] == pytest.approx(best, abs=1e-9)
    assert held.values[1] < best - 0.1


def test_a_family_goes_to_data_units_and_back(ground: Ground) -> None:
    home = at(ground, MODES)
    there = Family(home, home, Family.none(4).stock).in_data_scale(ground.whole)
    np.testing.assert_allclose(there.home.means[0], MODES)
    back = there.standardised(ground.whole)
    np.testing.assert_allclose(back.others.means, home.means)
    np.testing.assert_allclose(back.others.variances, home.variances)


def test_the_second_search_lands_goes_on_and_lands_anew() -> None:
    stream = list(random_streams(36))[34]
    learner = OnlineGaussianMixture(stream.n_components)
    under_way = []
    for x in stream.points[:100]:
        learner.partial_fit([x])
        under_way.append(len(learner.state().get("explored_home", ())) == 1)
    changes = np.diff(np.array(under_way, dtype=int))
    assert (changes == 1).sum() >= 2
    assert (changes == -1).sum() >= 1
