"""Use of the online learner that would go unnoticed: refused, or made right."""

from __future__ import annotations

import copy
import json
import pickle
import threading
import time
from typing import Any

import numpy as np
import pytest

from dash_app.errors import (
    DataError,
    EmptyDataError,
    NonFiniteError,
    OutOfRangeError,
    RefusedError,
    ShapeError,
    StateError,
    UntrainedError,
)
from dash_app.learning import (
    LEARNERS,
    Mixture,
    OnlineGaussianMixture,
    WeightedSummary,
    fit_from_scratch,
    mean_log_likelihood,
)
from tests.learning.test_online import assert_same_bits, one_by_one, trained


@pytest.mark.parametrize("name", ["n_components", "seed", "half_life", "prior_weight", "capacity"])
def test_a_setting_cannot_be_changed_later(name: str, clumps: np.ndarray) -> None:
    learner = trained(clumps)
    before = getattr(learner, name)
    with pytest.raises(AttributeError, match=name):
        setattr(learner, name, 5)
    assert getattr(learner, name) == before


def test_an_untrained_learner_has_no_mixture_and_says_so_by_hasattr(clumps: np.ndarray) -> None:
    learner = OnlineGaussianMixture(3)
    for name in ("mixture", "mean_nll", "objective"):
        assert not hasattr(learner, name)
        assert hasattr(trained(clumps), name)
    with pytest.raises(UntrainedError, match="at least one point"):
        _ = learner.mixture


def test_the_representation_names_the_settings_and_the_number_of_points() -> None:
    learner = OnlineGaussianMixture(2, seed=4, half_life=30.0).partial_fit([1.0, 2.0])
    assert repr(learner) == (
        "<OnlineGaussianMixture n_components=2, seed=4, half_life=30.0, prior_weight=1.0, "
        "capacity=256, n_points=2>"
    )


@pytest.mark.parametrize("n_components", [1, 2, 4])
@pytest.mark.parametrize("points", [[], [0.5], [0.5, 0.5], [0.5, 1.0, 2.0]])
def test_a_state_survives_json(points: list[float], n_components: int) -> None:
    learner = OnlineGaussianMixture(n_components)
    if points:
        learner.partial_fit(points)
    text = json.dumps(learner.state(), default=np.ndarray.tolist)
    restored = OnlineGaussianMixture.from_state(json.loads(text))
    assert_same_bits(restored, learner)
    assert_same_bits(restored.partial_fit([3.0]), learner.partial_fit([3.0]))


@pytest.mark.parametrize(
    "change",
    [
        {"n_points": -1},
        {"n_points": 0},
        {"n_points": 1.5},
        {"objective": float("nan")},
        {"mean_nll": float("inf")},
        {"version": 0},
        {"n_components": 3},
        {"n_components": 2.7},
        {"capacity": 16.5},
        {"prior_weight": "1"},
        {"atom_means": [2.0, 1.0]},
        {"atom_means": [1.0, 1.0]},
        {"atom_masses": [1.0, -1.0]},
        {"atom_variances": [0.0, -1.0]},
        {"bounds": [9.0, -9.0]},
        {"mixture": None},
        {"mixture": [[[0.5, 0.5], [0.0, 1.0], [1.0, 0.0]]]},
        {"mixture": [[[0.5, -0.5], [0.0, 1.0], [1.0, 1.0]]]},
        {"archive": [[[0.5, 0.5], [0.0, 1.0]]]},
        {"turn": -1},
    ],
)
def test_a_damaged_state_is_refused(change: dict[str, Any]) -> None:
    sound = OnlineGaussianMixture(2).partial_fit([1.0, 2.0]).state()
    with pytest.raises(StateError, match="expected a learner's state"):
        OnlineGaussianMixture.from_state({**sound, **change})


@pytest.mark.parametrize("state", [None, []])
def test_what_is_no_state_is_refused(state: Any) -> None:
    with pytest.raises(StateError, match="expected a learner's state, got"):
        OnlineGaussianMixture.from_state(state)


@pytest.mark.parametrize("name", LEARNERS)
def test_a_learner_of_the_race_without_points_has_no_mixture_either(name: str) -> None:
    assert not hasattr(LEARNERS[name](2), "mixture")
    assert hasattr(LEARNERS[name](2).partial_fit([1.0]), "mixture")


def test_a_summary_refuses_what_is_no_point_and_has_no_loss_without_points() -> None:
    with pytest.raises(NonFiniteError, match="nan at index 0"):
        WeightedSummary(16).with_points([float("nan"), 1.0])
    with pytest.raises(EmptyDataError):
        WeightedSummary(16).with_points([])
    assert WeightedSummary(16).with_points([2, 1]).means.tolist() == [1.0, 2.0]
    one = Mixture(np.ones(1), np.zeros(1), np.ones(1))
    with pytest.raises(EmptyDataError, match="a summary with points"):
        mean_log_likelihood(WeightedSummary(16), one)


