"""Training from scratch by Adam: the shared objective on the provided model."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from dash_app.errors import DataError
from dash_app.learning import Mixture, compare, fit_from_scratch
from dash_app.learning.adam import fit_adam

Array = NDArray[np.float64]


def _objective(x: Array, masses: Array, mixture: Mixture, prior_weight: float) -> float:
    """J from its definition, in data units."""
    n = masses.sum()
    variance = masses @ (x - masses @ x / n) ** 2 / n
    s2 = variance / (2 * mixture.n_components) ** 2
    v = mixture.variances
    penalty = 0.5 * prior_weight * (np.log(v) + s2 / v).sum()
    return float((masses @ mixture.log_density(x) - penalty) / n)


@pytest.mark.parametrize("weighted", [False, True])
def test_objective_and_losses_are_j_in_data_units(velocities: Array, weighted: bool) -> None:
    masses = np.linspace(0.2, 1.8, velocities.size) if weighted else np.ones(velocities.size)
    seen: list[tuple[int, float]] = []
    result = fit_adam(
        velocities,
        4,
        epochs=60,
        prior_weight=2.0,
        weights=masses if weighted else None,
        on_epoch=lambda *each: seen.append(each),
    )
    assert result.objective == pytest.approx(_objective(velocities, masses, result.mixture, 2.0))
    assert result.losses[-1] == pytest.approx(-result.objective, rel=1e-12)
    assert [epoch for epoch, _ in seen] == list(range(1, 61))
    assert [loss for _, loss in seen] == result.losses.tolist()
    assert result.n_iter == 60
    # the losses along the way are in the same units as the one at the end
    assert abs(result.losses[-1] - result.losses[-2]) < 0.01


def test_it_reaches_the_optimum_of_separated_clumps(clumps: Array) -> None:
    adam, best = fit_adam(clumps, 3), fit_from_scratch(clumps, 3)
    assert adam.objective == pytest.approx(best.objective, abs=1e-6)
    assert adam.mean_nll == pytest.approx(best.mean_nll, abs=1e-4)
    assert compare(adam.mixture, best.mixture).total_variation < 1e-3
    assert adam.converged


def test_it_never_beats_the_best_known_objective(eruptions: Array) -> None:
    assert fit_adam(eruptions, 3).objective <= fit_from_scratch(eruptions, 3).objective + 1e-6


def test_without_penalty_it_is_the_likelihood(eruptions: Array) -> None:
    result = fit_adam(eruptions, 2, penalty=False, epochs=150)
    mean_log_likelihood = result.mixture.mean_log_likelihood(eruptions)
    assert result.objective == pytest.approx(mean_log_likelihood)
    assert result.mean_nll == pytest.approx(-mean_log_likelihood)
    assert result.losses[-2] == pytest.approx(result.losses[-1], abs=1e-4)
    penalised = fit_adam(eruptions, 2, epochs=150)
    assert penalised.mixture.mean_log_likelihood(eruptions) < mean_log_likelihood


def test_a_short_run_has_not_converged(clumps: Array) -> None:
    assert not fit_adam(clumps, 3, epochs=30).converged


def test_the_same_call_gives_the_same_bits(clumps: Array) -> None:
    first, second = fit_adam(clumps, 3, epochs=20), fit_adam(clumps, 3, epochs=20)
    assert first.mixture == second.mixture
    assert first.losses.tolist() == second.losses.tolist()


@pytest.mark.parametrize("x", [[0.3], [2.0, 2.0, 2.0], [0.0, 1e-200], [-1e6]])
@pytest.mark.parametrize("penalty", [True, False])
def test_equal_points_give_the_mixture_of_every_training(x: list[float], penalty: bool) -> None:
    calls: list[int] = []
    result = fit_adam(x, 3, penalty=penalty, on_epoch=lambda epoch, _: calls.append(epoch))
    assert result.mixture == fit_from_scratch(x, 3).mixture
    assert calls == [1]


@pytest.mark.parametrize(
    "x",
    [
        [1e150, -1e150, 3e149],
        [1e-149, 2e-149, -4e-149],
        [1e6, 1e6 + 1e-3, 1e6 - 1e-3, 1e6 + 2e-3],
        [0.0, 0.1, 1e12],
    ],
)
def test_hard_spreads_stay_finite(x: list[float]) -> None:
    result = fit_adam(x, 4, epochs=50)
    assert np.isfinite(result.losses).all()
    assert math.isfinite(result.objective)
    assert math.isfinite(result.mean_nll)


def test_an_exception_of_the_callback_ends_the_fit(clumps: Array) -> None:
    def stop(_epoch: int, _loss: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        fit_adam(clumps, 2, on_epoch=stop)


@pytest.mark.parametrize(
    ("x", "options"),
    [
        ([], {}),
        ([math.nan], {}),
        ([1e151], {}),
        ([[0.0]], {}),
        ([0.0, 1.0], {"n_components": 0}),
        ([0.0, 1.0], {"epochs": 0}),
        ([0.0, 1.0], {"learning_rate": 0.0}),
        ([0.0, 1.0], {"prior_weight": -1.0}),
        ([0.0, 1.0], {"weights": [1.0]}),
        ([0.0, 1.0], {"weights": [1.0, 0.0]}),
    ],
)
def test_unusable_input_is_refused(x: list[float], options: dict[str, float]) -> None:
    with pytest.raises(DataError):
        fit_adam(x, **{"n_components": 2, **options})
