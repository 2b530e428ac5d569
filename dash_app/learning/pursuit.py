"""Following the optimum as the data grow: one update of the mixture and its alternatives."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dash_app.learning.climb import Climbers, climb
from dash_app.learning.escapes import escape_candidates
from dash_app.learning.mixture import Array, Mixture
from dash_app.learning.newton import polish
from dash_app.learning.objective import Candidates, Objective
from dash_app.learning.search import coarse_objective, search
from dash_app.learning.starts import random_starts, segmentation_starts
from dash_app.learning.summary import WeightedSummary

HYSTERESIS_NATS = 5e-5
"""A mixture is left for another optimum only if that is better by more, nats per point."""

_N_ALTERNATIVES = 12
_WORK = 16_384
"""Newcomers times components times atoms: how much is tried at one update."""

_MAX_MOVES = 256
_N_POLISHED = 2
_N_NEWTON_STEPS = 4
_REACH_NATS = 0.01
"""A rival whose prospects are further below the mixture held than this is not polished."""

_TOL = 1e-8
_SETTLE_TOL = 1e-12
_FEW_ATOMS = 24
"""With so few atoms, or an increment of a larger share than the next, the search starts anew."""

_LARGE_SHARE = 0.2
_SMALL_SHARE = 1 / 128
"""Rivals are looked at once this share of all points has come since the last time."""

_SMALL_SIZE = 64
"""With fewer atoms, every kind of rival is tried at every update; else the kinds take turns."""


@dataclass(frozen=True, eq=False)
class Pool:
    """The mixture that is shown, and other local optima that may become better.

    alternatives : Candidates, (n_alternatives, K), in data units
    reserves : Candidates, (n_reserves, K - 1), good mixtures of one component fewer, data units
    n_pursuits : int, how often rivals were looked at
    pending : float, mass that came or went since then
    """

    mixture: Mixture
    alternatives: Candidates
    reserves: Candidates
    n_pursuits: int = 0
    pending: float = 0.0

    @classmethod
    def of_one(cls, mixture: Mixture) -> Pool:
        """Return a pool without alternatives."""
        n_components = mixture.n_components
        return cls(
            mixture, Candidates.none(n_components), Candidates.none(max(n_components - 1, 1))
        )


def settle(objective: Objective, summary: WeightedSummary, seed: int) -> Pool:
    """Return the pool of a search without memory: for first points and a new K."""
    found = search(objective, coarse_objective(objective, summary), np.random.default_rng(seed))
    final = polish(objective, found.best, max_steps=30, tol=_SETTLE_TOL)
    return _pool(objective, final.candidates, found.others, found.reserves, 0)


def update(
    pool: Pool,
    objective: Objective,
    summary: WeightedSummary,
    *,
    arrived: float,
    newest: Array,
    seed: int,
) -> Pool:
    """Return the pool after new data.

    Parameters
    ----------
    pool : of before the increment
    objective, summary : J and the summary with the increment in it
    arrived : float, mass that came or went
    newest : ndarray, shape (0,) or (1,), the last point that came, data units
    seed : int, of the random starts
    """
    if summary.n_atoms <= _FEW_ATOMS or arrived > _LARGE_SHARE * summary.mass:
        return settle(objective, summary, seed)
    pending = pool.pending + arrived
    held = objective.standardised(pool.mixture)
    if pending < _SMALL_SHARE * summary.mass:
        polished = polish(objective, held, max_steps=_N_NEWTON_STEPS, tol=_TOL)
        return replace(pool, mixture=objective.mixture(polished.candidates), pending=pending)
    return _pursued(pool, objective, summary, held, newest, seed)


def _pursued(
    pool: Pool,
    objective: Objective,
    summary: WeightedSummary,
    held: Candidates,
    newest: Array,
    seed: int,
) -> Pool:
    """Return the pool after rivals of the mixture were looked at."""
    rivals, reserves = _rivals(pool, objective, summary, held, newest, seed)
    near = np.argsort(-rivals.values, kind="stable")[:_N_POLISHED]
    near = near[rivals.values[near] > float(objective.value(held)[0]) - _REACH_NATS]
    far = np.setdiff1d(np.arange(len(rivals)), near)
    contenders = Candidates.joined(held, rivals.candidates[near])
    polished = polish(objective, contenders, max_steps=_N_NEWTON_STEPS, tol=_TOL)
    values = polished.values
    best = int(np.argmax(values))
    lead = best if values[best] > values[0] + HYSTERESIS_NATS else 0
    others = [k for k in range(values.size) if k != lead and abs(values[k] - values[lead]) > 1e-7]
    return _pool(
        objective,
        polished.candidates[lead : lead + 1],
        Candidates.joined(polished.candidates[others], rivals.candidates[far]),
        reserves,
        pool.n_pursuits + 1,
    )


def _rivals(
    pool: Pool,
    objective: Objective,
    summary: WeightedSummary,
    held: Candidates,
    newest: Array,
    seed: int,
) -> tuple[Climbers, Candidates]:
    """Return alternatives and moves away from the mixture, one climb on, and the new reserves.

    The work is bounded: few atoms leave room for everything, with many the moves and the fresh
    starts take turns, and so do slices of the moves.
    """
    coarse = coarse_objective(objective, summary)
    n_atoms, n_components, turn = coarse.positions.size, coarse.n_components, pool.n_pursuits
    room = int(np.clip(_WORK // (n_atoms * n_components), 8, 64))
    small = n_atoms < _SMALL_SIZE
    batch = [objective.standardised_batch(pool.alternatives)]
    reserves = objective.standardised_batch(pool.reserves)
    if small or turn % 2 == 0:
        extra = (newest - objective.location) / objective.scale
        moves, reserves = escape_candidates(coarse, held, _MAX_MOVES, extra, reserves)
        n_slices = max(-(-len(moves) // room), 1)
        moves = moves[turn // 2 % n_slices :: n_slices]
        batch.append(moves)
        room -= len(moves)
    if n_components > 1 and (small or turn % 2 == 1):
        batch.append(segmentation_starts(coarse))
        room -= len(batch[-1])
        rng = np.random.default_rng((seed, turn))
        batch.append(random_starts(coarse, max(room, 4), rng))
    climbers = climb(coarse, Candidates.joined(*batch), 2 if small else 1)
    return climbers.apart_from(held).best(_N_ALTERNATIVES), reserves


def _pool(
    objective: Objective,
    best: Candidates,
    others: Candidates,
    reserves: Candidates,
    n_pursuits: int,
) -> Pool:
    return Pool(
        objective.mixture(best),
        objective.in_data_scale(others[:_N_ALTERNATIVES]),
        objective.in_data_scale(reserves),
        n_pursuits,
    )