@pytest.mark.parametrize(
    "copied", [lambda m: pickle.loads(pickle.dumps(m)), copy.copy, copy.deepcopy]
)
def test_a_copy_is_another_learner_of_the_same_data(copied: Any, clumps: np.ndarray) -> None:
    learner = trained(clumps)
    again = copied(learner)
    assert_same_bits(again, learner)
    again.partial_fit([0.5])
    assert again.n_points == learner.n_points + 1


def test_threads_in_one_learner_lose_no_point() -> None:
    learner = OnlineGaussianMixture(2, capacity=64).partial_fit(np.linspace(-1.0, 1.0, 50))
    parts = np.random.default_rng(1).normal(size=(4, 50))
    together = threading.Barrier(len(parts))

    def learn(part: np.ndarray) -> None:
        together.wait()
        for x in part:
            learner.partial_fit([x])

    threads = [threading.Thread(target=learn, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert learner.n_points == 250
    assert learner.summary.mass == 250.0


def test_training_within_a_step_of_the_same_learner_is_refused() -> None:
    learner = OnlineGaussianMixture(3).partial_fit([0.0, 1.0, 2.0])
    before = learner.state()
    with pytest.raises(RefusedError, match="one training at a time"):
        learner.partial_fit(np.arange(9.0), lambda: learner.partial_fit([7.0]) and None)
    np.testing.assert_array_equal(learner.state()["atom_means"], before["atom_means"])
    assert learner.partial_fit([7.0]).n_points == 4


def test_many_learners_are_merged_with_one_search() -> None:
    rng = np.random.default_rng(3)
    parts = rng.normal(np.repeat([[-2.0], [0.0], [3.0], [5.0]], 16, axis=0), 0.4, (64, 500))
    learners = [trained(part, 4, capacity=256) for part in parts]
    began = time.thread_time()
    summary = WeightedSummary(256)
    for learner in learners:
        summary = summary.merged_with(learner.summary)
    settled = OnlineGaussianMixture(4, capacity=256).with_n_components(4)
    settled._adopt(summary, None)
    by_hand = time.thread_time() - began
    began = time.thread_time()
    merged = OnlineGaussianMixture(4, capacity=256)
    for learner in learners:
        merged = merged.merge(learner)
    found = merged.mixture
    assert time.thread_time() - began < 3.0 * by_hand + 0.1
    assert found == settled.mixture
    assert merged.n_points == parts.size
    assert_same_bits(OnlineGaussianMixture.from_state(merged.state()), merged)


def test_a_merged_learner_goes_on_learning(clumps: np.ndarray) -> None:
    merged = trained(clumps[:50]).merge(trained(clumps[50:100]))
    merged.partial_fit(clumps[100:]).forget(clumps[:20])
    whole = one_by_one(clumps[20:])
    assert merged.n_points == whole.n_points
    assert abs(merged.objective - whole.objective) < 1e-4


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("capacity", "20", "expected a whole capacity, got '20'"),
        ("capacity", 16.9, "expected a whole capacity, got 16.9"),
        ("capacity", None, "expected a whole capacity, got None"),
        ("capacity", 15, "expected 16 <= capacity <= 1048576, got 15"),
        ("seed", 1.7, "expected a whole seed, got 1.7"),
        ("seed", "a", "expected a whole seed, got 'a'"),
    ],
)
def test_a_setting_of_another_kind_is_refused(setting: str, value: Any, message: str) -> None:
    with pytest.raises(OutOfRangeError, match=message):
        OnlineGaussianMixture(2, **{setting: value})


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("max_iter", 2.5, "expected a whole max_iter, got 2.5"),
        ("max_iter", 0, "expected 1 <= max_iter"),
        ("tol", "a", "expected a number for tol, got 'a'"),
        ("tol", -1.0, "expected a finite tol >= 0, got -1.0"),
        ("seed", None, "expected a whole seed, got None"),
        ("weights", [1.0, float("nan")], "expected finite weights, got nan at index 1"),
    ],
)
def test_a_fit_refuses_arguments_of_another_kind(setting: str, value: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        fit_from_scratch([0.0, 1.0], 2, **{setting: value})


def test_what_is_no_number_is_named_with_its_place() -> None:
    points: Any = [1.0, None]
    with pytest.raises(ShapeError, match="expected a list of numbers, got None at index 1"):
        OnlineGaussianMixture(2).partial_fit(points)
