"""The weighted summary: exact up to its capacity, then bounded with the same moments."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from dash_app.errors import UnknownPointError
from dash_app.learning.summary import WeightedSummary

VALUES = st.lists(
    st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda x: round(x, 3)), min_size=1, max_size=60
)


def summary_of(points: list[float], capacity: int = 1024) -> WeightedSummary:
    return WeightedSummary(capacity).with_points(np.array(points))


def one_by_one(points: list[float], capacity: int = 1024) -> WeightedSummary:
    summary = WeightedSummary(capacity)
    for x in points:
        summary = summary.with_points(np.array([x]))
    return summary


def assert_same(one: WeightedSummary, other: WeightedSummary) -> None:
    for name in ("means", "masses", "variances"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.exact == other.exact


@given(VALUES, st.randoms(use_true_random=False))
def test_exact_summary_does_not_depend_on_order_or_grouping(
    points: list[float], random: object
) -> None:
    shuffled = list(points)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert_same(summary_of(points), one_by_one(shuffled))
    half = len(points) // 2
    if half:
        merged = summary_of(points[:half]).merged_with(summary_of(points[half:]))
        assert_same(merged, summary_of(points))


@given(VALUES)
def test_exact_summary_holds_each_distinct_value(points: list[float]) -> None:
    values, counts = np.unique(points, return_counts=True)
    summary = summary_of(points)
    np.testing.assert_array_equal(summary.means, values)
    np.testing.assert_array_equal(summary.masses, counts)
    assert not summary.variances.any()
    assert summary.exact


@given(VALUES)
def test_merging_keeps_count_mean_and_variance(points: list[float]) -> None:
    for summary in (summary_of(points, 5), one_by_one(points, 5)):
        assert summary.n_atoms <= 5
        assert summary.mass == len(points)
        mean, variance = summary.mean_and_variance()
        size = np.abs(points).max()
        assert_allclose(mean, np.mean(points), rtol=1e-9, atol=1e-12 * size)
        assert_allclose(variance, np.var(points), rtol=1e-9, atol=1e-12 * size**2)
        assert (np.diff(summary.means) > 0).all()


@pytest.mark.parametrize("order", ["shuffled", "sorted", "heavy tails"])
def test_large_increments_keep_the_shape(order: str) -> None:
    rng = np.random.default_rng(1)
    points = rng.standard_cauchy(50_000) if order == "heavy tails" else rng.normal(size=50_000)
    if order == "sorted":
        points = np.sort(points)
    summary = WeightedSummary(512)
    for part in np.split(points, 5):
        summary = summary.with_points(part)
    assert summary.n_atoms == 512
    assert summary.mass == 50_000
    mean, variance = summary.mean_and_variance()
    assert_allclose([mean, variance], [points.mean(), points.var()], rtol=1e-10, atol=1e-12)
    # the cumulative share changes by at most the mass of a few atoms
    at = np.quantile(points, np.linspace(0.05, 0.95, 19))
    below = np.array([summary.masses[summary.means <= x].sum() for x in at]) / 50_000
    assert_allclose(below, np.linspace(0.05, 0.95, 19), atol=0.02)


def test_points_in_order_lose_no_more_than_points_at_random() -> None:
    # merging loses the scatter within atoms; the order of arrival must not increase it
    points = np.random.default_rng(7).normal(size=40_000)
    hidden = []
    for stream in (points, np.sort(points)):
        summary = WeightedSummary(256)
        for part in np.split(stream, 20):
            summary = summary.with_points(part)
        hidden.append(float(summary.masses @ summary.variances))
    assert hidden[1] < 2 * hidden[0]


def test_far_offset_and_extreme_scales_lose_nothing() -> None:
    near = summary_of([1e6, 1e6 + 1e-3, 1e6 + 2e-3])
    assert_allclose(near.mean_and_variance()[1], np.var([0, 1e-3, 2e-3]), rtol=1e-6)
    huge = summary_of([-1e150, 1e150, 0.0, 5e149], capacity=2)
    assert np.isfinite(huge.mean_and_variance()).all()
    tiny = summary_of([0.0, 1e-150, 2e-150, 5e-150], capacity=2)
    assert_allclose(tiny.mean_and_variance()[1], np.var([0, 1, 2, 5]) * 1e-300, rtol=1e-9)


def test_forgetting_is_exact_while_the_summary_is() -> None:
    summary = summary_of([1.0, 2.0, 2.0, 3.0])
    assert_same(summary.without_points(np.array([2.0, 3.0])), summary_of([1.0, 2.0]))
    with pytest.raises(UnknownPointError, match=r"got 2\.5 at index 1"):
        summary.without_points(np.array([1.0, 2.5]))
    with pytest.raises(UnknownPointError):
        summary.without_points(np.array([3.0, 3.0]))
    assert summary.without_points(np.array([1.0, 2.0, 2.0, 3.0])).n_atoms == 0


def test_forgetting_after_merging_keeps_count_and_mean() -> None:
    rng = np.random.default_rng(3)
    points = rng.normal(size=400)
    summary = summary_of(points.tolist(), capacity=40)
    left = summary.without_points(points[:150])
    assert left.mass == 250
    mean, variance = left.mean_and_variance()
    assert_allclose(mean, points[150:].mean(), atol=0.02)
    assert_allclose(variance, points[150:].var(), rtol=0.05)
    assert (left.variances >= 0).all()
    with pytest.raises(UnknownPointError):
        summary.without_points(np.array([99.0]))


def test_everything_learned_can_be_forgotten_after_merging() -> None:
    rng = np.random.default_rng(4)
    points = rng.normal(size=300)
    assert summary_of(points.tolist(), capacity=20).without_points(points).n_atoms == 0


def test_decayed_atoms_are_dropped() -> None:
    summary = WeightedSummary(8).with_points(np.array([0.0]), np.array([1e-13]))
    summary = summary.with_points(np.array([1.0]))
    assert summary.scaled(0.5).means.tolist() == [1.0]


def test_weights_are_kept_through_sorting() -> None:
    summary = WeightedSummary(8).with_points(np.array([3.0, 1.0, 3.0]), np.array([1.0, 5.0, 2.0]))
    assert summary.means.tolist() == [1.0, 3.0]
    assert summary.masses.tolist() == [5.0, 3.0]


MANY = 600_000
"""Points of more than one block."""


def test_many_points_of_few_values_are_summarised_exactly() -> None:
    rng = np.random.default_rng(4)
    points = rng.integers(0, 900, MANY).astype(np.float64)
    weights = rng.integers(1, 4, MANY).astype(np.float64)
    for summary, masses in (
        (WeightedSummary(1024).with_points(points), np.bincount(points.astype(int))),
        (
            WeightedSummary(1024).with_points(points, weights),
            np.bincount(points.astype(int), weights),
        ),
    ):
        assert summary.exact
        assert not summary.variances.any()
        np.testing.assert_array_equal(summary.masses, masses)
        assert (summary.low, summary.high) == (0.0, 899.0)


@pytest.mark.parametrize("order", ["random", "sorted"])
def test_many_points_keep_count_mean_and_variance_in_little_memory(order: str) -> None:
    points = 1e6 + np.random.default_rng(5).standard_t(3, MANY)
    if order == "sorted":
        points.sort()
    tracemalloc.start()
    try:
        summary = WeightedSummary(256).with_points(points)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    mean, variance = summary.mean_and_variance()
    assert summary.mass == MANY
    assert summary.n_atoms == 256
    assert not summary.exact
    assert_allclose(mean, points.mean(), atol=1e-9)
    assert_allclose(variance, points.var(), rtol=1e-9)
    assert summary.masses @ summary.variances < 2e-3 * MANY
    assert peak < 30e6  # bytes; all points at once would take 43e6


def test_points_one_by_one_merge_the_cheapest_pair_each_time() -> None:
    points = np.random.default_rng(8).normal(size=40).round(1)
    summary = WeightedSummary(6).with_each(points)
    held: list[tuple[float, float, float]] = []  # mean, mass, scatter
    for x in points.tolist():
        at = next((i for i, (mean, _, _) in enumerate(held) if mean == x), None)
        if at is not None:
            mean, mass, scatter = held[at]
            held[at] = (mean, mass + 1.0, scatter)
            continue
        held = sorted([*held, (x, 1.0, 0.0)])
        if len(held) > 6:
            pairs = [
                a[1] * b[1] / (a[1] + b[1]) * (b[0] - a[0]) ** 2 for a, b in zip(held, held[1:])
            ]
            at = int(np.argmin(pairs))
            (mean, mass, scatter), (other, more, rest) = held[at : at + 2]
            joint = (mass * mean + more * other) / (mass + more)
            held[at : at + 2] = [(joint, mass + more, scatter + rest + pairs[at])]
    means, masses, scatters = np.array(held).T
    np.testing.assert_allclose(summary.means, means, rtol=1e-12)
    np.testing.assert_allclose(summary.masses, masses)
    np.testing.assert_allclose(summary.variances, scatters / masses, rtol=1e-9)
    assert not summary.exact
    one_at_a_time = one_by_one(points.tolist(), capacity=6)
    np.testing.assert_array_equal(summary.means, one_at_a_time.means)
    np.testing.assert_array_equal(summary.variances, one_at_a_time.variances)
