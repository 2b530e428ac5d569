"""J: values by hand, under shift and scale, and on atoms."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from dash_app.learning import Mixture
from dash_app.learning.objective import FLOOR_RATIO, Candidates, Objective, all_equal
from dash_app.learning.summary import WeightedSummary


def objective_of(points: np.ndarray, n_components: int, prior_weight: float = 1.0) -> Objective:
    return Objective.of_summary(
        WeightedSummary(4096).with_points(points), n_components, prior_weight
    )


def j_by_definition(points: np.ndarray, mixture: Mixture, prior_weight: float) -> float:
    """J by its formula, data units."""
    s2 = (points.std() / (2 * mixture.n_components)) ** 2
    penalty = 0.5 * prior_weight * np.sum(np.log(mixture.variances) + s2 / mixture.variances)
    return float((np.sum(np.log(mixture.density(points))) - penalty) / points.size)


@given(
    st.integers(1, 6),
    st.floats(0.0, 5.0),
    st.floats(-1e3, 1e3),
    st.floats(1e-3, 1e3),
    st.integers(0, 2**32 - 1),
)
def test_value_equals_the_definition_in_data_units(
    n_components: int, prior_weight: float, shift: float, scale: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    points = shift + scale * rng.normal(size=30)
    mixture = Mixture(
        rng.dirichlet(np.ones(n_components)),
        rng.choice(points, n_components),
        (scale * rng.uniform(0.1, 2.0, n_components)) ** 2,
    )
    objective = objective_of(points, n_components, prior_weight)
    value = objective.of_mixture(mixture)
    assert_allclose(value, j_by_definition(points, mixture, prior_weight), rtol=1e-9, atol=1e-9)


def test_value_of_a_mixture_below_the_floor_is_its_own() -> None:
    points = np.random.default_rng(1).normal(size=40)
    narrow = Mixture(np.array([0.9, 0.1]), np.array([0.0, points[0]]), np.array([1.0, 1e-9]))
    value = objective_of(points, 2).of_mixture(narrow)
    assert_allclose(value, j_by_definition(points, narrow, 1.0), rtol=1e-9)


def test_two_points_by_hand() -> None:
    # points -1 and 1 have std 1; one component N(0, 1), s2 = 1/4:
    # J = -log sqrt(2 pi) - 1/2 - (1/2) (1/2) (0 + 1/4)
    objective = objective_of(np.array([-1.0, 1.0]), 1)
    candidate = Candidates(np.ones((1, 1)), np.zeros((1, 1)), np.ones((1, 1)))
    by_hand = -0.5 * np.log(2 * np.pi) - 0.5 - 0.0625
    assert_allclose(objective.value(candidate), [by_hand], rtol=1e-14)


def test_mixture_survives_standardisation() -> None:
    points = np.random.default_rng(0).normal(1e6, 1e-3, 50)
    mixture = Mixture(np.array([0.3, 0.7]), 1e6 + np.array([0.0, 1e-3]), np.array([1e-7, 1e-6]))
    objective = objective_of(points, 2)
    back = objective.mixture(objective.standardised(mixture))
    assert_allclose(back.weights, mixture.weights, rtol=1e-12)
    assert_allclose(back.means, mixture.means, rtol=0, atol=2e-10)
    assert_allclose(back.variances, mixture.variances, rtol=1e-12)


def test_variances_are_raised_to_the_floor() -> None:
    points = np.random.default_rng(0).normal(size=50)
    needle = Mixture(np.ones(1), np.zeros(1), np.array([1e-12]))
    objective = objective_of(points, 1)
    assert_allclose(objective.standardised(needle).variances, FLOOR_RATIO**2)


def test_merged_atoms_bound_the_likelihood_from_below() -> None:
    points = np.random.default_rng(0).normal(size=300)
    exact = objective_of(points, 2)
    merged = Objective.of_summary(WeightedSummary(40).with_points(points), 2, 1.0)
    mixture = Mixture(np.array([0.5, 0.5]), np.array([-1.0, 0.5]), np.array([0.3, 0.5]))
    values = [float(o.value(o.standardised(mixture))[0]) for o in (merged, exact)]
    assert values[0] < values[1]
    assert_allclose(values[0], values[1], atol=5e-3)


def test_equal_points_are_recognised() -> None:
    summary = WeightedSummary(4).with_points(np.array([0.3, 0.3]))
    assert all_equal(summary)
    assert not all_equal(summary.with_points(np.array([0.4])))
    assert all_equal(WeightedSummary(4).with_points(np.array([0.0, 1e-151])))
