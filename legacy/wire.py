"""The wire format of the provided page: strict reading of requests, writing of answers.

Only here a mixture has the names `pi`, `mu` and `sigma`. `sigma` are VARIANCES, because the page's
density function divides by them. The standard deviations are in `std`.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np
from werkzeug.exceptions import BadRequest

from dash_app.documents import model_document
from dash_app.errors import DataError, EmptyDataError, NonFiniteError, OutOfRangeError, ShapeError
from dash_app.learning.points import MAX_COMPONENTS, MAX_MAGNITUDE
from dash_app.records.runs import MAX_EPOCHS
from dash_app.records.versions import ModelVersion
from dash_app.web import fields, json_text

MIN_STD = 1e-3
"""Lower bound of a standard deviation, a tenth of the page's drawing step. A component between two
steps gives a curve of range 0, and the page divides by the range."""

DEFAULT_EPOCHS = 200


@dataclass(frozen=True)
class Query:
    """The query string; `n_components` None keeps the session's number of components."""

    n_components: Optional[int]
    epochs: int
    from_scratch: bool


def read_query(args: Mapping[str, str]) -> Query:
    """Parse and check the query string.

    Examples
    --------
    >>> read_query({"n_components": "3", "retrain": "1"})
    Query(n_components=3, epochs=200, from_scratch=True)
    >>> read_query({"n_components": "0"})
    Traceback (most recent call last):
    ...
    dash_app.errors.OutOfRangeError: expected 1 <= n_components <= 50, got '0'
    """
    epochs = _whole_number(args, "epochs", 1, MAX_EPOCHS)
    return Query(
        n_components=_whole_number(args, "n_components", 1, MAX_COMPONENTS),
        epochs=DEFAULT_EPOCHS if epochs is None else epochs,
        from_scratch=bool(_whole_number(args, "retrain", 0, 1)),
    )


def _whole_number(args: Mapping[str, str], name: str, low: int, high: int) -> Optional[int]:
    text = args.get(name)
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 9 and low <= int(text) <= high:
        return int(text)
    raise OutOfRangeError(f"expected {low} <= {name} <= {high}, got {_shown(text)}", name)


def read_points(body: bytes) -> list[float]:
    """Return the x of all coordinates, in order.

    Parameters
    ----------
    body : {"coordinates": [{"x": number, "y": number}, ...]} as JSON; y may be missing

    Raises
    ------
    BadRequest : the body is not JSON
    EmptyDataError, ShapeError, NonFiniteError, OutOfRangeError : it is not a valid list of points

    Examples
    --------
    >>> read_points(b'{"coordinates": [{"x": -0.5, "y": 0}, {"x": 1, "y": 0}]}')
    [-0.5, 1.0]
    """
    coordinates = _coordinates(_parse(body))
    if not coordinates:
        raise no_points()
    points = _read_at_once(coordinates)
    return points or [_checked(pair, index) for index, pair in enumerate(coordinates)]


def _read_at_once(coordinates: list[Any]) -> Optional[list[float]]:
    """Return the x of all coordinates if all are valid, otherwise None; fast for long lists."""
    try:
        points = [pair["x"] for pair in coordinates]
        numbers = points + [pair.get("y", 0) for pair in coordinates]
        # type() rejects bools, which are ints; min and max miss a NaN, but the sum is then NaN
        if {type(number) for number in numbers} <= {int, float} and (
            math.isfinite(sum(numbers))
            and min(numbers) >= -MAX_MAGNITUDE
            and max(numbers) <= MAX_MAGNITUDE
        ):
            return [float(x) for x in points]
    except (KeyError, TypeError, AttributeError, OverflowError):
        return None
    return None


def _parse(body: bytes) -> Any:
    try:
        return json_text.parse(body)
    except json_text.StructureError as error:
        raise BadRequest(str(error)) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        came = "an empty body" if not body.strip() else str(error)
        raise BadRequest(f"expected JSON, got {came}") from error
    except ValueError as error:  # Python's limit on the digits of an integer
        raise OutOfRangeError("expected |x| <= 1e150, got a huge integer", "coordinates") from error


def _coordinates(document: Any) -> list[Any]:
    if isinstance(document, dict) and isinstance(document.get("coordinates"), list):
        coordinates: list[Any] = document["coordinates"]
        return coordinates
    came = "no such key" if isinstance(document, dict) else _shown(document)
    if isinstance(document, dict) and "coordinates" in document:
        came = _shown(document["coordinates"])
    raise ShapeError(f'expected "coordinates" to be a list of points, got {came}', "coordinates")


def _checked(pair: Any, index: int) -> float:
    place = f"coordinates[{index}]"
    if not isinstance(pair, dict) or "x" not in pair:
        raise ShapeError(
            f'expected {{"x": number, "y": number}} at {place}, got {_shown(pair)}', place
        )
    for name in ("x", "y"):
        _check_number(pair.get(name, 0), f"{place}.{name}")
    return float(pair["x"])


def _check_number(value: Any, place: str) -> None:
    kind: type[DataError]
    if type(value) not in (int, float):  # a bool is an int to isinstance
        kind, expected = ShapeError, "a number"
    elif not abs(value) <= sys.float_info.max:
        kind, expected = NonFiniteError, "a finite number"
    elif abs(value) > MAX_MAGNITUDE:
        kind, expected = OutOfRangeError, f"a number within {MAX_MAGNITUDE:g} of 0"
    else:
        return
    raise kind(f"expected {expected} at {place}, got {_shown(value)}", place)


def _shown(value: Any) -> str:
    is_huge = isinstance(value, int) and abs(value) > 10**18  # formatting it may take long
    return "a huge integer" if is_huge else fields.shown(value)


def no_points() -> EmptyDataError:
    """Return the error for a request that needs at least one point."""
    return EmptyDataError("expected at least one point, got none", "coordinates")


def write_parameters(
    version: ModelVersion, *, session_id: str, n_points: int, n_new: int, time_s: float
) -> bytes:
    """Return the answer for one trained model, as JSON.

    Every standard deviation is at least `MIN_STD`. The values equal those of the provided
    `extract_gmm_parameters`, without torch.
    """
    model = model_document(version)
    std = np.maximum(model["stds"], MIN_STD)
    answer = {
        "pi": model["weights"],
        "mu": model["means"],
        "sigma": np.square(std).tolist(),
        "std": std.tolist(),
        "mode": model["kind"],
        "n_points": n_points,
        "n_new": n_new,
        "loss": model["mean_nll"],
        "time": time_s,
        "session": session_id,
    }
    return json.dumps(answer, allow_nan=False).encode()


def write_points(points: list[float], n_components: Optional[int]) -> bytes:
    """Return the answer with all points, in the form in which the page sends them, as JSON."""
    coordinates = [{"x": x, "y": 0} for x in points]
    return json.dumps({"coordinates": coordinates, "n_components": n_components}).encode()
