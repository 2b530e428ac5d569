"""The search for the best mixture: many candidates in a batch, the best refined by Newton's method.

Candidates are ranked on a coarse copy of the summary. Optima are compared on the whole summary.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dash_app.learning.crossover import crossover
from dash_app.learning.moves import NeighbouringOrders, propose_moves
from dash_app.learning.newton import polish_leaders
from dash_app.learning.objective import Candidates, Objective, sorted_by_mean
from dash_app.learning.squarem import Scored, squarem
from dash_app.learning.starts import quantile_starts, random_starts, segmentation_starts
from dash_app.learning.summary import WeightedSummary

COARSE_ATOMS = 128

_WORK = 32_768
"""Random starts times components times atoms of the coarse copy. More find more and take longer."""

_N_RANDOM_STARTS = (30, 120)
_MAX_ROUNDS = 12
_FEW_COMPONENTS, _N_FAILED_ROUNDS = 4, (1, 6)
"""Rounds without a gain that end the search: components above the first, within the bounds. With
more components J has more optima."""

_N_BIRTHS, _N_CROSSOVERS = 72, 12
_N_POLISHED = 5
_N_PARENTS, _N_OFFSPRING = 16, 12
_N_OPTIMA = 24
_DEPTH = 2
_MIN_GAIN_NATS = 1e-9

_MAX_STEPS = (4, 12)
_TOL = 1e-8
_REACH_NATS = 0.05
"""After the first Newton steps only candidates within this many nats per point of the
best go on."""


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
class SearchResult:
    """The local optima of a search, best first.

    optima : Scored, (any, K); their values are J, standardised units
    orders : NeighbouringOrders, good mixtures with K - 1 and K + 1 components
    """

    optima: Scored
    orders: NeighbouringOrders

    @property
    def best(self) -> Candidates:
        """The best one as a batch of one."""
        return self.optima.candidates[:1]

    @property
    def value(self) -> float:
        """J of the best one."""
        return float(self.optima.values[0])

    @property
    def challengers(self) -> Candidates:
        """All but the best one."""
        return self.optima.candidates[1:]


def search(
    objective: Objective,
    coarse: Objective,
    rng: np.random.Generator,
    max_steps: int = 1000,
    on_step: Callable[[float], None] = lambda value: None,
    between: Callable[[], None] = lambda: None,
) -> SearchResult:
    """Search from many starts, then by moves and crossover until neither helps.

    Parameters
    ----------
    objective, coarse : J of the summary and of its coarse copy
    rng : of the random starts
    max_steps : int, most rounds
    on_step : called with J after each round that improved
    between : called between the parts of a round; what it raises ends the search
    """
    room = _WORK // (coarse.positions.size * coarse.n_components)
    starts = Candidates.joined(
        quantile_starts(coarse),
        segmentation_starts(coarse),
        random_starts(coarse, int(np.clip(room, *_N_RANDOM_STARTS)), rng),
    )
    scored = squarem(coarse, squarem(coarse, starts, 2).best(24).candidates, 3)
    between()
    offspring = crossover(coarse, scored.best(_N_PARENTS).candidates, _N_OFFSPRING)
    scored = scored.joined(squarem(coarse, offspring, 3))
    optima = _polished(
        objective, scored.joined(squarem(coarse, offspring, 3)).best(_N_POLISHED).candidates
    )
    on_step(float(optima.values[0]))
    orders = NeighbouringOrders.none(objective.n_components)
    tried = optima.candidates[:0]
    max_failed = int(np.clip(objective.n_components - _FEW_COMPONENTS, *_N_FAILED_ROUNDS))
    n_failed = 0
    for _ in range(min(_MAX_ROUNDS, max_steps)):
        incumbent = optima.outside_basins_of(tried).candidates[:1]
        if len(incumbent) == 0 or n_failed > max_failed:
            break
        between()
        tried = Candidates.joined(tried, incumbent)
        found = propose_moves(
            coarse,
            incumbent,
            np.empty(0),
            orders,
            n_births=_N_BIRTHS,
            n_crossovers=_N_CROSSOVERS,
            depth=_DEPTH,
        )
        between()
        orders = found.orders
        known = optima.candidates[:_N_PARENTS]
        crossed = crossover(coarse, known, _N_OFFSPRING)
        moves = Candidates.joined(found.splits, found.crossovers, found.births, crossed)
        scored = squarem(coarse, moves, 2).outside_basins_of(known).best(16)
        scored = squarem(coarse, scored.candidates, 3).outside_basins_of(known).best(_N_POLISHED)
        n_failed += 1
        if len(scored) == 0:
            continue
        between()
        before = float(optima.values[0])
        tops = _polished(objective, scored.candidates, before)
        optima = optima.joined(tops).best(_N_OPTIMA)
        if optima.values[0] > before + _MIN_GAIN_NATS:
            on_step(float(optima.values[0]))
            n_failed = 0
    return SearchResult(optima, orders)


def _polished(objective: Objective, candidates: Candidates, least: float = -np.inf) -> Scored:
    """Return the candidates refined, best first; only those that may be the best to convergence.

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
    optima = Scored(sorted_by_mean(polished.candidates), values, np.zeros(values.size))
    return optima.best(len(optima))
