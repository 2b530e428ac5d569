"""Encoded states: decoded bit for bit, and refused if damaged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dash_app.database.encoding import from_bytes, to_bytes
from dash_app.errors import StateError
from dash_app.learning import OnlineGaussianMixture

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | arrays.arrays(np.float64, arrays.array_shapes(min_dims=0, min_side=0)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def equal(one: Any, two: Any) -> bool:
    if isinstance(one, np.ndarray):
        return one.shape == two.shape and one.dtype == two.dtype and one.tobytes() == two.tobytes()
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(equal(one[key], two[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(two) and all(map(equal, one, two))
    return type(one) is type(two) and one == two


@given(PLAIN)
def test_round_trip_gives_the_same_bits(value: Any) -> None:
    assert equal(from_bytes(to_bytes(value)), value)


def test_decoded_learner_continues_as_the_encoded_one() -> None:
    learner = OnlineGaussianMixture(3, seed=4).partial_fit(np.random.default_rng(0).normal(size=50))
    again = OnlineGaussianMixture.from_state(from_bytes(to_bytes(learner.state())))
    assert again.partial_fit([0.5]).mixture == learner.partial_fit([0.5]).mixture


@pytest.mark.parametrize("value", [{"x": object()}, {"x": np.array([object()])}, {1, 2}])
def test_values_of_other_types_are_refused(value: Any) -> None:
    with pytest.raises(StateError, match="expected"):
        to_bytes(value)


@pytest.mark.parametrize("damage", [b"", b"x", slice(0, 9), slice(0, -1), slice(1, None)])
def test_damaged_bytes_are_refused(damage: Any) -> None:
    whole = to_bytes({"x": np.arange(3.0)})
    with pytest.raises(StateError, match="expected"):
        from_bytes(whole[damage] if isinstance(damage, slice) else damage)


def test_object_arrays_are_never_read() -> None:
    body = to_bytes({"x": np.arange(3.0)}).replace(b'"<f8"', b'"|O8"')
    with pytest.raises(StateError, match="dtype"):
        from_bytes(body)
