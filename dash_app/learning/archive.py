"""The archive of a search, and the data that a search reads at three levels of detail."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Optional

from dash_app.learning import tuning
from dash_app.learning.compiled import look
from dash_app.learning.objective import Candidates, Objective
from dash_app.learning.summary import WeightedSummary

_BY_BREADTH = ("n_births", "n_kept", "n_first_cycles", "n_last_cycles", "n_new_polished")
"""Numbers of a look that are pairs: of a narrow look, and of a broad one."""


@dataclass(frozen=True, eq=False)
class Archive:
    """Distinct local optima of J, the incumbent first.

    optima : Candidates, (any, K), standardised units, sorted by mean
    value : float, J of the incumbent, nats per point, standardised units
    tried : Candidates, (any, K), standardised units, sorted by mean, or None
        What the moves of earlier looks at the same data led to; later looks do not rank it again.
    """

    optima: Candidates
    value: float
    tried: Optional[Candidates] = None

    @property
    def incumbent(self) -> Candidates:
        """The best optimum, as a batch of one."""
        return self.optima[:1]

    def followed_by(self, others: Candidates) -> Archive:
        """Return the archive with further optima at its end."""
        return replace(self, optima=Candidates.joined(self.optima, others))


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


def select(objective: Objective, candidates: Candidates, margin: float) -> tuple[Archive, bool]:
    """Return the archive of the candidates after refinement, and whether the first was replaced.

    Parameters
    ----------
    candidates : Candidates, (R, K); the first is the incumbent
    margin : float, nats per point; another replaces the first if its J is larger by more
    """
    optima, values, replaced = look.select(
        objective.atoms, objective.prior, look_numbers(objective), candidates.batch, margin
    )
    return Archive(Candidates(*optima), float(values[0])), replaced


def breadth(objective: Objective) -> int:
    """Return 0 for narrow looks at the data, 1 for broad ones: the place in a pair of `tuning`."""
    least, most = tuning.DEEP_COMPONENTS
    many = least <= objective.n_components <= most
    return int(many and objective.mass > tuning.BROAD_MASS)


def look_numbers(objective: Objective) -> look.Numbers:
    """Return the tuned numbers as the compiled look at the data reads them."""
    numbers = {name: getattr(tuning, name.upper()) for name in look.Numbers._fields}
    place = breadth(objective)
    return look.Numbers(**numbers | {name: numbers[name][place] for name in _BY_BREADTH})
