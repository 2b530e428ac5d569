"""Splits of a component into two."""

from __future__ import annotations

import numpy as np
import pytest

from dash_app.learning.compiled import splits as compiled
from dash_app.learning.objective import Candidates, Objective
from dash_app.learning.summary import WeightedSummary


@pytest.fixture
def objective() -> Objective:
    rng = np.random.default_rng(3)
    clumps = [(-3.0, 60), (2.0, 90), (2.9, 10)]
    points = np.concatenate([rng.normal(mean, 0.05, n) for mean, n in clumps])
    return Objective.of_summary(WeightedSummary(1024).with_points(points), 3, 1.0)


def splits(objective: Objective, candidates: Candidates, n_kept: int) -> Candidates:
    atoms, prior = objective.atoms, objective.prior
    return Candidates(*compiled.splits(atoms, prior, candidates.batch, n_kept))


def at(objective: Objective, means: list[float], std: float) -> Candidates:
    standardised = (np.array([means]) - objective.location) / objective.scale
    variances = np.full(standardised.shape, (std / objective.scale) ** 2)
    return Candidates(np.full(standardised.shape, 1 / len(means)), standardised, variances)


def test_each_component_is_split_once(objective: Objective) -> None:
    pair = at(objective, [-3.0, 2.1], 0.3)
    split = splits(objective, pair, 10)
    assert split.means.shape == (2, 3)
    np.testing.assert_allclose(split.weights.sum(axis=1), 1.0)
    assert (split.variances >= objective.variance_floor).all()
    kept = [[m in row for m in pair.means[0]] for row in split.means]
    assert sorted(kept) == [[False, True], [True, False]]


def test_split_finds_unequal_parts_directly(objective: Objective) -> None:
    pair = at(objective, [-3.0, 2.1], 0.3)
    split = splits(objective, pair, 10)
    of_second = split[pair.means[0, 0] == split.means[:, 0]]
    back = objective.in_data_scale(of_second)
    # the second component sees 100 points, of which 10 are the small clump at 2.9
    np.testing.assert_allclose(np.sort(back.means[0]), [-3.0, 2.0, 2.9], atol=0.03)
    np.testing.assert_allclose(np.sort(back.weights[0])[0], 10 / 160, atol=0.01)


def test_the_component_of_two_clumps_is_split_first(objective: Objective) -> None:
    pair = at(objective, [-3.0, 2.1], 0.3)
    best = splits(objective, pair, 1)
    assert best.means.shape == (1, 3)
    assert pair.means[0, 0] in best.means[0]
    assert pair.means[0, 1] not in best.means[0]


def test_split_of_a_component_far_from_the_points_is_a_mixture(objective: Objective) -> None:
    lost = Candidates(np.array([[1.0, 0.0]]), np.array([[0.0, 50.0]]), np.array([[1e-4, 1e-4]]))
    best = splits(objective, lost, 2)
    assert np.isfinite(objective.value(best)).all()
    np.testing.assert_allclose(best.weights.sum(axis=1), 1.0)
