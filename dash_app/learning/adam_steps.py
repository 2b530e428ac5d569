"""Adam's steps on a mixture's loss, without torch: those of the provided model, and faster.

torch takes seconds to load, and a step of so small a model is mostly its overhead. Here the
derivatives are written out. A test holds the results to those of torch.

References
----------
Kingma and Ba (2014), Adam, a method for stochastic optimization.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np

from dash_app.learning.mixture import LOG_2PI, Array, Mixture
from dash_app.learning.objective import equal_points_mixture
from dash_app.learning.points import MIN_SPREAD

LEARNING_RATE = 0.05
"""Step size of Adam, standardised units. Of the values 0.01 to 0.2 it came closest to the optimum
of seven data sets, with 200 epochs and with 1000. A smaller step needs more epochs; a larger one
overshoots."""

MIN_STD, MIN_STD_PENALISED = 1e-4, 0.01
"""Lower bounds of a component's standard deviation without and with the penalty, in standard
deviations of the data; see `gmm`."""

ZERO_WEIGHT_LOGIT = -800.0
"""Logit of a weight of 0. The largest logit is at least log(1/K), so softmax in float64 gives an
exact 0."""

_BETA_MEAN, _BETA_SQUARE, _EPSILON = 0.9, 0.999, 1e-8
_TINY = np.finfo(np.float64).tiny


@dataclass(frozen=True)
class Loss:
    """The mean negative log-likelihood of z, or -J, in standardised units.

    z : array, shape (n_points,)
    penalty : a / n; 0 for the likelihood
    target_std : sqrt(s2) of J
    min_std : lower bound of a component's standard deviation
    """

    z: Array
    penalty: float = 0.0
    target_std: float = 0.0
    min_std: float = MIN_STD

    def at(self, parameters: Array) -> tuple[float, Array]:
        """Return the loss and its derivatives at (logits, means, raw deviations), shape (3, K)."""
        logits, means, raw = parameters
        shifted = np.exp(logits - logits.max())
        weights = shifted / shifted.sum()
        stds = np.maximum(np.logaddexp(0.0, raw), _TINY)
        apart = (self.z - means[:, None]) / stds[:, None]
        log_weights = logits - logits.max() - np.log(shifted.sum())
        joint = (log_weights - np.log(stds) - 0.5 * LOG_2PI)[:, None] - 0.5 * apart * apart
        top = joint.max(axis=0)
        shares = np.exp(joint - top)
        total = shares.sum(axis=0)
        shares /= total
        n = self.z.size
        loss = -float((np.log(total) + top).sum()) / n
        of_stds = ((1.0 - apart * apart) * shares).sum(axis=1) / n / stds
        if self.penalty:
            ratio = (self.target_std / stds) ** 2
            loss += self.penalty * float((np.log(stds) + 0.5 * ratio).sum())
            of_stds += self.penalty * (1.0 - ratio) / stds
        slopes = np.stack(
            [
                weights - shares.sum(axis=1) / n,
                -(apart * shares).sum(axis=1) / n / stds,
                of_stds * np.exp(-np.logaddexp(0.0, -raw)),  # the derivative of softplus
            ]
        )
        return loss, slopes


def adam_steps(loss: Loss, parameters: Array, n_steps: int) -> Array:
    """Return the parameters after the steps, or after the last one that was finite.

    Parameters
    ----------
    parameters : array, shape (3, K): logits, means, inverse softplus of the standard deviations

    Examples
    --------
    >>> start = np.array([[0.0], [0.0], [0.5]])
    >>> adam_steps(Loss(np.array([3.0])), start, 1)[1].round(3).tolist()  # one step size
    [0.05]
    """
    lowest = loss.min_std + np.log(-np.expm1(-loss.min_std))
    parameters = _above_floor(parameters, lowest)
    mean, square = np.zeros_like(parameters), np.zeros_like(parameters)
    with np.errstate(all="ignore"):  # a step that is not finite is not taken
        for n in range(1, n_steps + 1):
            value, slopes = loss.at(parameters)
            mean = _BETA_MEAN * mean + (1.0 - _BETA_MEAN) * slopes
            square = _BETA_SQUARE * square + (1.0 - _BETA_SQUARE) * slopes * slopes
            root = np.sqrt(square) / np.sqrt(1.0 - _BETA_SQUARE**n) + _EPSILON
            step = LEARNING_RATE / (1.0 - _BETA_MEAN**n) * mean / root
            if not (np.isfinite(value) and np.isfinite(step).all()):
                break
            parameters = _above_floor(parameters - step, lowest)
    return parameters


def fit_by_steps(
    points: Array, n_components: int, prior_weight: Optional[float] = 1.0, *, n_steps: int = 200
) -> Mixture:
    """Return the mixture after full-batch steps on -J from the provided start values.

    Parameters
    ----------
    points : array, shape (n_points,), data units
    n_components : int, 1 to 50
    prior_weight : float >= 0, pseudo-observations of J; None: maximise the likelihood, as provided

    Examples
    --------
    >>> fit_by_steps(np.array([-1.0, -1.1, -0.9, 2.0, 2.1, 1.9]), 2).means.round(3).tolist()
    [-1.0, 2.0]
    """
    first = float(points[0])
    spread = float(np.abs(points - first).max())
    if spread <= MIN_SPREAD:
        return equal_points_mixture(first, n_components)
    relative = (points - first) / spread  # squares of 1e150 and 1e-150 stay in range
    centre, scale = float(relative.mean()), float(relative.std(ddof=1))
    z = (relative - centre) / scale
    loss = Loss(z)
    if prior_weight is not None:
        own_std = float(z.std())
        loss = Loss(
            z, prior_weight / z.size, own_std / (2 * n_components), MIN_STD_PENALISED * own_std
        )
    parameters = adam_steps(loss, _provided_start(n_components), n_steps)
    return _mixture_of(parameters, first + spread * centre, spread * scale)


def refine_by_steps(mixture: Mixture, points: Array, *, n_steps: int = 20) -> Mixture:
    """Return the mixture after steps on the likelihood of these points alone.

    Parameters
    ----------
    mixture : Mixture, data units; the steps start from it, in its own standardised units
    points : array, shape (n_points,), data units

    Examples
    --------
    >>> standard = Mixture(np.ones(1), np.zeros(1), np.ones(1))
    >>> bool(refine_by_steps(standard, np.array([3.0])).means[0] > 0.5)
    True
    """
    mean, std = standardisation(mixture)
    parameters = adam_steps(Loss((points - mean) / std), parameters_of(mixture, mean, std), n_steps)
    return _mixture_of(parameters, mean, std)


def _above_floor(parameters: Array, lowest: float) -> Array:
    logits, means, raw = parameters
    return np.stack([logits, means, np.maximum(raw, lowest)])


def _provided_start(n_components: int) -> Array:
    """Return the start values of the provided model, which are rounded to float32."""
    even = np.full(n_components, 1.0 / n_components, dtype=np.float32)
    means = np.linspace(-2.0, 2.0, n_components, dtype=np.float32)
    if n_components == 1:
        means[:] = -2.0
    return np.stack([even, means, even]).astype(np.float64)


def _mixture_of(parameters: Array, data_mean: float, data_std: float) -> Mixture:
    """Return the mixture in data units; the parameters are in standardised units."""
    logits, means, raw = parameters
    shifted = np.exp(logits - logits.max())
    stds = np.maximum(np.logaddexp(0.0, raw), _TINY) * data_std
    return Mixture(shifted / shifted.sum(), means * data_std + data_mean, np.square(stds))


def parameters_of(mixture: Mixture, mean: float, std: float) -> Array:
    """Return logits, means and inverse softplus of the standard deviations, standardised."""
    with np.errstate(divide="ignore"):
        logits = np.maximum(np.log(mixture.weights), ZERO_WEIGHT_LOGIT)
    stds = mixture.stds / std
    raw = stds + np.log(-np.expm1(-stds))
    return np.stack([logits, (mixture.means - mean) / std, raw])


def standardisation(mixture: Mixture) -> tuple[float, float]:
    """Return the mixture's own mean and standard deviation, data units.

    The mean is 0 instead if a component is so close to 0 that subtracting the mean would lose its
    digits.
    """
    weights, means, stds = mixture.weights, mixture.means, mixture.stds
    mean = float(weights @ means)
    # scale before squaring, so that 1e150 and 1e-150 stay in the range of float64
    scale = float(max(np.abs(means - mean).max(), stds.max()))
    std = scale * float(np.sqrt(weights @ (((means - mean) / scale) ** 2 + (stds / scale) ** 2)))
    for data_mean in (mean, 0.0):
        there_and_back = (means - data_mean) / std * std + data_mean
        if (np.abs(there_and_back - means) <= 1e-12 * np.abs(means)).all():
            return data_mean, std
    return 0.0, 1.0  # a mean is so close to 0 that dividing it underflows
