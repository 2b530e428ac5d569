"""The step of EM in float32 compared with that in float64."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from dash_app.learning.compiled.batches import new_parameters
from dash_app.learning.compiled.compilation import compiled
from dash_app.learning.compiled.elementary import exp_single, log_single
from dash_app.learning.compiled.em import new_stats
from dash_app.learning.compiled.responsibilities import new_chunk
from dash_app.learning.compiled.signatures import Parameters
from dash_app.learning.compiled.single_precision import (
    ROUNDING_NATS,
    new_single_chunk,
    single_em_step,
)
from dash_app.learning.em import em_step
from dash_app.learning.objective import Candidates, Objective
from dash_app.learning.summary import WeightedSummary
from testbed.starts import random_starts


@compiled("void(f4[::1], f4[::1])")
def exponentials(x: np.ndarray, out: np.ndarray) -> None:
    for i in range(x.size):
        out[i] = exp_single(x[i])


@compiled("void(f4[::1], f4[::1])")
def logarithms(x: np.ndarray, out: np.ndarray) -> None:
    for i in range(x.size):
        out[i] = log_single(x[i])


def test_exponential_in_float32_equals_that_of_numpy() -> None:
    x = np.concatenate([np.linspace(-87, 88, 10_001), -np.geomspace(1e-9, 1, 999)])
    x = x.astype(np.float32)
    found = np.empty_like(x)
    exponentials(x, found)
    assert_allclose(found, np.exp(x.astype(np.float64)), rtol=1e-6)
    exponentials(np.array([-1e30, -np.inf], np.float32), found[:2])
    assert_allclose(found[:2], np.exp([-87.0, -87.0]), rtol=1e-6)


def test_logarithm_in_float32_equals_that_of_numpy() -> None:
    x = np.concatenate([np.geomspace(1e-30, 1e30, 10_001), 1 + np.geomspace(1e-6, 1, 999)])
    x = x.astype(np.float32)
    found = np.empty_like(x)
    logarithms(x, found)
    assert_allclose(found, np.log(x.astype(np.float64)), rtol=1e-6, atol=1e-6)


@given(
    kind=st.sampled_from(["normal", "cauchy", "two far clumps"]),
    n_points=st.sampled_from([5, 60, 300, 700]),
    n_components=st.integers(1, 10),
    capacity=st.sampled_from([4096, 40]),
    prior_weight=st.sampled_from([0.0, 1.0, 10.0]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60, deadline=None)
def test_step_in_float32_equals_that_in_float64(
    kind: str, n_points: int, n_components: int, capacity: int, prior_weight: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    points = {
        "normal": lambda: rng.normal(size=n_points),
        "cauchy": lambda: rng.standard_cauchy(n_points),
        "two far clumps": lambda: rng.normal(size=n_points) * 1e-4 + np.arange(n_points) % 2 * 1e3,
    }[kind]()
    summary = WeightedSummary(capacity).with_points(points)
    objective = Objective.of_summary(summary, n_components, prior_weight)
    starts = random_starts(objective, 4, rng)
    expected, values = em_step(objective, starts)
    after = new_parameters(n_components)
    for r in range(4):
        value = single_em_step(
            objective.atoms,
            objective.prior,
            new_chunk(n_components),
            new_single_chunk(n_components),
            new_stats(n_components),
            Parameters(*(part[r] for part in starts.batch)),
            after,
        )
        assert abs(value - values[r]) <= ROUNDING_NATS * max(1.0, abs(values[r]))
        found = objective.value(Candidates(*(part[None] for part in after)))
        assert_allclose(found, objective.value(expected[r : r + 1]), rtol=1e-5, atol=1e-5)
