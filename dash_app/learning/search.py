"""The search for the best mixture: many rough candidates in a batch, the best of them polished.

Rough work is done on a coarse copy of the summary, values that are compared on the whole of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from dash_app.learning.climb import climb
from dash_app.learning.escapes import escape_candidates
from dash_app.learning.newton import polish
from dash_app.learning.objective import Candidates, Objective, sorted_by_mean
from dash_app.learning.starts import quantile_starts, random_starts, segmentation_starts
from dash_app.learning.summary import WeightedSummary

COARSE_ATOMS = 128
_WORK = 32_768
"""Random starts times components times atoms of the coarse copy."""

_N_RANDOM_STARTS = (30, 120)
_MAX_ESCAPE_ROUNDS = 12
_N_OTHER_HOMES = 1
_N_MOVES = 48
_N_POLISHED = 5
_ESCAPE_GAIN_NATS = 1e-9


def coarse_objective(objective: Objective, summary: WeightedSummary) -> Objective:
    """Return J of a coarse copy of the summary, standardised as the whole is."""
    coarse = summary.coarsened(COARSE_ATOMS)
    if coarse is summary:
        return objective
    return Objective.of_atoms(
        (coarse.means, coarse.masses, coarse.variances),
        (objective.location, objective.scale),
        objective.n_components,
        objective.prior_weight,
    )


@dataclass(frozen=True, eq=False)
class Found:
    """The best mixture of a search as a batch of one, its J, and other local optima.

    reserves : Candidates, (any, K - 1), good mixtures of one component fewer
    """

    best: Candidates
    value: float
    others: Candidates
    reserves: Candidates


def search(
    objective: Objective,
    coarse: Objective,
    rng: np.random.Generator,
    max_steps: int = 1000,
    on_step: Callable[[float], None] = lambda value: None,
) -> Found:
    """Search from many starts, then by escapes until none helps.

    Parameters
    ----------
    objective, coarse : J of the summary and of its coarse copy
    rng : of the random starts
    max_steps : int, most rounds
    on_step : called with J after each round that improved
    """
    room = _WORK // (coarse.positions.size * coarse.n_components)
    starts = Candidates.joined(
        quantile_starts(coarse),
        segmentation_starts(coarse),
        random_starts(coarse, int(np.clip(room, *_N_RANDOM_STARTS)), rng),
    )
    climbers = climb(coarse, climb(coarse, starts, 2).best(24).candidates, 3)
    found = _polished(objective, climbers.best(_N_POLISHED).candidates)
    on_step(found.value)
    tried_from_others = 0
    for _ in range(min(_MAX_ESCAPE_ROUNDS, max_steps)):
        home = found.best
        if tried_from_others:  # the best has no better neighbour: a neighbour of the next best may
            home = found.others[tried_from_others - 1 : tried_from_others]
        if len(home) == 0 or tried_from_others > _N_OTHER_HOMES:
            break
        moves, reserves = escape_candidates(coarse, home, _N_MOVES, np.empty(0), found.reserves)
        climbers = climb(coarse, moves, 2).apart_from(home).best(16)
        climbers = climb(coarse, climbers.candidates, 3).apart_from(home).best(_N_POLISHED)
        tried_from_others += 1
        if len(climbers) == 0:
            continue
        tried = _polished(objective, climbers.candidates)
        if tried.value > found.value + _ESCAPE_GAIN_NATS:
            others = Candidates.joined(found.best, tried.others, found.others)
            found = Found(tried.best, tried.value, others, reserves)
            on_step(found.value)
            tried_from_others = 0
        else:
            found = replace(found, reserves=reserves)
    return found


def _polished(objective: Objective, candidates: Candidates, max_steps: int = 15) -> Found:
    polished = polish(objective, candidates, max_steps=max_steps, tol=1e-8)
    order = np.argsort(-polished.values, kind="stable")
    candidates = sorted_by_mean(polished.candidates[order])
    none = Candidates.none(max(objective.n_components - 1, 1))
    return Found(candidates[:1], float(polished.values[order[0]]), candidates[1:], none)
