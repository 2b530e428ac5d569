"""Online training: as good as from scratch at every prefix and in any order; its state."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from dash_app.errors import DataError, OutOfRangeError, RefusedError, StateError, UnknownPointError
from dash_app.learning import OnlineGaussianMixture, compare, fit_from_scratch
from testbed.streams import Stream, named_streams, random_streams
from tests.learning.test_objective import j_by_definition

SHORT = [s for s in named_streams(60) if s.points.size <= 100 and s.half_life is None]


def trained(points: Any, n_components: int = 3, **settings: Any) -> OnlineGaussianMixture:
    return OnlineGaussianMixture(n_components, **settings).partial_fit(points)


def one_by_one(points: Any, n_components: int = 3, **settings: Any) -> OnlineGaussianMixture:
    learner = OnlineGaussianMixture(n_components, **settings)
    for x in points:
        learner.partial_fit([x])
    return learner


def assert_same_bits(one: OnlineGaussianMixture, other: OnlineGaussianMixture) -> None:
    left, right = one.state(), other.state()
    assert left.keys() == right.keys()
    for name, value in left.items():
        np.testing.assert_array_equal(value, right[name], err_msg=name)


@pytest.mark.parametrize("stream", SHORT, ids=lambda stream: stream.name)
def test_every_prefix_is_as_good_as_from_scratch(stream: Stream) -> None:
    learner = OnlineGaussianMixture(stream.n_components)
    for n, x in enumerate(stream.points, start=1):
        learner.partial_fit([x])
        if n in (1, 2, 3, 10, 25):
            best = fit_from_scratch(stream.points[:n], stream.n_components).objective
            assert learner.objective >= best - 0.01, n
    best = fit_from_scratch(stream.points, stream.n_components).objective
    assert learner.objective >= best - 1e-3
    assert learner.n_points == stream.points.size


@pytest.mark.parametrize("stream", list(random_streams(8, n=60)), ids=lambda stream: stream.name)
def test_random_mixtures_end_as_good_as_from_scratch(stream: Stream) -> None:
    learner = one_by_one(stream.points, stream.n_components)
    best = fit_from_scratch(stream.points, stream.n_components).objective
    assert learner.objective >= best - 3e-3


def test_objective_and_loss_are_those_of_the_definition(clumps: np.ndarray) -> None:
    learner = one_by_one(clumps)
    assert_allclose(learner.objective, j_by_definition(clumps, learner.mixture, 1.0), rtol=1e-9)
    assert_allclose(learner.mean_nll, -learner.mixture.mean_log_likelihood(clumps), rtol=1e-9)


def test_grouping_into_increments_does_not_change_the_quality(clumps: np.ndarray) -> None:
    whole, single = trained(clumps), one_by_one(clumps)
    parts = OnlineGaussianMixture(3)
    for part in np.array_split(clumps, 7):
        parts.partial_fit(part)
    for learner in (single, parts):
        assert abs(learner.objective - whole.objective) < 1e-4
        assert compare(learner.mixture, whole.mixture).total_variation < 1e-3


def test_surprising_point_gets_a_component_immediately() -> None:
    rng = np.random.default_rng(4)
    learner = trained(rng.normal(0.0, 0.1, 200), 2).partial_fit([0.0]).partial_fit([3.0])
    assert learner.mixture.means[-1] == pytest.approx(3.0, abs=0.01)


def test_a_long_stream_stays_near_the_optimum_of_all_its_points() -> None:
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 3, 20_000)
    points = rng.normal(np.array([-2.0, 0.0, 1.5])[labels], np.array([0.2, 0.5, 0.3])[labels])
    learner = OnlineGaussianMixture(3)
    for part in np.array_split(points, 40):
        learner.partial_fit(part)
    batch = fit_from_scratch(points, 3)
    value = j_by_definition(points, learner.mixture, 1.0)
    assert batch.objective - value < 1e-5
    assert compare(learner.mixture, batch.mixture).total_variation < 1e-3
    assert learner.mean_nll >= -learner.mixture.mean_log_likelihood(points) - 1e-12  # a bound
    assert learner.summary.n_atoms <= 256
    assert sum(np.asarray(value).nbytes for value in learner.state().values()) <= 65_536


def test_a_far_component_of_1e_4_of_a_million_points_is_found() -> None:
    rng = np.random.default_rng(0)
    sizes, means, stds = (500_000, 499_900, 100), (-1.0, 1.0, 4.0), (0.3, 0.3, 0.1)
    points = np.concatenate([rng.normal(m, s, n) for n, m, s in zip(sizes, means, stds)])
    learner = OnlineGaussianMixture(3)
    for part in np.split(rng.permutation(points), 50):
        learner.partial_fit(part)
    assert_allclose(learner.mixture.means, means, atol=0.05)
    assert_allclose(learner.mixture.weights[2], 1e-4, rtol=0.01)
    assert learner.mixture.stds[2] == pytest.approx(0.1, abs=0.03)


@pytest.mark.parametrize(
    ("n", "n_rare", "size", "seed"),
    [(1_000_000, 100, 20_000, 6), (200_000, 20, 20_000, 2), (200_000, 20, 5_000, 0)],
)
def test_1e_4_of_all_points_within_one_increment_is_found(
    n: int, n_rare: int, size: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)

    def large(n_points: int) -> np.ndarray:
        labels = rng.integers(0, 3, n_points)
        return rng.normal(np.array([-3.0, 0.0, 3.0])[labels], np.array([0.4, 0.5, 0.4])[labels])

    before = large(n - size)
    last = rng.permutation(np.concatenate([large(size - n_rare), rng.normal(6.5, 0.05, n_rare)]))
    learner = OnlineGaussianMixture(4)
    for part in np.array_split(before, 20):
        learner.partial_fit(part)
    learner.partial_fit(last)
    points = np.concatenate([before, last])
    best = fit_from_scratch(points, 4)
    assert best.mixture.means[-1] == pytest.approx(6.5, abs=0.05)
    assert_allclose(learner.mixture.weights[3], 1e-4, rtol=0.01)
    assert best.objective - j_by_definition(points, learner.mixture, 1.0) < 1e-5
    assert compare(learner.mixture, best.mixture).total_variation < 1e-3


def test_component_whose_points_are_all_removed_goes() -> None:
    rng = np.random.default_rng(0)
    centres = np.array([-3.0, 0.0, 3.0])[rng.integers(0, 3, 100_000)]
    kept, removed = rng.normal(centres, 0.45), rng.normal(6.5, 0.05, 500)
    learner = OnlineGaussianMixture(4)
    for part in np.array_split(rng.permutation(np.concatenate([kept, removed])), 20):
        learner.partial_fit(part)
    assert learner.mixture.means[3] == pytest.approx(6.5, abs=0.05)
    learner.forget(removed)
    assert learner.mixture.means[3] < 5.0
    best = fit_from_scratch(kept, 4)
    assert best.objective - j_by_definition(kept, learner.mixture, 1.0) < 5e-5


def test_where_float64_is_coarse_only_the_returned_means_are_rounded() -> None:
    centred = 1e-6 * np.random.default_rng(3).normal(np.tile([-2.0, 1.0], 40), 0.3)
    points = 1e8 + centred  # at 1e8 float64 has steps of 1.5e-8
    for found, expected in (
        (one_by_one(points, 2).mixture, one_by_one(points - 1e8, 2).mixture),
        (fit_from_scratch(points, 2).mixture, fit_from_scratch(points - 1e8, 2).mixture),
    ):
        assert_allclose(found.means - 1e8, expected.means, atol=np.spacing(1e8))
        assert_allclose(found.variances, expected.variances, rtol=1e-3)
        assert_allclose(found.weights, expected.weights, rtol=1e-3)


@pytest.mark.parametrize("bad", [[], [np.nan], [0.1, np.inf], [1e151], [[0.1]], ["0.1"]])
def test_bad_points_leave_the_learner_unchanged(bad: Any, clumps: np.ndarray) -> None:
    learner = trained(clumps)
    before = OnlineGaussianMixture.from_state(learner.state())
    with pytest.raises(DataError):
        learner.partial_fit(bad)
    assert_same_bits(learner, before)


@pytest.mark.parametrize(
    "settings",
    [
        {"n_components": 0},
        {"n_components": 51},
        {"seed": -1},
        {"half_life": 0.0},
        {"half_life": float("inf")},
        {"prior_weight": -0.1},
        {"capacity": 3},
    ],
)
def test_bad_settings_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(OutOfRangeError):
        OnlineGaussianMixture(**{"n_components": 2, **settings})


def test_an_empty_learner_has_no_mixture() -> None:
    with pytest.raises(RefusedError, match="at least one point"):
        _ = OnlineGaussianMixture(2).mixture


# -- forgetting


def test_forgotten_points_leave_no_trace(clumps: np.ndarray) -> None:
    learner = trained(clumps).forget(clumps[60:])
    best = fit_from_scratch(clumps[:60], 3)
    assert learner.n_points == 60
    assert learner.objective >= best.objective - 1e-4
    np.testing.assert_array_equal(learner.summary.means, np.unique(clumps[:60]))


def test_forgetting_everything_leaves_an_empty_learner(clumps: np.ndarray) -> None:
    learner = trained(clumps).forget(clumps)
    assert learner.n_points == 0
    with pytest.raises(RefusedError):
        _ = learner.mixture
    learner.partial_fit([0.5])
    assert learner.mixture.means.tolist() == [0.5] * 3


def test_forgetting_what_was_not_seen_is_refused(clumps: np.ndarray) -> None:
    learner = trained(clumps)
    before = OnlineGaussianMixture.from_state(learner.state())
    with pytest.raises(UnknownPointError):
        learner.forget([clumps[0], 0.123456])
    assert_same_bits(learner, before)


# -- half-life


def test_half_life_weights_points_by_age(clumps: np.ndarray) -> None:
    half_life = 25.0
    learner = one_by_one(clumps, half_life=half_life)
    weights = 2.0 ** (-np.arange(clumps.size - 1, -1, -1) / half_life)
    batch = fit_from_scratch(clumps, 3, weights=weights)
    assert_allclose(learner.summary.mass, weights.sum(), rtol=1e-12)
    assert learner.objective >= batch.objective - 1e-4
    assert learner.n_points == clumps.size


def test_half_life_gives_the_same_weights_in_one_call_or_many(clumps: np.ndarray) -> None:
    one, many = trained(clumps, half_life=10.0), one_by_one(clumps, half_life=10.0)
    np.testing.assert_array_equal(one.summary.means, many.summary.means)
    assert_allclose(one.summary.masses, many.summary.masses, rtol=1e-10)


def test_half_life_forgets_old_points() -> None:
    rng = np.random.default_rng(6)
    learner = trained(rng.normal(-5.0, 0.1, 500), 2, half_life=20.0)
    learner.partial_fit(rng.normal(5.0, 0.1, 500))
    assert (learner.mixture.means > 4.0).all()


def test_half_life_refuses_what_needs_single_points() -> None:
    learner = trained([1.0, 2.0], 1, half_life=5.0)
    with pytest.raises(RefusedError, match="half_life"):
        learner.forget([1.0])
    with pytest.raises(RefusedError, match="half_life"):
        learner.merge(trained([1.0], 1))


# -- merging, another K


def test_merge_of_two_halves_equals_the_whole(clumps: np.ndarray) -> None:
    merged = trained(clumps[:50]).merge(trained(clumps[50:]))
    whole = trained(clumps)
    assert merged.n_points == whole.n_points
    np.testing.assert_array_equal(merged.summary.means, whole.summary.means)
    assert abs(merged.objective - whole.objective) < 1e-6
    assert_same_bits(whole.merge(OnlineGaussianMixture(3)), whole)
    assert OnlineGaussianMixture(3).merge(whole).n_points == whole.n_points


def test_another_number_of_components_keeps_the_data(eruptions: np.ndarray) -> None:
    two = trained(eruptions, 2)
    four = two.with_n_components(4)
    assert four.n_points == two.n_points
    assert four.mixture.n_components == 4
    assert two.mixture.n_components == 2
    assert four.objective >= fit_from_scratch(eruptions, 4).objective - 1e-4
    assert OnlineGaussianMixture(2).with_n_components(3).n_components == 3


# -- determinism and state


def test_equal_increments_give_the_same_bits_whatever_the_seed(velocities: np.ndarray) -> None:
    one, other = (one_by_one(velocities, 4, seed=seed).state() for seed in (7, 8))
    del one["seed"], other["seed"]
    assert {name: np.array(value).tolist() for name, value in one.items()} == {
        name: np.array(value).tolist() for name, value in other.items()
    }


@pytest.mark.parametrize("half_life", [None, 30.0])
def test_a_restored_learner_goes_on_bit_for_bit(velocities: np.ndarray, half_life: float) -> None:
    learner = OnlineGaussianMixture(4, capacity=32, half_life=half_life)
    for x in velocities[:50]:
        learner.partial_fit([x])
    restored = OnlineGaussianMixture.from_state(learner.state())
    assert_same_bits(restored, learner)
    for x in velocities[50:]:
        learner.partial_fit([x])
        restored.partial_fit([x])
    assert_same_bits(restored, learner)


def test_an_empty_learner_is_restored_too() -> None:
    empty = OnlineGaussianMixture(3, seed=5, half_life=2.0, prior_weight=0.5, capacity=64)
    assert_same_bits(OnlineGaussianMixture.from_state(empty.state()), empty)


@pytest.mark.parametrize(
    "change",
    [
        *({"version": 0}, {"atom_means": "x"}, {"mixture": np.ones(3)}),
        *({name: None} for name in ("atom_means", "atom_masses", "atom_variances", "exact")),
        *({"exact": 1.0}, {"exact": "no"}, {"atom_masses": np.ones(3)}, {"atom_means": 0.5}),
        *({"atom_means": np.ones((2, 3))}, {"bounds": None}, {"half_life": "x"}),
        *({"misfit_nats": -1}, {"misfit_nats": float("nan")}, {"n_new": "x"}),
    ],
)
def test_other_versions_and_damage_are_refused(change: dict[str, Any], clumps: np.ndarray) -> None:
    with pytest.raises(StateError, match="expected"):
        OnlineGaussianMixture.from_state({**trained(clumps).state(), **change})


@pytest.mark.parametrize("name", ["atom_means", "atom_masses", "atom_variances"])
def test_an_atom_without_a_number_is_refused(name: str, clumps: np.ndarray) -> None:
    state = trained(clumps).state()
    state[name] = [None, *state[name].tolist()[1:]]
    with pytest.raises(StateError, match="finite numbers"):
        OnlineGaussianMixture.from_state(state)


def test_a_state_is_plain_numbers_and_arrays(clumps: np.ndarray) -> None:
    for value in trained(clumps).state().values():
        assert value is None or isinstance(value, (bool, int, float, np.ndarray))
        assert not isinstance(value, np.ndarray) or value.dtype == np.float64


# -- any stream


FINITE = st.floats(-1e150, 1e150, allow_nan=False, allow_infinity=False)
NEAR = st.floats(-1.0, 1.0)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.lists(
            st.one_of(NEAR, st.sampled_from([0.3, 0.3, 1e6, 1e-150]), FINITE),
            min_size=1,
            max_size=12,
        ),
        min_size=1,
        max_size=6,
    ),
    st.integers(1, 5),
    st.sampled_from([None, 3.0]),
    st.sampled_from([0.0, 1.0]),
)
def test_any_stream_gives_a_finite_mixture(
    increments: list[list[float]], n_components: int, half_life: float, prior_weight: float
) -> None:
    learner = OnlineGaussianMixture(
        n_components, half_life=half_life, prior_weight=prior_weight, capacity=16
    )
    for increment in increments:
        learner.partial_fit(increment)
        mixture = learner.mixture
        assert np.isfinite([learner.objective, learner.mean_nll]).all()
        assert_allclose(mixture.weights.sum(), 1.0)
        assert (np.diff(mixture.means) >= 0).all()
    assert_same_bits(OnlineGaussianMixture.from_state(learner.state()), learner)


@settings(max_examples=10, deadline=None)
@given(st.floats(-1e6, 1e6), st.integers(0, 2**31))
def test_a_shift_of_the_data_moves_only_the_means(shift: float, seed: int) -> None:
    points = np.round(np.random.default_rng(seed).normal(size=30), 3)
    here, there = trained(points, 2), trained(points + shift, 2)
    assert_allclose(there.objective, here.objective, atol=1e-6)


def test_training_ended_between_two_steps_leaves_the_learner_unchanged() -> None:
    learner = OnlineGaussianMixture(8).partial_fit(np.linspace(-1.0, 1.0, 30))
    before = learner.state()
    n_steps = 0

    def end_at_third_step() -> None:
        nonlocal n_steps
        n_steps += 1
        if n_steps == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        learner.partial_fit(np.linspace(5.0, 9.0, 100), end_at_third_step)
    after = learner.state()
    assert before.keys() == after.keys()
    for name, value in before.items():
        np.testing.assert_array_equal(after[name], value)
