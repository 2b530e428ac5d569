"""Newton's method for the shared objective, near an optimum, where EM is slow.

The parameters of a component are alpha, mean and log variance; weights = softmax(alpha). Damping is
that of Levenberg and Marquardt. A variance at its floor stays fixed while the gradient points below
the floor. A step is accepted only if J rises. Compiled loops treat each candidate separately.
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
"""Damping of the first step: the share of the complete-data information added to -Hessian."""


def room_for_derivatives(candidates: Candidates) -> Derivatives:
    """Return copies of the candidates, and uninitialised arrays for the derivatives.

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
    """Candidates after Newton's method.

    candidates : Candidates, (R, K)
    values : ndarray, shape (R,), J, nats per point, standardised units
    converged : ndarray of bool, shape (R,)
    n_steps : int, the largest number of steps of a candidate
    """

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
    """Raise J of each candidate by Newton's method, with at most `max_steps` evaluations of J.

    Parameters
    ----------
    candidates : Candidates, (R, K)
    max_steps : int, evaluations after the first one
    tol : float, nats per point; a candidate has converged when its predicted gain is smaller
    atoms : the data, if J is to be evaluated on other data (all points) than `objective`'s atoms
    on_step : called with J, (R,), after each evaluation

    Returns
    -------
    Polished; J is never lower than before
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
    tol: float,
    reach: float,
) -> Polished:
    """Take a few Newton steps with all candidates, then more with the leaders.

    Parameters
    ----------
    candidates : Candidates, (R, K)
    max_steps : first for all candidates, then for the leaders
    tol : for `polish`
    reach : float, nats per point; a leader is at most this far below the best
    """
    polished = polish(objective, candidates, max_steps=max_steps[0], tol=tol)
    values = polished.values
    open_ = ~polished.converged & (values > values.max() - reach)
    if not open_.any():
        return polished
    last = polish(objective, polished.candidates[open_], max_steps=max_steps[1], tol=tol)
    values = values.copy()
    values[open_] = last.values
    return replace(
        polished, candidates=polished.candidates.replaced(open_, last.candidates), values=values
    )
