"""Training from scratch: a global search for the best mixture of all points.

First, plain EM runs from a quantile start. Then the search refines quantiles and a
segmentation by SQUAREM and by Newton's method. Moves follow until none helps. Above the
capacity the search runs on a summary. The last Newton steps read all points, in chunks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Optional

import numpy as np
from numpy.typing import ArrayLike

from dash_app.errors import OutOfRangeError
from dash_app.learning.archive import DataLevels
from dash_app.learning.em import em_step
from dash_app.learning.mixture import Array, Mixture
from dash_app.learning.newton import polish
from dash_app.learning.objective import (
    Candidates,
    Objective,
    all_equal,
    equal_points_mixture,
)
from dash_app.learning.points import (
    as_points,
    as_weights,
    check_n_components,
    check_number,
    check_seed,
    check_whole,
)
from dash_app.learning.search import OnStep, quantile_segmentation, search
from dash_app.learning.summary import WeightedSummary

OnIteration = Callable[[int, float], None]

CAPACITY = 1024
"""Largest number of atoms. Up to this many distinct values the search uses the points themselves. A
larger capacity takes longer and approximates less."""

_MAX_WEIGHT = 1e20
"""The largest weight is from 1 / _MAX_WEIGHT to _MAX_WEIGHT, because candidates are ranked in
float32, which ends at 3e38."""

_MAX_EM_STEPS = 40
"""Largest number of steps of plain EM."""

_EM_GAIN_NATS = 1e-4
"""Plain EM ends at the first step that gains less than this, nats per point."""


@dataclass(frozen=True, eq=False)
class FitResult:
    """The result of a fit from scratch.

    mixture : Mixture, data units
    losses : ndarray, shape (n_iter,), -J after each step, nats per point
    objective : float, J of the mixture, nats per point
    mean_nll : float, negative mean log-likelihood of the points by their weights, nats per point
    n_iter : int, number of steps
    converged : bool, whether the predicted gain of a further Newton step is less than `tol`
    """

    mixture: Mixture
    losses: Array
    objective: float
    mean_nll: float
    n_iter: int
    converged: bool


class _Trace:
    """Records the lowest loss so far after each step, data units."""

    def __init__(self, objective: Objective, on_iteration: Optional[OnIteration]) -> None:
        self._objective = objective
        self._on_iteration = on_iteration
        self.losses: list[float] = []

    def __call__(self, value: float) -> None:
        loss = -self._objective.in_data_units(float(value))
        if self.losses:
            loss = min(loss, self.losses[-1])
        self.losses.append(loss)
        if self._on_iteration is not None:
            self._on_iteration(len(self.losses), loss)


def fit_from_scratch(
    points: ArrayLike,
    n_components: int,
    *,
    seed: int = 0,
    prior_weight: float = 1.0,
    max_iter: int = 200,
    tol: float = 1e-10,
    on_iteration: Optional[OnIteration] = None,
    on_step: OnStep = lambda: None,
    weights: Optional[ArrayLike] = None,
) -> FitResult:
    """Fit a mixture to all points, without memory of earlier fits.

    Parameters
    ----------
    points : array, shape (n_points,), data units
    n_components : int, 1 to 50
    seed : int, without effect, since no part of the fit is random
    prior_weight : float >= 0, pseudo-observations of each component's variance
    max_iter : int >= 1, bound of EM steps, looks and Newton steps together; at least 2 are taken
    tol : float, nats per point; Newton's method stops at a smaller predicted gain
    on_iteration : called with (step from 1, loss) after each step
        An exception from it ends the fit.
    on_step : called between the parts of the search, and after each of the last Newton steps
        An exception from it ends the fit.
    weights : array, shape (n_points,), above 0, the largest from 1e-20 to 1e20; default 1 each

    Returns
    -------
    FitResult

    Raises
    ------
    EmptyDataError, NonFiniteError, OutOfRangeError, ShapeError

    Examples
    --------
    >>> result = fit_from_scratch([-1.0, -1.0, -1.0, 2.0, 2.0, 2.0], 2)
    >>> result.mixture.means.round(6).tolist()
    [-1.0, 2.0]
    """
    x = as_points(points)
    n_components = check_n_components(n_components)
    prior_weight = check_number("prior_weight", prior_weight, 0.0)
    max_iter = check_whole("max_iter", max_iter, 1, sys.maxsize)
    tol = check_number("tol", tol, 0.0)
    check_seed(seed)
    masses = _checked_weights(weights, x.size)
    summary = WeightedSummary(CAPACITY).with_points(x, masses)
    if all_equal(summary):
        return _equal_points_result(float(x[0]), n_components, on_iteration)
    objective = Objective.of_summary(summary, n_components, prior_weight)
    trace = _Trace(objective, on_iteration)
    levels = DataLevels.of(objective, summary)
    plain = _plain_em(objective, min(max(max_iter - 2, 0), _MAX_EM_STEPS), trace)
    # two losses come without a look or a Newton step: of the search's start and of its result
    n_looks = max(max_iter - 2 - len(trace.losses), 0)
    found = search(levels, None, n_looks, trace, on_step)

    def on_newton_step(values: Array) -> None:
        trace(float(values[0]))
        on_step()

    better = float(objective.value(plain)[0]) > found.value  # rare
    best = plain if better else found.incumbent
    final = polish(
        objective,
        best,
        max_steps=max(max_iter - 1 - len(trace.losses), 0),
        tol=tol,
        atoms=None if summary.exact else objective.atoms_of_points(x, masses),
        on_step=on_newton_step,
    )
    best, value = final.candidates, float(final.values[0])
    mixture = objective.mixture(best)
    log_likelihood = value - float(objective.log_prior(best)[0]) / objective.mass
    return FitResult(
        mixture=mixture,
        losses=np.array(trace.losses),
        objective=objective.in_data_units(value),
        mean_nll=float(np.log(objective.scale)) - log_likelihood,
        n_iter=len(trace.losses),
        converged=bool(final.converged[0]),
    )


def _checked_weights(weights: Optional[ArrayLike], n_points: int) -> Optional[Array]:
    masses = as_weights(weights, n_points)
    if masses is not None and not 1.0 / _MAX_WEIGHT <= masses.max() <= _MAX_WEIGHT:
        bounds = f"from {1.0 / _MAX_WEIGHT:g} to {_MAX_WEIGHT:g}"
        raise OutOfRangeError(
            f"expected a largest weight {bounds}, got {masses.max():g}", "weights"
        )
    return masses


def _plain_em(objective: Objective, max_steps: int, trace: _Trace) -> Candidates:
    """Return the result of plain EM from the quantile start, (1, K).

    Its losses begin the loss curve on the page. The search does not use the result.
    """
    candidates = quantile_segmentation(objective)
    last = -np.inf
    for _ in range(max_steps):
        after, values = em_step(objective, candidates)
        value = float(values[0])
        trace(value)
        if value - last < _EM_GAIN_NATS:
            break
        candidates, last = after, value
    return candidates


def _equal_points_result(
    x: float, n_components: int, on_iteration: Optional[OnIteration]
) -> FitResult:
    mixture = equal_points_mixture(x, n_components)
    mean_nll = -mixture.mean_log_likelihood(np.array([x]))
    if on_iteration is not None:
        on_iteration(1, mean_nll)
    return FitResult(mixture, np.array([mean_nll]), -mean_nll, mean_nll, 1, True)
