"""A one-dimensional Gaussian mixture in PyTorch, trained by gradient steps.

`GMMSimple`, `train_model` and `extract_gmm_parameters` keep the provided names, shapes and start
values. Three things are new. Training on finite numbers never ends in NaN. A callback receives the
loss of each epoch. An optional penalty turns the likelihood into the objective J of the other
trainings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Callable, NamedTuple, Optional, Union

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.distributions import Categorical, MixtureSameFamily, Normal

Points = Union[torch.Tensor, npt.ArrayLike]
Number = Union[float, torch.Tensor]
Parameters = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]

MIN_STD = 1e-4
"""Lower bound of a component's standard deviation, in standard deviations of the data. It keeps
float32 gradients finite when a component shrinks onto one point."""

MIN_STD_PENALISED = 0.01
"""The same bound with the penalty, as J defines it."""

EQUAL_SPREAD = 1e-150
"""All points count as equal if none is this far from the first, data units."""


class Standardisation(NamedTuple):
    """The conversion from data units to the model's units: z = (x - mean) / std."""

    mean: float
    std: float


class GMMSimple(nn.Module):  # type: ignore[misc]  # torch is not type-checked
    """A Gaussian mixture with unconstrained parameters: any gradient step gives a valid mixture.

    Parameters
    ----------
    n_components : int >= 1

    Attributes
    ----------
    pi, mu, sigma : nn.Parameter, shape (1, n_components)
        Logits of the mixing weights, means, and inverse softplus of the standard deviations.
    """

    def __init__(self, n_components: int = 5) -> None:
        if n_components < 1:
            raise ValueError(f"expected n_components >= 1, got {n_components}")
        super().__init__()
        even = torch.full((1, n_components), 1.0 / n_components)
        self.pi = nn.Parameter(even.clone())
        self.mu = nn.Parameter(torch.linspace(-2.0, 2.0, n_components).reshape(1, -1))
        self.sigma = nn.Parameter(even.clone())

    @property
    def n_components(self) -> int:
        """Return the number of components."""
        return int(self.mu.shape[1])

    def forward(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return mixing weights, means and standard deviations, shape (1, n_components) each."""
        tiny = torch.finfo(self.sigma.dtype).tiny  # softplus(x) underflows to 0 for x far below 0
        return (
            torch.softmax(self.pi, dim=1),
            self.mu,
            nn.functional.softplus(self.sigma).clamp(min=tiny),
        )

    def _distribution(self) -> MixtureSameFamily:
        _, mu, sigma = self()
        # logits distinguish weights below machine precision; probabilities do not
        return MixtureSameFamily(
            Categorical(logits=self.pi, validate_args=False),
            Normal(mu, sigma, validate_args=False),
            validate_args=False,
        )

    def log_prob(self, x: torch.Tensor) -> torch.Tensor:
        """Return the log-density of each x.

        Parameters
        ----------
        x : Tensor, shape (n_points,), in the model's (standardised) units

        Returns
        -------
        log_density : Tensor, shape (n_points,), nats
        """
        log_density: torch.Tensor = self._distribution().log_prob(x)
        return log_density

    def sample(self, n: int) -> torch.Tensor:
        """Return n draws, shape (n,), in the model's units."""
        with torch.no_grad():
            draws: torch.Tensor = self._distribution().sample(torch.Size((n,))).reshape(-1)
        return draws


def _standardise(x: Points) -> tuple[torch.Tensor, Standardisation]:
    """Return z, shape (n_points,), float64, and the standardisation that gave it.

    Distances from the first point are divided by the largest distance before they are squared. So
    equal points differ by exactly 0, and an offset loses no digits. Values of 1e150 and 1e-150 stay
    in the range of float64.
    """
    points = torch.as_tensor(x, dtype=torch.float64).detach().cpu().reshape(-1)
    if points.numel() == 0:
        raise ValueError("expected at least one point, got none")
    if not bool(torch.isfinite(points).all()):
        index = int(torch.nonzero(~torch.isfinite(points))[0])
        raise ValueError(f"expected finite points, got {points[index].item()} at index {index}")
    first = points[0].item()
    distances = points - first
    spread = distances.abs().max().item()
    if not spread >= EQUAL_SPREAD:
        return torch.zeros_like(points), Standardisation(first, _equal_points_std(first))
    relative = distances / spread
    centre, scale = relative.mean().item(), relative.std().item()
    mean = first + spread * centre
    return (relative - centre) / scale, Standardisation(mean, spread * scale)


def _equal_points_std(value: float) -> float:
    return 1e-3 * max(abs(value), 1.0)


def data_standardisation(x: Points) -> Standardisation:
    """Return the mean and standard deviation (unbiased) with which `train_model` standardises x.

    If all points are equal, or there is only one, the standard deviation is 1e-3 * max(|x|, 1).

    Examples
    --------
    >>> data_standardisation([1.0, 2.0, 3.0])
    Standardisation(mean=2.0, std=1.0)
    >>> data_standardisation([0.5])
    Standardisation(mean=0.5, std=0.001)
    """
    return _standardise(x)[1]


@dataclass(frozen=True)
class _Loss:
    """The loss: the mean negative log-likelihood of z, or -J, in standardised units.

    z : Tensor, shape (n_points,)
    shares : Tensor, shape (n_points,), weights of the points, sums to 1
    penalty : a / n, or None
    target_std : sqrt(s2)
    min_std : lower bound of a component's standard deviation
    shift : added to the loss to convert it to data units, nats per point
    """

    z: torch.Tensor
    shares: torch.Tensor
    penalty: Optional[float] = None
    target_std: float = 0.0
    min_std: float = MIN_STD
    shift: float = 0.0

    @classmethod
    def of(
        cls, model: GMMSimple, x: Points, penalty: Optional[float], weights: Optional[Points]
    ) -> _Loss:
        z, (_, std) = _standardise(x)
        masses = torch.ones_like(z) if weights is None else _as_weights(weights, z)
        n = masses.sum().item()
        shares = masses / n
        of_type = {"z": z.to(model.mu), "shares": shares.to(model.mu)}
        if penalty is None:
            return cls(**of_type)
        # J uses the weighted variance with 1/n. That of z is 1 only without weights and with
        # 1/(n-1), and 0 for equal points.
        variance = (shares @ (z - shares @ z).square()).item()
        own_std = math.sqrt(variance) if variance > 0.0 else 1.0
        return cls(
            **of_type,
            penalty=penalty / n,
            target_std=own_std / (2 * model.n_components),
            min_std=MIN_STD_PENALISED * own_std,
            # A density in data units is the standardised density / std; log v_k gains 2 log(std).
            shift=(1.0 + penalty / n * model.n_components) * math.log(std),
        )

    def __call__(self, model: GMMSimple) -> torch.Tensor:
        loss: torch.Tensor = -(model.log_prob(self.z) @ self.shares)
        if self.penalty is not None:
            stds = model()[2]
            terms = stds.log() + 0.5 * (self.target_std / stds).square()
            loss = loss + self.penalty * terms.sum()
        return loss

    def keep_above_floor(self, model: GMMSimple) -> None:
        with torch.no_grad():
            model.sigma.clamp_(min=self.min_std + math.log(-math.expm1(-self.min_std)))


def _as_weights(weights: Points, z: torch.Tensor) -> torch.Tensor:
    masses = torch.as_tensor(weights, dtype=torch.float64).detach().cpu().reshape(-1)
    if masses.shape != z.shape:
        raise ValueError(f"expected {len(z)} weights, got {len(masses)}")
    if not bool(((masses > 0) & torch.isfinite(masses)).all()):
        raise ValueError("expected finite weights > 0")
    return masses


def train_model(
    model: GMMSimple,
    optimizer: torch.optim.Optimizer,
    x: Points,
    n_epochs: int = 200,
    *,
    penalty: Optional[float] = None,
    weights: Optional[Points] = None,
    on_epoch: Optional[Callable[[int, float], None]] = None,
) -> float:
    """Minimise the mean negative log-likelihood of the standardised x by full-batch steps.

    Parameters
    ----------
    model : GMMSimple; its parameters are in standardised units (see `data_standardisation`)
    optimizer : torch optimizer of the model's parameters
    x : (n_points,) finite numbers, data units
        They are standardised in float64, then cast to the model's type.
    n_epochs : int >= 1, one step each
    penalty : float >= 0 or None
        None: the loss is that of the standardised x, as provided. A number a: the loss is -J in
        data units. With std(x) by 1/n,
        J = (1/n) [sum_i log p(x_i) - (a/2) sum_k (log v_k + s2 / v_k)],
        s2 = (std(x) / 2K)^2, v_k >= (0.01 std(x))^2.
    weights : (n_points,) numbers above 0, default 1 each; n of J is their sum
    on_epoch : called with (epoch, loss); epochs count from 1
        The loss is that before the epoch's step. An exception from it ends the training.

    Returns
    -------
    mean_loss : float, the mean of the finite losses, nats per point

    Raises
    ------
    ValueError : if x is empty or not finite, n_epochs < 1, penalty < 0, or the model is not finite
    """
    if n_epochs < 1:
        raise ValueError(f"expected n_epochs >= 1, got {n_epochs}")
    if penalty is not None and not 0.0 <= penalty < math.inf:
        raise ValueError(f"expected a finite penalty >= 0, got {penalty}")
    objective = _Loss.of(model, x, penalty, weights)
    objective.keep_above_floor(model)
    losses: list[float] = []
    last_finite = _clone_parameters(model)
    for epoch in range(1, n_epochs + 1):
        loss = objective(model)
        loss_nats = loss.item() + objective.shift
        if not math.isfinite(loss_nats):
            break
        losses.append(loss_nats)
        if on_epoch is not None:
            on_epoch(epoch, loss_nats)
        last_finite = _clone_parameters(model)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        objective.keep_above_floor(model)
    if not losses:
        raise ValueError("expected a model of finite parameters, got a loss that is not finite")
    if len(losses) < n_epochs or not _is_finite(model):  # undo the step
        _restore_parameters(model, last_finite)
    return math.fsum(losses) / len(losses)


def _clone_parameters(model: GMMSimple) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in model.parameters()]


def _is_finite(model: GMMSimple) -> bool:
    return all(bool(torch.isfinite(parameter).all()) for parameter in model.parameters())


def _restore_parameters(model: GMMSimple, values: list[torch.Tensor]) -> None:
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), values):
            parameter.copy_(value)


def extract_gmm_parameters(model: GMMSimple, data_mean: Number, data_std: Number) -> Parameters:
    """Return mixing weights, means and standard deviations in data units.

    Parameters
    ----------
    model : GMMSimple, in standardised units
    data_mean, data_std : the standardisation of x, data units
        A standard deviation of 0 or NaN (all x equal, or one x) means
        1e-3 * max(|data_mean|, 1), as in training.

    Returns
    -------
    pi, mu, sigma : ndarray float64, shape (n_components,) each
        sigma holds standard deviations, not variances.
    """
    mean, std = float(data_mean), float(data_std)
    if not math.isfinite(mean):
        raise ValueError(f"expected a finite data_mean, got {mean}")
    if not 0.0 < std < math.inf:
        std = _equal_points_std(mean)
    with torch.no_grad():
        pi, mu, sigma = (values.reshape(-1).double().cpu().numpy() for values in model())
    return pi, mu * std + mean, sigma * std
