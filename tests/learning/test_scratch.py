"""Training from scratch: the global optimum, exact on all points, with correct reports."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from dash_app.errors import DataError, EmptyDataError, NonFiniteError, OutOfRangeError, ShapeError
from dash_app.learning import Mixture, compare, fit_from_scratch
from dash_app.learning.em import em_step
from dash_app.learning.newton import polish
from dash_app.learning.objective import Objective
from dash_app.learning.summary import WeightedSummary
from testbed.starts import random_starts
from tests.learning.test_objective import j_by_definition


@pytest.mark.parametrize("n_components", [1, 2, 3, 5])
def test_objective_is_that_of_the_mixture_returned(clumps: np.ndarray, n_components: int) -> None:
    result = fit_from_scratch(clumps, n_components)
    assert_allclose(result.objective, j_by_definition(clumps, result.mixture, 1.0), rtol=1e-9)
    assert_allclose(result.mean_nll, -result.mixture.mean_log_likelihood(clumps), rtol=1e-9)
    assert_allclose(result.losses[-1], -result.objective, rtol=1e-9)
    assert result.n_iter == len(result.losses)
    assert result.converged


def test_one_component_has_a_closed_form(eruptions: np.ndarray) -> None:
    result = fit_from_scratch(eruptions, 1)
    n, variance = eruptions.size, eruptions.var()
    assert_allclose(result.mixture.means, eruptions.mean(), rtol=1e-9)
    # v = (s2 + n var) / (1 + n) with s2 = var / 4
    assert_allclose(result.mixture.variances, variance * (0.25 + n) / (1 + n), rtol=1e-6)


def test_losses_never_rise_and_are_reported_at_each_step(velocities: np.ndarray) -> None:
    seen: list[tuple[int, float]] = []
    result = fit_from_scratch(velocities, 5, on_iteration=lambda i, loss: seen.append((i, loss)))
    assert (np.diff(result.losses) <= 0).all()
    assert [loss for _, loss in seen] == result.losses.tolist()
    assert [i for i, _ in seen] == list(range(1, result.n_iter + 1))


def test_exception_of_the_callback_ends_the_fit(clumps: np.ndarray) -> None:
    def stop(iteration: int, loss: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_from_scratch(clumps, 3, on_iteration=stop)


def test_few_steps_are_reported_as_not_converged(velocities: np.ndarray) -> None:
    assert fit_from_scratch(velocities, 6, max_iter=1, tol=0.0).converged is False


@pytest.mark.parametrize(
    ("data", "n_components"), [("eruptions", 2), ("eruptions", 3), ("velocities", 3)]
)
def test_plain_likelihood_is_at_least_scikit_learns(
    data: str, n_components: int, request: pytest.FixtureRequest, scikit_learn_mixture: Any
) -> None:
    points = request.getfixturevalue(data)
    reference = scikit_learn_mixture(
        n_components, n_init=10, random_state=0, reg_covar=1e-12, tol=1e-8
    )
    reference.fit(points[:, None])
    result = fit_from_scratch(points, n_components, prior_weight=0.0)
    assert -result.mean_nll >= reference.score(points[:, None]) - 1e-6


def test_two_components_of_eruptions_equal_the_published_fit(eruptions: np.ndarray) -> None:
    # maximum likelihood, as in many textbooks: means 2.02 and 4.27 min, shares 0.35 and 0.65
    mixture = fit_from_scratch(eruptions, 2, prior_weight=0.0).mixture
    assert_allclose(mixture.means, [2.02, 4.27], atol=0.01)
    assert_allclose(mixture.weights, [0.35, 0.65], atol=0.005)


@pytest.mark.parametrize("n_components", [2, 4, 6])
def test_many_random_starts_find_nothing_better(velocities: np.ndarray, n_components: int) -> None:
    objective = Objective.of_summary(
        WeightedSummary(1024).with_points(velocities), n_components, 1.0
    )
    starts = random_starts(objective, 200, np.random.default_rng(1))
    for _ in range(200):
        starts, _ = em_step(objective, starts)
    found = polish(objective, starts, max_steps=60)
    best = objective.in_data_units(float(found.values.max()))
    assert fit_from_scratch(velocities, n_components).objective >= best - 1e-9


def test_above_the_capacity_the_result_is_exact_on_all_points(scikit_learn_mixture: Any) -> None:
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 3, 30_000)
    points = rng.normal(np.array([-2.0, 0.0, 1.5])[labels], np.array([0.2, 0.5, 0.3])[labels])
    result = fit_from_scratch(points, 3)
    assert_allclose(result.objective, j_by_definition(points, result.mixture, 1.0), rtol=1e-9)
    # the optimum of the data: a long EM on all points gains nothing
    reference = scikit_learn_mixture(
        3,
        weights_init=result.mixture.weights,
        means_init=result.mixture.means[:, None],
        precisions_init=1 / result.mixture.variances[:, None],
        covariance_type="diag",
        reg_covar=0.0,
        tol=1e-14,
        max_iter=200,
    ).fit(points[:, None])
    assert reference.score(points[:, None]) <= -result.mean_nll + 1e-8


def test_weights_count_as_repetitions() -> None:
    rng = np.random.default_rng(5)
    points, counts = rng.normal(size=40), rng.integers(1, 5, 40)
    weighted = fit_from_scratch(points, 2, weights=counts)
    repeated = fit_from_scratch(np.repeat(points, counts), 2)
    assert_allclose(weighted.objective, repeated.objective, rtol=1e-9)
    assert compare(weighted.mixture, repeated.mixture).total_variation < 1e-6


def test_equal_points_give_the_same_bits_whatever_the_seed(velocities: np.ndarray) -> None:
    assert (
        fit_from_scratch(velocities, 5, seed=3).mixture
        == fit_from_scratch(velocities, 5, seed=4).mixture
    )


@pytest.mark.parametrize(
    "points",
    [
        [0.37],
        [0.37] * 5,
        [0.37, 0.371],
        [1e6, 1e6 + 1e-3, 1e6 + 2e-3],
        [-1e150, 1e150],
        [0.0, 1e-150, 3e-150],
        [0.0] * 50 + [1.0],
    ],
)
@pytest.mark.parametrize("prior_weight", [0.0, 1.0])
def test_hard_cases_give_a_finite_mixture(points: list[float], prior_weight: float) -> None:
    for n_components in (1, 2, 5, 50):
        result = fit_from_scratch(points, n_components, prior_weight=prior_weight)
        assert isinstance(result.mixture, Mixture)
        assert np.isfinite([result.objective, result.mean_nll]).all()
        assert np.isfinite(result.losses).all()


def test_equal_points_are_drawn_as_one_narrow_peak() -> None:
    mixture = fit_from_scratch([20.0, 20.0], 3).mixture
    assert mixture.means.tolist() == [20.0] * 3
    assert_allclose(mixture.stds, 0.02)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (([], 2), EmptyDataError),
        (([np.nan], 2), NonFiniteError),
        (([1e200], 2), OutOfRangeError),
        (([1.0], 0), OutOfRangeError),
        (([1.0], 51), OutOfRangeError),
    ],
)
def test_bad_data_are_refused(arguments: tuple[list[float], int], error: type[DataError]) -> None:
    with pytest.raises(error):
        fit_from_scratch(*arguments)


def test_bad_settings_are_refused() -> None:
    with pytest.raises(OutOfRangeError, match="prior_weight"):
        fit_from_scratch([1.0], 1, prior_weight=-1)
    with pytest.raises(OutOfRangeError, match="max_iter"):
        fit_from_scratch([1.0], 1, max_iter=0)
    with pytest.raises(ShapeError, match="expected 2 weights, got 1"):
        fit_from_scratch([1.0, 2.0], 1, weights=[1.0])
    for largest in (1e21, 1e-21):
        with pytest.raises(OutOfRangeError, match="expected a largest weight from 1e-20 to 1e"):
            fit_from_scratch([1.0, 2.0], 1, weights=[largest, largest])
    with pytest.raises(OutOfRangeError, match="weights > 0"):
        fit_from_scratch([1.0, 2.0], 1, weights=[1.0, 0.0])


@pytest.mark.parametrize("n_components", [1, 2, 6])
def test_steps_are_at_most_as_many_as_allowed_and_two_at_least(n_components: int) -> None:
    points = np.random.default_rng(3).normal(size=120)
    for most in (1, 2, 3, 4, 8, 20):
        fitted = fit_from_scratch(points, n_components, max_iter=most)
        assert 2 <= fitted.n_iter <= max(2, most)
