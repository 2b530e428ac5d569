"""Births of components, compared with the same computation in numpy."""

from __future__ import annotations

import numpy as np
import pytest

from dash_app.learning.compiled.births import births
from dash_app.learning.objective import Candidates, Objective
from dash_app.learning.summary import WeightedSummary

STDS = np.array([0.03, 0.12, 0.4])


@pytest.fixture
def objective() -> Objective:
    rng = np.random.default_rng(5)
    clumps = [(-3.0, 40), (0.5, 20), (2.0, 60)]
    points = np.concatenate([rng.normal(mean, 0.1, n) for mean, n in clumps])
    return Objective.of_summary(WeightedSummary(1024).with_points(points), 3, 1.0)


def pair(objective: Objective, first: float, second: float, std: float) -> Candidates:
    means = (np.array([[first, second]]) - objective.location) / objective.scale
    return Candidates(np.full((1, 2), 0.5), means, np.full((1, 2), (std / objective.scale) ** 2))


def into(objective: Objective, reduced: Candidates, locations: np.ndarray, n: int) -> Candidates:
    atoms, prior = objective.atoms, objective.prior
    return Candidates(*births(atoms, prior, reduced.batch, locations, STDS))[:n]


def predicted_value(objective: Objective, reduced: Candidates, mean: float, std: float) -> float:
    x, share = objective.positions, objective.masses / objective.mass
    deviations = x - reduced.means[0][:, None]
    variances = reduced.variances[0][:, None]
    peaks = reduced.weights[0][:, None] / np.sqrt(2 * np.pi * variances)
    density = (peaks * np.exp(-0.5 * deviations**2 / variances)).sum(axis=0)
    new = np.exp(-0.5 * ((x - mean) / std) ** 2) / (std * np.sqrt(2 * np.pi))
    ratio = new / density - 1.0
    slope, curvature = share @ ratio, share @ ratio**2
    weight = np.clip(slope / curvature, 0.0, 0.5)
    gain = weight * slope - 0.5 * weight**2 * curvature
    return float(objective.value(reduced)[0] + gain)


def test_the_first_birth_has_the_largest_predicted_objective(objective: Objective) -> None:
    reduced = pair(objective, -3.0, 2.0, 0.4)
    locations = np.linspace(-1.5, 1.5, 31)
    found = into(objective, reduced, locations, 40)
    widths = np.sqrt(STDS**2 + objective.variance_floor)
    predicted = {
        (mean, std): predicted_value(objective, reduced, mean, std)
        for mean in locations
        for std in widths
    }
    mean, std = max(predicted, key=lambda place: predicted[place])
    assert found.means[0, 2] == pytest.approx(mean)
    assert found.variances[0, 2] == pytest.approx(std**2)
    assert objective.value(found[:1])[0] > objective.value(reduced)[0] + 0.1


def test_births_keep_proportions_of_other_weights_and_requested_number(
    objective: Objective,
) -> None:
    reduced = Candidates.joined(pair(objective, -3.0, 2.0, 0.4), pair(objective, -2.5, 0.5, 0.2))
    found = into(objective, reduced, np.linspace(-1.5, 1.5, 31), 4)
    assert found.means.shape == (4, 3)
    np.testing.assert_allclose(found.weights.sum(axis=1), 1.0)
    np.testing.assert_allclose(found.weights[:, 0], found.weights[:, 1])
    assert (found.weights[:, 2] <= 0.5).all()
