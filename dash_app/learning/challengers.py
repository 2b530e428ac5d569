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
"""From so many components on J has many optima, and a search tries more moves."""

N_CHALLENGERS = 12
"""Kept challengers. More of them find more optima and take longer."""

_MAX_BIRTHS, _N_BIRTHS = 128, 32
"""Births that are ranked, and those of them that one search tries."""

_N_CROSSOVERS = 12
_N_PARENTS, _N_OFFSPRING = 8, 12
_N_KEPT, _N_CYCLES = (24, 8), (1, 2)
"""Successive halving: kept candidates after the first and second round, and cycles that follow."""

_COARSEST_ATOMS = 64
"""Atoms of the copy for segmentation, whose time grows with their square."""

_N_RANDOM, _N_RESTARTS, _N_RESTART_CYCLES = 24, 16, 2
"""Random starts, those kept after one cycle, and their further cycles."""

_N_POLISHED, _REACH_NATS = 4, 0.01
"""Refine at most so many challengers, those within this many nats per point of the incumbent."""

_N_NEWTON_STEPS = 4

_N_LAST_STEPS = 10
_LAST_REACH_NATS = 0.05
_LAST_TOL = 1e-6
"""Further Newton steps, for candidates within this many nats per point of the best."""

_HOPE_NATS, _SAME_NATS = 0.001, 1e-7
"""On the coarse copy: a challenger further below the incumbent than the first is worse. One in the
incumbent's basin whose J differs by less than the second is the same optimum."""

_TOL = 1e-8


@dataclass(frozen=True, eq=False)
class Archive:
    """A mixture, and other local optima that searches from it have found.

    incumbent : Candidates, (1, K), sorted by mean; (0, K) where there is none yet
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
        """Return an archive of data units in standardised ones, variances at the floor or above."""
        return Archive(
            objective.standardised_batch(self.incumbent),
            objective.standardised_batch(self.challengers),
            self.orders.standardised(objective),
        )

    def in_data_scale(self, objective: Objective) -> Archive:
        """Return an archive of standardised units in data units."""
        return Archive(
            objective.in_data_scale(self.incumbent),
            objective.in_data_scale(self.challengers),
            self.orders.in_data_scale(objective),
        )


@dataclass(frozen=True, eq=False)
class DataLevels:
    """J on the summary and on two coarse copies of it."""

    fine: Objective
    coarse: Objective
    coarsest: Objective

    @classmethod
    def of(cls, objective: Objective, summary: WeightedSummary) -> DataLevels:
        """Return J on the summary and on its copies."""
        coarse = coarse_objective(objective, summary)
        return cls(objective, coarse, coarse_objective(objective, summary, _COARSEST_ATOMS))


def challengers_of(
    levels: DataLevels, archive: Archive, extra: Array, part: int | None = None, *, crossing: bool
) -> tuple[Scored, NeighbouringOrders]:
    """Return challengers of the archive's incumbent, best first, and the orders for the next call.

    Parameters
    ----------
    levels : J
    archive : standardised units
    extra : ndarray, further locations of births, standardised units
    part : int, which part of the births is tried; None for the best ones
    crossing : bool, whether crossovers are tried, else births; with many components both are,
        and births follow two deaths too
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
    """Return candidates that moves and segmentations lead to, outside the known basins.

    New candidates compete among themselves: known ones have had more cycles.
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
    """Return the first few challengers that are within `_REACH_NATS` of the incumbent."""
    first = challengers[:_N_POLISHED]
    return first.candidates[first.values > float(objective.value(incumbent)[0]) - _REACH_NATS]


def polished_first(objective: Objective, candidates: Candidates) -> Polished:
    """Return the candidates after Newton's first steps."""
    return polish(objective, candidates, max_steps=_N_NEWTON_STEPS, tol=_TOL)


def select(levels: DataLevels, candidates: Candidates) -> Polished:
    """Return the candidates refined until the best is known; the first is the incumbent.

    Candidates that are worse on the coarse copy, or the same optimum as the first, are refined
    there only. Their values keep the distance to the first that they have on the copy.
    """
    rough = _polished(levels.coarse, candidates)
    if levels.coarse is levels.fine:
        return rough
    lag = rough.values[0] - rough.values
    other = outside_basins(sorted_by_mean(rough.candidates), sorted_by_mean(rough.candidates[:1]))
    same = (np.abs(lag) < _SAME_NATS) & ~other
    hopeful = (lag < _HOPE_NATS) & ~same
    hopeful[0] = True
    # the first one is nearly at its optimum on the whole already
    starts = rough.candidates.replaced(np.arange(1), candidates[:1])
    final = _polished(levels.fine, starts[hopeful])
    values = rough.values + (final.values[0] - rough.values[0])
    values[hopeful] = final.values
    return replace(
        rough, candidates=rough.candidates.replaced(hopeful, final.candidates), values=values
    )


def _polished(objective: Objective, candidates: Candidates) -> Polished:
    return polish_leaders(
        objective,
        candidates,
        max_steps=(_N_NEWTON_STEPS, _N_LAST_STEPS),
        tol=(_TOL, _LAST_TOL),
        reach=_LAST_REACH_NATS,
    )
