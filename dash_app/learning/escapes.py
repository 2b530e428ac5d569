"""Moves out of a local optimum: take one component away, put one where the data ask for it.

A mixture is reduced by dropping a component or by uniting two neighbours. A component is then
inserted where the directional derivative of the log-likelihood (Lindsay 1983, Annals of
Statistics 11:86) promises most; or one that is there is split, which the derivative says little of.
Where both are slow to find their places they are found apart: the best mixtures of one component
fewer and those of one more have children of the right size. The idea of split and merge is Ueda,
Nakano, Ghahramani and Hinton (2000), doi 10.1162/089976600300015088.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from dash_app.learning.climb import Climbers, climb
from dash_app.learning.crossover import unequal_children
from dash_app.learning.mixture import LOG_2PI, Array, Indices
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
_N_SURPLUSES, _N_SURPLUS_INSERTIONS, _N_SURPLUS_CYCLES = 8, 24, 2

_LEAST_LOG_DENSITY = -50.0
"""A point that is less likely counts as this likely, so that squares stay within float64."""


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
            _first(objective, halves(objective, reserves), _N_SPLITS),
            _first(objective, cuts(objective, reserves), _N_SPLITS),
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
        halves(objective, home),
        cuts(objective, home),
    )
    return climb(objective, more, _N_SURPLUS_CYCLES).best(_N_SURPLUSES).candidates


def _first(objective: Objective, candidates: Candidates, n_kept: int) -> Candidates:
    """Return the best few as they stand."""
    return candidates[np.argsort(-objective.value(candidates), kind="stable")[:n_kept]]


def _deeper(objective: Objective, reduced: Candidates, extra: Array) -> Climbers:
    """Return the mixtures after moves of their own, by way of one component fewer still."""
    each = [reductions(reduced[k : k + 1]) for k in range(len(reduced))]
    fewer = climb(objective, Candidates.joined(*each), 1).best(_N_RESERVES).candidates
    return climb(objective, _insert(objective, fewer, _N_DEEP_MOVES, extra), 1)


def _insert(objective: Objective, reduced: Candidates, n_moves: int, extra: Array) -> Candidates:
    """Return the reduced mixtures with a component where it promises most, best first."""
    locations, widths = _insertions(objective, extra)
    log_inserted, _ = objective.joint_log_density(
        Candidates(np.ones((1, widths.size)), locations[None], (widths * widths)[None])
    )
    inserted = np.exp(log_inserted[0])
    joint, _ = objective.joint_log_density(reduced)
    top = joint.max(axis=1)
    joint -= top[:, None]
    log_density = np.log(np.exp(joint, out=joint).sum(axis=1)) + top
    shares = objective.masses / objective.mass
    # gain of moving a weight e to the new component: e D - e^2 V / 2, best D^2 / (2 V) at D / V,
    # with D and V the mean and mean square of (inserted / density - 1)
    inverse = np.exp(-np.maximum(log_density, _LEAST_LOG_DENSITY))
    first = inserted @ (shares * inverse).T
    second = (inserted * inserted) @ (shares * inverse * inverse).T
    slope = first - 1.0
    curvature = second - 2.0 * first + 1.0
    share = np.clip(slope / np.maximum(curvature, 1e-12), 0.0, 0.5)
    gain = share * slope - 0.5 * share * share * curvature
    value = log_density @ shares + objective.log_prior(reduced.variances) / objective.mass
    promise = np.where(slope > 0, value + gain, -np.inf)  # (n_insertions, n_reductions)
    insertion, reduction = _peaks(promise)
    at_peaks = _Inserted(
        reduction,
        locations[insertion],
        widths[insertion],
        share[insertion, reduction],
        promise[insertion, reduction],
    )
    places = at_peaks.joined(_at_worst_points(objective, log_density, value)).best(n_moves)
    return places.into(reduced)


@dataclass(frozen=True, eq=False)
class _Inserted:
    """Components to insert, each into one reduced mixture; arrays of one length."""

    reduction: Indices
    means: Array
    stds: Array
    weights: Array
    promise: Array

    def joined(self, other: _Inserted) -> _Inserted:
        return _Inserted(
            *(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self))
        )

    def best(self, n_kept: int) -> _Inserted:
        order = np.argsort(-self.promise, kind="stable")[:n_kept]
        return _Inserted(*(getattr(self, f.name)[order] for f in fields(self)))

    def into(self, reduced: Candidates) -> Candidates:
        """Return the mixtures with the components inserted."""
        n_components = reduced.means.shape[1] + 1
        weights = np.clip(self.weights, 0.125 / n_components, 0.5)[:, None]
        chosen = reduced[self.reduction]
        return Candidates(
            np.concatenate([chosen.weights * (1 - weights), weights], axis=1),
            np.concatenate([chosen.means, self.means[:, None]], axis=1),
            np.concatenate([chosen.variances, self.stds[:, None] ** 2], axis=1),
        )


def _at_worst_points(objective: Objective, log_density: Array, value: Array) -> _Inserted:
    """Return one component for each reduction, at the point that it explains worst.

    The quadratic gain says little of far points: there the likelihood grows as a logarithm.
    """
    every = np.arange(value.size)
    worst = log_density.argmin(axis=1)
    std = _WIDTHS[1]
    share = objective.masses[worst] / objective.mass
    log_peak = np.log(share) - np.log(std) - 0.5 * LOG_2PI
    gain = share * np.maximum(log_peak - log_density[every, worst], 0.0)
    return _Inserted(
        every, objective.positions[worst], np.full(worst.size, std), share, value + gain
    )


def _peaks(promise: Array) -> tuple[Indices, Indices]:
    """Return (insertion, reduction) of the local maxima over location and width, best first."""
    grid = promise.reshape(-1, _WIDTHS.size, promise.shape[1])
    padded = np.full((grid.shape[0] + 2, grid.shape[1] + 2, grid.shape[2]), -np.inf)
    padded[1:-1, 1:-1] = grid
    peak = np.isfinite(grid)
    peak &= (grid > padded[:-2, 1:-1]) & (grid >= padded[2:, 1:-1])
    peak &= (grid > padded[1:-1, :-2]) & (grid >= padded[1:-1, 2:])
    insertion, reduction = np.nonzero(peak.reshape(promise.shape))
    order = np.argsort(-promise[insertion, reduction], kind="stable")
    return insertion[order], reduction[order]


def _insertions(objective: Objective, extra: Array) -> tuple[Array, Array]:
    """Return locations and widths of the components to try, location by location."""
    cumulative = np.cumsum(objective.masses)
    levels = (np.arange(_N_LOCATIONS) + 0.5) / _N_LOCATIONS * cumulative[-1]
    positions = objective.positions
    at = np.searchsorted(cumulative, levels)
    # by mass and by distance: a few far points are a place too
    along = np.searchsorted(positions, np.linspace(positions[0], positions[-1], _N_DISTANCES))
    locations = np.unique(np.concatenate([positions[at], positions[along], extra]))
    widths = np.sqrt(_WIDTHS**2 + objective.variance_floor)
    return np.repeat(locations, widths.size), np.tile(widths, locations.size)
