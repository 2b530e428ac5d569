"""Tracking the optimum as the data grow: one update of the incumbent.

Most updates take a few Newton steps. A search for challengers starts when the points since the last
search have a lower log-density than expected. It starts immediately when the newest point does.
Every fourth search is a step of a second search, which starts elsewhere.
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
"""Least advantage in J with which another optimum replaces the incumbent, nats per point. A larger
value keeps a worse optimum. With a smaller one nearly equal optima alternate."""

_SECOND_SEARCH_EVERY = 4
"""One of this many searches is a step of the second search. The step is postponed if the newest
point caused the search. With many components an ordinary search follows it."""

_N_PATIENT = 3
"""The second search restarts after this many steps in a row without a gain."""

_SETTLE_TOL = 1e-12
"""Newton's method after a new search stops at a smaller predicted gain, nats per point."""

_FEW_ATOMS = 4
"""With at most this many atoms each update starts a new search."""

_LARGE_SHARE, _MANY_POINTS, _FAMILIAR_NATS = 0.2, 1_000, 0.1
"""An increment larger than this share of all points starts a new search. The exception needs more
than `_MANY_POINTS` points in all. The mean log-density of the new points must also be less than
`_FAMILIAR_NATS` below that of the old ones, nats per point."""

_MISFIT_NATS = (0.002, 0.0003)
"""Misfit of the points since the last search that starts a search, nats per point of all data. The
second value is for many components and at most `_MANY_POINTS` points: each point may then change
which optimum is best. These cases also skip the rest after a search."""

_MOST_COMPONENTS = 16
"""Largest number of components for the more frequent searches. With more components a search takes
longer than a person waits for each point."""

_MAX_SEARCHES = (1, 3)
"""Largest number of searches in one update. Each starts from the optimum of the one before."""

_N_REST, _ALERT_NATS = 3, 0.003
"""Number of updates without a search after a search. The rest keeps the usual update short. It ends
early if the misfit of the increment exceeds the second value, nats per point of all data."""

_SURPRISE_NATS = 0.02
"""Misfit of an increment that causes a full search immediately, nats per point of all data."""

_NEWS_NATS, _NEWS_EXPONENT = 0.1, 2 / 3
"""n new points add at least 0.1 n^(2/3) nats of misfit, because they may show new structure. The
noise of a sum grows as n^(1/2) and structure as n. The exponent is between the two."""

_N_TELLING = 32
"""With at least this many new points, their mean is compared with its standard error."""

_N_SAMPLED = 256
"""Number of points that estimate the misfit of a large increment. More points take longer."""

_N_WATCHED = 6
"""Number of challengers whose J is compared with the incumbent's at each update."""

_SMALL_SIZE = 64
"""With fewer atoms each update searches, because a search is then quick."""


@dataclass(frozen=True, eq=False)
class Incumbent:
    """The best mixture, data units, with its J and its negative mean log-likelihood.

    Both refer to the summary, in nats per point.
    """

    mixture: Mixture
    objective: float
    mean_nll: float

    @classmethod
    def of(cls, objective: Objective, polished: Polished, index: int) -> Incumbent:
        """Return the polished mixture at `index` as the incumbent."""
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
    n_failed : int, number of steps of the second search in a row without a gain
    n_searches : int, number of searches so far
    misfit_nats : float, sum over the points since the last search; see `_mean_surprise`
    n_since_search : int, number of updates since the last search
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
    """Return the state after a search without memory, for the first points or a new K."""
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
    state : before the increment
    objective, summary : J and the summary after the increment
    increment : ndarray, shape (n_new,), the points added or removed, data units
    seed : int, of the random starts
    on_step : called between the parts of a search; an exception from it ends the update
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
    if not due or objective.n_components == 1:  # with K = 1, J has one optimum
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
    # only a search from the incumbent can try births at the newest point or adopt a challenger
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
    """Return whether J of a challenger exceeds the incumbent's, without refining either."""
    watched = objective.standardised_batch(state.challengers[:_N_WATCHED])
    values = objective.value(Candidates.joined(incumbent, watched))
    return bool((values[1:] > values[0] + HYSTERESIS_NATS).any())


def _mean_surprise(excess: Array) -> float:
    """Return the mean misfit of new points, nats per point, at least 0.

    excess : expected minus actual log-density of each point

    For many points this is the mean minus twice its standard error. For few points it is the mean
    of the positive parts.
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
    """Return the state after a search from the incumbent, and whether it was replaced."""
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
    """Return the state after a step of the second search.

    The second search starts from random restarts, and shares no candidates with the first. It
    restarts when it reaches the basin of the incumbent, or after `_N_PATIENT` steps without a gain.
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
    """Return the index of the next incumbent; it is 0 unless another exceeds the hysteresis."""
    best = int(np.argmax(values))
    return best if values[best] > values[0] + HYSTERESIS_NATS else 0
