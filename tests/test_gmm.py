"""The provided model: its interface, its training compared with a reference, hard cases."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gmm import GMMSimple, data_standardisation, extract_gmm_parameters, train_model
from testbed.streams import read_column

HARD_CASES = {
    "one point": [0.3],
    "one point far off": [-1e6],
    "two equal": [0.25, 0.25],
    "all equal at 1e6": [1e6] * 5,
    "all equal at 1e150": [1e150] * 3,
    "two neighbours": [0.1, np.nextafter(0.1, 1.0)],
    "offset 1e6, spread 1e-3": [1e6, 1e6 + 1e-3, 1e6 - 1e-3, 1e6 + 2e-3],
    "spread 1e150": [1e150, -1e150, 3e149, 0.0],
    "spread 1e-150": [1e-150, 3e-150, -2e-150, 0.0],
    "spread 1e-200": [0.0, 1e-200],
    "subnormal": [0.0, 5e-324, 1e-320],
    "one far off": [0.0, 0.1, 0.2, 1e9],
    "fewer points than components": [0.0, 1.0],
    "integers": [1, 2, 3, 9],
}


def _adam(model: GMMSimple, learning_rate: float = 0.05) -> torch.optim.Adam:
    return torch.optim.Adam(model.parameters(), lr=learning_rate)


def _all_finite(*values: object) -> bool:
    return all(bool(np.isfinite(value).all()) for value in values)


# ------------------------------------------------------------------ the model


def test_start_values_equal_the_provided_ones() -> None:
    model = GMMSimple(n_components=4)
    assert model.pi.shape == model.mu.shape == model.sigma.shape == (1, 4)
    assert model.pi.detach().numpy() == pytest.approx(0.25)
    assert model.sigma.detach().numpy() == pytest.approx(0.25)
    assert model.mu.detach().numpy()[0] == pytest.approx([-2.0, -2 / 3, 2 / 3, 2.0])
    assert [name for name, _ in model.named_parameters()] == ["pi", "mu", "sigma"]


def test_default_is_five_components() -> None:
    assert GMMSimple().mu.detach().numpy()[0] == pytest.approx([-2, -1, 0, 1, 2])


def test_one_component_starts_at_the_first_mean() -> None:
    assert GMMSimple(1).mu.item() == -2.0


def test_no_component_is_refused() -> None:
    with pytest.raises(ValueError, match="n_components >= 1, got 0"):
        GMMSimple(0)


def test_call_returns_weights_means_and_standard_deviations() -> None:
    model = GMMSimple(2)
    with torch.no_grad():
        model.pi.copy_(torch.tensor([[0.0, math.log(3.0)]]))
    weights, means, stds = (values.detach().numpy() for values in model())
    assert weights == pytest.approx(np.array([[0.25, 0.75]]))
    assert means == pytest.approx(np.array([[-2.0, 2.0]]))
    assert stds == pytest.approx(np.full((1, 2), math.log1p(math.exp(0.5))))


def test_log_prob_equals_the_standard_normal_density() -> None:
    model = GMMSimple(1).double()
    with torch.no_grad():
        model.mu.fill_(0.0)
        model.sigma.fill_(math.log(math.e - 1.0))  # softplus of it is 1
    log_density = model.log_prob(torch.tensor([0.0, 2.0], dtype=torch.float64))
    assert log_density.shape == (2,)
    half_log_2pi = 0.5 * math.log(2 * math.pi)
    assert log_density.detach().numpy() == pytest.approx([-half_log_2pi, -half_log_2pi - 2.0])


def test_log_prob_integrates_to_one() -> None:
    grid = torch.linspace(-12, 12, 4001, dtype=torch.float64)
    density = GMMSimple(3).double().log_prob(grid).exp().detach().numpy()
    assert np.trapezoid(density, grid.numpy()) == pytest.approx(1.0, abs=1e-6)


def test_samples_follow_the_density() -> None:
    torch.manual_seed(1)
    model = GMMSimple(2)
    draws = model.sample(4000).numpy()
    assert draws.shape == (4000,)
    # two components at -2 and 2, std 0.97: within 5 standard errors
    assert draws.mean() == pytest.approx(0.0, abs=0.18)
    assert draws.std() == pytest.approx(math.hypot(2.0, 0.974), abs=0.1)


# ------------------------------------------------------------------ training, as provided


def _reference_training(x: np.ndarray, n_components: int, epochs: int) -> tuple[GMMSimple, float]:
    """Reference for the provided training: Adam on the mean NLL of the standardised points."""
    model = GMMSimple(n_components).double()
    optimizer = _adam(model, 0.01)
    z = torch.as_tensor((x - x.mean()) / x.std(ddof=1))
    losses = []
    for _ in range(epochs):
        pi, mu, sigma = model()
        normal = -0.5 * ((z[:, None] - mu) / sigma) ** 2 - sigma.log()
        joint = pi.log() + normal - 0.5 * math.log(2 * math.pi)
        loss = -torch.logsumexp(joint, dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return model, float(np.mean(losses))


def test_training_equals_the_provided_algorithm() -> None:
    x = np.random.default_rng(0).normal([-1.0, 3.0] * 20, 0.5)
    expected, expected_loss = _reference_training(x, 3, 80)
    model = GMMSimple(3).double()
    loss = train_model(model, _adam(model, 0.01), torch.as_tensor(x), n_epochs=80)
    # rounding differs: 80 steps with sums in another order
    assert loss == pytest.approx(expected_loss, rel=1e-9)
    for got, wanted in zip(model.parameters(), expected.parameters()):
        assert got.detach().numpy() == pytest.approx(wanted.detach().numpy(), rel=1e-7)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_old_faithful_gives_its_two_modes(dtype: torch.dtype) -> None:
    eruptions = read_column("old_faithful_eruptions.csv")
    model = GMMSimple(2).to(dtype)
    train_model(model, _adam(model), torch.as_tensor(eruptions, dtype=dtype), 300)
    pi, mu, sigma = extract_gmm_parameters(model, eruptions.mean(), eruptions.std(ddof=1))
    assert model.mu.dtype == dtype
    # the maximum likelihood fit, as R's mclust and scikit-learn give it
    assert pi == pytest.approx([0.348, 0.652], abs=2e-3)
    assert mu == pytest.approx([2.019, 4.273], abs=2e-3)
    assert sigma == pytest.approx([0.236, 0.437], abs=2e-3)


def test_each_epochs_loss_is_reported_and_their_mean_returned() -> None:
    seen: list[tuple[int, float]] = []
    model = GMMSimple(2)
    x = [-1.0, -0.9, 0.8, 1.0]
    mean = train_model(model, _adam(model), x, 25, on_epoch=lambda *each: seen.append(each))
    assert [epoch for epoch, _ in seen] == list(range(1, 26))
    assert mean == pytest.approx(np.mean([loss for _, loss in seen]))
    assert seen[-1][1] < seen[0][1]


def test_exception_of_the_callback_ends_the_training() -> None:
    def stop(epoch: int, _loss: float) -> None:
        if epoch == 3:
            raise KeyboardInterrupt

    model = GMMSimple(2)
    with pytest.raises(KeyboardInterrupt):
        train_model(model, _adam(model), [0.0, 1.0], on_epoch=stop)
    assert _all_finite(*extract_gmm_parameters(model, 0.5, 0.7))


def test_training_that_diverges_stops_before_nan() -> None:
    model = GMMSimple(3)
    loss = train_model(model, torch.optim.SGD(model.parameters(), lr=1e38), [0.0, 0.4, 1.0], 50)
    assert _all_finite(loss, *extract_gmm_parameters(model, 0.5, 0.5))


# ------------------------------------------------------------------ hard cases


@pytest.mark.parametrize("penalty", [None, 0.0, 1.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", HARD_CASES)
def test_hard_cases_stay_finite(name: str, dtype: torch.dtype, penalty: float | None) -> None:
    x = torch.tensor(HARD_CASES[name], dtype=torch.float64)
    model = GMMSimple(3).to(dtype)
    losses: list[float] = []
    mean_loss = train_model(
        model, _adam(model, 0.2), x, 15, penalty=penalty, on_epoch=lambda _, y: losses.append(y)
    )
    pi, mu, sigma = extract_gmm_parameters(model, *data_standardisation(x))
    assert len(losses) == 15
    assert _all_finite(mean_loss, losses, pi, mu, sigma)
    assert pi.sum() == pytest.approx(1.0, abs=1e-6)
    assert (sigma > 0).all()


def test_float32_input_of_one_point_and_its_nan_std_give_finite_parameters() -> None:
    x = torch.tensor([0.7])
    model = GMMSimple(2)
    train_model(model, _adam(model), x)
    pi, mu, sigma = extract_gmm_parameters(model, x.mean(), x.std(correction=0))
    assert _all_finite(pi, mu, sigma)
    assert mu == pytest.approx([0.7, 0.7], abs=0.01)


def test_offset_loses_no_digits() -> None:
    near = np.random.default_rng(3).normal([-1e-3, 1e-3] * 15, 1e-4).round(6)
    results = []
    for offset in (0.0, 1e6):
        x = near + offset
        model = GMMSimple(2).double()
        train_model(model, _adam(model), x, 100)
        results.append(extract_gmm_parameters(model, 0.0, data_standardisation(x).std))
    for at_zero, far_off in zip(*results):
        assert far_off == pytest.approx(at_zero, rel=1e-4)  # float64 resolves 1e-10 near 1e6


@settings(max_examples=30, deadline=None)
@given(
    x=st.lists(st.floats(-1e150, 1e150), min_size=1, max_size=12),
    n_components=st.integers(1, 6),
    penalty=st.sampled_from([None, 1.0]),
)
def test_any_finite_points_give_finite_parameters(
    x: list[float], n_components: int, penalty: float | None
) -> None:
    model = GMMSimple(n_components)
    loss = train_model(model, _adam(model, 0.3), x, 6, penalty=penalty)
    pi, mu, sigma = extract_gmm_parameters(model, *data_standardisation(x))
    assert _all_finite(loss, pi, mu, sigma)
    assert pi.shape == mu.shape == sigma.shape == (n_components,)


@settings(max_examples=15, deadline=None)
@given(
    x=st.lists(st.integers(-50, 50), min_size=3, max_size=20).filter(lambda x: len(set(x)) > 1),
    scale=st.floats(0.1, 10.0),
    shift=st.integers(-100, 100),
)
def test_training_does_not_depend_on_location_and_scale(
    x: list[int], scale: float, shift: int
) -> None:
    points = np.array(x, dtype=np.float64)
    models = []
    for data in (points, scale * points + shift):
        model = GMMSimple(2).double()
        train_model(model, _adam(model), data, 5, penalty=1.0)
        models.append(np.concatenate([p.detach().numpy() for p in model.parameters()]))
    assert models[1] == pytest.approx(models[0], rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        ([], {}, "at least one point, got none"),
        ([0.0, math.nan], {}, "got nan at index 1"),
        ([math.inf], {}, "got inf at index 0"),
        ([0.0, 1.0], {"n_epochs": 0}, "n_epochs >= 1, got 0"),
        ([0.0, 1.0], {"penalty": -1.0}, "penalty >= 0, got -1.0"),
        ([0.0, 1.0], {"penalty": math.nan}, "penalty >= 0, got nan"),
        ([0.0, 1.0], {"weights": [1.0]}, "expected 2 weights, got 1"),
        ([0.0, 1.0], {"weights": [1.0, 0.0]}, "weights > 0"),
    ],
)
def test_unusable_input_is_refused(x: list[float], options: dict, message: str) -> None:
    model = GMMSimple(2)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    with pytest.raises(ValueError, match=message):
        train_model(model, _adam(model), x, **options)
    for parameter, held in zip(model.parameters(), before):
        assert torch.equal(parameter, held)


def test_model_that_is_not_finite_is_refused() -> None:
    model = GMMSimple(2)
    with torch.no_grad():
        model.mu.fill_(math.nan)
    with pytest.raises(ValueError, match="finite parameters"):
        train_model(model, _adam(model), [0.0, 1.0])


# ------------------------------------------------------------------ the penalty


def _objective(x: np.ndarray, masses: np.ndarray, prior_weight: float, *parameters: np.ndarray):
    """J, written out from its definition, in data units."""
    pi, mu, sigma = parameters
    n = masses.sum()
    mean = masses @ x / n
    s2 = masses @ (x - mean) ** 2 / n / (2 * len(mu)) ** 2
    density = (pi / sigma / math.sqrt(2 * math.pi)) * np.exp(
        -0.5 * ((x[:, None] - mu) / sigma) ** 2
    )
    penalty = 0.5 * prior_weight * np.sum(np.log(sigma**2) + s2 / sigma**2)
    return (masses @ np.log(density.sum(axis=1)) - penalty) / n


@pytest.mark.parametrize("prior_weight", [0.0, 1.0, 2.5])
@pytest.mark.parametrize("weighted", [False, True])
def test_penalised_loss_is_minus_j_in_data_units(prior_weight: float, weighted: bool) -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(40.0, 7.0, 30)
    masses = rng.uniform(0.1, 2.0, 30) if weighted else np.ones(30)
    model = GMMSimple(3).double()
    parameters, losses = [], []

    def watch(_epoch: int, loss: float) -> None:
        losses.append(loss)
        parameters.append(extract_gmm_parameters(model, *data_standardisation(x)))

    weights = masses if weighted else None
    train_model(model, _adam(model), x, 12, penalty=prior_weight, weights=weights, on_epoch=watch)
    expected = [-_objective(x, masses, prior_weight, *each) for each in parameters]
    assert losses == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(("penalty", "ratio"), [(None, 1e-4), (0.0, 0.01), (1.0, 0.01)])
def test_no_component_is_narrower_than_the_floor(penalty: float | None, ratio: float) -> None:
    x = np.array([0.0] * 30 + [1.0])
    model = GMMSimple(2).double()
    with torch.no_grad():
        model.sigma.fill_(-40.0)
    at_first: list[float] = []

    def watch(_epoch: int, _loss: float) -> None:
        at_first.extend(extract_gmm_parameters(model, *data_standardisation(x))[2])

    train_model(model, _adam(model), x, 1, penalty=penalty, on_epoch=watch)
    own_std = x.std(ddof=1) if penalty is None else x.std()
    assert at_first == pytest.approx([ratio * own_std] * 2, rel=1e-9)


# ------------------------------------------------------------------ parameters in data units


def test_parameters_are_scaled_back() -> None:
    model = GMMSimple(3)
    pi, mu, sigma = extract_gmm_parameters(model, torch.tensor(10.0), torch.tensor(2.0))
    assert pi.shape == mu.shape == sigma.shape == (3,)
    assert pi == pytest.approx([1 / 3] * 3)
    assert mu == pytest.approx([6.0, 10.0, 14.0])
    assert sigma == pytest.approx([2 * math.log1p(math.exp(1 / 3))] * 3)


@pytest.mark.parametrize("std", [0.0, math.nan, math.inf])
def test_unusable_standard_deviation_is_replaced_by_that_of_equal_points(std: float) -> None:
    _, mu, sigma = extract_gmm_parameters(GMMSimple(2), 500.0, std)
    assert mu == pytest.approx([499.0, 501.0])
    assert (sigma < 1.0).all()


def test_mean_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="finite data_mean, got nan"):
        extract_gmm_parameters(GMMSimple(2), math.nan, 1.0)


def test_weights_below_machine_precision_count_in_the_density() -> None:
    model = GMMSimple(2).double()
    with torch.no_grad():
        model.pi.copy_(torch.tensor([[0.0, -200.0]]))
        model.mu.copy_(torch.tensor([[0.0, 100.0]]))
    at_the_second = model.log_prob(torch.tensor([100.0], dtype=torch.float64)).item()
    assert at_the_second == pytest.approx(-200.0 - 0.5 * math.log(2 * math.pi), abs=0.1)
