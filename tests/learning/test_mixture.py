"""The Mixture value type: validation and densities."""

from __future__ import annotations

import copy
import pickle
import tracemalloc
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from dash_app.errors import DataError, EmptyDataError, NonFiniteError, OutOfRangeError, ShapeError
from dash_app.learning import Mixture

PAIR = Mixture(np.array([0.25, 0.75]), np.array([2.0, -1.0]), np.array([4.0, 0.25]))


def test_components_are_sorted_by_mean() -> None:
    assert PAIR.means.tolist() == [-1.0, 2.0]
    assert PAIR.weights.tolist() == [0.75, 0.25]
    assert PAIR.stds.tolist() == [0.5, 2.0]


def test_density_is_the_weighted_sum_of_normals() -> None:
    # at -1: 0.75 / (0.5 sqrt(2 pi)) + 0.25 / (2 sqrt(2 pi)) exp(-9/8)
    by_hand = (1.5 + 0.125 * np.exp(-1.125)) / np.sqrt(2 * np.pi)
    assert_allclose(PAIR.density([-1.0]), [by_hand], rtol=1e-14)
    assert_allclose(PAIR.mean_log_likelihood([-1.0]), np.log(by_hand), rtol=1e-14)


def test_cdf_is_the_integral_of_the_density() -> None:
    x = np.linspace(-20, 20, 200_001)
    density = PAIR.density(x)
    integral = np.concatenate([[0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(x))])
    assert_allclose(PAIR.cdf(x), integral, atol=1e-8)


def test_responsibilities_sum_to_one_even_far_away() -> None:
    resp = PAIR.responsibilities([-1.0, 0.5, 1e200])
    assert_allclose(resp.sum(axis=1), 1.0)
    joint = PAIR.weights * np.exp(-0.5 * (0.5 - PAIR.means) ** 2 / PAIR.variances) / PAIR.stds
    assert_allclose(resp[1], joint / joint.sum(), rtol=1e-12)


def test_dictionary_round_trip_keeps_every_bit() -> None:
    third = Mixture(np.array([1 / 3, 2 / 3]), np.array([0.1, 1e300]), np.array([1e-300, 7.0]))
    assert Mixture.from_dict(third.to_dict()) == third
    assert hash(Mixture.from_dict(third.to_dict())) == hash(third)
    assert third != PAIR


def test_arrays_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        PAIR.means[0] = 3.0


@pytest.mark.parametrize(
    ("weights", "means", "variances", "error"),
    [
        ([0.5, 0.6], [0, 1], [1, 1], OutOfRangeError),
        ([-0.5, 1.5], [0, 1], [1, 1], OutOfRangeError),
        ([0.5, 0.5], [0, 1], [1, 0], OutOfRangeError),
        ([0.5, 0.5], [0, np.nan], [1, 1], NonFiniteError),
        ([1.0], [0, 1], [1, 1], ShapeError),
        ([], [], [], ShapeError),
    ],
)
def test_invalid_values_are_refused(
    weights: list[float], means: list[float], variances: list[float], error: type[DataError]
) -> None:
    with pytest.raises(error):
        Mixture(np.array(weights), np.array(means), np.array(variances))


OF_POINTS = (
    "component_log_density",
    "log_density",
    "density",
    "cdf",
    "responsibilities",
    "mean_log_likelihood",
)


@pytest.mark.parametrize("method", OF_POINTS)
@pytest.mark.parametrize(
    ("points", "error", "message"),
    [
        (np.zeros((2, 1)), ShapeError, r"shape \(2, 1\)"),
        (np.zeros((1, 2)), ShapeError, r"shape \(1, 2\)"),
        ([0.5, np.nan], NonFiniteError, "got nan at index 1"),
        (np.ma.masked_equal([0.5, 9.0], 9.0), NonFiniteError, "got a masked entry at index 1"),
        (["a"], ShapeError, "list of numbers"),
        ([1j], ShapeError, "complex"),
    ],
)
def test_positions_that_are_no_list_of_numbers_are_refused(
    method: str, points: Any, error: type[DataError], message: str
) -> None:
    with pytest.raises(error, match=message):
        getattr(PAIR, method)(points)


def test_a_density_is_known_at_no_position_and_at_infinity() -> None:
    assert PAIR.density([]).shape == (0,)
    assert PAIR.cdf([-np.inf, np.inf]).tolist() == [0.0, 1.0]
    assert PAIR.density(np.ma.array([-1.0])).tolist() == PAIR.density([-1.0]).tolist()
    with pytest.raises(EmptyDataError):
        PAIR.mean_log_likelihood([])


def test_many_positions_take_little_memory_and_change_no_bit() -> None:
    points = np.linspace(-5.0, 5.0, 1_000_000)
    tracemalloc.start()
    try:
        mean = PAIR.mean_log_likelihood(points)
        _, peak_of_mean = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        density = PAIR.density(points)
        _, peak_of_density = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_of_mean < 0.25 * points.nbytes
    assert peak_of_density < 1.25 * points.nbytes
    some = slice(777_770, 777_790)
    np.testing.assert_array_equal(density[some], PAIR.density(points[some]))
    assert_allclose(mean, np.log(density).mean(), rtol=1e-12)


def test_equal_mixtures_have_one_hash() -> None:
    one, other = (
        Mixture(np.array([1.0, zero]), np.array([zero, 1.0]), np.ones(2)) for zero in (0.0, -0.0)
    )
    assert one == other
    assert hash(one) == hash(other)


@pytest.mark.parametrize(
    "copied", [lambda m: pickle.loads(pickle.dumps(m)), copy.copy, copy.deepcopy]
)
def test_a_copy_cannot_be_changed_either(copied: Any) -> None:
    again = copied(PAIR)
    assert again == PAIR
    with pytest.raises(ValueError, match="read-only"):
        again.weights[0] = 3.0
