"""The search: one look, the choice between optima, and a search from an empty archive."""

from __future__ import annotations

import numpy as np
import pytest

from dash_app.learning import fit_from_scratch, tuning
from dash_app.learning.archive import Archive, DataLevels, breadth, look_numbers, select
from dash_app.learning.compiled.basins import outside_basins
from dash_app.learning.newton import polish
from dash_app.learning.objective import Candidates, Objective, sorted_by_mean
from dash_app.learning.search import search, step
from dash_app.learning.summary import WeightedSummary
from testbed.streams import named_streams, random_mixture

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
    return sorted_by_mean(polish(levels.fine, start, max_steps=50).candidates)


def test_a_look_from_a_local_optimum_finds_the_global_optimum(
    levels: DataLevels, points: np.ndarray
) -> None:
    incumbent = trapped(levels)
    best = fit_from_scratch(points, 4).objective
    assert levels.fine.in_data_units(float(levels.fine.value(incumbent)[0])) < best - 0.1
    found, replaced = step(Archive(incumbent, 0.0), levels)
    assert replaced
    assert levels.fine.in_data_units(found.value) == pytest.approx(best, abs=1e-6)
    assert found.value == pytest.approx(float(levels.fine.value(found.incumbent)[0]), abs=1e-9)


def test_a_look_from_the_global_optimum_keeps_it(levels: DataLevels) -> None:
    best = polish(levels.fine, at(levels, MODES), max_steps=50).candidates
    found, replaced = step(Archive(best, 0.0), levels)
    assert not replaced
    np.testing.assert_allclose(found.incumbent.means, best.means, atol=1e-6)


@pytest.mark.parametrize(
    ("n_components", "n_points", "place"),
    [(5, 301, 0), (6, 300, 0), (6, 301, 1), (16, 301, 1), (17, 301, 0)],
)
def test_looks_are_broad_with_many_points_and_components(
    n_components: int, n_points: int, place: int
) -> None:
    summary = WeightedSummary(1024).with_points(np.arange(float(n_points)))
    objective = Objective.of_summary(summary, n_components, 1.0)
    assert breadth(objective) == place
    numbers = look_numbers(objective)
    assert numbers.n_births == tuning.N_BIRTHS[place]
    assert numbers.n_first_cycles == tuning.N_FIRST_CYCLES[place]


def test_broad_looks_find_an_optimum_that_narrow_ones_miss(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    points, _ = random_mixture(np.random.default_rng([104, 1, 7]), 1_500, 9)
    broad = fit_from_scratch(points[:396], 9).objective
    monkeypatch.setattr(tuning, "BROAD_MASS", np.inf)
    assert broad > fit_from_scratch(points[:396], 9).objective + 0.002


def test_archive_holds_distinct_mixtures(levels: DataLevels) -> None:
    found, _ = step(Archive(trapped(levels), 0.0), levels)
    assert 1 < len(found.optima) <= tuning.N_OPTIMA
    np.testing.assert_allclose(found.optima.weights.sum(axis=1), 1.0)
    assert (found.optima.variances >= levels.fine.variance_floor).all()
    assert outside_basins(found.optima[1:].batch, found.incumbent.batch).all()


def test_a_look_tries_one_of_each_basin_and_none_of_an_earlier_look(levels: DataLevels) -> None:
    first, _ = step(Archive(trapped(levels), 0.0), levels)
    assert first.tried is not None
    n_first = len(first.tried)
    assert n_first > 20
    second, _ = step(first, levels)
    assert second.tried is not None
    assert len(second.tried) > n_first
    for at in range(1, len(second.tried)):
        earlier, one = second.tried[:at], second.tried[at : at + 1]
        assert outside_basins(one.batch, earlier.batch).all()


def test_another_optimum_replaces_the_first_only_by_more_than_the_margin(
    levels: DataLevels,
) -> None:
    worse, better = trapped(levels), at(levels, MODES)
    both = Candidates.joined(worse, better)
    gain = select(levels.fine, both, 0.0)[0].value - float(levels.fine.value(worse)[0])
    assert gain > 0.1
    assert select(levels.fine, both, 0.9 * gain)[1]
    kept, replaced = select(levels.fine, both, 1.1 * gain)
    assert not replaced
    np.testing.assert_allclose(kept.incumbent.means, worse.means, atol=1e-6)


def test_close_mixture_with_a_larger_objective_is_another_optimum() -> None:
    # one point of the right clump is nearer the middle: its component is placed in two ways
    stream = next(s for s in named_streams(60) if s.name == "five modes")
    summary = WeightedSummary(1024).with_points(stream.points)
    objective = Objective.of_summary(summary, 5, 1.0)
    worse = Candidates(
        np.array([[0.147, 0.388, 0.111, 0.205, 0.15]]),
        np.array([[-1.378, -0.606, 0.222, 0.809, 1.645]]),
        np.array([[0.062, 0.253, 0.082, 0.153, 0.1]]) ** 2,
    )
    better = Candidates(
        np.array([[0.147, 0.388, 0.099, 0.217, 0.15]]),
        np.array([[-1.378, -0.606, 0.200, 0.787, 1.645]]),
        np.array([[0.062, 0.253, 0.060, 0.174, 0.1]]) ** 2,
    )
    assert not outside_basins(better.batch, worse.batch).any()
    worse = polish(objective, worse, max_steps=50).candidates
    found, replaced = step(Archive(worse, 0.0), DataLevels.of(objective, summary))
    assert replaced
    assert found.value == pytest.approx(
        float(polish(objective, better, max_steps=50).values[0]), abs=1e-8
    )


def test_a_look_on_a_coarse_copy_refines_the_best_on_the_whole_summary() -> None:
    rng = np.random.default_rng(4)
    points = np.concatenate([rng.normal(m, 0.05, 200) for m in MODES])
    summary = WeightedSummary(1024).with_points(points)
    levels = DataLevels.of(Objective.of_summary(summary, 4, 1.0), summary)
    assert levels.coarse.positions.size < levels.fine.positions.size
    best = polish(levels.fine, at(levels, MODES), max_steps=50)
    won, replaced = step(Archive(trapped(levels), 0.0), levels)
    assert replaced
    assert won.value == pytest.approx(float(best.values[0]), abs=1e-7)
    kept, replaced = step(Archive(best.candidates, 0.0), levels)
    assert not replaced
    assert kept.value == pytest.approx(float(best.values[0]), abs=1e-9)


def test_search_ends_at_an_exception_and_after_the_largest_number_of_looks(
    levels: DataLevels,
) -> None:
    n_looks = 0

    def count() -> None:
        nonlocal n_looks
        n_looks += 1
        if n_looks == 3:
            raise InterruptedError

    search(levels, max_looks=1, between=count)
    assert n_looks == 2  # before the look, and before the last refinement
    with pytest.raises(InterruptedError):
        search(levels, between=count)
