"""Each learner is its method: updates by hand, and agreement with full EM."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from dash_app.learning import LEARNERS, Mixture, compare, fit_from_scratch
from dash_app.learning.em import em_step
from dash_app.learning.learners.base import objective_of
from dash_app.learning.mixture import Array

FIRST = np.array([-1.2, -1.0, 0.9, 1.1])
TWO_MORE = (0.4, -0.7)


def overlapping(n: int = 60) -> Array:
    rng = np.random.default_rng(12)
    return np.where(rng.random(n) < 0.4, rng.normal(-0.5, 0.4, n), rng.normal(0.5, 0.3, n))


def one_by_one(name: str, points: Array, n_components: int) -> Mixture:
    learner = LEARNERS[name](n_components)
    for x in points:
        learner.partial_fit([x])
    return learner.mixture


def test_stepwise_em_makes_the_update_of_cappe_and_moulines() -> None:
    """Two points by the definition, in raw moments about zero."""
    mixture = fit_from_scratch(FIRST, 2).mixture
    shares = mixture.responsibilities(FIRST)
    stats = np.array([shares.mean(0), FIRST @ shares / 4, FIRST**2 @ shares / 4])
    seen = list(FIRST)
    for x in TWO_MORE:
        step = (len(seen) + 2) ** -0.6
        share = mixture.responsibilities([x])[0]
        stats = (1 - step) * stats + step * np.array([share, share * x, share * x * x])
        seen.append(x)
        n, s2 = len(seen), np.var(seen) / 16  # (std / 2K)^2
        means = stats[1] / stats[0]
        variances = (s2 / n + stats[2] - stats[0] * means**2) / (1 / n + stats[0])
        mixture = Mixture(stats[0] / stats[0].sum(), means, variances)
    learner = LEARNERS["stepwise_em"](2).partial_fit(FIRST).partial_fit(TWO_MORE)
    for name in ("weights", "means", "variances"):
        assert_allclose(getattr(learner.mixture, name), getattr(mixture, name), rtol=1e-12)
    assert learner.n_touched == 6


def test_stepwise_em_gives_the_same_whatever_the_increments() -> None:
    points = overlapping()
    whole = LEARNERS["stepwise_em"](2).partial_fit(points[:4]).partial_fit(points[4:])
    assert one_by_one("stepwise_em", points, 2) == whole.mixture


def test_incremental_em_makes_the_update_of_neal_and_hinton() -> None:
    """One sweep by the definition: from the kept responsibilities, point by point."""
    mixture = fit_from_scratch(FIRST, 2).mixture
    points = np.append(FIRST, TWO_MORE)
    shares = mixture.responsibilities(points)
    s2 = np.var(points) / 16
    for i in range(points.size):
        shares[i] = mixture.responsibilities(points[i : i + 1])[0]
        mass = shares.sum(0)
        means = points @ shares / mass
        scatter = ((points[:, None] - means) ** 2 * shares).sum(0)
        mixture = Mixture(mass / mass.sum(), means, (s2 + scatter) / (1 + mass))
    learner = LEARNERS["incremental_em"](2).partial_fit(FIRST).partial_fit(TWO_MORE)
    for name in ("weights", "means", "variances"):
        assert_allclose(getattr(learner.mixture, name), getattr(mixture, name), rtol=1e-9)


def test_warm_em_ends_at_a_fixed_point_of_em() -> None:
    points = overlapping()
    mixture = one_by_one("warm_em", points, 2)
    objective = objective_of(points, 2)
    before = objective.standardised(mixture)
    after, _ = em_step(objective, before)
    gain = objective.value(after)[0] - objective.value(before)[0]
    assert 0 <= gain < 1e-6


@pytest.mark.parametrize("name", ["warm_em", "incremental_em"])
def test_em_variants_agree_with_the_fit_from_scratch_where_there_is_one_optimum(
    name: str,
) -> None:
    points = overlapping()
    learner = LEARNERS[name](1).partial_fit(points[:30])
    for x in points[30:]:
        learner.partial_fit([x])
    best = fit_from_scratch(points, 1).mixture
    assert_allclose(learner.mixture.means, best.means, atol=1e-6)
    assert_allclose(learner.mixture.variances, best.variances, rtol=1e-5)


def test_summary_is_the_online_learner_and_reads_its_atoms() -> None:
    points = overlapping(40)
    learner = LEARNERS["summary"](2, capacity=16)  # type: ignore[call-arg]
    for x in points:
        learner.partial_fit([x])
    while_exact = sum(range(1, 17))
    assert while_exact + 24 * 9 <= learner.n_touched <= while_exact + 24 * 17


@pytest.mark.parametrize("name", ["scratch", "adam", "warm_em", "incremental_em", "scikit_learn"])
def test_learners_of_all_points_read_all_points(name: str) -> None:
    if name not in LEARNERS:
        pytest.skip("not installed")
    learner = LEARNERS[name](2)
    for x in FIRST:
        learner.partial_fit([x])
    assert learner.n_touched == 1 + 2 + 3 + 4


def test_gradient_forgets_what_it_does_not_see() -> None:
    old, new = np.linspace(-1.1, -0.9, 40), np.linspace(0.9, 1.1, 40)
    learner = LEARNERS["gradient"](2).partial_fit(old)
    for increment in np.split(new, 20):
        learner.partial_fit(increment)
    best = fit_from_scratch(np.append(old, new), 2).mixture
    assert compare(learner.mixture, best).total_variation > 0.3
    assert learner.n_touched == 80


def test_the_order_of_arrival_misleads_simple_learners_and_not_the_summary() -> None:
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(mean, 0.07, 15) for mean in (-0.6, 0.05, 0.65)])
    best = fit_from_scratch(points, 3).mixture
    apart = {
        name: compare(one_by_one(name, points, 3), best).total_variation
        for name in ("summary", "stepwise_em", "gradient", "warm_em")
    }
    assert apart["summary"] < 0.01
    assert min(apart["stepwise_em"], apart["gradient"], apart["warm_em"]) > 0.1
