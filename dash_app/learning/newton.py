"""Newton's method for the shared objective, near an optimum, where EM is slow.

Parameters are theta = (alpha, mean, log variance) of each component, weights = softmax(alpha).
Damping after Levenberg and Marquardt; variances at their floor are held there while the gradient
points below it. A step is taken only if J rises. Each candidate is raised by itself, in compiled
loops.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Optional

import numpy as np

from dash_app.learning.compiled.bounds import WEIGHT_FLOOR
from dash_app.learning.compiled.newton import (
    Derivatives,
    differentiate,
    newton,
    newton_steps,
)
from dash_app.learning.compiled.signatures import Atoms, Batch
from dash_app.learning.mixture import Array, Mask
from dash_app.learning.objective import Candidates, Objective

_INITIAL_DAMPING = 1e-3


def room_for_derivatives(candidates: Candidates) -> Derivatives:
    """Return copies of the candidates and room for the derivatives.

    Weights are raised to WEIGHT_FLOOR, so that alpha = log w is finite.
    """
    n_candidates, n_components = candidates.means.shape
    n_parameters = 3 * n_components
    weights = np.maximum(candidates.weights, WEIGHT_FLOOR)
    weights /= weights.sum(axis=1, keepdims=True)
    return Derivatives(
        Batch(weights, np.array(candidates.means), np.array(candidates.variances)),
        np.empty(n_candidates),
        np.empty((n_candidates, n_parameters)),
        np.empty((n_candidates, n_parameters, n_parameters)),
    )


@dataclass(frozen=True, eq=False)
class Polished:
    """Candidates after Newton's method: J (R,), whether each converged (R,), and steps taken."""

    candidates: Candidates
    values: Array
    converged: Mask
    n_steps: int


def polish(
    objective: Objective,
    candidates: Candidates,
    *,
    max_steps: int,
    tol: float = 1e-10,
    atoms: Optional[Atoms] = None,
    on_step: Optional[Callable[[Array], None]] = None,
) -> Polished:
    """Raise J of each candidate by at most `max_steps` evaluations of Newton's method.

    Parameters
    ----------
    candidates : Candidates, (R, K)
    max_steps : int, evaluations after the first one
    tol : float, nats per point; converged once a step is predicted to gain less
    atoms : what J is a sum over, where that is not `objective`'s own atoms (all the points)
    on_step : called with J (R,) after each evaluation

    Returns
    -------
    Polished; J never falls below that of the candidates handed in
    """
    atoms = atoms or objective.atoms
    reached = room_for_derivatives(candidates)
    damping = np.full(len(candidates), _INITIAL_DAMPING)
    converged = np.zeros(len(candidates), dtype=np.bool_)
    state = (atoms, objective.prior, tol, reached, damping, converged)
    n_steps = 0
    if on_step is None:
        n_steps = newton(*state, max_steps)
    else:
        differentiate(atoms, objective.prior, reached)
        on_step(reached.values.copy())
        while n_steps < max_steps and newton_steps(*state, 1):
            n_steps += 1
            on_step(reached.values.copy())
    return Polished(Candidates(*reached.batch), reached.values, converged, n_steps)


def polish_leaders(
    objective: Objective,
    candidates: Candidates,
    *,
    max_steps: tuple[int, int],
    tol: tuple[float, float],
    reach: float,
    least: float = -np.inf,
) -> Polished:
    """Take a few Newton steps with all candidates, then more with those that may be the best.

    Parameters
    ----------
    candidates : Candidates, (R, K)
    max_steps, tol : of `polish`, for all of them and then for the leaders
    reach : float, nats per point; a leader is at most so far below the best
    least : float, J of the best one known
    """
    polished = polish(objective, candidates, max_steps=max_steps[0], tol=tol[0])
    values = polished.values
    open_ = ~polished.converged & (values > max(least, values.max()) - reach)
    if not open_.any():
        return polished
    last = polish(objective, polished.candidates[open_], max_steps=max_steps[1], tol=tol[1])
    values = values.copy()
    values[open_] = last.values
    return replace(
        polished, candidates=polished.candidates.replaced(open_, last.candidates), values=values
    )
