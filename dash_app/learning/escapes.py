"""Moves out of a local optimum: take one component away, put one where the data ask for it.

A mixture is reduced by dropping a component or by uniting two neighbours. A component is then
inserted where the directional derivative of the log-likelihood (Lindsay 1983, Annals of
Statistics 11:86) promises most; or one that is there is split, which the derivative says little of.
Where both are slow to find their places they are found apart: the best mixtures of one component
fewer and those of one more have children of the right size. The idea of split and merge is Ueda,
Nakano, Ghahramani and Hinton (2000), doi 10.1162/089976600300015088.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dash_app.learning.climb import Climbers, climb
from dash_app.learning.compiled.births import birth_places, with_births
from dash_app.learning.crossover import unequal_children
from dash_app.learning.mixture import Array
from dash_app.learning.objective import Candidates, Objective
from dash_app.learning.reductions import reductions
from dash_app.learning.splits import cuts, halves

_N_LOCATIONS = 24
_N_DISTANCES = 12
_WIDTHS = np.array([0.03, 0.12, 0.4])
"""Standard deviations of an inserted component, standardised units, before the floor."""

_N_SPLITS = 8
"""Halves, and as many cuts."""

_N_RESERVES = 12
_N_DEEP, _N_DEEP_MOVES = 4, 24
_N_SURPLUSES, _N_SURPLUS_INSERTIONS = 8, 24


@dataclass(frozen=True, eq=False)
class Stock:
    """Good mixtures of other sizes on the way from one optimum to another, kept between calls.

    reserves : Candidates, (any, K - 1)
    surpluses : Candidates, (any, K + 1)
    """

    reserves: Candidates
    surpluses: Candidates

    @classmethod
    def none(cls, n_components: int) -> Stock:
        """Return nothing."""
        return cls(Candidates.none(max(n_components - 1, 1)), Candidates.none(n_components + 1))

    def standardised(self, objective: Objective) -> Stock:
        """Return a stock of data units in standardised ones, variances at the floor or above."""
        return Stock(*map(objective.standardised_batch, (self.reserves, self.surpluses)))

    def in_data_scale(self, objective: Objective) -> Stock:
        """Return a stock of standardised units in data units."""
        return Stock(*map(objective.in_data_scale, (self.reserves, self.surpluses)))


@dataclass(frozen=True, eq=False)
class Escapes:
    """Moves away from a mixture, each (any, K), best first, and the stock for the next call.

    splits : of the reserves
    exchanges : children of a reserve and a surplus: many components move a little, one goes over
    insertions : into reserves
    """

    splits: Candidates
    exchanges: Candidates
    insertions: Candidates
    stock: Stock


def escapes(
    objective: Objective,
    home: Candidates,
    extra: Array,
    stock: Stock,
    *,
    n_insertions: int,
    n_exchanges: int,
    depth: int = 1,
) -> Escapes:
    """Return the most promising moves away from a mixture; none for K = 1: J has one optimum.

    Parameters
    ----------
    objective : J, usually of a coarse copy
    home : Candidates, (1, K), sorted by mean
    extra : ndarray, further locations to try, standardised units
    stock : of earlier calls
    n_insertions, n_exchanges : int, how many to return at the most; what takes none is not begun
    depth : int, 2 where the reserves take such a step themselves: two components move at once
    """
    n_components = home.means.shape[1]
    if n_components == 1:
        return Escapes(home[:0], home[:0], home[:0], stock)
    # what is left spreads out to the points that lost their component before it is judged
    climbers = climb(objective, Candidates.joined(stock.reserves, reductions(home)), 1)
    if depth > 1 and n_components > 2:
        climbers = climbers.joined(_deeper(objective, climbers.best(_N_DEEP).candidates, extra))
    reserves = climbers.best(_N_RESERVES).candidates
    insertions, exchanges, surpluses = home[:0], home[:0], stock.surpluses
    if n_insertions:
        insertions = _insert(objective, climbers.candidates, n_insertions, extra)
    if n_exchanges:
        surpluses = _surpluses(objective, home, extra, surpluses)
        exchanges = unequal_children(objective, reserves, surpluses, n_exchanges)
    return Escapes(
        splits=Candidates.joined(
            halves(objective, reserves).best(objective, _N_SPLITS),
            cuts(objective, reserves).best(objective, _N_SPLITS),
        ),
        exchanges=exchanges,
        insertions=insertions,
        stock=Stock(reserves, surpluses),
    )


def _surpluses(
    objective: Objective, home: Candidates, extra: Array, surpluses: Candidates
) -> Candidates:
    """Return good mixtures of one component more, (8 or fewer, K + 1)."""
    more = Candidates.joined(
        surpluses,
        _insert(objective, home, _N_SURPLUS_INSERTIONS, extra),
        halves(objective, home).all(),
        cuts(objective, home).all(),
    )
    return climb(objective, more, 1).best(_N_SURPLUSES).candidates


def _deeper(objective: Objective, reduced: Candidates, extra: Array) -> Climbers:
    """Return the mixtures after moves of their own, by way of one component fewer still."""
    fewer = climb(objective, reductions(reduced), 1).best(_N_RESERVES).candidates
    return climb(objective, _insert(objective, fewer, _N_DEEP_MOVES, extra), 1)


def _insert(objective: Objective, reduced: Candidates, n_moves: int, extra: Array) -> Candidates:
    """Return the reduced mixtures with a component where it promises most, best first."""
    stds = np.sqrt(_WIDTHS**2 + objective.variance_floor)
    batch = reduced.batch
    locations = _locations(objective, extra)
    found = birth_places(
        objective.atoms, objective.prior, batch, locations, stds, float(_WIDTHS[1])
    )
    order = np.argsort(-found[:, -1], kind="stable")[:n_moves]
    return Candidates(*with_births(batch, found[order]))


def _locations(objective: Objective, extra: Array) -> Array:
    """Return where to try a component, in order."""
    cumulative = np.cumsum(objective.masses)
    levels = (np.arange(_N_LOCATIONS) + 0.5) / _N_LOCATIONS * cumulative[-1]
    positions = objective.positions
    at = np.searchsorted(cumulative, levels)
    # by mass and by distance: a few far points are a place too
    along = np.searchsorted(positions, np.linspace(positions[0], positions[-1], _N_DISTANCES))
    locations: Array = np.unique(np.concatenate([positions[at], positions[along], extra]))
    return locations
