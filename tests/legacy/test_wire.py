"""The wire format: what is read, what is refused, what is written."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import BadRequest

from dash_app.errors import (
    DataError,
    EmptyDataError,
    NonFiniteError,
    OutOfRangeError,
    ShapeError,
)
from dash_app.learning import Mixture
from dash_app.learning.provided import to_gmm
from dash_app.records.versions import ModelVersion
from gmm import extract_gmm_parameters
from legacy.wire import MIN_STD, read_points, read_query, write_parameters


def _version(mixture: Mixture, kind: str = "online") -> ModelVersion:
    return ModelVersion(3, kind, mixture, -1.0, 0.25, 7, 9, 0.004, 1.0)


# ------------------------------------------------------------------ read


def test_points_are_read_in_order() -> None:
    body = b'{"coordinates": [{"x": 0.5, "y": 0}, {"x": -1, "y": 0.0}, {"x": 2e-3}], "more": 1}'
    points = read_points(body)
    assert points == [0.5, -1.0, 0.002]
    assert {type(x) for x in points} == {float}


def test_the_largest_magnitudes_are_read() -> None:
    body = json.dumps({"coordinates": [{"x": 1e150}, {"x": -1e150}, {"x": 10**15}]}).encode()
    assert read_points(body) == [1e150, -1e150, 1e15]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(-1e150, 1e150), min_size=1, max_size=30))
def test_points_are_read_as_they_were_sent(points: list[float]) -> None:
    body = json.dumps({"coordinates": [{"x": x, "y": 0} for x in points]}).encode()
    assert read_points(body) == points


@pytest.mark.parametrize(
    ("body", "error", "field", "message"),
    [
        (b"", BadRequest, None, "got an empty body"),
        (b"{", BadRequest, None, "expected JSON"),
        (b"\xff\xfe{", BadRequest, None, "expected JSON"),
        (b"[" * 100_000, BadRequest, None, "expected JSON"),
        (b"{}", ShapeError, "coordinates", "got no such key"),
        (b"null", ShapeError, "coordinates", "got null"),
        (b"[1, 2]", ShapeError, "coordinates", "got [1, 2]"),
        (b'{"coordinates": null}', ShapeError, "coordinates", "got null"),
        (b'{"coordinates": {"x": 1}}', ShapeError, "coordinates", "a list of points"),
        (b'{"coordinates": []}', EmptyDataError, "coordinates", "at least one point"),
        (b'{"coordinates": [1.5]}', ShapeError, "coordinates[0]", "got 1.5"),
        (b'{"coordinates": [[1, 2]]}', ShapeError, "coordinates[0]", "got [1, 2]"),
        (b'{"coordinates": [{"x": 1}, {"y": 1}]}', ShapeError, "coordinates[1]", "'y': 1"),
        (b'{"coordinates": [{"x": "1.5"}]}', ShapeError, "coordinates[0].x", "got '1.5'"),
        (b'{"coordinates": [{"x": true}]}', ShapeError, "coordinates[0].x", "got true"),
        (b'{"coordinates": [{"x": null}]}', ShapeError, "coordinates[0].x", "got null"),
        (b'{"coordinates": [{"x": 1, "y": "0"}]}', ShapeError, "coordinates[0].y", "got '0'"),
        (b'{"coordinates": [{"x": NaN}]}', NonFiniteError, "coordinates[0].x", "got nan"),
        (b'{"coordinates": [{"x": -Infinity}]}', NonFiniteError, "coordinates[0].x", "-inf"),
        (b'{"coordinates": [{"x": 1}, {"x": 1e999}]}', NonFiniteError, "coordinates[1].x", "inf"),
        (b'{"coordinates": [{"x": 1, "y": NaN}]}', NonFiniteError, "coordinates[0].y", "nan"),
        (b'{"coordinates": [{"x": 1e151}]}', OutOfRangeError, "coordinates[0].x", "1e+150"),
        (
            b'{"coordinates": [{"x": 1' + b"0" * 400 + b"}]}",
            NonFiniteError,
            "coordinates[0].x",
            "got a huge integer",
        ),
        (
            b'{"coordinates": [{"x": 1' + b"0" * 5000 + b"}]}",
            DataError,
            None,
            "a huge integer",
        ),
    ],
)
def test_body_without_a_list_of_points_is_refused(
    body: bytes, error: type[Exception], field: str | None, message: str
) -> None:
    with pytest.raises(error) as refusal:
        read_points(body)
    said = refusal.value
    assert message in (said.description if isinstance(said, BadRequest) else str(said))
    if field is not None:
        assert said.field == field


def test_error_message_shortens_the_quoted_input() -> None:
    with pytest.raises(ShapeError) as refusal:
        read_points(json.dumps({"coordinates": "x" * 10_000}).encode())
    assert len(str(refusal.value)) < 150


def test_the_query_has_defaults() -> None:
    query = read_query({})
    assert (query.n_components, query.epochs, query.from_scratch) == (None, 200, False)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("n_components", "1", 1),
        ("n_components", "50", 50),
        ("epochs", "1", 1),
        ("epochs", "100000", 100_000),
        ("retrain", "0", False),
        ("retrain", "1", True),
    ],
)
def test_both_ends_of_each_range_are_accepted(name: str, text: str, value: object) -> None:
    attribute = {"retrain": "from_scratch"}.get(name, name)
    assert getattr(read_query({name: text}), attribute) == value


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("n_components", ["0", "51", "-1", "2.0", "three", "", " 3", "3 ", "٣", "1e1", "9" * 30]),
        ("epochs", ["0", "100001", "-5", "1.5", "many", "", "true"]),
        ("retrain", ["2", "true", "yes", "", "-1"]),
    ],
)
def test_the_query_is_read_strictly(name: str, texts: list[str]) -> None:
    for text in texts:
        with pytest.raises(OutOfRangeError, match=f"<= {name} <=") as refusal:
            read_query({name: text})
        assert refusal.value.field == name


# ------------------------------------------------------------------ written


def test_sigma_holds_variances_and_std_their_roots() -> None:
    mixture = Mixture(np.array([0.25, 0.75]), np.array([-0.5, 0.5]), np.array([0.04, 0.09]))
    body = write_parameters(_version(mixture), session_id="s", n_points=7, n_new=2, time_s=0.5)
    answer = json.loads(body)
    assert answer["pi"] == pytest.approx([0.25, 0.75], rel=1e-12)
    assert answer["mu"] == pytest.approx([-0.5, 0.5], rel=1e-12)
    assert answer["sigma"] == pytest.approx([0.04, 0.09], rel=1e-9)
    assert answer["std"] == pytest.approx([0.2, 0.3], rel=1e-9)
    others = {key: answer[key] for key in answer if key not in ("pi", "mu", "sigma", "std")}
    assert others == {
        "mode": "online",
        "n_points": 7,
        "n_new": 2,
        "loss": 0.25,
        "time": 0.5,
        "session": "s",
    }


def test_standard_deviations_are_raised_to_the_lower_bound_of_the_page() -> None:
    mixture = Mixture(np.array([0.5, 0.5]), np.array([0.0, 0.5]), np.array([1e-12, 4e-6]))
    body = write_parameters(_version(mixture), session_id="s", n_points=2, n_new=1, time_s=0.0)
    answer = json.loads(body)
    assert answer["std"] == pytest.approx([MIN_STD, 2e-3], rel=1e-9)
    assert answer["sigma"] == pytest.approx([MIN_STD**2, 4e-6], rel=1e-9)


def test_parameters_equal_those_of_the_provided_extraction() -> None:
    mixture = Mixture(np.array([0.2, 0.8]), np.array([-3.0, 0.5]), np.array([0.04, 0.0009]))
    body = write_parameters(_version(mixture), session_id="s", n_points=2, n_new=1, time_s=0.0)
    answer = json.loads(body)
    extracted = extract_gmm_parameters(*to_gmm(mixture))
    for written, expected in zip((answer["pi"], answer["mu"], answer["std"]), extracted):
        assert written == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("std", [1e-150, 1.0, 1e150])
def test_written_parameters_are_finite(std: float) -> None:
    mixture = Mixture(np.array([0.0, 1.0]), np.array([-1.0, 1.0]) * std, np.full(2, std**2))
    body = write_parameters(_version(mixture), session_id="s", n_points=1, n_new=1, time_s=0.0)
    answer = json.loads(body)
    assert all(math.isfinite(x) for key in ("pi", "mu", "sigma", "std") for x in answer[key])
