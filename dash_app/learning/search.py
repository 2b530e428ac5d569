"""The search for the best mixture: many rough candidates in a batch, the best of them polished.

Rough work is done on a coarse copy of the summary, values that are compared on the whole of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dash_app.learning.climb import Climbers, climb
from dash_app.learning.crossover import children
from dash_app.learning.escapes import Stock, escapes
from dash_app.learning.newton import polish_leaders
from dash_app.learning.objective import Candidates, Objective, sorted_by_mean
from dash_app.learning.starts import quantile_starts, random_starts, segmentation_starts
from dash_app.learning.summary import WeightedSummary

COARSE_ATOMS = 128

_WORK = 32_768
"""Random starts times components times atoms of the coarse copy."""

_N_RANDOM_STARTS = (30, 120)
_MAX_ESCAPE_ROUNDS = 12
_FEW_COMPONENTS, _N_OTHER_HOMES = 4, (1, 6)
"""Optima are many where components are: of so many as there are components beyond the few, within
these bounds, the moves away may be in vain before the search ends."""

_N_INSERTIONS, _N_EXCHANGES = 72, 12
_N_POLISHED = 5
_N_PARENTS, _N_CHILDREN = 16, 12
_N_OPTIMA = 24
_DEPTH = 2
_ESCAPE_GAIN_NATS = 1e-9

_MAX_STEPS = (4, 12)
_TOL = 1e-8
_REACH_NATS = 0.05
"""After Newton's first steps, what is further below the best is left as it is."""


def coarse_objective(
    objective: Objective, summary: WeightedSummary, n_atoms: int = COARSE_ATOMS
) -> Objective:
    """Return J of a coarse copy of the summary, standardised as the whole is."""
    coarse = summary.coarsened(n_atoms)
    if coarse is summary:
        return objective
    return Objective.of_atoms(
        (coarse.means, coarse.masses, coarse.variances),
        (objective.location, objective.scale),
        objective.n_components,
        objective.prior_weight,
    )


@dataclass(frozen=True, eq=False)
class Found:
    """The local optima of a search, best first.

    optima : Climbers at the top, (any, K); their values are J, standardised units
    stock : Stock, good mixtures of one component fewer and of one more
    """

    optima: Climbers
    stock: Stock

    @property
    def best(self) -> Candidates:
        """The best one as a batch of one."""
        return self.optima.candidates[:1]

    @property
    def value(self) -> float:
        """J of the best one."""
        return float(self.optima.values[0])

    @property
    def others(self) -> Candidates:
        """All but the best one."""
        return self.optima.candidates[1:]


def search(
    objective: Objective,
    coarse: Objective,
    rng: np.random.Generator,
    max_steps: int = 1000,
    on_step: Callable[[float], None] = lambda value: None,
) -> Found:
    """Search from many starts, then by escapes and crossover until neither helps.

    Parameters
    ----------
    objective, coarse : J of the summary and of its coarse copy
    rng : of the random starts
    max_steps : int, most rounds
    on_step : called with J after each round that improved
    """
    room = _WORK // (coarse.positions.size * coarse.n_components)
    starts = Candidates.joined(
        quantile_starts(coarse),
        segmentation_starts(coarse),
        random_starts(coarse, int(np.clip(room, *_N_RANDOM_STARTS)), rng),
    )
    climbers = climb(coarse, climb(coarse, starts, 2).best(24).candidates, 3)
    born = climb(coarse, children(coarse, climbers.best(_N_PARENTS).candidates, _N_CHILDREN), 3)
    optima = _polished(objective, climbers.joined(born).best(_N_POLISHED).candidates)
    on_step(float(optima.values[0]))
    stock = Stock.none(objective.n_components)
    tried = optima.candidates[:0]
    n_other_homes = int(np.clip(objective.n_components - _FEW_COMPONENTS, *_N_OTHER_HOMES))
    n_failed = 0
    for _ in range(min(_MAX_ESCAPE_ROUNDS, max_steps)):
        home = optima.apart_from(tried).candidates[:1]
        if len(home) == 0 or n_failed > n_other_homes:
            break
        tried = Candidates.joined(tried, home)
        found = escapes(
            coarse,
            home,
            np.empty(0),
            stock,
            n_insertions=_N_INSERTIONS,
            n_exchanges=_N_EXCHANGES,
            depth=_DEPTH,
        )
        stock = found.stock
        family = optima.candidates[:_N_PARENTS]
        crossed = children(coarse, family, _N_CHILDREN)
        moves = Candidates.joined(found.splits, found.exchanges, found.insertions, crossed)
        climbers = climb(coarse, moves, 2).apart_from(family).best(16)
        climbers = climb(coarse, climbers.candidates, 3).apart_from(family).best(_N_POLISHED)
        n_failed += 1
        if len(climbers) == 0:
            continue
        before = float(optima.values[0])
        tops = _polished(objective, climbers.candidates, before)
        optima = optima.joined(tops).best(_N_OPTIMA)
        if optima.values[0] > before + _ESCAPE_GAIN_NATS:
            on_step(float(optima.values[0]))
            n_failed = 0
    return Found(optima, stock)


def _polished(objective: Objective, candidates: Candidates, least: float = -np.inf) -> Climbers:
    """Return the candidates polished, best first; to the end only what may still be the best.

    least : float, J of the best one known
    """
    polished = polish_leaders(
        objective,
        candidates,
        max_steps=_MAX_STEPS,
        tol=(_TOL, _TOL),
        reach=_REACH_NATS,
        least=least,
    )
    values = polished.values
    optima = Climbers(sorted_by_mean(polished.candidates), values, np.zeros(values.size))
    return optima.best(len(optima))
