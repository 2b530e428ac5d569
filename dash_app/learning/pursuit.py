"""Following the optimum as the data grow: one update of the mixture and its alternatives."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dash_app.learning.climb import Climbers, climb
from dash_app.learning.escapes import escape_candidates
from dash_app.learning.mixture import Array, Mixture
from dash_app.learning.newton import Polished, polish
from dash_app.learning.objective import Candidates, Objective, equal_points_mixture
from dash_app.learning.search import coarse_objective, search
from dash_app.learning.starts import random_starts, segmentation_starts
from dash_app.learning.summary import WeightedSummary

HYSTERESIS_NATS = 5e-5
"""A mixture is left for another optimum only if that is better by more, nats per point."""

_N_ALTERNATIVES = 12
_WORK = 16_384
"""Newcomers times components times atoms: how much is tried at one update."""

_MAX_MOVES = 128
_N_URGENT = 48
"""So many moves are tried, the most promising ones, where a look is urgent."""

_ROUNDS = ((20, 2), (12, 3))
"""Successive halving: after one cycle so many climb on for so many cycles, and again."""

_N_POLISHED = 4
_N_NEWTON_STEPS = 4
_REACH_NATS = 0.01
"""A rival that is further below the mixture held than this is not polished."""

_N_LAST_STEPS = 10
_LAST_REACH_NATS = 0.05
_LAST_TOL = 1e-6
"""Whatever may still turn out as the best after Newton's first steps is climbed to its end."""

_TOL = 1e-8
_SETTLE_TOL = 1e-12
_FEW_ATOMS = 8
"""With so few atoms the search starts anew."""

_LARGE_SHARE, _MANY_POINTS, _FAMILIAR_NATS = 0.2, 1_000, 0.1
"""So does it when a larger share of all points comes at once, unless there are many points and the
new ones are explained nearly as well as the old ones."""

_MISFIT_NATS = 0.002
"""Rivals are looked at once the points since the last look lie this much lower than expected, in
nats per point of all data: what is gained by looking is of that size."""

_N_REST, _ALERT_NATS = 3, 0.003
"""But not at so many updates after a look, unless the newest point alone lies this much lower: the
usual update is a quick one."""

_SURPRISE_NATS = 0.02
"""And at once, with all that is at hand, where the newest point alone lies this much lower."""

_NEWS_NATS, _NEWS_EXPONENT = 0.1, 2 / 3
"""What any new point counts for, however well it was explained: structure comes into sight. Of
many at once the noise grows as the root and the structure as their number: in between."""

_N_TELLING = 32
_N_SAMPLED = 256
"""So many points of a large increment tell its misfit."""

_SMALL_SIZE = 64
"""With fewer atoms, every kind of rival is tried at every update; else the kinds take turns."""


@dataclass(frozen=True, eq=False)
class Pool:
    """The mixture that is shown, and other local optima that may become better.

    objective, mean_nll : float, J and the negative mean log-likelihood of the mixture, nats per
        point, of the summary
    alternatives : Candidates, (n_alternatives, K), in data units
    reserves : Candidates, (n_reserves, K - 1), good mixtures of one component fewer, data units
    n_pursuits : int, how often rivals were looked at
    misfit : float, nats; how much worse than expected the points since then were explained
    n_rested : int, updates since then
    """

    mixture: Mixture
    objective: float
    mean_nll: float
    alternatives: Candidates
    reserves: Candidates
    n_pursuits: int = 0
    misfit: float = 0.0
    n_rested: int = 0

    @classmethod
    def of_equal_points(cls, x: float, n_components: int) -> Pool:
        """Return the pool for points that all equal x."""
        mixture = equal_points_mixture(x, n_components)
        log_likelihood = mixture.mean_log_likelihood([x])
        return cls(
            mixture,
            log_likelihood,
            -log_likelihood,
            Candidates.none(n_components),
            Candidates.none(max(n_components - 1, 1)),
        )


def settle(objective: Objective, summary: WeightedSummary, seed: int) -> Pool:
    """Return the pool of a search without memory: for first points and a new K."""
    found = search(objective, coarse_objective(objective, summary), np.random.default_rng(seed))
    final = polish(objective, found.best, max_steps=30, tol=_SETTLE_TOL)
    return Pool(
        *_shown(objective, final, 0),
        objective.in_data_scale(found.others[:_N_ALTERNATIVES]),
        objective.in_data_scale(found.reserves),
    )


