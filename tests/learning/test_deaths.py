"""Deaths and merges of components."""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled import deaths
from dash_app.learning.objective import Candidates

TRIO = Candidates(
    np.array([[0.2, 0.3, 0.5]]), np.array([[-1.0, 0.0, 4.0]]), np.array([[0.1, 0.2, 0.3]])
)


def deaths_and_merges(candidates: Candidates) -> Candidates:
    return Candidates(*deaths.deaths_and_merges(candidates.batch))


def test_each_component_dies_once() -> None:
    dropped = deaths_and_merges(TRIO)[:3]
    assert dropped.means.tolist() == [[0.0, 4.0], [-1.0, 4.0], [-1.0, 0.0]]
    np.testing.assert_allclose(dropped.weights[1], [0.2 / 0.7, 0.5 / 0.7])
    assert dropped.variances.tolist() == [[0.2, 0.3], [0.1, 0.3], [0.1, 0.2]]


def test_merge_keeps_mass_mean_and_variance() -> None:
    united = deaths_and_merges(TRIO)[3:]
    assert len(united) == 2
    for row, pair in enumerate(([0, 1], [1, 2])):
        w, m, v = (part[0, pair] for part in (TRIO.weights, TRIO.means, TRIO.variances))
        mean = (w @ m) / w.sum()
        np.testing.assert_allclose(united.weights[row, row], w.sum())
        np.testing.assert_allclose(united.means[row, row], mean)
        variance = (w @ (v + (m - mean) ** 2)) / w.sum()
        np.testing.assert_allclose(united.variances[row, row], variance)


def test_each_mixture_of_a_batch_has_its_own_deaths_and_merges() -> None:
    other = Candidates(TRIO.weights[:, ::-1], TRIO.means + 1.0, 2.0 * TRIO.variances)
    both = deaths_and_merges(Candidates.joined(TRIO, other))
    alone = deaths_and_merges(other)
    assert len(both) == 10
    np.testing.assert_array_equal(both.means[5:], alone.means)
    np.testing.assert_array_equal(both.weights[5:], alone.weights)


def test_remaining_components_without_weight_get_equal_weights() -> None:
    nearly = Candidates(np.array([[1.0, 0.0, 0.0]]), TRIO.means, TRIO.variances)
    assert deaths_and_merges(nearly).weights[0].tolist() == [0.5, 0.5]
