"""Rivals of a mixture: other local optima, their children, moves away from it, fresh starts.

Rough work on a coarse copy of the data; whoever comes near is polished on the whole of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dash_app.learning.climb import Climbers, apart, climb
from dash_app.learning.crossover import children
from dash_app.learning.escapes import Stock, escapes
from dash_app.learning.mixture import Array
from dash_app.learning.newton import Polished, polish, polish_leaders
from dash_app.learning.objective import Candidates, Objective, sorted_by_mean
from dash_app.learning.search import coarse_objective
from dash_app.learning.starts import random_starts, segmentation_starts
from dash_app.learning.summary import WeightedSummary

MANY_COMPONENTS = 6
"""Optima are many where components are: from so many on it is worth looking at more of them."""

N_OTHERS = 12
_MAX_INSERTIONS, _N_INSERTIONS = 128, 32
_N_EXCHANGES = 12
_N_PARENTS, _N_CHILDREN = 8, 12
_N_CLIMBING, _N_LAST_CYCLES = (24, 8), 2
"""New ones: so many climb on after one cycle and after two, the last for so many cycles more."""

_SEGMENTED_ATOMS = 64
_N_FRESH, _N_LANDING, _N_LANDING_CYCLES = 24, 16, 2

_N_POLISHED = 4
_N_NEWTON_STEPS = 4
_REACH_NATS = 0.01
"""A rival that is further below the mixture than this is not polished."""

_N_LAST_STEPS = 10
_LAST_REACH_NATS = 0.05
_LAST_TOL = 1e-6
"""Whatever may still turn out as the best after Newton's first steps is climbed to its end."""

_HOPE_NATS, _SAME_NATS = 0.001, 1e-7
"""On the coarse copy a rival that is better is not further below the mixture than the first; one
that has come to the mixture itself is as good up to the second."""

_TOL = 1e-8


@dataclass(frozen=True, eq=False)
class Family:
    """A mixture, and what the moves away from it have found so far.

    home : Candidates, (1, K), sorted by mean; (0, K) where there is none yet
    others : Candidates, (any, K), other local optima, or on their way to one
    stock : Stock, good mixtures of one component fewer and of one more
    """

    home: Candidates
    others: Candidates
    stock: Stock

    @classmethod
    def none(cls, n_components: int) -> Family:
        """Return a family without anyone."""
        nobody = Candidates.none(n_components)
        return cls(nobody, nobody, Stock.none(n_components))

    def standardised(self, objective: Objective) -> Family:
        """Return a family of data units in standardised ones, variances at the floor or above."""
        home, others = map(objective.standardised_batch, (self.home, self.others))
        return Family(home, others, self.stock.standardised(objective))

    def in_data_scale(self, objective: Objective) -> Family:
        """Return a family of standardised units in data units."""
        home, others = map(objective.in_data_scale, (self.home, self.others))
        return Family(home, others, self.stock.in_data_scale(objective))


@dataclass(frozen=True, eq=False)
class Ground:
    """J on the summary, and on copies that are the coarser the rougher the work."""

    whole: Objective
    coarse: Objective
    segmented: Objective

    @classmethod
    def of(cls, objective: Objective, summary: WeightedSummary) -> Ground:
        """Return J on the summary and on its copies."""
        coarse = coarse_objective(objective, summary)
        return cls(objective, coarse, coarse_objective(objective, summary, _SEGMENTED_ATOMS))


