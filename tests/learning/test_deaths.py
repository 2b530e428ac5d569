"""Deaths of components."""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled import deaths as compiled
from dash_app.learning.objective import Candidates

TRIO = Candidates(
    np.array([[0.2, 0.3, 0.5]]), np.array([[-1.0, 0.0, 4.0]]), np.array([[0.1, 0.2, 0.3]])
)


def deaths(candidates: Candidates) -> Candidates:
    return Candidates(*compiled.deaths(candidates.batch))


def test_each_component_dies_once() -> None:
    dropped = deaths(TRIO)
    assert dropped.means.tolist() == [[0.0, 4.0], [-1.0, 4.0], [-1.0, 0.0]]
    np.testing.assert_allclose(dropped.weights[1], [0.2 / 0.7, 0.5 / 0.7])
    assert dropped.variances.tolist() == [[0.2, 0.3], [0.1, 0.3], [0.1, 0.2]]


def test_each_mixture_of_a_batch_has_its_own_deaths() -> None:
    other = Candidates(TRIO.weights[:, ::-1], TRIO.means + 1.0, 2.0 * TRIO.variances)
    both = deaths(Candidates.joined(TRIO, other))
    alone = deaths(other)
    assert len(both) == 6
    np.testing.assert_array_equal(both.means[3:], alone.means)
    np.testing.assert_array_equal(both.weights[3:], alone.weights)


def test_remaining_components_without_weight_get_equal_weights() -> None:
    nearly = Candidates(np.array([[1.0, 0.0, 0.0]]), TRIO.means, TRIO.variances)
    assert deaths(nearly).weights[0].tolist() == [0.5, 0.5]
