"""The search for the best mixture: rank many candidates, refine the best by Newton's method.

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
"""Number of atoms of the coarse copy. More atoms rank candidates better and take longer."""

_WORK = 32_768
"""Product of random starts, components and atoms of the coarse copy; it sets the number of random
starts. More starts find more optima and take longer."""

_N_RANDOM_STARTS = (30, 120)
"""Bounds of the number of random starts."""

_MAX_ROUNDS = 12
"""Largest number of rounds of moves."""

_FEW_COMPONENTS, _N_FAILED_ROUNDS = 4, (1, 6)
"""The search ends after more than K - 4 rounds in a row without a gain. The second constant bounds
this number. With more components J has more optima."""

_N_BIRTHS, _N_CROSSOVERS = 72, 12
"""Births and crossovers of neighbouring orders tried in each round."""

_N_POLISHED = 5
"""Candidates refined by Newton's method in each round."""

_N_PARENTS, _N_OFFSPRING = 16, 12
"""Crossover among the known optima: number of parents, and offspring kept."""

_N_OPTIMA = 24
"""Largest number of optima kept."""

_DEPTH = 2
"""Depth of the moves, see `propose_moves`."""

_MIN_GAIN_NATS = 1e-9
"""A smaller gain in a round counts as none, nats per point."""

_MAX_STEPS = (4, 12)
"""Largest number of Newton steps of all candidates, then of the leaders."""

_TOL = 1e-8
"""Newton's method stops at a smaller predicted gain, nats per point."""

_REACH_NATS = 0.05
"""A leader is at most this far below the best candidate after the first Newton steps, nats per
point."""


def coarse_objective(
    objective: Objective, summary: WeightedSummary, n_atoms: int = COARSE_ATOMS
) -> Objective:
    """Return J of a coarse copy of the summary, with the standardisation of the whole summary."""
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

    optima : Scored, (any, K); the values are J, standardised units
    orders : NeighbouringOrders, good mixtures with K - 1 and K + 1 components
    """

    optima: Scored
    orders: NeighbouringOrders

    @property
    def best(self) -> Candidates:
        """The best optimum, as a batch of one."""
        return self.optima.candidates[:1]

    @property
    def value(self) -> float:
        """J of the best optimum, standardised units."""
        return float(self.optima.values[0])

    @property
    def challengers(self) -> Candidates:
        """All optima except the best."""
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
    rng : generator of the random starts
    max_steps : int, largest number of rounds
    on_step : called with J after each round with a gain
    between : called between the parts of a round; an exception from it ends the search
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
    optima = _polished(objective, scored.best(_N_POLISHED).candidates)
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
    """Return the refined candidates, best first; only leaders are refined to convergence.

    least : float, J of the best optimum known
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
