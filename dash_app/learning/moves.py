"""Moves out of a local optimum: the death, birth, split, merge and crossover of components.

A death, or a merge of two neighbours, removes one component. A birth adds a component where the
directional derivative of the log-likelihood is largest (Lindsay 1983, Annals of Statistics 11:86).
A split adds a component next to another, where that derivative is small. Crossover combines a
mixture with K - 1 components and one with K + 1. Split and merge moves: Ueda, Nakano, Ghahramani
and Hinton (2000), doi 10.1162/089976600300015088.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dash_app.learning.compiled.births import birth_places, with_births
from dash_app.learning.crossover import unequal_crossover
from dash_app.learning.deaths import deaths_and_merges
from dash_app.learning.mixture import Array
from dash_app.learning.objective import Candidates, Objective
from dash_app.learning.splits import even_splits, optimal_splits
from dash_app.learning.squarem import Scored, squarem

_N_LOCATIONS, _N_DISTANCES = 24, 12
"""Number of locations of births at equal steps of mass, and number at equal distances."""

_WIDTHS = np.array([0.03, 0.12, 0.4])
"""Standard deviations of a new component, standardised units, before the floor is added."""

_N_SPLITS = 8
"""Number of even splits, and of optimal splits."""

_N_FEWER, _N_MORE = 12, 8
"""Number of mixtures kept with K - 1 components, and with K + 1."""

_N_DEEP, _N_DEEP_MOVES = 4, 24
"""With depth 2: number of mixtures with K - 1 components that take moves, and of moves kept."""

_N_MORE_BIRTHS = 24
"""Number of births that lead to mixtures with K + 1 components."""


@dataclass(frozen=True, eq=False)
class NeighbouringOrders:
    """Good mixtures with K - 1 and with K + 1 components, kept between calls.

    fewer : Candidates, (any, K - 1)
    more : Candidates, (any, K + 1)
    """

    fewer: Candidates
    more: Candidates

    @classmethod
    def none(cls, n_components: int) -> NeighbouringOrders:
        """Return empty batches."""
        return cls(Candidates.none(max(n_components - 1, 1)), Candidates.none(n_components + 1))

    def standardised(self, objective: Objective) -> NeighbouringOrders:
        """Convert from data units to standardised units; raise variances to the floor."""
        return NeighbouringOrders(*map(objective.standardised_batch, (self.fewer, self.more)))

    def in_data_scale(self, objective: Objective) -> NeighbouringOrders:
        """Convert from standardised units to data units."""
        return NeighbouringOrders(*map(objective.in_data_scale, (self.fewer, self.more)))


@dataclass(frozen=True, eq=False)
class Moves:
    """Mixtures, (any, K), that result from moves, best first, and the orders for the next call.

    splits, births : from mixtures with K - 1 components
    crossovers : offspring of a mixture with K - 1 components and one with K + 1
    """

    splits: Candidates
    crossovers: Candidates
    births: Candidates
    orders: NeighbouringOrders


def propose_moves(
    objective: Objective,
    incumbent: Candidates,
    extra: Array,
    orders: NeighbouringOrders,
    *,
    n_births: int,
    n_crossovers: int,
    depth: int = 1,
) -> Moves:
    """Return the best moves away from a mixture; none for K = 1, where J has one optimum.

    Parameters
    ----------
    objective : J, usually of a coarse copy
    incumbent : Candidates, (1, K), sorted by mean
    extra : ndarray, further locations of births, standardised units
    orders : from earlier calls
    n_births, n_crossovers : int, the largest numbers returned; 0 skips the work
    depth : int; 2 also applies a death or merge and a birth to the best with K - 1 components
    """
    n_components = incumbent.means.shape[1]
    if n_components == 1:
        return Moves(incumbent[:0], incumbent[:0], incumbent[:0], orders)
    # one cycle before ranking lets the remaining components take over the dead one's points
    scored = squarem(objective, Candidates.joined(orders.fewer, deaths_and_merges(incumbent)), 1)
    if depth > 1 and n_components > 2:
        scored = scored.joined(_deeper(objective, scored.best(_N_DEEP).candidates, extra))
    fewer = scored.best(_N_FEWER).candidates
    births, crossovers, more = incumbent[:0], incumbent[:0], orders.more
    if n_births:
        births = _births(objective, scored.candidates, n_births, extra)
    if n_crossovers:
        more = _more(objective, incumbent, extra, more)
        crossovers = unequal_crossover(objective, fewer, more, n_crossovers)
    return Moves(
        splits=Candidates.joined(
            even_splits(objective, fewer).best(objective, _N_SPLITS),
            optimal_splits(objective, fewer).best(objective, _N_SPLITS),
        ),
        crossovers=crossovers,
        births=births,
        orders=NeighbouringOrders(fewer, more),
    )


def _more(
    objective: Objective, incumbent: Candidates, extra: Array, more: Candidates
) -> Candidates:
    """Return good mixtures with K + 1 components, at most `_N_MORE`."""
    more = Candidates.joined(
        more,
        _births(objective, incumbent, _N_MORE_BIRTHS, extra),
        even_splits(objective, incumbent).all(),
        optimal_splits(objective, incumbent).all(),
    )
    return squarem(objective, more, 1).best(_N_MORE).candidates


def _deeper(objective: Objective, reduced: Candidates, extra: Array) -> Scored:
    """Return mixtures with K - 1 components after a death or merge and a birth."""
    fewer = squarem(objective, deaths_and_merges(reduced), 1).best(_N_FEWER).candidates
    return squarem(objective, _births(objective, fewer, _N_DEEP_MOVES, extra), 1)


def _births(objective: Objective, reduced: Candidates, n_moves: int, extra: Array) -> Candidates:
    """Return the reduced mixtures after births, the largest predicted J first."""
    stds = np.sqrt(_WIDTHS**2 + objective.variance_floor)
    batch = reduced.batch
    locations = _locations(objective, extra)
    found = birth_places(
        objective.atoms, objective.prior, batch, locations, stds, float(_WIDTHS[1])
    )
    order = np.argsort(-found[:, -1], kind="stable")[:n_moves]
    return Candidates(*with_births(batch, found[order]))


def _locations(objective: Objective, extra: Array) -> Array:
    """Return locations of births, ascending."""
    cumulative = np.cumsum(objective.masses)
    levels = (np.arange(_N_LOCATIONS) + 0.5) / _N_LOCATIONS * cumulative[-1]
    positions = objective.positions
    at = np.searchsorted(cumulative, levels)
    # equal distances reach outliers, which hold little mass
    along = np.searchsorted(positions, np.linspace(positions[0], positions[-1], _N_DISTANCES))
    locations: Array = np.unique(np.concatenate([positions[at], positions[along], extra]))
    return locations
