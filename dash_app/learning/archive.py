"""The archive of a search, and the data that a search reads at three levels of detail."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dash_app.learning import tuning
from dash_app.learning.mixture import Array
from dash_app.learning.newton import Polished, polish_leaders
from dash_app.learning.objective import Candidates, Objective, sorted_by_mean
from dash_app.learning.squarem import outside_basins
from dash_app.learning.summary import WeightedSummary


@dataclass(frozen=True, eq=False)
class Archive:
    """Distinct local optima of J, the incumbent first.

    optima : Candidates, (any, K), standardised units, sorted by mean
    value : float, J of the incumbent, nats per point, standardised units
    """

    optima: Candidates
    value: float

    @property
    def incumbent(self) -> Candidates:
        """The best optimum, as a batch of one."""
        return self.optima[:1]


@dataclass(frozen=True, eq=False)
class DataLevels:
    """J of the summary and of two coarse copies of it.

    Candidates are ranked on the coarse copy. Optima are compared on the whole summary.
    """

    fine: Objective
    coarse: Objective
    coarsest: Objective

    @classmethod
    def of(cls, objective: Objective, summary: WeightedSummary) -> DataLevels:
        """Return J of the summary and of its copies."""
        coarse, coarsest = (
            _of_copy(objective, summary, n_atoms)
            for n_atoms in (tuning.COARSE_ATOMS, tuning.COARSEST_ATOMS)
        )
        return cls(objective, coarse, coarsest)


def _of_copy(objective: Objective, summary: WeightedSummary, n_atoms: int) -> Objective:
    """Return J of a coarse copy of the summary, with the standardisation of the whole summary."""
    copy = summary.coarsened(n_atoms)
    if copy is summary:
        return objective
    return Objective.of_atoms(
        (copy.means, copy.masses, copy.variances),
        (objective.location, objective.scale),
        objective.n_components,
        objective.prior_weight,
    )


def select(levels: DataLevels, candidates: Candidates, margin: float) -> tuple[Archive, bool]:
    """Return the archive of the candidates after refinement, and whether the first was replaced.

    All candidates are refined on the coarse copy. Only those that may beat the first are refined on
    the whole summary.

    Parameters
    ----------
    candidates : Candidates, (R, K); the first is the incumbent
    margin : float, nats per point; another replaces the first if its J is larger by more
    """
    optima, values = refined(levels, candidates)
    lead = int(np.argmax(values))
    if values[lead] <= values[0] + margin:
        lead = 0
    order = np.argsort(-values, kind="stable")
    order = np.concatenate([[lead], order[order != lead]])
    optima, values = sorted_by_mean(optima[order]), values[order]
    other = outside_basins(optima, optima[:1]) | (values[0] - values > tuning.SAME_NATS)
    other[0] = True
    return Archive(optima[other], float(values[0])), lead != 0


def refined(levels: DataLevels, candidates: Candidates) -> tuple[Candidates, Array]:
    """Return the candidates refined by Newton's method, and J of each on the whole summary.

    A candidate that is clearly worse than the first on the coarse copy keeps the difference in J
    that it has there.
    """
    rough = _polished(levels.coarse, candidates)
    if levels.coarse is levels.fine:
        return rough.candidates, rough.values
    close = rough.values > rough.values[0] - tuning.COARSE_LAG_NATS
    # the incumbent as given is closer to its optimum on the whole summary than its copy's optimum
    starts = rough.candidates.replaced(np.arange(1), candidates[:1])
    final = _polished(levels.fine, starts[close])
    values = rough.values + (final.values[0] - rough.values[0])
    values[close] = final.values
    return rough.candidates.replaced(close, final.candidates), values


def _polished(objective: Objective, candidates: Candidates) -> Polished:
    return polish_leaders(
        objective,
        candidates,
        max_steps=tuning.N_NEWTON_STEPS,
        tol=tuning.NEWTON_TOL,
        reach=tuning.REACH_NATS,
    )
