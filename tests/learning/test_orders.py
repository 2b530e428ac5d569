"""Other orders: the same points, the same sizes; where learners end, and whether that depends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dash_app.errors import EmptyDataError, OutOfRangeError
from dash_app.learning import LEARNERS, fit_from_scratch, total_variation
from dash_app.learning.mixture import Array
from dash_app.learning.orders import ORDERS, Ends, ends_by_order, in_order

PARTS = [np.array([2.0, -1.1]), np.array([-1.0]), np.array([2.1, -0.9, 1.9])]


def groups(n_each: int = 20) -> list[Array]:
    """Two groups, mixed, in increments of two."""
    rng = np.random.default_rng(3)
    points = np.concatenate([rng.normal(-1, 0.1, n_each), rng.normal(1, 0.2, n_each)])
    return np.split(rng.permutation(points), n_each)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("arrival", [[2.0, -1.1], [-1.0], [2.1, -0.9, 1.9]]),
        ("sorted", [[-1.1, -1.0], [-0.9], [1.9, 2.0, 2.1]]),
        ("reversed", [[2.1, 2.0], [1.9], [-0.9, -1.0, -1.1]]),
        ("clusters", [[-1.1, -1.0], [-0.9], [2.0, 2.1, 1.9]]),
    ],
)
def test_each_order_by_hand(order: str, expected: list[list[float]]) -> None:
    found = in_order(PARTS, order, n_components=2)
    assert [each.tolist() for each in found] == expected


@settings(max_examples=20)
@given(
    st.lists(st.lists(st.floats(-5, 5), min_size=1, max_size=4), min_size=1, max_size=6),
    st.sampled_from(ORDERS),
)
def test_an_order_keeps_the_points_and_the_sizes(parts: list[list[float]], order: str) -> None:
    increments = [np.array(part) for part in parts]
    found = in_order(increments, order, n_components=2, seed=1)
    assert [each.size for each in found] == [each.size for each in increments]
    assert sorted(np.concatenate(found)) == sorted(np.concatenate(increments))


def test_shuffles_differ_by_seed_alone() -> None:
    one, same, other = (
        np.concatenate(in_order(groups(), "shuffled", n_components=2, seed=seed)).tolist()
        for seed in (4, 4, 5)
    )
    assert one == same != other


def test_an_unknown_order_is_refused() -> None:
    with pytest.raises(OutOfRangeError, match="by name"):
        in_order(PARTS, "by name", n_components=2)


def ends_of(learner: str, n_shuffles: int = 3, **settings: Any) -> Ends:
    return ends_by_order(groups(), learner, 2, n_shuffles=n_shuffles, **settings)


def test_ends_are_those_of_the_learner_told_in_that_order() -> None:
    found = ends_of("stepwise_em", seed=2, shuffle_seed=7)
    assert [each.order for each in found.orders] == list(ORDERS)
    assert [each.seed for each in found.shuffles] == [8, 9, 10]
    assert found.scratch == fit_from_scratch(np.concatenate(groups()), 2).mixture
    for end in (*found.orders, *found.shuffles):
        learner = LEARNERS["stepwise_em"](2, seed=2)
        for part in in_order(groups(), end.order, n_components=2, seed=end.seed):
            learner.partial_fit(part)
        assert end.mixture == learner.mixture
        assert end.n_touched == learner.n_touched
        assert end.tv_to_scratch == total_variation(learner.mixture, found.scratch)


def test_from_scratch_does_not_depend_on_the_order() -> None:
    found = ends_of("scratch")
    assert max(each.tv_to_scratch for each in (*found.orders, *found.shuffles)) < 1e-6


def test_bounded_memory_hardly_depends_on_the_order_where_groups_are_clear() -> None:
    found = ends_of("summary")
    assert max(each.tv_to_scratch for each in (*found.orders, *found.shuffles)) < 1e-3


def test_the_gradient_forgets_when_one_cluster_follows_the_other() -> None:
    by_order = {each.order: each.tv_to_scratch for each in ends_of("gradient", 0).orders}
    assert by_order["clusters"] > 0.1
    assert by_order["clusters"] > by_order["arrival"]


def test_equal_arguments_give_equal_ends() -> None:
    one, same, other = (ends_of("gradient", 1, shuffle_seed=seed) for seed in (1, 1, 9))
    assert one == same
    assert one.shuffles != other.shuffles


def test_the_capacity_is_that_of_the_summary() -> None:
    rng = np.random.default_rng(0)
    parts = [rng.normal(size=50) for _ in range(4)]
    large, small = (ends_by_order(parts, "summary", 1, capacity=n) for n in (1024, 16))
    assert small.orders[0].n_touched < large.orders[0].n_touched


def test_equal_points_end_at_their_value() -> None:
    found = ends_by_order([np.full(3, 0.3)] * 2, "summary", 2, n_shuffles=1)
    assert all(each.tv_to_scratch == 0.0 for each in (*found.orders, *found.shuffles))


def test_invalid_arguments_are_refused() -> None:
    with pytest.raises(OutOfRangeError, match="nobody"):
        ends_of("nobody")
    with pytest.raises(EmptyDataError):
        ends_by_order([], "summary", 2)


def test_before_each_update_it_can_be_ended() -> None:
    class EndedError(Exception):
        pass

    calls = []

    def end_soon() -> None:
        calls.append(1)
        if len(calls) == 30:
            raise EndedError

    with pytest.raises(EndedError):
        ends_by_order(groups(), "gradient", 2, on_step=end_soon)


def test_the_fit_that_finds_the_clusters_can_be_ended() -> None:
    def end() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        in_order(groups(), "clusters", n_components=2, on_step=end)
