"""Validation of points and settings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dash_app.errors import DataError, EmptyDataError, NonFiniteError, OutOfRangeError, ShapeError
from dash_app.learning import fit_from_scratch
from dash_app.learning.points import as_points, check_n_components, check_number


@pytest.mark.parametrize(
    ("points", "error", "message"),
    [
        ([], EmptyDataError, "at least one point, got none"),
        ([1.0, np.nan], NonFiniteError, "got nan at index 1"),
        ([np.inf], NonFiniteError, "got inf at index 0"),
        ([1.0, 2.0, -1e151], OutOfRangeError, r"got -1e\+151 at index 2"),
        ([1e300, np.nan], NonFiniteError, "got nan at index 1"),
        ([[1.0, 2.0]], ShapeError, r"shape \(1, 2\)"),
        (3.0, ShapeError, r"shape \(\)"),
        (["1.5"], ShapeError, "list of numbers"),
        ([True], ShapeError, "bool"),
        ([1j], ShapeError, "complex"),
        ([[1.0], [1.0, 2.0]], ShapeError, "list of numbers"),
        (np.ma.array([1.0, 9.0], mask=[0, 1]), NonFiniteError, "a masked entry at index 1"),
        ([10**400], OutOfRangeError, "an integer beyond 1e308"),
        ([10**20, "x"], ShapeError, "list of numbers"),
    ],
)
def test_bad_points_are_refused(points: Any, error: type[DataError], message: str) -> None:
    with pytest.raises(error, match=message):
        as_points(points)


def test_valid_points_are_returned_as_float64() -> None:
    assert as_points(np.array([1, -2], dtype=np.int32)).dtype == np.float64
    assert as_points([10**20, 5]).tolist() == [1e20, 5.0]
    assert as_points(np.array([1, 2.5], dtype=object)).tolist() == [1.0, 2.5]
    assert as_points((1e150, -1e150, 1e-300)).tolist() == [1e150, -1e150, 1e-300]


def test_an_array_without_masked_entries_is_taken_as_it_is() -> None:
    assert as_points(np.ma.array([1.0, 2.0])).tolist() == [1.0, 2.0]


@pytest.mark.parametrize("layout", ["read-only", "strided", "big-endian", "reversed"])
def test_any_layout_of_an_array_is_learned(layout: str) -> None:
    plain = np.array([0.0, 1.0, 5.0, 6.0, 6.5])
    laid_out = {
        "read-only": np.frombuffer(plain.tobytes()),
        "strided": np.repeat(plain, 2)[::2],
        "big-endian": plain.astype(">f8"),
        "reversed": plain[::-1].copy()[::-1],
    }[layout]
    assert as_points(laid_out).tolist() == plain.tolist()
    expected = fit_from_scratch(plain, 2).mixture
    assert fit_from_scratch(laid_out, 2).mixture == expected
    assert expected.density(laid_out).tolist() == expected.density(plain).tolist()


@pytest.mark.parametrize("value", [0, 51, -1, 1.5, True, "3"])
def test_bad_number_of_components_is_refused(value: Any) -> None:
    with pytest.raises(OutOfRangeError, match="n_components"):
        check_n_components(value)


def test_number_of_components_may_be_a_numpy_integer() -> None:
    assert check_n_components(np.int64(50)) == 50  # type: ignore[arg-type]


def test_settings_are_checked_against_their_lower_bound() -> None:
    assert check_number("prior_weight", 0, 0.0) == 0.0
    with pytest.raises(OutOfRangeError, match="prior_weight >= 0, got -1"):
        check_number("prior_weight", -1, 0.0)
    with pytest.raises(OutOfRangeError, match="half_life > 0, got 0"):
        check_number("half_life", 0, 0.0, open_below=True)
    with pytest.raises(OutOfRangeError, match="finite"):
        check_number("half_life", float("nan"), 0.0)
