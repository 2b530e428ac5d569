"""Newton's method: derivatives by differences, the optimum of EM; J never falls."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from dash_app.learning.compiled.newton import (
    Derivatives,
    differentiate,
    new_derivatives,
    newton_step,
)
from dash_app.learning.compiled.signatures import Parameters
from dash_app.learning.em import em_step
from dash_app.learning.newton import polish
from dash_app.learning.objective import Candidates, Objective
from dash_app.learning.summary import WeightedSummary
from testbed.starts import random_starts


@pytest.fixture(params=["exact", "merged"])
def objective(request: pytest.FixtureRequest, clumps: np.ndarray) -> Objective:
    capacity = 1024 if request.param == "exact" else 30
    return Objective.of_summary(WeightedSummary(capacity).with_points(clumps), 3, 1.0)


def at(objective: Objective, theta: np.ndarray) -> Derivatives:
    alpha, means, log_variances = np.split(theta, 3)
    weights = np.exp(alpha) / np.exp(alpha).sum()
    candidates = Candidates(weights[None], means[None], np.exp(log_variances)[None])
    found = new_derivatives(candidates.batch)
    differentiate(objective.atoms, objective.prior, found)
    return found


@pytest.mark.parametrize("log_variances", [(-2.0, -1.0, -1.5), (-5.0, -1.0, -4.0)])
def test_derivatives_equal_finite_differences(
    objective: Objective, log_variances: tuple[float, ...]
) -> None:
    theta = np.array([0.1, -0.3, 0.5, -1.0, 0.1, 0.9, *log_variances])
    here = at(objective, theta)
    step = 1e-5 * np.eye(theta.size)
    up, down = [at(objective, theta + e) for e in step], [at(objective, theta - e) for e in step]
    assert_allclose(here.values, objective.value(Candidates(*here.batch)), rtol=1e-12)
    slopes = [(u.values - d.values) / 2e-5 for u, d in zip(up, down)]
    assert_allclose(here.gradients[0], np.array(slopes)[:, 0], atol=1e-8)
    curvatures = [(u.gradients[0] - d.gradients[0]) / 2e-5 for u, d in zip(up, down)]
    assert_allclose(here.hessians[0], curvatures, atol=1e-8)


def test_polish_reaches_a_fixed_point_of_em(objective: Objective) -> None:
    start = random_starts(objective, 6, np.random.default_rng(0))
    for _ in range(20):
        start, _ = em_step(objective, start)
    polished = polish(objective, start, max_steps=60, tol=1e-14)
    assert polished.converged.all()
    slow = start
    for _ in range(4_000):
        slow, values = em_step(objective, slow)
    assert (polished.values >= values - 1e-9).all()
    _, after = em_step(objective, em_step(objective, polished.candidates)[0])
    assert_allclose(after, polished.values, atol=1e-10)  # a fixed point of EM


def test_polish_never_lowers_the_objective() -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        points = rng.standard_cauchy(80) if seed % 2 else rng.choice([0.0, 1.0, 1.5, 9.0], 80)
        objective = Objective.of_summary(
            WeightedSummary(1024).with_points(points), 4, float(seed % 3)
        )
        start = random_starts(objective, 5, rng)
        seen: list[np.ndarray] = []
        polished = polish(objective, start, max_steps=15, on_step=lambda v, s=seen: s.append(v))
        assert np.isfinite(seen).all()
        assert (np.diff(seen, axis=0) >= 0).all()
        assert (polished.values >= objective.value(start) - 1e-9).all()
        assert (polished.candidates.variances >= objective.variance_floor).all()
        assert_allclose(polished.candidates.weights.sum(axis=1), 1.0)


def test_refused_step_raises_the_damping_quickly(velocities: np.ndarray) -> None:
    objective = Objective.of_summary(WeightedSummary(1024).with_points(velocities), 5, 1.0)
    for seed in range(10):
        start = random_starts(objective, 1, np.random.default_rng(seed))
        seen: list[float] = []
        polish(objective, start, max_steps=100, on_step=lambda v, s=seen: s.append(float(v[0])))
        rose_at = np.flatnonzero(np.diff(seen) > 0)
        assert np.diff(rose_at).max() <= 6  # at least 9 if the damping grows from its old value


def test_variance_at_its_floor_stays_fixed() -> None:
    # the plain likelihood grows without bound as the component on the equal values shrinks
    points = np.concatenate([np.zeros(50), np.linspace(1.0, 2.0, 50)])
    objective = Objective.of_summary(WeightedSummary(1024).with_points(points), 2, 0.0)
    start = Candidates(
        np.array([[0.5, 0.5]]),
        (np.array([[0.0, 1.5]]) - objective.location) / objective.scale,
        np.array([[0.01, 0.1]]),
    )
    polished = polish(objective, start, max_steps=50)
    assert polished.converged.all()
    assert polished.candidates.variances.min() == objective.variance_floor


def test_singular_system_falls_back_to_the_scaled_gradient() -> None:
    mixture = Parameters(np.array([0.5, 0.5]), np.array([-1.0, 1.0]), np.array([0.5, 0.5]))
    gradient = np.array([0.1, -0.1, 0.2, 0.3, -0.1, 0.1])
    damping, share = 0.1, 0.5 + 1e-9
    scale = np.array([share, share, share / 0.5, share / 0.5, 0.5 * share, 0.5 * share])
    hessian = np.diag(damping * scale)
    hessian[:2, :2] += 0.5  # cancels the pinning of alpha, so the system is singular
    step, predicted = newton_step(mixture, gradient, hessian, damping, 1e-4)
    assert_allclose(step, gradient / (scale * (1 + damping)))
    assert predicted == pytest.approx(float(step @ gradient))
