"""Newton's method for the shared objective, near an optimum, where EM is slow.

The parameters of a component are alpha, mean and log variance; weights = softmax(alpha). Damping is
that of Levenberg and Marquardt. A variance at its floor stays fixed while the gradient points below
the floor. A step is accepted only if J rises. Compiled loops treat each candidate separately.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Optional

from dash_app.learning.compiled.newton import newton, newton_started, newton_steps
from dash_app.learning.compiled.signatures import Atoms
from dash_app.learning.mixture import Array, Mask
from dash_app.learning.objective import Candidates, Objective


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
    atoms, prior, batch = atoms or objective.atoms, objective.prior, candidates.batch
    if on_step is None:
        reached, values, converged, n_steps = newton(atoms, prior, batch, max_steps, tol)
        return Polished(Candidates(*reached), values, converged, n_steps)
    derivatives, damping, converged = newton_started(atoms, prior, batch)
    on_step(derivatives.values.copy())
    state, n_steps = (atoms, prior, tol, derivatives, damping, converged), 0
    while n_steps < max_steps and newton_steps(*state, 1):
        n_steps += 1
        on_step(derivatives.values.copy())
    return Polished(Candidates(*derivatives.batch), derivatives.values, converged, n_steps)
