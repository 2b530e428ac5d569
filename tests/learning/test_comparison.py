"""Distances between mixtures: known values, quadrature, narrow components."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.special import ndtr

from dash_app.errors import EmptyDataError, NonFiniteError, OutOfRangeError, ShapeError
from dash_app.learning import Mixture, compare


def mixture(weights: list[float], means: list[float], stds: list[float]) -> Mixture:
    return Mixture(np.array(weights), np.array(means), np.array(stds) ** 2)


P = mixture([0.3, 0.7], [-1.0, 0.5], [0.2, 0.6])
Q = mixture([0.5, 0.1, 0.4], [-0.8, 0.1, 0.9], [0.3, 0.05, 0.4])


def test_shifted_normals_have_the_textbook_distance() -> None:
    one, other = mixture([1.0], [0.0], [2.0]), mixture([1.0], [3.0], [2.0])
    assert_allclose(compare(one, other).total_variation, 2 * ndtr(0.75) - 1, rtol=1e-12)


def test_scaled_normals_have_the_textbook_distance() -> None:
    # N(0, 1) and N(0, 2^2) cross at x^2 = 8 log(2) / 3
    crossing = np.sqrt(8 * np.log(2) / 3)
    by_hand = 2 * (ndtr(crossing) - ndtr(crossing / 2))
    one, other = mixture([1.0], [0.0], [1.0]), mixture([1.0], [0.0], [2.0])
    assert_allclose(compare(one, other).total_variation, by_hand, rtol=1e-12)


def test_equal_mixtures_have_distance_zero() -> None:
    same = compare(P, P, [0.0, 1.0])
    assert same.total_variation == 0.0
    assert same.jensen_shannon == pytest.approx(0.0, abs=1e-15)
    assert same.integrated_squared_error == pytest.approx(0.0, abs=1e-15)
    assert same.log_likelihood_gap == 0.0


def test_disjoint_mixtures_have_the_largest_distances() -> None:
    far = compare(mixture([1.0], [0.0], [1.0]), mixture([1.0], [1e6], [1.0]))
    assert_allclose(far.total_variation, 1.0, rtol=1e-12)
    assert_allclose(far.jensen_shannon, np.log(2), rtol=1e-9)


def test_all_distances_agree_with_adaptive_quadrature() -> None:
    def integral(f: object) -> float:
        return float(quad(f, -6, 6, points=[-1, 0, 0.1, 0.5, 1], limit=500, epsabs=1e-11)[0])

    def p(x: float) -> float:
        return float(P.density([x])[0])

    def q(x: float) -> float:
        return float(Q.density([x])[0])

    def divergence(x: float) -> float:
        middle = 0.5 * (p(x) + q(x))
        return 0.5 * (p(x) * np.log(p(x) / middle) + q(x) * np.log(q(x) / middle))

    found = compare(P, Q)
    assert_allclose(found.total_variation, 0.5 * integral(lambda x: abs(p(x) - q(x))), atol=1e-8)
    assert_allclose(found.jensen_shannon, integral(divergence), atol=1e-8)
    assert_allclose(
        found.integrated_squared_error, integral(lambda x: (p(x) - q(x)) ** 2), atol=1e-8
    )


@pytest.mark.parametrize("std", [1e-3, 1e-6, 1e-9])
def test_narrow_component_counts_in_full(std: float) -> None:
    broad = mixture([1.0], [0.0], [1.0])
    with_needle = mixture([0.9, 0.1], [0.0, 0.3], [1.0, std])
    # the narrow component has mass 0.1; subtract the broad density below it
    expected = 0.1 * (1 - broad.density([0.3])[0] * std * 9)
    assert_allclose(
        compare(with_needle, broad).total_variation, 0.1, atol=1.5 * (0.1 - expected) + 1e-9
    )


SHARE = 0.436057371581054


@pytest.mark.parametrize(
    "wavy",
    [
        # two crossings lie in one cell of the grid; without them the distance lacks 1.5e-5
        mixture([SHARE, 1 - SHARE], [0.05, -0.05], [0.7, 1.5]),
        # in the cell of a crossing p - q turns back; Newton's steps alone would leave the cell, and
        # the distance lack 2.8e-5
        mixture([0.51, 0.49], [0.4, 2.2], [0.5001, 1.9]),
    ],
    ids=["two in a cell", "one beside a turn"],
)
def test_each_crossing_is_found(wavy: Mixture) -> None:
    plain = mixture([1.0], [0.0], [1.0])
    x, step = np.linspace(-20, 20, 2_000_001, retstep=True)
    by_sum = 0.5 * step * np.abs(wavy.density(x) - plain.density(x)).sum()
    assert_allclose(compare(wavy, plain).total_variation, by_sum, atol=1e-9)


def test_divergence_counts_nothing_where_half_of_a_density_is_no_number() -> None:
    """At some node one density is the least number above 0, and the other is 0."""
    one = mixture([0.5, 0.5], [0.0, 109.7], [1.0, 1.0])
    other = mixture([0.5, 0.5], [0.1, 109.7], [1.0, 1.0])
    assert_allclose(compare(one, other).jensen_shannon, 0.000624, atol=5e-7)


def test_extreme_scales_stay_finite() -> None:
    huge = mixture([0.5, 0.5], [-1e150, 1e150], [1e149, 1e150])
    tiny = mixture([0.5, 0.5], [0.0, 1e-150], [1e-151, 1e-150])
    for one, other in ((huge, tiny), (tiny, huge), (huge, huge), (tiny, tiny)):
        found = compare(one, other)
        assert 0.0 <= found.total_variation <= 1.0
        assert 0.0 <= found.jensen_shannon <= np.log(2)


def test_shift_and_scale_do_not_change_relative_distances() -> None:
    def moved(m: Mixture) -> Mixture:
        return Mixture(m.weights, 1e6 + 1e-2 * m.means, 1e-4 * m.variances)

    assert_allclose(
        compare(moved(P), moved(Q)).total_variation, compare(P, Q).total_variation, atol=1e-6
    )


def test_gap_is_the_difference_of_mean_log_likelihoods() -> None:
    points = np.array([-1.0, 0.2, 0.7])
    gap = compare(P, Q, points).log_likelihood_gap
    assert_allclose(gap, np.mean(np.log(P.density(points)) - np.log(Q.density(points))))
    assert compare(P, Q).log_likelihood_gap is None
    with pytest.raises(NonFiniteError):
        compare(P, Q, [np.nan])
    with pytest.raises(EmptyDataError):
        compare(P, Q, [])


def test_gap_of_weighted_points_is_that_of_repeated_points() -> None:
    points = np.array([-1.0, 0.2, 0.7])
    repeated = compare(P, Q, np.repeat(points, [3, 1, 2])).log_likelihood_gap
    assert_allclose(compare(P, Q, points, [1.5, 0.5, 1.0]).log_likelihood_gap, repeated)
    with pytest.raises(ShapeError, match="expected 3 weights, got 4"):
        compare(P, Q, points, np.ones(4))
    with pytest.raises(OutOfRangeError, match="weights > 0"):
        compare(P, Q, points, [1.0, 0.0, 1.0])


def test_gap_of_many_weighted_points_reads_all_of_them() -> None:
    rng = np.random.default_rng(0)
    points, weights = rng.normal(size=20_000), rng.uniform(0.1, 1.0, 20_000)
    by_hand = np.average(P.log_density(points) - Q.log_density(points), weights=weights)
    assert_allclose(compare(P, Q, points, weights).log_likelihood_gap, by_hand, rtol=1e-9)
