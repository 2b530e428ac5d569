"""Challengers of the incumbent, and the second search."""

from __future__ import annotations

import numpy as np
import pytest

from dash_app.learning import OnlineGaussianMixture, fit_from_scratch
from dash_app.learning.challengers import (
    Archive,
    DataLevels,
    challengers_of,
    near_incumbent,
    random_restarts,
    select,
)
from dash_app.learning.moves import propose_moves
from dash_app.learning.newton import polish
from dash_app.learning.objective import Candidates, Objective
from dash_app.learning.summary import WeightedSummary
from testbed.streams import random_streams

MODES = (-3.0, -2.0, 2.0, 3.0)


@pytest.fixture
def points() -> np.ndarray:
    rng = np.random.default_rng(3)
    return np.concatenate([rng.normal(m, 0.05, 40) for m in MODES])


@pytest.fixture
def levels(points: np.ndarray) -> DataLevels:
    summary = WeightedSummary(1024).with_points(points)
    return DataLevels.of(Objective.of_summary(summary, 4, 1.0), summary)


def at(levels: DataLevels, means: tuple[float, ...]) -> Candidates:
    positions = (np.array([means]) - levels.fine.location) / levels.fine.scale
    return Candidates(np.full((1, 4), 0.25), positions, np.full((1, 4), 1e-3))


def trapped(levels: DataLevels) -> Candidates:
    """A local optimum: three components share one mode, and one covers three modes."""
    start = at(levels, (-3.05, -3.0, -2.95, 1.0))
    return polish(levels.fine, start, max_steps=50).candidates


@pytest.mark.parametrize("crossing", [False, True])
def test_challengers_of_a_local_optimum_include_the_global_optimum(
    levels: DataLevels, points: np.ndarray, crossing: bool
) -> None:
    incumbent = trapped(levels)
    best = fit_from_scratch(points, 4).objective
    assert levels.fine.in_data_units(float(levels.fine.value(incumbent)[0])) < best - 0.1
    archive = Archive(incumbent, incumbent[:0], Archive.none(4).orders)
    challengers, orders = challengers_of(levels, archive, np.empty(0), crossing=crossing)
    near_by = near_incumbent(levels.fine, incumbent, challengers)
    polished = select(levels, Candidates.joined(incumbent, near_by))
    found = levels.fine.in_data_units(float(polished.values.max()))
    assert found == pytest.approx(best, abs=1e-6)
    assert orders.fewer.means.shape[1] == 3
    assert orders.more.means.shape[1] == 5
    assert (len(orders.more) > 0) == crossing


def test_challengers_are_mixtures_and_the_first_raise_the_objective(levels: DataLevels) -> None:
    incumbent = trapped(levels)
    found = propose_moves(
        levels.coarse,
        incumbent,
        np.empty(0),
        Archive.none(4).orders,
        n_births=40,
        n_crossovers=12,
    )
    for moves in (found.splits[:8], found.splits[8:], found.crossovers, found.births):
        assert moves.means.shape[1] == 4
        assert len(moves)
        np.testing.assert_allclose(moves.weights.sum(axis=1), 1.0)
        assert (moves.variances >= levels.coarse.variance_floor).all()
    for moves in (found.splits[:8], found.splits[8:]):
        assert (np.diff(levels.coarse.value(moves)) <= 1e-12).all()
    for moves in (found.splits, found.crossovers):
        risen = polish(levels.coarse, moves[:1], max_steps=20).values[0]
        assert risen > levels.coarse.value(incumbent)[0] + 0.1


def test_challengers_are_sorted_and_exclude_the_incumbent(levels: DataLevels) -> None:
    incumbent = trapped(levels)
    archive = Archive(incumbent, incumbent[:0], Archive.none(4).orders)
    challengers, _ = challengers_of(levels, archive, np.empty(0), crossing=False)
    assert len(challengers) > 1
    assert (np.diff(challengers.predicted) <= 0).all()
    assert len(challengers.outside_basins_of(incumbent)) == len(challengers)


def test_challengers_far_below_the_incumbent_are_not_refined(levels: DataLevels) -> None:
    best = polish(levels.fine, at(levels, MODES), max_steps=50).candidates
    challengers = random_restarts(levels, np.random.default_rng(0))
    near_by = near_incumbent(levels.fine, best, challengers)
    value = float(levels.fine.value(best)[0])
    assert len(near_by) < len(challengers)
    assert (levels.fine.value(near_by) > value - 0.02).all()


def test_selection_on_a_coarse_copy_refines_the_best_on_the_whole_summary() -> None:
    rng = np.random.default_rng(4)
    points = np.concatenate([rng.normal(m, 0.05, 200) for m in MODES])
    summary = WeightedSummary(1024).with_points(points)
    levels = DataLevels.of(Objective.of_summary(summary, 4, 1.0), summary)
    assert levels.coarse.positions.size < levels.fine.positions.size
    incumbent, other = trapped(levels), at(levels, MODES)
    best = float(polish(levels.fine, other, max_steps=50).values[0])
    won = select(levels, Candidates.joined(incumbent, other))
    assert won.values[1] == pytest.approx(best, abs=1e-9)
    assert won.values[0] == pytest.approx(float(levels.fine.value(incumbent)[0]), abs=1e-6)
    # the worse one is refined on the copy only
    kept = select(levels, Candidates.joined(other, incumbent))
    assert kept.values[0] == pytest.approx(best, abs=1e-9)
    assert kept.values[1] < best - 0.1


def test_archive_converts_to_data_units_and_back(levels: DataLevels) -> None:
    incumbent = at(levels, MODES)
    there = Archive(incumbent, incumbent, Archive.none(4).orders).in_data_scale(levels.fine)
    np.testing.assert_allclose(there.incumbent.means[0], MODES)
    back = there.standardised(levels.fine)
    np.testing.assert_allclose(back.challengers.means, incumbent.means)
    np.testing.assert_allclose(back.challengers.variances, incumbent.variances)


def test_second_search_starts_continues_and_restarts() -> None:
    stream = list(random_streams(36))[34]
    learner = OnlineGaussianMixture(stream.n_components)
    under_way = []
    for x in stream.points[:100]:
        learner.partial_fit([x])
        under_way.append(len(learner.state().get("second_incumbent", ())) == 1)
    changes = np.diff(np.array(under_way, dtype=int))
    assert (changes == 1).sum() >= 2
    assert (changes == -1).sum() >= 1
