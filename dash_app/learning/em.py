"""Expectation-maximisation on batches of candidate mixtures."""

from __future__ import annotations

from dash_app.learning.compiled.em import em_step_of_each
from dash_app.learning.mixture import Array
from dash_app.learning.objective import Candidates, Objective


def em_step(objective: Objective, candidates: Candidates) -> tuple[Candidates, Array]:
    """Return the candidates after one iteration of EM, and J *before* it.

    Parameters
    ----------
    objective : J
    candidates : Candidates, (n_candidates, n_components), standardised units

    Returns
    -------
    after : Candidates, (n_candidates, n_components)
    values : ndarray, shape (n_candidates,), nats per point, standardised units

    References
    ----------
    Bishop (2006), Pattern Recognition and Machine Learning, section 9.2.
    """
    batch = candidates.batch_copy()
    values: Array = em_step_of_each(objective.atoms, objective.prior, batch)
    return Candidates(*batch), values
