"""What every learner promises, whatever its method; a new module is tested by being there."""

from __future__ import annotations

import numpy as np
import pytest

from dash_app.errors import (
    EmptyDataError,
    NonFiniteError,
    OutOfRangeError,
    RefusedError,
    ShapeError,
)
from dash_app.learning import LEARNERS, compare
from dash_app.learning.mixture import Array

pytestmark = pytest.mark.parametrize("name", LEARNERS)


def increments() -> list[Array]:
    rng = np.random.default_rng(3)
    return [rng.normal(mean, 0.1, size) for mean, size in ((0, 1), (1, 1), (0, 5), (1, 30))]


def test_it_learns_from_the_first_point_and_counts(name: str) -> None:
    learner = LEARNERS[name](2)
    n_touched = 0
    for increment in increments():
        assert learner.partial_fit(increment) is learner
        assert learner.mixture.n_components <= 2
        assert learner.n_touched >= n_touched + increment.size
        n_touched = learner.n_touched
    assert learner.n_points == 37


def test_its_mixture_is_near_where_the_points_are(name: str) -> None:
    learner = LEARNERS[name](1)
    for increment in increments():
        learner.partial_fit(increment)
    assert -0.5 < learner.mixture.means[0] < 1.5
    assert 0.01 < learner.mixture.stds[0] < 2.0


def test_equal_arguments_give_equal_mixtures(name: str) -> None:
    one, other = LEARNERS[name](3, seed=4), LEARNERS[name](3, seed=4)
    for increment in increments():
        one.partial_fit(increment)
        other.partial_fit(increment)
    assert one.mixture == other.mixture


def test_the_place_and_the_unit_of_the_data_do_not_matter(name: str) -> None:
    if name == "scikit_learn":
        pytest.skip("it adds 1e-6 to each variance, in data units")
    near, far = LEARNERS[name](2), LEARNERS[name](2)
    for increment in increments():
        near.partial_fit(increment)
        far.partial_fit(1000.0 + 64.0 * increment)
    back = (far.mixture.means - 1000.0) / 64.0
    np.testing.assert_allclose(back, near.mixture.means, atol=2e-3)
    np.testing.assert_allclose(far.mixture.stds / 64.0, near.mixture.stds, rtol=2e-2)


@pytest.mark.parametrize("points", [[0.3], [0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3]])
def test_equal_points_are_learned(name: str, points: list[float]) -> None:
    learner = LEARNERS[name](2).partial_fit(points)
    learner.partial_fit(points)
    np.testing.assert_allclose(learner.mixture.means, 0.3, atol=0.01)


@pytest.mark.parametrize(
    ("points", "error"),
    [
        ([], EmptyDataError),
        ([0.1, float("nan")], NonFiniteError),
        ([1e200], OutOfRangeError),
        ([[0.1], [0.2]], ShapeError),
    ],
)
def test_invalid_points_are_refused_and_change_nothing(
    name: str, points: object, error: type[Exception]
) -> None:
    learner = LEARNERS[name](2).partial_fit([0.0, 0.1, 0.9, 1.0, 1.1])
    before = learner.mixture
    with pytest.raises(error):
        learner.partial_fit(points)  # type: ignore[arg-type]
    assert learner.mixture == before
    assert learner.n_points == 5


@pytest.mark.parametrize("n_before", [0, 1, 30])
def test_an_end_between_the_parts_of_a_fit_changes_nothing(name: str, n_before: int) -> None:
    def end() -> None:
        raise InterruptedError

    points = np.random.default_rng(2).normal(size=60)
    learner, other = LEARNERS[name](2), LEARNERS[name](2)
    for each in (learner, other) if n_before else ():
        each.partial_fit(points[:n_before])
    try:
        learner.partial_fit(points[n_before:], end)
    except InterruptedError:
        assert learner.n_points == n_before
        learner.partial_fit(points[n_before:])
    assert learner.mixture == other.partial_fit(points[n_before:]).mixture


def test_the_mixture_before_the_first_point_is_refused(name: str) -> None:
    with pytest.raises(RefusedError, match="at least one point"):
        _ = LEARNERS[name](2).mixture


@pytest.mark.parametrize("arguments", [{"n_components": 0}, {"n_components": 2, "seed": -1}])
def test_settings_out_of_range_are_refused(name: str, arguments: dict[str, int]) -> None:
    with pytest.raises(OutOfRangeError):
        LEARNERS[name](**arguments)


def test_well_separated_groups_in_mixed_order_are_found(name: str) -> None:
    if name == "gradient":
        pytest.skip("it forgets: see its own test")
    points = np.random.default_rng(1).permutation(
        np.concatenate([np.linspace(-1.1, -0.9, 40), np.linspace(0.9, 1.1, 40)])
    )
    learner, reference = LEARNERS[name](2), LEARNERS["scratch"](2).partial_fit(points)
    for increment in np.split(points, 16):
        learner.partial_fit(increment)
    assert compare(learner.mixture, reference.mixture).total_variation < 0.25
