"""Training from scratch by Adam, as provided: slower than the search, and to a local optimum.

With the penalty the loss is -J, as in the other trainings. Two densities then differ only by the
method of training.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Optional

import numpy as np
import torch
from numpy.typing import ArrayLike

from dash_app.errors import OutOfRangeError, ShapeError
from dash_app.learning.adam_steps import LEARNING_RATE
from dash_app.learning.mixture import Array, Mixture
from dash_app.learning.objective import Objective
from dash_app.learning.points import MIN_SPREAD, as_points, check_n_components, check_number
from dash_app.learning.provided import from_gmm
from dash_app.learning.scratch import FitResult, fit_from_scratch
from gmm import GMMSimple, data_standardisation, train_model

OnEpoch = Callable[[int, float], None]

SETTLED_NATS = 1e-6
"""A fit has converged if the loss changed by less than this in the last tenth of the epochs, nats
per point."""


def fit_adam(
    points: ArrayLike,
    n_components: int,
    *,
    epochs: int = 200,
    learning_rate: float = LEARNING_RATE,
    penalty: bool = True,
    prior_weight: float = 1.0,
    weights: Optional[ArrayLike] = None,
    on_epoch: Optional[OnEpoch] = None,
) -> FitResult:
    """Fit a mixture to all points by full-batch Adam, from the provided start values.

    Parameters
    ----------
    points : array, shape (n_points,), data units
    n_components : int, 1 to 50
    epochs : int >= 1, number of steps
    learning_rate : float > 0, step size of Adam, standardised units
    penalty : bool
        False: maximise the likelihood, as provided; `objective` is the mean log-likelihood.
    prior_weight : float >= 0, pseudo-observations of each component's variance
    weights : array, shape (n_points,), above 0; default 1 each
    on_epoch : called with (epoch from 1, loss) after each step; an exception from it ends the fit

    Returns
    -------
    FitResult

    Raises
    ------
    EmptyDataError, NonFiniteError, OutOfRangeError, ShapeError

    Examples
    --------
    >>> result = fit_adam([-1.0, -1.1, -0.9, 2.0, 2.1, 1.9], 2)
    >>> result.mixture.means.round(3).tolist()
    [-1.0, 2.0]
    """
    x = as_points(points)
    n_components = check_n_components(n_components)
    prior_weight = check_number("prior_weight", prior_weight, 0.0) if penalty else 0.0
    check_number("learning_rate", learning_rate, 0.0, open_below=True)
    if epochs < 1:
        raise OutOfRangeError(f"expected epochs >= 1, got {epochs}", "epochs")
    if x.max() - x.min() <= MIN_SPREAD:
        return fit_from_scratch(
            x, n_components, prior_weight=prior_weight, weights=weights, on_iteration=on_epoch
        )
    masses = np.ones(x.size) if weights is None else as_points(weights)
    if masses.shape != x.shape or not (masses > 0).all():
        raise ShapeError(f"expected {x.size} weights above 0", "weights")

    data_mean, data_std = data_standardisation(x)
    # with the penalty, `train_model` reports losses in data units
    trace = _Trace(0.0 if penalty else math.log(data_std), on_epoch)
    model = GMMSimple(n_components).double()
    train_model(
        model,
        torch.optim.Adam(model.parameters(), lr=learning_rate),
        x,
        epochs,
        penalty=prior_weight if penalty else None,
        weights=masses,
        on_epoch=trace.before_step,
    )
    mixture = from_gmm(model, data_mean, data_std)
    mean_nll = -float(mixture.log_density(x) @ (masses / masses.sum()))
    objective = -mean_nll
    if penalty:
        objective = _objective_value(x, masses, (data_mean, data_std), mixture, prior_weight)
    trace.after_step(-objective)
    return FitResult(
        mixture=mixture,
        losses=np.array(trace.losses),
        objective=objective,
        mean_nll=mean_nll,
        n_iter=len(trace.losses),
        converged=trace.has_settled(),
    )


class _Trace:
    """Records the loss after each step; `train_model` reports the loss before each step."""

    def __init__(self, shift: float, on_epoch: Optional[OnEpoch]) -> None:
        self._shift = shift
        self._on_epoch = on_epoch
        self.losses: list[float] = []

    def before_step(self, epoch: int, loss: float) -> None:
        if epoch > 1:
            self.after_step(loss + self._shift)

    def after_step(self, loss: float) -> None:
        self.losses.append(loss)
        if self._on_epoch is not None:
            self._on_epoch(len(self.losses), loss)

    def has_settled(self) -> bool:
        tail = self.losses[-max(len(self.losses) // 10, 2) :]
        return len(self.losses) >= 10 and max(tail) - min(tail) < SETTLED_NATS


def _objective_value(
    x: Array,
    masses: Array,
    standardisation: tuple[float, float],
    mixture: Mixture,
    prior_weight: float,
) -> float:
    """Return J of the mixture on weighted points, data units, nats per point."""
    mean, std = standardisation
    shares = masses / masses.sum()
    z = (x - mean) / std
    centre = shares @ z
    scale = np.sqrt(shares @ (z - centre) ** 2)
    objective = Objective.of_atoms(
        (x, masses, np.zeros(x.size)),
        (mean + std * float(centre), std * float(scale)),
        mixture.n_components,
        prior_weight,
    )
    return objective.of_mixture(mixture)