def rivals_of(
    ground: Ground, family: Family, extra: Array, part: int | None = None, *, exchanging: bool
) -> tuple[Climbers, Stock]:
    """Return rivals of the family's home, best first, and its stock for the next time.

    Parameters
    ----------
    ground : J
    family : standardised units
    extra : ndarray, further locations to try a component at, standardised units
    part : int, which part of the insertions is tried; None for the most promising ones
    exchanging : bool, whether it is the turn of exchanges, else of insertions; with many
        components both are tried each time, and insertions go by way of two components fewer too
    """
    coarse, home = ground.coarse, family.home
    many = coarse.n_components >= MANY_COMPONENTS
    found = escapes(
        coarse,
        home,
        extra,
        family.stock,
        n_insertions=_MAX_INSERTIONS if many or not exchanging else 0,
        n_exchanges=_N_EXCHANGES if many or exchanging else 0,
        depth=2 if many else 1,
    )
    n_parts = -(-_MAX_INSERTIONS // _N_INSERTIONS)
    of_part = slice(_N_INSERTIONS) if part is None else slice(part % n_parts, None, n_parts)
    moves = Candidates.joined(found.splits, found.exchanges, found.insertions[of_part])
    parents = Candidates.joined(home, family.others[: _N_PARENTS - 1])
    born = children(coarse, parents, _N_CHILDREN)
    known = climb(coarse, family.others, 1).apart_from(home)
    new = _new(ground, Candidates.joined(home, known.candidates), Candidates.joined(born, moves))
    return known.joined(new).best(N_OTHERS), found.stock


def _new(ground: Ground, known: Candidates, moves: Candidates) -> Climbers:
    """Return where moves and segmentations lead that is not known, on the way there.

    What is known has climbed for long: beside that the new would never look good enough.
    """
    coarse = ground.coarse
    new = climb(coarse, Candidates.joined(moves, segmentation_starts(ground.segmented)), 1)
    for n_climbing, n_cycles in zip(_N_CLIMBING, (1, _N_LAST_CYCLES)):
        best = new.apart_from(known).best(n_climbing)
        new = climb(coarse, best.candidates, n_cycles)
    return new.apart_from(known)


def landed(ground: Ground, rng: np.random.Generator) -> Climbers:
    """Return where fresh starts have got to, best first."""
    coarse = ground.coarse
    starts = Candidates.joined(
        segmentation_starts(ground.segmented), random_starts(coarse, _N_FRESH, rng)
    )
    climbers = climb(
        coarse, climb(coarse, starts, 1).best(_N_LANDING).candidates, _N_LANDING_CYCLES
    )
    born = children(coarse, climbers.best(_N_PARENTS).candidates, _N_CHILDREN)
    return climbers.joined(climb(coarse, born, _N_LANDING_CYCLES)).best(1 + N_OTHERS)


def within_reach(objective: Objective, home: Candidates, rivals: Climbers) -> Candidates:
    """Return the first few of the rivals, as far as they may overtake the home."""
    first = rivals[:_N_POLISHED]
    return first.candidates[first.values > float(objective.value(home)[0]) - _REACH_NATS]


def polished_first(objective: Objective, candidates: Candidates) -> Polished:
    """Return the candidates after Newton's first steps."""
    return polish(objective, candidates, max_steps=_N_NEWTON_STEPS, tol=_TOL)


def contest(ground: Ground, contenders: Candidates) -> Polished:
    """Return the contenders polished, as far as it takes to tell the best.

    Those that the coarse copy tells to be worse than the first, or the first itself, are polished
    there only; their values are as far from that of the first as on the copy.
    """
    rough = _polished(ground.coarse, contenders)
    if ground.coarse is ground.whole:
        return rough
    lag = rough.values[0] - rough.values
    other = apart(sorted_by_mean(rough.candidates), sorted_by_mean(rough.candidates[:1]))
    same = (np.abs(lag) < _SAME_NATS) & ~other
    hopeful = (lag < _HOPE_NATS) & ~same
    hopeful[0] = True
    # the first one is nearly at its optimum on the whole already
    starts = rough.candidates.replaced(np.arange(1), contenders[:1])
    final = _polished(ground.whole, starts[hopeful])
    values = rough.values + (final.values[0] - rough.values[0])
    values[hopeful] = final.values
    return replace(
        rough, candidates=rough.candidates.replaced(hopeful, final.candidates), values=values
    )


def _polished(objective: Objective, contenders: Candidates) -> Polished:
    return polish_leaders(
        objective,
        contenders,
        max_steps=(_N_NEWTON_STEPS, _N_LAST_STEPS),
        tol=(_TOL, _LAST_TOL),
        reach=_LAST_REACH_NATS,
    )
