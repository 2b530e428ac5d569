"""Challengers of the incumbent: other local optima, offspring, moves and random restarts.

Candidates are ranked on a coarse copy of the data. Those close to the incumbent are refined by
Newton's method on the whole summary.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dash_app.learning.crossover import crossover
from dash_app.learning.mixture import Array
from dash_app.learning.moves import NeighbouringOrders, propose_moves
from dash_app.learning.newton import Polished, polish, polish_leaders
from dash_app.learning.objective import Candidates, Objective, sorted_by_mean
from dash_app.learning.search import coarse_objective
from dash_app.learning.squarem import Scored, outside_basins, squarem
from dash_app.learning.starts import random_starts, segmentation_starts
from dash_app.learning.summary import WeightedSummary

MANY_COMPONENTS = 6
"""With this many components or more, J has many optima and a search tries more moves."""

N_CHALLENGERS = 12
"""Largest number of challengers kept. More challengers find more optima and take longer."""

_MAX_BIRTHS, _N_BIRTHS = 128, 32
"""Number of births that are ranked, and number of these that one search tries."""

_N_CROSSOVERS = 12
"""Offspring of mixtures with K - 1 and K + 1 components that one search tries."""

_N_PARENTS, _N_OFFSPRING = 8, 12
"""Crossover among the known optima: number of parents, and offspring kept."""

_N_KEPT, _N_CYCLES = (24, 8), (1, 2)
"""Successive halving: candidates kept in each round, and SQUAREM cycles that follow."""

_COARSEST_ATOMS = 64
"""Atoms of the copy for segmentation, whose time grows with the square of this number."""

_N_RANDOM, _N_RESTARTS, _N_RESTART_CYCLES = 24, 16, 2
"""Random starts, candidates kept after one cycle, and their further cycles."""

_N_POLISHED, _REACH_NATS = 4, 0.01
"""Largest number of challengers to refine, and their largest distance in J from the incumbent, nats
per point."""

_N_NEWTON_STEPS = 4
"""Largest number of Newton steps in the first round, for all candidates."""

_N_LAST_STEPS = 10
"""Largest number of further Newton steps, for the leaders."""

_LAST_REACH_NATS = 0.05
"""A leader is at most this far below the best candidate, nats per point."""

_LAST_TOL = 1e-6
"""Leaders stop at a smaller predicted gain, nats per point."""

_MAX_LAG_NATS, _SAME_NATS = 0.001, 1e-7
"""Bounds of the difference in J to the incumbent on the coarse copy, nats per point. A challenger
further below the incumbent than the first is not refined. A challenger in the incumbent's basin
that differs by less than the second is the same optimum."""

_TOL = 1e-8
"""Candidates stop at a smaller predicted gain in the first round, nats per point."""


@dataclass(frozen=True, eq=False)
class Archive:
    """A mixture, and other local optima that searches from it have found.

    incumbent : Candidates, (1, K), sorted by mean; (0, K) if there is none yet
    challengers : Candidates, (any, K), other local optima, or close to one
    orders : NeighbouringOrders, good mixtures with K - 1 and K + 1 components
    """

    incumbent: Candidates
    challengers: Candidates
    orders: NeighbouringOrders

    @classmethod
    def none(cls, n_components: int) -> Archive:
        """Return an empty archive."""
        nothing = Candidates.none(n_components)
        return cls(nothing, nothing, NeighbouringOrders.none(n_components))

    def standardised(self, objective: Objective) -> Archive:
        """Convert from data units to standardised units; raise variances to the floor."""
        return Archive(
            objective.standardised_batch(self.incumbent),
            objective.standardised_batch(self.challengers),
            self.orders.standardised(objective),
        )

    def in_data_scale(self, objective: Objective) -> Archive:
        """Convert from standardised units to data units."""
        return Archive(
            objective.in_data_scale(self.incumbent),
            objective.in_data_scale(self.challengers),
            self.orders.in_data_scale(objective),
        )


@dataclass(frozen=True, eq=False)
class DataLevels:
    """J of the summary and of two coarse copies of it."""

    fine: Objective
    coarse: Objective
    coarsest: Objective

    @classmethod
    def of(cls, objective: Objective, summary: WeightedSummary) -> DataLevels:
        """Return J of the summary and of its copies."""
        coarse = coarse_objective(objective, summary)
        return cls(objective, coarse, coarse_objective(objective, summary, _COARSEST_ATOMS))


def challengers_of(
    levels: DataLevels, archive: Archive, extra: Array, part: int | None = None, *, crossing: bool
) -> tuple[Scored, NeighbouringOrders]:
    """Return challengers of the archive's incumbent, best first, and the orders for the next call.

    Parameters
    ----------
    levels : J of the summary and of its copies
    archive : standardised units
    extra : ndarray, further locations of births, standardised units
    part : int, the part of the births to try; None for the best ones
    crossing : bool
        True: try crossovers. False: try births. With `MANY_COMPONENTS` or more both are tried, and
        births may also follow two deaths.
    """
    coarse, incumbent = levels.coarse, archive.incumbent
    many = coarse.n_components >= MANY_COMPONENTS
    found = propose_moves(
        coarse,
        incumbent,
        extra,
        archive.orders,
        n_births=_MAX_BIRTHS if many or not crossing else 0,
        n_crossovers=_N_CROSSOVERS if many or crossing else 0,
        depth=2 if many else 1,
    )
    n_parts = -(-_MAX_BIRTHS // _N_BIRTHS)
    of_part = slice(_N_BIRTHS) if part is None else slice(part % n_parts, None, n_parts)
    moves = Candidates.joined(found.splits, found.crossovers, found.births[of_part])
    parents = Candidates.joined(incumbent, archive.challengers[: _N_PARENTS - 1])
    offspring = crossover(coarse, parents, _N_OFFSPRING)
    known = squarem(coarse, archive.challengers, 1).outside_basins_of(incumbent)
    new = _new(
        levels, Candidates.joined(incumbent, known.candidates), Candidates.joined(offspring, moves)
    )
    return known.joined(new).best(N_CHALLENGERS), found.orders


def _new(levels: DataLevels, known: Candidates, moves: Candidates) -> Scored:
    """Return the results of moves and segmentations that are outside the known basins.

    New candidates compete only with each other, because known ones have had more cycles.
    """
    coarse = levels.coarse
    new = squarem(coarse, Candidates.joined(moves, segmentation_starts(levels.coarsest)), 1)
    for n_kept, n_cycles in zip(_N_KEPT, _N_CYCLES):
        best = new.outside_basins_of(known).best(n_kept)
        new = squarem(coarse, best.candidates, n_cycles)
    return new.outside_basins_of(known)


def random_restarts(levels: DataLevels, rng: np.random.Generator) -> Scored:
    """Return candidates from random and segmentation starts and their offspring, best first."""
    coarse = levels.coarse
    starts = Candidates.joined(
        segmentation_starts(levels.coarsest), random_starts(coarse, _N_RANDOM, rng)
    )
    scored = squarem(
        coarse, squarem(coarse, starts, 1).best(_N_RESTARTS).candidates, _N_RESTART_CYCLES
    )
    offspring = crossover(coarse, scored.best(_N_PARENTS).candidates, _N_OFFSPRING)
    return scored.joined(squarem(coarse, offspring, _N_RESTART_CYCLES)).best(1 + N_CHALLENGERS)


def near_incumbent(objective: Objective, incumbent: Candidates, challengers: Scored) -> Candidates:
    """Return the first challengers whose J is within `_REACH_NATS` of the incumbent's."""
    first = challengers[:_N_POLISHED]
    return first.candidates[first.values > float(objective.value(incumbent)[0]) - _REACH_NATS]