def update(
    pool: Pool,
    objective: Objective,
    summary: WeightedSummary,
    increment: Array,
    seed: int,
) -> Pool:
    """Return the pool after new data.

    Parameters
    ----------
    pool : of before the increment
    objective, summary : J and the summary with the increment in it
    increment : ndarray, shape (n_new,), the points that came or went, data units
    seed : int, of the random starts
    """
    n_new = min(float(increment.size), summary.mass)
    sample = increment[:: -(-increment.size // _N_SAMPLED)]
    excess = -pool.mixture.log_density(sample) - pool.mean_nll
    large = n_new > _LARGE_SHARE * summary.mass
    familiar = summary.mass > _MANY_POINTS and float(excess.mean()) < _FAMILIAR_NATS
    if summary.n_atoms <= _FEW_ATOMS or (large and not familiar):
        return settle(objective, summary, seed)
    surprise = n_new * _mean_surprise(excess)
    misfit = pool.misfit + surprise + _NEWS_NATS * n_new**_NEWS_EXPONENT
    held = objective.standardised(pool.mixture)
    urgent = summary.n_atoms < _SMALL_SIZE or surprise > _SURPRISE_NATS * summary.mass
    rested = pool.n_rested >= _N_REST or surprise > _ALERT_NATS * summary.mass
    if not urgent and not (rested and misfit > _MISFIT_NATS * summary.mass):
        polished = polish(objective, held, max_steps=_N_NEWTON_STEPS, tol=_TOL)
        mixture, value, mean_nll = _shown(objective, polished, 0)
        return replace(
            pool,
            mixture=mixture,
            objective=value,
            mean_nll=mean_nll,
            misfit=misfit,
            n_rested=pool.n_rested + 1,
        )
    return _pursued(pool, objective, summary, held, increment[-1:], seed, urgent)


def _mean_surprise(excess: Array) -> float:
    """Return by how much points are explained worse than expected, nats per point.

    Of many points the mean tells, once it is above its own noise; single ones do not make up for
    each other.
    """
    if excess.size < _N_TELLING:
        return float(np.maximum(excess, 0.0).mean())
    noise = 2.0 * excess.std() / np.sqrt(excess.size)
    return float(max(excess.mean() - noise, 0.0))


def _pursued(
    pool: Pool,
    objective: Objective,
    summary: WeightedSummary,
    held: Candidates,
    newest: Array,
    seed: int,
    urgent: bool,
) -> Pool:
    """Return the pool after rivals of the mixture were looked at."""
    rivals, reserves = _rivals(pool, objective, summary, held, newest, seed, urgent)
    near = np.argsort(-rivals.values, kind="stable")[:_N_POLISHED]
    near = near[rivals.values[near] > float(objective.value(held)[0]) - _REACH_NATS]
    far = np.setdiff1d(np.arange(len(rivals)), near)
    contenders = Candidates.joined(held, rivals.candidates[near])
    polished = _finished(
        objective, polish(objective, contenders, max_steps=_N_NEWTON_STEPS, tol=_TOL)
    )
    values = polished.values
    best = int(np.argmax(values))
    lead = best if values[best] > values[0] + HYSTERESIS_NATS else 0
    others = [k for k in range(values.size) if k != lead and abs(values[k] - values[lead]) > 1e-7]
    alternatives = Candidates.joined(polished.candidates[others], rivals.candidates[far])
    return Pool(
        *_shown(objective, polished, lead),
        objective.in_data_scale(alternatives[:_N_ALTERNATIVES]),
        objective.in_data_scale(reserves),
        pool.n_pursuits + 1,
    )


def _finished(objective: Objective, polished: Polished) -> Polished:
    """Return the mixtures with those that may be the best climbed to the end."""
    values = polished.values
    open_ = ~polished.converged & (values > values.max() - _LAST_REACH_NATS)
    if not open_.any():
        return polished
    last = polish(objective, polished.candidates[open_], max_steps=_N_LAST_STEPS, tol=_LAST_TOL)
    values = values.copy()
    values[open_] = last.values
    return replace(
        polished, candidates=polished.candidates.replaced(open_, last.candidates), values=values
    )


def _shown(objective: Objective, polished: Polished, lead: int) -> tuple[Mixture, float, float]:
    """Return one of the mixtures with its J and its mean NLL, in data units."""
    value = float(polished.values[lead])
    penalty = objective.log_prior(polished.candidates.variances[lead]) / objective.mass
    mean_nll = float(np.log(objective.scale)) - (value - float(penalty))
    return (
        objective.mixture(polished.candidates, lead),
        objective.in_data_units(value),
        mean_nll,
    )


def _rivals(
    pool: Pool,
    objective: Objective,
    summary: WeightedSummary,
    held: Candidates,
    newest: Array,
    seed: int,
    urgent: bool,
) -> tuple[Climbers, Candidates]:
    """Return alternatives and moves away from the mixture, some climb on, and the new reserves.

    The work is bounded: few atoms leave room for everything, with many the moves and the fresh
    starts take turns, and so do slices of the moves.
    """
    coarse = coarse_objective(objective, summary)
    n_atoms, n_components, turn = coarse.positions.size, coarse.n_components, pool.n_pursuits
    room = int(np.clip(_WORK // (n_atoms * n_components), 8, 64))
    batch = [objective.standardised_batch(pool.alternatives)]
    reserves = objective.standardised_batch(pool.reserves)
    if urgent or turn % 2 == 0:
        extra = (newest - objective.location) / objective.scale
        moves, reserves = escape_candidates(coarse, held, _MAX_MOVES, extra, reserves)
        n_slices = max(-(-len(moves) // room), 1)
        moves = moves[:_N_URGENT] if urgent else moves[turn // 2 % n_slices :: n_slices]
        batch.append(moves)
        room -= len(moves)
    if n_components > 1 and (summary.n_atoms < _SMALL_SIZE or turn % 2 == 1):
        batch.append(segmentation_starts(coarse))
        room -= len(batch[-1])
        rng = np.random.default_rng((seed, turn))
        batch.append(random_starts(coarse, max(room, 4), rng))
    climbers = climb(coarse, Candidates.joined(*batch), 1)
    for n_kept, n_cycles in _ROUNDS:
        climbers = climbers.apart_from(held).best(n_kept)
        climbers = climb(coarse, climbers.candidates, n_cycles)
    return climbers.apart_from(held).best(_N_ALTERNATIVES), reserves
