"""Tracking the optimum as the data grow: one update of the incumbent.

Most updates take a few Newton steps. An update looks for better optima when the points since the
last look have a lower log-density than expected, or when another known optimum has become better.
The looks start from the known optima in turn, because looks from the same one at similar data find
the same.
A search from an empty archive follows a large increment, and each time the data have grown by a
factor. So no order of arrival traps the incumbent for long.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from dash_app.learning import tuning
from dash_app.learning.archive import Archive, DataLevels
from dash_app.learning.mixture import Array, Mixture
from dash_app.learning.newton import polish
from dash_app.learning.objective import Candidates, Objective, equal_points_mixture
from dash_app.learning.search import search, step
from dash_app.learning.summary import WeightedSummary

_MAX_STEPS, _TOL = 30, 1e-12
"""Newton's method after a search: largest number of steps, and tolerance, nats per point."""


@dataclass(frozen=True, eq=False)
class Incumbent:
    """The best mixture, data units, with its J and its negative mean log-likelihood.

    Both refer to the summary, in nats per point.
    """

    mixture: Mixture
    objective: float
    mean_nll: float

    @classmethod
    def of(cls, objective: Objective, candidates: Candidates, value: float) -> Incumbent:
        """Return the first candidate, whose J is `value`, as the incumbent."""
        return cls(
            objective.mixture(candidates),
            objective.in_data_units(value),
            _mean_nll(objective, candidates, value),
        )


@dataclass(frozen=True, eq=False)
class TrackingState:
    """The incumbent, and what the next update needs to know.

    archive : Candidates, (any, K), other local optima that may become better, data units
    misfit_nats : float, sum over the points since the last look; see `_surprise_of_many`
    n_new : float, number of points since the last search from an empty archive
    turn : int, number of looks since then; each starts from the next optimum
    """

    incumbent: Incumbent
    archive: Candidates
    misfit_nats: float = 0.0
    n_new: float = 0.0
    turn: int = 0

    @classmethod
    def of_equal_points(cls, x: float, n_components: int) -> TrackingState:
        """Return the state for points that all equal x."""
        mixture = equal_points_mixture(x, n_components)
        log_likelihood = mixture.mean_log_likelihood([x])
        incumbent = Incumbent(mixture, log_likelihood, -log_likelihood)
        return cls(incumbent, Candidates.none(n_components))


def _mean_nll(objective: Objective, candidates: Candidates, value: float) -> float:
    """Return the negative mean log-likelihood of the first candidate, whose J is `value`."""
    log_prior = float(objective.log_prior(candidates[:1])[0])
    return float(np.log(objective.scale)) - (value - log_prior / objective.mass)


def switch_margin(mass: float) -> float:
    """Return the least gain in J that replaces the incumbent, nats per point."""
    return tuning.SWITCH_NATS * min(1.0, float(np.sqrt(tuning.SWITCH_MASS / mass)))


def search_anew(
    objective: Objective,
    summary: WeightedSummary,
    on_step: Callable[[], None] = lambda: None,
    known: Candidates | None = None,
) -> TrackingState:
    """Return the state after a search from an empty archive.

    known : Candidates, (any, K), standardised units, the incumbent first
        They are further starts. The incumbent stays unless the search finds a better optimum.
    """
    levels = DataLevels.of(objective, summary)
    archive = search(levels, known, between=on_step)
    on_step()
    optima = archive.optima
    if known is not None:
        optima = Candidates.joined(known[:1], optima)
    n_first = len(optima) - len(archive.optima) + 1
    final = polish(objective, optima[:n_first], max_steps=_MAX_STEPS, tol=_TOL)
    lead = int(final.values[-1] > final.values[0] + switch_margin(summary.mass))
    best = final.candidates[lead : lead + 1]
    others = Candidates.joined(final.candidates[1 - lead : n_first - lead], optima[n_first:])
    return TrackingState(
        Incumbent.of(objective, best, float(final.values[lead])),
        objective.in_data_scale(others[: tuning.N_OPTIMA - 1]),
    )


