"""Adam's steps without torch: the same as torch's on the provided model."""

from __future__ import annotations

import math
from typing import Optional

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from dash_app.learning import Mixture, fit_from_scratch
from dash_app.learning.adam import fit_adam
from dash_app.learning.adam_steps import LEARNING_RATE, Loss, fit_by_steps, refine_by_steps
from dash_app.learning.mixture import Array
from dash_app.learning.provided import from_gmm, to_gmm


def by_torch(mixture: Mixture, points: Array, n_steps: int = 20) -> Mixture:
    """The steps of torch on the provided model, on the likelihood of the points."""
    model, mean, std = to_gmm(mixture)
    z = torch.from_numpy((points - mean) / std)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    for _ in range(n_steps):
        optimizer.zero_grad()
        (-model.log_prob(z).mean()).backward()
        optimizer.step()
    return from_gmm(model, mean, std)


def assert_equal(one: Mixture, other: Mixture, rtol: float) -> None:
    for name in ("weights", "means", "variances"):
        assert_allclose(getattr(one, name), getattr(other, name), rtol=rtol)


@pytest.mark.parametrize("n_components", [1, 2, 5])
@pytest.mark.parametrize("prior_weight", [1.0, 20.0, None])
def test_a_fit_is_that_of_torch(
    eruptions: Array, n_components: int, prior_weight: Optional[float]
) -> None:
    ours = fit_by_steps(eruptions, n_components, prior_weight, n_steps=60)
    penalty = {"penalty": False} if prior_weight is None else {"prior_weight": prior_weight}
    theirs = fit_adam(eruptions, n_components, epochs=60, **penalty).mixture
    assert_equal(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize("points", [[0.3], [2.5, -0.1, 0.2], [40.0]])
def test_a_refinement_is_that_of_torch(points: list[float]) -> None:
    start = Mixture(np.array([0.3, 0.7]), np.array([-1.0, 2.0]), np.array([0.04, 1.0]))
    ours = refine_by_steps(start, np.array(points))
    assert_equal(ours, by_torch(start, np.array(points)), rtol=1e-8)


def test_derivatives_are_differences_of_the_loss() -> None:
    rng = np.random.default_rng(3)
    loss = Loss(rng.normal(size=20), penalty=0.05, target_std=0.2)
    parameters = rng.normal(size=(3, 4))
    _, slopes = loss.at(parameters)
    for index in np.ndindex(3, 4):
        step = np.zeros((3, 4))
        step[index] = 1e-6
        change = loss.at(parameters + step)[0] - loss.at(parameters - step)[0]
        assert slopes[index] == pytest.approx(change / 2e-6, abs=1e-8)


@pytest.mark.parametrize(
    "x",
    [
        [1e150, -1e150, 3e149],
        [1e-149, 2e-149, -4e-149],
        [1e6, 1e6 + 1e-3, 1e6 - 1e-3, 1e6 + 2e-3],
        [0.0, 0.1, 1e12],
    ],
)
@pytest.mark.parametrize("prior_weight", [1.0, None])
def test_hard_spreads_stay_finite(x: list[float], prior_weight: Optional[float]) -> None:
    points = np.array(x)
    assert math.isfinite(fit_by_steps(points, 4, prior_weight).mean_log_likelihood(points))


def test_a_point_without_density_moves_nothing() -> None:
    start = Mixture(np.ones(1), np.zeros(1), np.array([1e-300]))
    assert refine_by_steps(start, np.array([1e150])).means.tolist() == [0.0]


@pytest.mark.parametrize("x", [[0.3], [2.0, 2.0, 2.0], [-1e6]])
def test_equal_points_give_the_mixture_of_every_training(x: list[float]) -> None:
    assert fit_by_steps(np.array(x), 3) == fit_from_scratch(x, 3).mixture
