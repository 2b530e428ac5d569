"""The timeline: a record a learner after each increment, measured against the fit from scratch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from dash_app.errors import EmptyDataError, NonFiniteError, OutOfRangeError
from dash_app.learning import Mixture, compare, fit_from_scratch, timeline
from dash_app.learning.race import ends_of
from tests.learning.test_objective import j_by_definition

INCREMENTS = [[-1.0, -0.8], [0.9], [1.1, -1.2, 1.0], [0.2]]


def test_each_record_is_measured_on_the_points_so_far() -> None:
    truth = Mixture(np.array([0.5, 0.5]), np.array([-1.0, 1.0]), np.array([0.1, 0.1]))
    records = list(timeline(INCREMENTS, ("stepwise_em", "scratch"), 2, seed=1, truth=truth))
    assert [each.learner for each in records] == ["stepwise_em", "scratch"] * 4
    for index, record in enumerate(records):
        points = np.concatenate(INCREMENTS[: index // 2 + 1])
        best = fit_from_scratch(points, 2).mixture
        assert record.n_points == points.size
        assert record.tv_to_scratch == compare(record.mixture, best).total_variation
        assert record.tv_to_truth == compare(record.mixture, truth).total_variation
        assert_allclose(record.mean_nll, -record.mixture.mean_log_likelihood(points))
        assert_allclose(record.objective, j_by_definition(points, record.mixture, 1.0))
        assert record.time_s > 0
    assert [each.n_touched for each in records[1::2]] == [2, 5, 11, 18]
    assert all(
        each.mixture == fit_from_scratch(np.concatenate(INCREMENTS[:n]), 2).mixture
        for n, each in enumerate(records[1::2], start=1)
    )


def test_it_is_the_same_each_time_but_for_the_times() -> None:
    first, second = (
        [replace(each, time_s=0.0) for each in timeline(INCREMENTS, n_components=2)]
        for _ in range(2)
    )
    assert first == second


def test_the_first_record_comes_before_the_last_increment_is_learned() -> None:
    records = timeline([[0.0], [1.0], np.zeros(10)], ["stepwise_em"], 1)
    assert next(records).n_points == 1


def test_without_scratch_among_the_learners_the_distance_is_still_to_it() -> None:
    alone = list(timeline(INCREMENTS, ["warm_em"], 2))
    beside = list(timeline(INCREMENTS, ["scratch", "warm_em"], 2))
    assert [each.tv_to_scratch for each in alone] == [each.tv_to_scratch for each in beside[1::2]]


def test_equal_points_have_no_objective() -> None:
    (record,) = timeline([[0.5, 0.5]], ["scratch"], 2)
    assert np.isnan(record.objective)
    assert record.tv_to_scratch == 0.0


def test_a_long_stream_is_divided() -> None:
    points = np.random.default_rng(0).normal(size=300)
    sizes = [each.n_points for each in timeline(points[:, None], ["stepwise_em"], 1)]
    assert sizes == ends_of([1] * 300).tolist()


@pytest.mark.parametrize(
    ("increments", "learners", "error"),
    [
        ([], ["scratch"], EmptyDataError),
        ([[0.0], [float("inf")]], ["scratch"], NonFiniteError),
        ([[0.0]], ["nobody"], OutOfRangeError),
        ([[0.0]], [], OutOfRangeError),
    ],
)
def test_invalid_arguments_are_refused_before_anything_is_learned(
    increments: list[list[float]], learners: list[str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        timeline(increments, learners)
