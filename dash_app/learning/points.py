"""Validation of points and settings, at the entrance to the learner."""

from __future__ import annotations

import sys
from numbers import Integral, Real
from typing import Any, Optional, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dash_app.errors import EmptyDataError, NonFiniteError, OutOfRangeError, ShapeError

Array = NDArray[np.float64]

MAX_MAGNITUDE = 1e150
"""Largest |x|, data units. The square of a larger value overflows float64."""

MIN_SPREAD = 1e-150
"""Points whose range is at most this count as equal, data units: their variance underflows."""

MAX_COMPONENTS = 50
"""Largest number of components. The time of a search grows with it."""

MIN_CAPACITY, MAX_CAPACITY = 16, 1024
"""Bounds of the capacity of a session's learner, in atoms. With fewer atoms the summary loses the
shape of the data; with more an update takes longer."""

MOST_ATOMS = 1 << 20
"""Largest capacity of a learner in Python, in atoms."""

DEFAULT_CAPACITY = 256
"""Usual capacity, in atoms. More atoms were not measured to find better optima."""

MAX_SEED = 2**63 - 1
"""Largest seed: databases store it as a signed whole number of 64 bits."""

MIN_HALF_LIFE, MAX_HALF_LIFE = 0.01, 1e9
"""Bounds of the half-life, in new points. Below the lower bound all older points would be lost in
rounding."""


def as_points(points: ArrayLike, name: str = "points") -> Array:
    """Return the points as float64, or raise.

    Parameters
    ----------
    points : array of numbers, shape (n_points,), data units
    name : str, of the argument, for the error

    Returns
    -------
    ndarray, shape (n_points,); n_points >= 1, all finite, |x| <= 1e150
        It may share memory with `points`. Do not change it.

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
    raw = _as_array(points, name)
    if raw.size == 0:
        raise EmptyDataError("expected at least one point, got none", name)
    x = _as_numbers(raw, name)
    # minimum and maximum need no temporary array; either is NaN if a point is
    if not (x.min() >= -MAX_MAGNITUDE and x.max() <= MAX_MAGNITUDE):
        bad = int(np.argmin(np.isfinite(x)))
        if not np.isfinite(x[bad]):
            raise NonFiniteError(f"expected finite {name}, got {x[bad]} at index {bad}", name)
        bad = int(np.argmax(np.abs(x) > MAX_MAGNITUDE))
        raise OutOfRangeError(f"expected |x| <= 1e150, got {x[bad]} at index {bad}", name)
    return x


def as_weights(weights: Optional[ArrayLike], n_points: int) -> Optional[Array]:
    """Return a weight above 0 for each point as float64; None where all count the same.

    Raises
    ------
    EmptyDataError, ShapeError, NonFiniteError, OutOfRangeError
    """
    if weights is None:
        return None
    masses = as_points(weights, "weights")
    if masses.size != n_points:
        raise ShapeError(f"expected {n_points} weights, got {masses.size}", "weights")
    if not (masses > 0).all():
        raise OutOfRangeError(f"expected weights > 0, got {masses.min()}", "weights")
    return masses


def as_positions(positions: ArrayLike) -> Array:
    """Return positions at which a density is evaluated as float64, or raise.

    Parameters
    ----------
    positions : array of numbers, shape (n_points,), or one number; infinities are allowed

    Raises
    ------
    ShapeError, NonFiniteError

    Examples
    --------
    >>> as_positions(0.5).tolist()
    [0.5]
    >>> as_positions([[0.5]])
    Traceback (most recent call last):
    ...
    dash_app.errors.ShapeError: expected a list of numbers, got shape (1, 1) of type float64
    """
    x = _as_numbers(np.atleast_1d(_as_array(positions, "points")), "points")
    if x.size and np.isnan(x.min()):
        bad = int(np.argmax(np.isnan(x)))
        raise NonFiniteError(f"expected numbers, got nan at index {bad}", "points")
    return x


def _as_array(points: ArrayLike, name: str) -> NDArray[Any]:
    """Return numbers as an array of any shape and type; refuse masked entries."""
    if isinstance(points, np.ma.MaskedArray) and np.ma.is_masked(
        points
    ):  # numpy would read the value under the mask
        bad = int(np.argmax(np.ma.getmaskarray(points)))
        raise NonFiniteError(f"expected numbers, got a masked entry at index {bad}", name)
    try:
        return np.asarray(points)
    except ValueError as error:  # lists of unequal length
        raise ShapeError(f"expected a list of numbers, got {error}", name) from error


def _as_numbers(raw: NDArray[Any], name: str) -> Array:
    """Return a one-dimensional array of real numbers as compiled loops read it.

    There is no copy if the array already is contiguous, aligned, writeable float64.
    """
    if raw.ndim == 1 and raw.dtype.kind == "O":
        is_number = [isinstance(x, Real) and not isinstance(x, bool) for x in raw]
        if not all(is_number):
            bad = is_number.index(False)
            raise ShapeError(f"expected a list of numbers, got {raw[bad]!r} at index {bad}", name)
        raw = _from_objects(raw, name)
    if raw.ndim != 1 or raw.dtype.kind not in "iuf":
        raise ShapeError(
            f"expected a list of numbers, got shape {raw.shape} of type {raw.dtype}", name
        )
    return np.require(raw, np.float64, ["C", "A", "W"])


def _from_objects(raw: NDArray[Any], name: str) -> Array:
    """Return numbers of any type, such as integers of more than 64 bits, as float64."""
    try:
        return raw.astype(np.float64)
    except OverflowError as error:
        raise OutOfRangeError("expected |x| <= 1e150, got an integer beyond 1e308", name) from error


def check_whole(name: str, value: int, low: int, high: int) -> int:
    """Return the setting `name` as an int from `low` to `high`, or raise OutOfRangeError.

    >>> check_whole("seed", 1.5, 0, 9)
    Traceback (most recent call last):
    ...
    dash_app.errors.OutOfRangeError: expected a whole seed, got 1.5
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise OutOfRangeError(f"expected a whole {name}, got {value!r}", name)
    if not low <= value <= high:
        raise OutOfRangeError(f"expected {low} <= {name} <= {high}, got {value}", name)
    return int(value)


def check_n_components(n_components: int) -> int:
    """Return n_components as an int, or raise OutOfRangeError.

    >>> check_n_components(0)
    Traceback (most recent call last):
    ...
    dash_app.errors.OutOfRangeError: expected 1 <= n_components <= 50, got 0
    """
    return check_whole("n_components", n_components, 1, MAX_COMPONENTS)


def check_capacity(capacity: int, most: int = MAX_CAPACITY) -> int:
    """Return the capacity of a learner as an int, or raise OutOfRangeError."""
    return check_whole("capacity", capacity, MIN_CAPACITY, most)


def check_seed(seed: int) -> int:
    """Return the seed as an int, or raise OutOfRangeError."""
    return check_whole("seed", seed, 0, MAX_SEED)


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
