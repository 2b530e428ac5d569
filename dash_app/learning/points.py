"""Validation of points and settings, at the entrance to the learner."""

from __future__ import annotations

import sys
from numbers import Integral, Real
from typing import Union

import numpy as np
from numpy.typing import ArrayLike

from dash_app.errors import EmptyDataError, NonFiniteError, OutOfRangeError, ShapeError
from dash_app.learning.mixture import Array

MAX_MAGNITUDE = 1e150
"""Largest |x|, data units. The square of a larger value overflows float64."""

MIN_SPREAD = 1e-150
"""Points whose range is at most this count as equal, data units: their variance underflows."""

MAX_COMPONENTS = 50
"""Largest number of components. The time of a search grows with it."""

MIN_HALF_LIFE, MAX_HALF_LIFE = 0.01, 1e9
"""Bounds of the half-life, in new points. Below the lower bound all older points would be lost in
rounding."""


def as_points(points: ArrayLike) -> Array:
    """Return the points as float64, or raise.

    Parameters
    ----------
    points : array of numbers, shape (n_points,), data units

    Returns
    -------
    ndarray, shape (n_points,); n_points >= 1, all finite, |x| <= 1e150

    Raises
    ------
    EmptyDataError, ShapeError, NonFiniteError, OutOfRangeError

    Examples
    --------
    >>> as_points([1, 2]).tolist()
    [1.0, 2.0]
    >>> as_points([0.0, float("nan")])
    Traceback (most recent call last):
    ...
    dash_app.errors.NonFiniteError: expected finite points, got nan at index 1
    """
    try:
        raw = np.asarray(points)
    except ValueError as error:  # lists of unequal length
        raise ShapeError(f"expected a list of numbers, got {error}", "points") from error
    if raw.size == 0:
        raise EmptyDataError("expected at least one point, got none", "points")
    if raw.ndim != 1 or raw.dtype.kind not in "iuf":
        raise ShapeError(
            f"expected a list of numbers, got shape {raw.shape} of type {raw.dtype}", "points"
        )
    x = raw.astype(np.float64)
    # one comparison suffices for valid points: it is false for NaN, too
    if not bool((np.abs(x) <= MAX_MAGNITUDE).all()):
        bad = int(np.argmin(np.isfinite(x)))
        if not np.isfinite(x[bad]):
            raise NonFiniteError(f"expected finite points, got {x[bad]} at index {bad}", "points")
        bad = int(np.argmax(np.abs(x) > MAX_MAGNITUDE))
        raise OutOfRangeError(f"expected |x| <= 1e150, got {x[bad]} at index {bad}", "points")
    return x


def check_n_components(n_components: int) -> int:
    """Return n_components as an int, or raise OutOfRangeError.

    >>> check_n_components(0)
    Traceback (most recent call last):
    ...
    dash_app.errors.OutOfRangeError: expected 1 <= n_components <= 50, got 0
    """
    if isinstance(n_components, bool) or not isinstance(n_components, Integral):
        raise OutOfRangeError(
            f"expected a whole n_components, got {n_components!r}", "n_components"
        )
    if not 1 <= n_components <= MAX_COMPONENTS:
        raise OutOfRangeError(
            f"expected 1 <= n_components <= {MAX_COMPONENTS}, got {n_components}", "n_components"
        )
    return int(n_components)


def check_number(
    name: str,
    value: Union[int, float],
    low: float,
    high: float = sys.float_info.max,
    *,
    open_below: bool = False,
) -> float:
    """Return the setting `name` as a float, or raise OutOfRangeError.

    The value must be from `low` to `high`. With `open_below` it must be above `low`.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise OutOfRangeError(f"expected a number for {name}, got {value!r}", name)
    if not low <= value <= high or (open_below and value == low):
        bounds = f"{'>' if open_below else '>='} {low:g}"
        if high < sys.float_info.max:
            bounds += f" and <= {high:g}"
        raise OutOfRangeError(f"expected a finite {name} {bounds}, got {value!r}", name)
    return float(value)
