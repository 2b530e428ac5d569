"""Conversion of a mixture to the provided model and back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dash_app.learning import Mixture, fit_from_scratch
from dash_app.learning.provided import from_gmm, to_gmm
from gmm import GMMSimple, data_standardisation, extract_gmm_parameters, train_model

HARD_CASES = {
    "one component": ([1.0], [3.0], [4.0]),
    "tiny variances": ([0.5, 0.5], [1.0, 2.0], [1e-300, 1e-290]),
    "huge variances": ([0.5, 0.5], [1.0, 2.0], [1e300, 1e290]),
    "tiny beside huge": ([0.5, 0.5], [-1e150, 1e150], [1e-300, 1e300]),
    "weights near 0": ([1e-300, 1e-17, 1.0], [-1.0, 0.0, 1.0], [1.0, 1.0, 1.0]),
    "a weight of 0": ([0.0, 1.0], [-1.0, 1.0], [1.0, 1.0]),
    "equal components": ([0.25] * 4, [7.0] * 4, [1e-6] * 4),
    "means at 0": ([0.5, 0.5], [0.0, 0.0], [1.0, 2.0]),
    "far offset": ([0.3, 0.7], [1e6, 1e6 + 1e-3], [1e-8, 1e-7]),
    "near 0 beside far": ([0.5, 0.5], [1e-9, 1e6], [1e-12, 1.0]),
    "0 beside far": ([0.5, 0.5], [0.0, 1e6], [1.0, 1.0]),
}

stds = st.floats(-140, 140).map(lambda exponent: 10.0**exponent)


@st.composite
def mixtures(draw: st.DrawFn) -> Mixture:
    n = draw(st.integers(1, 8))
    raw = np.array(draw(st.lists(st.floats(1e-12, 1.0), min_size=n, max_size=n)))
    means = draw(st.lists(st.floats(-1e140, 1e140), min_size=n, max_size=n))
    variances = np.square(draw(st.lists(stds, min_size=n, max_size=n)))
    return Mixture(raw / raw.sum(), np.array(means), variances)


def _assert_same(got: Mixture, wanted: Mixture) -> None:
    """Compare component by component; means equal up to rounding may swap places."""
    left = list(zip(got.weights, got.means, got.variances))
    assert len(left) == wanted.n_components
    for component in zip(wanted.weights, wanted.means, wanted.variances):
        same = [each for each in left if np.allclose(each, component, rtol=1e-9, atol=0)]
        assert same, f"no {component} among {left}"
        left.remove(same[0])


@pytest.mark.parametrize("name", HARD_CASES)
def test_hard_cases_survive_the_round_trip(name: str) -> None:
    mixture = Mixture(*map(np.array, HARD_CASES[name]))
    _assert_same(from_gmm(*to_gmm(mixture)), mixture)


@settings(max_examples=60, deadline=None)
@given(mixture=mixtures())
def test_any_mixture_survives_the_round_trip(mixture: Mixture) -> None:
    _assert_same(from_gmm(*to_gmm(mixture)), mixture)


def test_the_model_is_the_provided_class_in_float64() -> None:
    model, data_mean, data_std = to_gmm(Mixture(*map(np.array, HARD_CASES["far offset"])))
    assert isinstance(model, GMMSimple)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float64}
    assert all(parameter.shape == (1, 2) for parameter in model.parameters())
    pi, mu, sigma = extract_gmm_parameters(model, data_mean, data_std)
    assert pi == pytest.approx([0.3, 0.7])
    assert mu == pytest.approx([1e6, 1e6 + 1e-3], abs=1e-9)
    assert sigma == pytest.approx(np.sqrt([1e-8, 1e-7]))


def test_the_model_has_the_mixtures_density() -> None:
    mixture = Mixture(np.array([0.2, 0.8]), np.array([3.0, 9.0]), np.array([0.5, 2.0]))
    model, data_mean, data_std = to_gmm(mixture)
    x = np.linspace(0, 14, 57)
    z = torch.as_tensor((x - data_mean) / data_std)
    log_density = model.log_prob(z).detach().numpy() - np.log(data_std)
    assert log_density == pytest.approx(mixture.log_density(x), rel=1e-10)


def test_the_standardisation_is_that_of_the_mixture() -> None:
    mixture = Mixture(np.array([0.5, 0.5]), np.array([4.0, 8.0]), np.array([5.0, 5.0]))
    _, data_mean, data_std = to_gmm(mixture)
    assert data_mean == pytest.approx(6.0)
    assert data_std == pytest.approx(3.0)  # between 4, within 5


def test_a_trained_mixture_can_be_trained_on_as_the_provided_model() -> None:
    x = np.random.default_rng(4).normal([20.0, 30.0] * 40, 1.0)
    fitted = fit_from_scratch(x, 2).mixture
    model, *_ = to_gmm(fitted)
    losses: list[float] = []
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    train_model(model, optimizer, x, 20, penalty=1.0, on_epoch=lambda _, loss: losses.append(loss))
    assert losses[0] == pytest.approx(min(losses), abs=1e-3)  # it starts where the fit ended
    _, mu, _ = extract_gmm_parameters(model, *data_standardisation(x))
    assert mu == pytest.approx(fitted.means, abs=0.1)


def test_a_provided_float32_model_becomes_a_mixture() -> None:
    mixture = from_gmm(GMMSimple(3), 10.0, 2.0)
    assert mixture.weights.sum() == pytest.approx(1.0, abs=1e-15)
    assert mixture.means == pytest.approx([6.0, 10.0, 14.0])
