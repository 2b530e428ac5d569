"""Tracking the optimum as the data grow: one update of the incumbent.

Most updates are a few Newton steps. Challengers are searched when the points since the last search
lie lower than expected, and at once when the newest point does. Every fourth search belongs to a
second search, which starts elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from dash_app.learning.challengers import (
    MANY_COMPONENTS,
    N_CHALLENGERS,
    Archive,
    DataLevels,
    challengers_of,
    near_incumbent,
    polished_first,
    random_restarts,
    select,
)
from dash_app.learning.mixture import Array, Mixture
from dash_app.learning.moves import NeighbouringOrders
from dash_app.learning.newton import Polished, polish
from dash_app.learning.objective import (
    Candidates,
    Objective,
    equal_points_mixture,
    sorted_by_mean,
)
from dash_app.learning.search import coarse_objective, search
from dash_app.learning.squarem import outside_basins
from dash_app.learning.summary import WeightedSummary

HYSTERESIS_NATS = 5e-5
"""Least advantage of another optimum that replaces the incumbent, nats per point. A larger one
shows a worse optimum; a smaller one lets nearly equal optima alternate."""

_SECOND_SEARCH_EVERY = 4
"""Of so many searches one belongs to the second search. It waits while the newest point causes the
search. With many components it comes in addition."""

_N_PATIENT = 3
"""The second search restarts after so many steps without a gain."""

_SETTLE_TOL = 1e-12
_FEW_ATOMS = 4
"""With at most so many atoms each update searches anew."""

_LARGE_SHARE, _MANY_POINTS, _FAMILIAR_NATS = 0.2, 1_000, 0.1
"""An increment of more than this share of all points starts a search anew. The exception: there are
many points, and the new ones lie lower than the old ones by less than this, nats per point."""

_MISFIT_NATS = (0.002, 0.0003)
"""Searches start once the points since the last one lie lower than expected by this, nats per point
of all data. The second is for many components and at most `_MANY_POINTS` points, which search
without rest: J has many optima there, and each point may change which is best."""

_MOST_COMPONENTS = 16
"""With more components a search takes longer than a person waits for each point."""

_MAX_SEARCHES = (1, 3)
"""Most searches of one update, each from the optimum that the last one found."""

_N_REST, _ALERT_NATS = 3, 0.003
"""Updates without a search after a search, unless the newest point lies lower than expected by the
second, nats per point of all data. Rest keeps the usual update short."""

_SURPRISE_NATS = 0.02
"""The newest point causes a full search at once if it lies lower than expected by this, nats per
point of all data."""

_NEWS_NATS, _NEWS_EXPONENT = 0.1, 2 / 3
"""Misfit that n new points add in any case, 0.1 n^(2/3) nats: they may show new structure.
The noise of their mean grows as n^(1/2), structure as n: the exponent lies between."""

_N_TELLING = 32
"""From so many points on their mean is compared with its noise; fewer count one by one."""

_N_SAMPLED = 256
"""Points of a large increment that its misfit is estimated from."""

_N_WATCHED = 6
"""Challengers compared with the incumbent at each update."""

_SMALL_SIZE = 64
"""With fewer atoms each update searches."""


@dataclass(frozen=True, eq=False)
class Incumbent:
    """The best mixture, data units, its J and its negative mean log-likelihood.

    Both are nats per point of the summary.
    """

    mixture: Mixture
    objective: float
    mean_nll: float

    @classmethod
    def of(cls, objective: Objective, polished: Polished, index: int) -> Incumbent:
        """Return one of the polished mixtures."""
        value = float(polished.values[index])
        log_prior = float(objective.log_prior(polished.candidates[index : index + 1])[0])
        return cls(
            objective.mixture(polished.candidates, index),
            objective.in_data_units(value),
            float(np.log(objective.scale)) - (value - log_prior / objective.mass),
        )


@dataclass(frozen=True, eq=False)
class TrackingState:
    """The incumbent, and other local optima that may become better, data units.

    challengers : Candidates, (any, K)
    orders : NeighbouringOrders, good mixtures with K - 1 and K + 1 components
    second_search : Archive
    n_failed : int, steps of the second search in a row without a gain
    n_searches : int, searches so far
    misfit_nats : float, by how much the points since the last search lie lower than expected
    n_since_search : int, updates since the last search
    """

    incumbent: Incumbent
    challengers: Candidates
    orders: NeighbouringOrders
    second_search: Archive
    n_failed: int = 0
    n_searches: int = 0
    misfit_nats: float = 0.0
    n_since_search: int = 0

    @classmethod
    def of_equal_points(cls, x: float, n_components: int) -> TrackingState:
        """Return the state for points that all equal x."""
        mixture = equal_points_mixture(x, n_components)
        log_likelihood = mixture.mean_log_likelihood([x])
        nothing = Archive.none(n_components)
        incumbent = Incumbent(mixture, log_likelihood, -log_likelihood)
        return cls(incumbent, nothing.challengers, nothing.orders, nothing)


def search_anew(
    objective: Objective,
    summary: WeightedSummary,
    seed: int,
    on_step: Callable[[], None] = lambda: None,
) -> TrackingState:
    """Return the state of a search without memory: for first points and a new K."""
    coarse = coarse_objective(objective, summary)
    found = search(objective, coarse, np.random.default_rng(seed), between=on_step)
    on_step()
    final = polish(objective, found.best, max_steps=30, tol=_SETTLE_TOL)
    return TrackingState(
        Incumbent.of(objective, final, 0),
        objective.in_data_scale(found.challengers[:N_CHALLENGERS]),
        found.orders.in_data_scale(objective),
        Archive.none(objective.n_components),
    )


def update(
    state: TrackingState,
    objective: Objective,
    summary: WeightedSummary,
    increment: Array,
    seed: int,
    on_step: Callable[[], None] = lambda: None,
) -> TrackingState:
    """Return the state after new data.

    Parameters
    ----------
    state : of before the increment
    objective, summary : J and the summary with the increment in it
    increment : ndarray, shape (n_new,), the points that came or went, data units
    seed : int, of the random starts
    on_step : called between the parts of a search; what it raises ends the update
    """
    n_new = min(float(increment.size), summary.mass)
    sample = increment[:: -(-increment.size // _N_SAMPLED)]
    excess = -state.incumbent.mixture.log_density(sample) - state.incumbent.mean_nll
    large = n_new > _LARGE_SHARE * summary.mass
    familiar = summary.mass > _MANY_POINTS and float(excess.mean()) < _FAMILIAR_NATS
    if summary.n_atoms <= _FEW_ATOMS or (large and not familiar):
        return search_anew(objective, summary, seed, on_step)
    surprise = n_new * _mean_surprise(excess)
    misfit_nats = state.misfit_nats + surprise + _NEWS_NATS * n_new**_NEWS_EXPONENT
    incumbent = objective.standardised(state.incumbent.mixture)
    surprised = surprise > _SURPRISE_NATS * summary.mass
    urgent = surprised or summary.n_atoms < _SMALL_SIZE
    rested = state.n_since_search >= _N_REST or surprise > _ALERT_NATS * summary.mass
    many = objective.n_components >= MANY_COMPONENTS
    close = many and objective.n_components <= _MOST_COMPONENTS and summary.mass <= _MANY_POINTS
    rested = rested or close
    overtaken = _overtaken(state, objective, incumbent)
    due = urgent or overtaken or (rested and misfit_nats > _MISFIT_NATS[close] * summary.mass)
    if not due or objective.n_components == 1:  # K = 1: J has one optimum
        tracked = Incumbent.of(objective, polished_first(objective, incumbent), 0)
        return replace(
            state,
            incumbent=tracked,
            misfit_nats=misfit_nats,
            n_since_search=state.n_since_search + 1,
        )
    levels = DataLevels.of(objective, summary)
    turn = state.n_searches
    second_is_due = turn % _SECOND_SEARCH_EVERY == _SECOND_SEARCH_EVERY - 1
    # only a search from the incumbent tries births at the newest point and adopts a challenger
    waits = second_is_due and (surprised or overtaken)
    state = replace(
        state, n_searches=turn if waits else turn + 1, misfit_nats=0.0, n_since_search=0
    )
    on_step()
    if second_is_due and not waits:
        crossing = turn // _SECOND_SEARCH_EVERY % 2 == 1
        state = _second_search_step(
            state, levels, incumbent, np.random.default_rng((seed, turn)), crossing
        )
        if not many:
            return state
        incumbent = objective.standardised(state.incumbent.mixture)
    extra = (increment[-1:] - objective.location) / objective.scale
    crossing = turn % 2 == 1 and not surprised
    for _ in range(_MAX_SEARCHES[close]):
        state, replaced = _searched(
            state, levels, incumbent, extra, None if urgent else turn, crossing
        )
        if not replaced:
            break
        on_step()
        incumbent = objective.standardised(state.incumbent.mixture)
    return state


def _overtaken(state: TrackingState, objective: Objective, incumbent: Candidates) -> bool:
    """Return whether a challenger, without refinement, is better than the incumbent."""
    watched = objective.standardised_batch(state.challengers[:_N_WATCHED])
    values = objective.value(Candidates.joined(incumbent, watched))
    return bool((values[1:] > values[0] + HYSTERESIS_NATS).any())


def _mean_surprise(excess: Array) -> float:
    """Return by how much points lie lower than expected, nats per point, at least 0.

    Many points: the mean less twice its standard error. Few points: the mean of the positive parts.
    """
    if excess.size < _N_TELLING:
        return float(np.maximum(excess, 0.0).mean())
    noise = 2.0 * excess.std() / np.sqrt(excess.size)
    return float(max(excess.mean() - noise, 0.0))


def _searched(
    state: TrackingState,
    levels: DataLevels,
    incumbent: Candidates,
    extra: Array,
    part: int | None,
    crossing: bool,
) -> tuple[TrackingState, bool]:
    """Return the state after a search from the incumbent, and whether that was replaced."""
    objective = levels.fine
    archive = Archive(
        incumbent,
        objective.standardised_batch(state.challengers),
        state.orders.standardised(objective),
    )
    found, orders = challengers_of(levels, archive, extra, part, crossing=crossing)
    near_by = near_incumbent(objective, incumbent, found)
    polished = select(levels, Candidates.joined(incumbent, near_by))
    values = polished.values
    lead = _lead(values)
    others = [k for k in range(values.size) if k != lead and abs(values[k] - values[lead]) > 1e-7]
    far = found.candidates[len(near_by) :]
    challengers = Candidates.joined(polished.candidates[others], far)[:N_CHALLENGERS]
    state = replace(
        state,
        incumbent=Incumbent.of(objective, polished, lead),
        challengers=objective.in_data_scale(challengers),
        orders=orders.in_data_scale(objective),
    )
    return state, lead != 0


def _second_search_step(
    state: TrackingState,
    levels: DataLevels,
    incumbent: Candidates,
    rng: np.random.Generator,
    crossing: bool,
) -> TrackingState:
    """Return the state after a step of the second search, which shares nothing with the first.

    It starts from random restarts. It restarts when it reaches the basin of the incumbent, and
    after `_N_PATIENT` steps without a gain.
    """
    objective = levels.fine
    archive = state.second_search.standardised(objective)
    if len(archive.incumbent):
        found, orders = challengers_of(levels, archive, np.empty(0), crossing=crossing)
    else:
        found, orders = random_restarts(levels, rng), archive.orders
        archive = Archive(found.candidates[:1], archive.challengers, orders)
        found = found[1:]
    near_by = near_incumbent(objective, archive.incumbent, found)
    polished = select(levels, Candidates.joined(incumbent, archive.incumbent, near_by))
    values = polished.values
    lead = _lead(values)
    best, *others = (1 + np.argsort(-values[1:], kind="stable")).tolist()
    n_failed = state.n_failed + 1 if best == 1 else 0
    reached = sorted_by_mean(polished.candidates[best : best + 1])
    arrived = not outside_basins(reached, sorted_by_mean(polished.candidates[:1])).any()
    if lead or arrived or n_failed == _N_PATIENT:
        second_search = Archive.none(objective.n_components)
    else:
        far = found.candidates[len(near_by) :]
        rest = Candidates.joined(polished.candidates[others], far)
        second_search = Archive(reached, rest[:N_CHALLENGERS], orders)
    left = objective.in_data_scale(polished.candidates[: min(lead, 1)])
    return replace(
        state,
        incumbent=Incumbent.of(objective, polished, lead),
        challengers=Candidates.joined(left, state.challengers)[:N_CHALLENGERS],
        second_search=second_search.in_data_scale(objective),
        n_failed=n_failed,
    )


def _lead(values: Array) -> int:
    """Return the index of the next incumbent: 0, unless another is better by the hysteresis."""
    best = int(np.argmax(values))
    return best if values[best] > values[0] + HYSTERESIS_NATS else 0