def polished_first(objective: Objective, candidates: Candidates) -> Polished:
    """Return the candidates after the first round of Newton steps."""
    return polish(objective, candidates, max_steps=_N_NEWTON_STEPS, tol=_TOL)


def select(levels: DataLevels, candidates: Candidates) -> Polished:
    """Return the candidates refined far enough to tell the best; the first is the incumbent.

    All candidates are refined on the coarse copy. Only those that may beat the incumbent are
    refined on the whole summary. The others keep the difference in J that they have on the copy.
    """
    rough = _polished(levels.coarse, candidates)
    if levels.coarse is levels.fine:
        return rough
    lag = rough.values[0] - rough.values
    other = outside_basins(sorted_by_mean(rough.candidates), sorted_by_mean(rough.candidates[:1]))
    same = (np.abs(lag) < _SAME_NATS) & ~other
    close = (lag < _MAX_LAG_NATS) & ~same
    close[0] = True
    # the incumbent as given is closer to its optimum on the whole summary than its copy's optimum
    starts = rough.candidates.replaced(np.arange(1), candidates[:1])
    final = _polished(levels.fine, starts[close])
    values = rough.values + (final.values[0] - rough.values[0])
    values[close] = final.values
    return replace(
        rough, candidates=rough.candidates.replaced(close, final.candidates), values=values
    )


def _polished(objective: Objective, candidates: Candidates) -> Polished:
    return polish_leaders(
        objective,
        candidates,
        max_steps=(_N_NEWTON_STEPS, _N_LAST_STEPS),
        tol=(_TOL, _LAST_TOL),
        reach=_LAST_REACH_NATS,
    )
