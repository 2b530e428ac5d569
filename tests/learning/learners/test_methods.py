"""Each learner is its method: updates by hand, and agreement with full EM."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.testing import assert_allclose

from dash_app.learning import LEARNERS, Mixture, compare, fit_from_scratch
from dash_app.learning.em import em_step
from dash_app.learning.learners.base import objective_of
from dash_app.learning.mixture import Array
from dash_app.learning.objective import FLOOR_RATIO

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


@pytest.mark.parametrize("prior_weight", [1.0, 20.0])
def test_stepwise_em_makes_the_update_of_cappe_and_moulines(prior_weight: float) -> None:
    """Two points by the definition, in raw moments about zero."""
    mixture = fit_from_scratch(FIRST, 2, prior_weight=prior_weight).mixture
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
        penalty = prior_weight / n
        scatter = stats[2] - stats[0] * means**2
        variances = (penalty * s2 + scatter) / (penalty + stats[0])
        mixture = Mixture(stats[0] / stats[0].sum(), means, variances)
    learner = LEARNERS["stepwise_em"](2, prior_weight=prior_weight)
    learner.partial_fit(FIRST).partial_fit(TWO_MORE)
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


Parts = tuple[Array, Array, Array]


def shares_of(parts: Parts, x: Array) -> Array:
    """Responsibilities of components in any order, (n_points, n_components)."""
    weights, means, variances = parts
    joint = weights / np.sqrt(variances) * np.exp(-0.5 * (x[:, None] - means) ** 2 / variances)
    return np.asarray(joint / joint.sum(axis=1, keepdims=True))


def parts_of(mixture: Mixture) -> Parts:
    return mixture.weights, mixture.means, mixture.variances


def stepwise_by_hand(points: Array, n_first: int, n_components: int) -> tuple[Mixture, bool]:
    """Stepwise EM whose components keep their places; also whether two means have crossed."""
    first = points[:n_first]
    parts, crossed = parts_of(fit_from_scratch(first, n_components).mixture), False
    shares = shares_of(parts, first)
    stats = np.stack([np.ones(n_first), first, first**2]) @ shares / n_first
    for n, x in enumerate(points[n_first:], n_first):
        step = (n + 2) ** -0.6
        moments = shares_of(parts, np.array([x])) * np.array([[1.0], [x], [x * x]])
        stats = (1 - step) * stats + step * moments
        s2 = np.var(points[: n + 1])
        prior = s2 / (2 * n_components) ** 2 / (n + 1)
        means = stats[1] / stats[0]
        variances = (prior + stats[2] - stats[0] * means**2) / (1 / (n + 1) + stats[0])
        parts = stats[0] / stats[0].sum(), means, np.maximum(variances, FLOOR_RATIO**2 * s2)
        crossed = crossed or bool((np.diff(means) < 0).any())
    return Mixture(*parts), crossed


def incremental_by_hand(points: Array, n_first: int, n_components: int) -> tuple[Mixture, bool]:
    """Incremental EM whose components keep their places, a sweep for each point."""
    parts, crossed = parts_of(fit_from_scratch(points[:n_first], n_components).mixture), False
    shares = shares_of(parts, points[:n_first])
    for n in range(n_first, points.size):
        x = points[: n + 1]
        shares = np.concatenate([shares, shares_of(parts, x[-1:])])
        s2 = np.var(x) / (2 * n_components) ** 2
        for i in range(n + 1):
            shares[i] = shares_of(parts, x[i : i + 1])[0]
            mass = shares.sum(0)
            means = x @ shares / mass
            scatter = ((x[:, None] - means) ** 2 * shares).sum(0)
            parts = mass / mass.sum(), means, (s2 + scatter) / (1 + mass)
        crossed = crossed or bool((np.diff(parts[1]) < 0).any())
    return Mixture(*parts), crossed


@pytest.mark.parametrize(
    ("name", "by_hand"),
    [("stepwise_em", stepwise_by_hand), ("incremental_em", incremental_by_hand)],
)
def test_components_stay_themselves_when_their_means_cross(
    name: str, by_hand: Callable[[Array, int, int], tuple[Mixture, bool]]
) -> None:
    some_crossed = False
    for seed in range(8):
        rng = np.random.default_rng(seed)
        points = np.concatenate([rng.normal(-2, 0.5, 25), rng.normal(3, 1, 25)])
        rng.shuffle(points)
        expected, crossed = by_hand(points, 6, 3)
        some_crossed = some_crossed or crossed
        learner = LEARNERS[name](3).partial_fit(points[:6])
        for x in points[6:]:
            learner.partial_fit([x])
        for part in ("weights", "means", "variances"):
            found, wanted = getattr(learner.mixture, part), getattr(expected, part)
            assert_allclose(found, wanted, rtol=1e-6, err_msg=f"seed {seed}")
    assert some_crossed


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
