"""EM: one step by hand and compared with scikit-learn; J never falls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import logsumexp

from dash_app.learning.compiled.penalty import log_priors
from dash_app.learning.compiled.segmentation import segmentation
from dash_app.learning.compiled.single_precision import ROUNDING_NATS
from dash_app.learning.compiled.squarem import Scored, squarem
from dash_app.learning.em import em_step
from dash_app.learning.objective import Candidates, Objective
from dash_app.learning.search import quantile_segmentation
from dash_app.learning.summary import WeightedSummary
from testbed.starts import random_starts


def objective_of(points: np.ndarray, n_components: int, prior_weight: float = 1.0) -> Objective:
    return Objective.of_summary(
        WeightedSummary(4096).with_points(points), n_components, prior_weight
    )


def test_one_step_by_hand() -> None:
    # standardised points -1, 1; one component sees both: N = 2, S = 2, s2 = 1/4, a = 1
    objective = objective_of(np.array([-1.0, 1.0]), 1)
    start = Candidates(np.ones((1, 1)), np.full((1, 1), 0.5), np.ones((1, 1)))
    after, _ = em_step(objective, start)
    assert_allclose(after.means, [[0.0]], atol=1e-15)
    assert_allclose(after.variances, [[(0.25 + 2.0) / 3.0]])


@given(seed=st.integers(0, 2**32 - 1), n_points=st.sampled_from([2, 5, 100, 300, 700]))
@settings(max_examples=60, deadline=None)
def test_one_step_leaves_out_nothing_that_counts(seed: int, n_points: int) -> None:
    """Far narrow components, outliers and dead components, against sums over every pair."""
    rng = np.random.default_rng(seed)
    points = rng.standard_t(2, n_points)
    objective = objective_of(points, 4)
    weights = rng.dirichlet(np.full(4, 0.3))
    means, variances = rng.normal(0, 2, 4), np.exp(rng.uniform(-11, 2, 4))
    after, value = em_step(objective, Candidates(weights[None], means[None], variances[None]))
    x, masses, spread = objective.positions, objective.masses, objective.variances
    with np.errstate(divide="ignore"):
        peaks = np.log(weights) - 0.5 * np.log(2 * np.pi * variances)
    squares = (x - means[:, None]) ** 2 + spread
    joint = peaks[:, None] - 0.5 * squares / variances[:, None]
    log_density = logsumexp(joint, axis=0)
    mass = np.exp(joint - log_density) * masses
    assert_allclose(after.weights[0], mass.sum(axis=1) / masses.sum(), rtol=1e-9, atol=1e-15)
    far = mass.sum(axis=1) > 1e-12
    expected = (mass @ x / np.maximum(mass.sum(axis=1), 1e-300))[far]
    assert_allclose(after.means[0][far], expected, rtol=1e-9, atol=1e-9)
    prior = log_priors(objective.prior, variances[None])[0]
    assert_allclose(value[0] * masses.sum(), masses @ log_density + prior, rtol=1e-11, atol=1e-9)


def test_one_step_of_plain_likelihood_equals_scikit_learn(scikit_learn_mixture: Any) -> None:
    rng = np.random.default_rng(2)
    points = np.concatenate([rng.normal(-2, 0.5, 60), rng.normal(1, 1.0, 40)])
    points = (points - points.mean()) / points.std()  # so that standardised units are data units
    weights, means, variances = np.array([0.4, 0.6]), np.array([-0.5, 0.7]), np.array([0.5, 0.8])
    reference = scikit_learn_mixture(
        2,
        covariance_type="diag",
        weights_init=weights,
        means_init=means[:, None],
        precisions_init=1 / variances[:, None],
        max_iter=1,
        reg_covar=0.0,
    )
    with pytest.warns(UserWarning, match="did not converge"):
        reference.fit(points[:, None])
    objective = objective_of(points, 2, prior_weight=0.0)
    after, value = em_step(objective, Candidates(weights[None], means[None], variances[None]))
    # rtol: both are float64 sums of 100 terms
    assert_allclose(after.weights[0], reference.weights_, rtol=1e-9)
    assert_allclose(after.means[0], reference.means_[:, 0], rtol=1e-9)
    assert_allclose(after.variances[0], reference.covariances_[:, 0], rtol=1e-9)
    assert_allclose(value[0], reference.lower_bound_, rtol=1e-9)


@st.composite
def awkward(draw: st.DrawFn) -> tuple[Objective, np.random.Generator]:
    """J of points that are hard in one of several ways, and a generator of random starts."""
    kind = draw(st.sampled_from(["normal", "cauchy", "few values", "two far clumps", "merged"]))
    n_components = draw(st.integers(1, 7))
    prior_weight = draw(st.sampled_from([0.0, 0.3, 1.0, 10.0]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    points = {
        "normal": lambda: rng.normal(size=60),
        "cauchy": lambda: rng.standard_cauchy(60),
        "few values": lambda: rng.choice([0.0, 1.0, 1.1, 5.0], 60),
        "two far clumps": lambda: rng.normal(size=60) * 1e-4 + rng.choice([0.0, 1e3], 60),
        "merged": lambda: rng.normal(size=200),
    }[kind]()
    summary = WeightedSummary(30 if kind == "merged" else 1024).with_points(points)
    assume(summary.n_atoms > 1)
    return Objective.of_summary(summary, n_components, prior_weight), rng


@settings(max_examples=60, deadline=None)
@given(case=awkward())
def test_em_never_lowers_the_objective(case: tuple[Objective, np.random.Generator]) -> None:
    objective, rng = case
    candidates = random_starts(objective, 4, rng)
    values = []
    for _ in range(25):
        candidates, value = em_step(objective, candidates)
        values.append(value)
    assert np.isfinite(values).all()
    assert (np.diff(values, axis=0) >= -1e-10).all()
    assert_allclose(candidates.weights.sum(axis=1), 1.0)
    assert (candidates.variances >= objective.variance_floor).all()


@settings(max_examples=60, deadline=None)
@given(case=awkward())
def test_squarem_never_lowers_the_objective(case: tuple[Objective, np.random.Generator]) -> None:
    objective, rng = case
    start = random_starts(objective, 4, rng)
    scored = climbed_from(objective, start, 1)
    assert (scored.values >= objective.value(start) - ROUNDING_NATS).all()
    for _ in range(8):
        before = objective.value(Candidates(*scored.batch))
        assert np.isfinite(before).all()
        assert (before >= scored.values - ROUNDING_NATS).all()  # J of one step before
        scored = climbed_from(objective, Candidates(*scored.batch), 1)
        assert (scored.values >= before - ROUNDING_NATS).all()
        assert (scored.gains >= 0).all()
    assert_allclose(scored.batch.weights.sum(axis=1), 1.0)
    assert (scored.batch.variances >= objective.variance_floor).all()


def climbed_from(objective: Objective, start: Candidates, n_cycles: int) -> Scored:
    return squarem(objective.atoms, objective.prior, start.batch_copy(), n_cycles)


def segmented(objective: Objective) -> Candidates:
    atoms, prior = objective.atoms, objective.prior
    return Candidates(*segmentation(atoms, prior, objective.n_components))


def em_step_by_definition(objective: Objective, start: Candidates) -> tuple[Candidates, float]:
    """One iteration from one mixture by the textbook formulas, and J before it."""
    x, n, u = objective.positions, objective.masses, objective.variances
    w, m, v = (part[0][:, None] for part in (start.weights, start.means, start.variances))
    joint = w * np.exp(-0.5 * ((x - m) ** 2 + u) / v) / np.sqrt(2 * np.pi * v)
    density = joint.sum(axis=0)
    resp = n * joint / density
    mass = resp.sum(axis=1)
    means = resp @ x / mass
    scatter = (resp * ((x - means[:, None]) ** 2 + u)).sum(axis=1)
    a, s2 = objective.prior_weight, objective.prior_variance
    variances = np.maximum((a * s2 + scatter) / (a + mass), objective.variance_floor)
    value = (n @ np.log(density) - 0.5 * a * (np.log(v) + s2 / v).sum()) / n.sum()
    return Candidates(mass[None] / n.sum(), means[None], variances[None]), float(value)


@pytest.mark.parametrize("capacity", [1024, 30])
def test_one_step_equals_the_definition(clumps: np.ndarray, capacity: int) -> None:
    summary = WeightedSummary(capacity).with_points(clumps)
    objective = Objective.of_summary(summary, 3, 1.0)
    starts = random_starts(objective, 4, np.random.default_rng(1))
    after, values = em_step(objective, starts)
    for r in range(4):
        expected, value = em_step_by_definition(objective, starts[r : r + 1])
        assert_allclose(after.weights[r], expected.weights[0], rtol=1e-10)
        assert_allclose(after.means[r], expected.means[0], rtol=1e-10, atol=1e-12)
        assert_allclose(after.variances[r], expected.variances[0], rtol=1e-10)
        assert_allclose(values[r], value, rtol=1e-12)


def test_a_component_without_mass_takes_the_variance_of_the_prior() -> None:
    objective = objective_of(np.array([-1.0, 1.0]), 2)
    start = Candidates(np.array([[1.0, 0.0]]), np.array([[0.0, 3.0]]), np.ones((1, 2)))
    after, _ = em_step(objective, start)
    assert_allclose(after.variances[0, 1], 1 / 16)


def test_squarem_is_ahead_of_plain_em_after_equal_steps(clumps: np.ndarray) -> None:
    objective = objective_of(clumps, 4)
    start = random_starts(objective, 10, np.random.default_rng(1))
    climbed = climbed_from(objective, start, 8)
    plain = start
    for _ in range(24):  # the same number of steps
        plain, _ = em_step(objective, plain)
    assert objective.value(Candidates(*climbed.batch)).mean() > objective.value(plain).mean()
    assert (np.diff(climbed.batch.means, axis=1) >= 0).all()


def test_starts_have_the_expected_groups() -> None:
    points = np.concatenate([np.full(8, -3.0), np.full(8, -2.9), np.full(4, 5.0)])
    objective = objective_of(points, 2)
    back = objective.in_data_scale(segmented(objective))
    # the two neighbours are one group, and the far value another
    assert_allclose(back.means[0], [-2.95, 5.0])
    assert_allclose(back.weights[0], [0.8, 0.2])
    quantiles = objective.in_data_scale(quantile_segmentation(objective))
    assert_allclose(quantiles.means[0, 0], (-3.0 * 8 - 2.9 * 2) / 10, atol=0.06)


def test_segmentation_is_optimal() -> None:
    rng = np.random.default_rng(3)
    objective = objective_of(np.sort(rng.normal(size=12)), 3)
    x, a, s2 = objective.positions, objective.prior_weight, objective.prior_variance

    def cost(part: np.ndarray) -> float:
        n, scatter = part.size, float(((part - part.mean()) ** 2).sum())
        variance = max((a * s2 + scatter) / (a + n), objective.variance_floor)
        of_weight = n * float(np.log(n / x.size))
        return 0.5 * ((a + n) * float(np.log(variance)) + (a * s2 + scatter) / variance) - of_weight

    best = min(
        (sum(cost(part) for part in np.split(x, [i, j])), i, j)
        for i in range(1, 11)
        for j in range(i + 1, 12)
    )
    expected = [part.mean() for part in np.split(x, best[1:])]
    assert_allclose(segmented(objective).means[0], expected, rtol=1e-10)
