"""Offspring of two mixtures."""

from __future__ import annotations

import numpy as np
import pytest

from dash_app.learning.compiled import crossover as compiled
from dash_app.learning.objective import Candidates, Objective, sorted_by_mean
from dash_app.learning.summary import WeightedSummary


def crossover(objective: Objective, parents: Candidates, n_kept: int) -> Candidates:
    batch = sorted_by_mean(parents).batch
    return Candidates(*compiled.crossover(objective.atoms, objective.prior, batch, n_kept))


def _objective(n_components: int) -> Objective:
    rng = np.random.default_rng(3)
    points = np.concatenate([rng.normal(m, 0.05, 40) for m in (-3.0, -2.0, 2.0, 3.0)])
    summary = WeightedSummary(1024).with_points(points)
    return Objective.of_summary(summary, n_components, 1.0)


def _candidates(objective: Objective, means: list[list[float]]) -> Candidates:
    at = (np.array(means) - objective.location) / objective.scale
    return Candidates(np.full(at.shape, 0.25), at, np.full(at.shape, 1e-3))


def test_offspring_combines_the_better_side_of_each_parent() -> None:
    objective = _objective(4)
    parents = _candidates(objective, [[-3.0, -2.0, 2.4, 2.6], [-2.6, -2.4, 2.0, 3.0]])
    offspring = crossover(objective, parents, 5)
    expected = _candidates(objective, [[-3.0, -2.0, 2.0, 3.0]])
    np.testing.assert_allclose(offspring.means[0], expected.means[0])
    assert objective.value(offspring[:1])[0] > objective.value(parents).max() + 1.0


def test_offspring_are_sorted_best_first() -> None:
    objective = _objective(4)
    rng = np.random.default_rng(0)
    parents = _candidates(objective, rng.uniform(-3.5, 3.5, (6, 4)).tolist())
    values = objective.value(crossover(objective, parents, 8))
    assert values.size > 1
    assert (np.diff(values) <= 1e-9).all()


def test_weights_of_offspring_sum_to_one() -> None:
    objective = _objective(4)
    uneven = _candidates(objective, [[-3.0, -2.0, 2.4, 2.6], [-2.6, -2.4, 2.0, 3.0]])
    weights = np.array([[0.7, 0.1, 0.1, 0.1], [0.1, 0.1, 0.1, 0.7]])
    parents = Candidates(weights, uneven.means, uneven.variances)
    offspring = crossover(objective, parents, 5)
    np.testing.assert_allclose(offspring.weights.sum(axis=1), 1.0)


def test_parents_that_agree_at_both_ends_are_crossed_between_them_only() -> None:
    objective = _objective(4)
    parents = _candidates(objective, [[-3.0, -2.0, 2.4, 3.0], [-3.0, -2.5, 2.0, 3.0]])
    offspring = crossover(objective, parents, 9)
    expected = _candidates(objective, [[-3.0, -2.0, 2.0, 3.0], [-3.0, -2.5, 2.4, 3.0]])
    np.testing.assert_allclose(offspring.means, expected.means)


def test_parents_in_one_basin_have_no_offspring() -> None:
    objective = _objective(4)
    like = _candidates(objective, [[-3.0, -2.0, 2.0, 3.0], [-3.001, -2.0, 2.0, 3.001]])
    assert len(crossover(objective, like, 5)) == 0


def test_one_component_or_one_parent_has_no_offspring() -> None:
    one = _candidates(_objective(1), [[-1.0], [1.0]])
    assert len(crossover(_objective(1), one, 5)) == 0
    single = _candidates(_objective(4), [[-3.0, -2.0, 2.0, 3.0]])
    assert len(crossover(_objective(4), single, 5)) == 0


@pytest.mark.filterwarnings("error")
def test_offspring_of_dead_components_has_no_weight_zero() -> None:
    objective = _objective(4)
    means = [[-3.0, -2.0, 2.4, 2.6], [-2.6, -2.4, 2.0, 3.0]]
    alive = _candidates(objective, means)
    weights = np.array([[0.0, 0.0, 0.5, 0.5], [0.5, 0.5, 0.0, 0.0]])
    offspring = crossover(objective, Candidates(weights, alive.means, alive.variances), 5)
    assert np.isfinite(objective.value(offspring)).all()
    np.testing.assert_allclose(offspring.weights.sum(axis=1), 1.0)