def update(
    state: TrackingState,
    objective: Objective,
    summary: WeightedSummary,
    increment: Array,
    on_step: Callable[[], None] = lambda: None,
    removed: bool = False,
) -> TrackingState:
    """Return the state after new data.

    Parameters
    ----------
    state : before the increment
    objective, summary : J and the summary after the increment
    increment : ndarray, shape (n_new,), the points added or removed, data units
    on_step : called between the parts of a search; an exception from it ends the update
    removed : bool, whether the points were removed
    """
    mass = summary.mass
    n_here = min(float(increment.size), mass)
    n_new = state.n_new + n_here
    incumbent = objective.standardised(state.incumbent.mixture)
    known = Candidates.joined(incumbent, objective.standardised_batch(state.archive))
    if n_here > tuning.LARGE_SHARE * mass or n_new > tuning.NEW_SHARE * mass:
        return search_anew(objective, summary, on_step, known)
    values = objective.value(known)
    overtaken = bool((values > values[0] + switch_margin(mass)).any())
    many = objective.n_components >= tuning.DEEP_COMPONENTS[0]
    enough = tuning.LOOK_NATS[many] * mass
    if n_here < tuning.N_TELLING:
        surprise, clear = _surprise_of_few(state.incumbent, increment), False
    else:
        rise = _mean_nll(objective, incumbent, float(values[0])) - state.incumbent.mean_nll
        surprise = _surprise_of_many(-mass * rise if removed else mass * rise, n_here)
        clear = surprise > enough * _clear_share(mass)
    misfit_nats = state.misfit_nats + surprise + tuning.NEWS_NATS * n_here**tuning.NEWS_EXPONENT
    due = overtaken or clear or misfit_nats > enough
    if not due or objective.n_components == 1:
        n_steps, tol = tuning.N_NEWTON_STEPS, tuning.NEWTON_TOL
        polished = polish(objective, incumbent, max_steps=n_steps, tol=tol)
        value = float(polished.values[0])
        tracked = Incumbent.of(objective, polished.candidates, value)
        return replace(state, incumbent=tracked, misfit_nats=misfit_nats, n_new=n_new)
    levels = DataLevels.of(objective, summary)
    archive, turn, n_barren = Archive(known, -np.inf), state.turn, 0
    max_barren = 1 + int(tuning.LOOKS_PER_DOUBLING[many] * np.log2(increment.size))
    while n_barren < max_barren:
        on_step()
        home = turn % len(archive.optima)
        archive, replaced = step(archive, levels, home=home, margin=switch_margin(mass))
        n_barren = 0 if replaced else n_barren + 1
        turn += 1
    return TrackingState(
        Incumbent.of(objective, archive.incumbent, archive.value),
        objective.in_data_scale(archive.optima[1:]),
        n_new=n_new,
        turn=turn,
    )


def _clear_share(mass: float) -> float:
    """Return how much of the usual misfit causes a look if one increment has it all."""
    return float(min(1.0, (tuning.SWITCH_MASS / mass) ** (1.0 - tuning.NEWS_EXPONENT)))


def _surprise_of_few(incumbent: Incumbent, increment: Array) -> float:
    """Return the sum of the positive parts of the misfits of few points, nats.

    The misfit of a point is the expected minus the actual log-density.
    """
    misfit = -incumbent.mixture.log_density(increment) - incumbent.mean_nll
    return float(np.maximum(misfit, 0.0).sum())


def _surprise_of_many(misfit_nats: float, n_points: float) -> float:
    """Return by how much the summed misfit of many points exceeds twice its noise, nats.

    The log-density of a normal distribution at its own points has the variance 1/2. So the noise
    of a sum over n points is sqrt(n/2).
    """
    return max(misfit_nats - 2.0 * float(np.sqrt(0.5 * n_points)), 0.0)
