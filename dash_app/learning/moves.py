"""Moves out of a local optimum: death, merge and birth of components.

A death, or a merge of two neighbours, removes one component (Richardson and Green 1997, Ueda et al.
2000). A birth adds one where the directional derivative of the log-likelihood is largest (Lindsay
1983, Annals of Statistics 11:86). `line_moves` has the moves that need points on a line.
"""

from __future__ import annotations

import numpy as np

from dash_app.learning import tuning
from dash_app.learning.compiled import deaths
from dash_app.learning.compiled.births import birth_places, with_births
from dash_app.learning.mixture import Array
from dash_app.learning.objective import Candidates, Objective


def deaths_and_merges(candidates: Candidates) -> Candidates:
    """Return every mixture with one component fewer by a death or a merge of neighbours.

    Parameters
    ----------
    candidates : Candidates, (R, K) with K >= 2, sorted by mean

    Returns
    -------
    Candidates, (R (2 K - 1), K - 1); for each mixture first the deaths, then the merges
    """
    return Candidates(*deaths.deaths_and_merges(candidates.batch))


def births(objective: Objective, reduced: Candidates, n_births: int, extra: Array) -> Candidates:
    """Return mixtures after a birth, the largest predicted J first.

    Parameters
    ----------
    objective : J, usually of a coarse copy
    reduced : Candidates, (R, K - 1)
    n_births : int, the largest number returned
    extra : ndarray, further locations, standardised units
    """
    stds = np.sqrt(np.square(tuning.BIRTH_STDS) + objective.variance_floor)
    batch = reduced.batch
    found = birth_places(
        *(objective.atoms, objective.prior, batch, _locations(objective, extra), stds),
        tuning.BIRTH_STDS[1],
    )
    order = np.argsort(-found[:, -1], kind="stable")[:n_births]
    return Candidates(*with_births(batch, found[order]))


def _locations(objective: Objective, extra: Array) -> Array:
    """Return locations of births, ascending."""
    cumulative = np.cumsum(objective.masses)
    levels = (np.arange(tuning.N_LOCATIONS) + 0.5) / tuning.N_LOCATIONS * cumulative[-1]
    positions = objective.positions
    at = np.searchsorted(cumulative, levels)
    # equal distances reach outliers, which hold little mass
    steps = np.linspace(positions[0], positions[-1], tuning.N_DISTANCES)
    along = np.searchsorted(positions, steps)
    locations: Array = np.unique(np.concatenate([positions[at], positions[along], extra]))
    return locations
