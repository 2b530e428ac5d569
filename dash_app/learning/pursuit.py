"""Following the optimum as the data grow: one update of the mixture that is shown.

Most updates are a few steps of Newton's method. Now and then, and where the data surprise, rivals
are looked at; and every so often a second search, which began elsewhere, takes a step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dash_app.learning.climb import apart
from dash_app.learning.escapes import Stock
from dash_app.learning.mixture import Array, Mixture
from dash_app.learning.newton import Polished, polish
from dash_app.learning.objective import (
    Candidates,
    Objective,
    equal_points_mixture,
    sorted_by_mean,
)
from dash_app.learning.rivals import (
    MANY_COMPONENTS,
    N_OTHERS,
    Family,
    Ground,
    contest,
    landed,
    polished_first,
    rivals_of,
    within_reach,
)
from dash_app.learning.search import coarse_objective, search
from dash_app.learning.summary import WeightedSummary

HYSTERESIS_NATS = 5e-5
"""A mixture is left for another optimum only if that is better by more, nats per point."""

_EXPLORE_EVERY = 4
"""Of so many looks at rivals one belongs to the second search, or the first after it that is not
called for by the newest point; with many components it comes in addition."""

_N_PATIENT = 3
"""It begins anew after so many steps without a gain."""

_SETTLE_TOL = 1e-12
_FEW_ATOMS = 4
"""With so few atoms the search starts anew."""

_LARGE_SHARE, _MANY_POINTS, _FAMILIAR_NATS = 0.2, 1_000, 0.1
"""So does it when a larger share of all points comes at once, unless there are many points and the
new ones are explained nearly as well as the old ones."""

_MISFIT_NATS = (0.002, 0.0003)
"""Rivals are looked at once the points since the last look lie this much lower than expected, in
nats per point of all data: what is gained by looking is of that size. Optima are many where
components are, and with every point another may become the best one: many components of at most
`_MANY_POINTS` are looked at more closely, without rest."""

_MOST_COMPONENTS = 16
"""Of more, a look takes longer than a person waits for every point."""

_MAX_LOOKS = (1, 3)
"""Where rivals are looked at closely, a look that found a better one is followed by the next."""

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

_N_WATCHED = 6
"""So many alternatives are looked at with every update: whether one has overtaken the mixture."""

_SMALL_SIZE = 64
"""With fewer atoms every update looks at rivals."""


@dataclass(frozen=True, eq=False)
class Shown:
    """The mixture that is shown, data units, with its J and its negative mean log-likelihood.

    Both in nats per point, of the summary.
    """

    mixture: Mixture
    objective: float
    mean_nll: float

    @classmethod
    def of(cls, objective: Objective, polished: Polished, index: int) -> Shown:
        """Return one of the polished mixtures."""
        value = float(polished.values[index])
        log_prior = float(objective.log_prior(polished.candidates[index : index + 1])[0])
        return cls(
            objective.mixture(polished.candidates, index),
            objective.in_data_units(value),
            float(np.log(objective.scale)) - (value - log_prior / objective.mass),
        )


@dataclass(frozen=True, eq=False)
class Pool:
    """The mixture that is shown, and other local optima that may become better.

    alternatives : Candidates, (any, K), of the mixture shown, data units
    stock : Stock, good mixtures of one component fewer and of one more, data units
    explored : Family, of the second search, data units
    n_failed : int, its steps in a row without a gain
    n_pursuits : int, how often rivals were looked at
    misfit : float, nats; how much worse than expected the points since then were explained
    n_rested : int, updates since then
    """

    shown: Shown
    alternatives: Candidates
    stock: Stock
    explored: Family
    n_failed: int = 0
    n_pursuits: int = 0
    misfit: float = 0.0
    n_rested: int = 0

    @classmethod
    def of_equal_points(cls, x: float, n_components: int) -> Pool:
        """Return the pool for points that all equal x."""
        mixture = equal_points_mixture(x, n_components)
        log_likelihood = mixture.mean_log_likelihood([x])
        nobody = Family.none(n_components)
        shown = Shown(mixture, log_likelihood, -log_likelihood)
        return cls(shown, nobody.others, nobody.stock, nobody)


def settle(objective: Objective, summary: WeightedSummary, seed: int) -> Pool:
    """Return the pool of a search without memory: for first points and a new K."""
    found = search(objective, coarse_objective(objective, summary), np.random.default_rng(seed))
    final = polish(objective, found.best, max_steps=30, tol=_SETTLE_TOL)
    return Pool(
        Shown.of(objective, final, 0),
        objective.in_data_scale(found.others[:N_OTHERS]),
        found.stock.in_data_scale(objective),
        Family.none(objective.n_components),
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
    excess = -pool.shown.mixture.log_density(sample) - pool.shown.mean_nll
    large = n_new > _LARGE_SHARE * summary.mass
    familiar = summary.mass > _MANY_POINTS and float(excess.mean()) < _FAMILIAR_NATS
    if summary.n_atoms <= _FEW_ATOMS or (large and not familiar):
        return settle(objective, summary, seed)
    surprise = n_new * _mean_surprise(excess)
    misfit = pool.misfit + surprise + _NEWS_NATS * n_new**_NEWS_EXPONENT
    held = objective.standardised(pool.shown.mixture)
    struck = surprise > _SURPRISE_NATS * summary.mass
    urgent = struck or summary.n_atoms < _SMALL_SIZE
    rested = pool.n_rested >= _N_REST or surprise > _ALERT_NATS * summary.mass
    many = objective.n_components >= MANY_COMPONENTS
    close = many and objective.n_components <= _MOST_COMPONENTS and summary.mass <= _MANY_POINTS
    rested = rested or close
    overtaken = _overtaken(pool, objective, held)
    due = urgent or overtaken or (rested and misfit > _MISFIT_NATS[close] * summary.mass)
    if not due or objective.n_components == 1:  # of which J has one optimum
        shown = Shown.of(objective, polished_first(objective, held), 0)
        return replace(pool, shown=shown, misfit=misfit, n_rested=pool.n_rested + 1)
    ground = Ground.of(objective, summary)
    turn = pool.n_pursuits
    exploring = turn % _EXPLORE_EVERY == _EXPLORE_EVERY - 1
    # only a look at the rivals of the mixture shown goes to the newest point, and makes an
    # alternative the one that is shown: where it takes that, the second search waits
    waits = exploring and (struck or overtaken)
    pool = replace(pool, n_pursuits=turn if waits else turn + 1, misfit=0.0, n_rested=0)
    if exploring and not waits:
        exchanging = turn // _EXPLORE_EVERY % 2 == 1
        pool = _explored(pool, ground, held, np.random.default_rng((seed, turn)), exchanging)
        if not many:
            return pool
        held = objective.standardised(pool.shown.mixture)
    extra = (increment[-1:] - objective.location) / objective.scale
    exchanging = turn % 2 == 1 and not struck
    for _ in range(_MAX_LOOKS[close]):
        pool, left = _pursued(pool, ground, held, extra, None if urgent else turn, exchanging)
        if not left:
            break
        held = objective.standardised(pool.shown.mixture)
    return pool


def _overtaken(pool: Pool, objective: Objective, held: Candidates) -> bool:
    """Return whether an alternative, as it stands, is better than the mixture as it stood."""
    watched = objective.standardised_batch(pool.alternatives[:_N_WATCHED])
    values = objective.value(Candidates.joined(held, watched))
    return bool((values[1:] > values[0] + HYSTERESIS_NATS).any())


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
    ground: Ground,
    held: Candidates,
    extra: Array,
    part: int | None,
    exchanging: bool,
) -> tuple[Pool, bool]:
    """Return the pool after a look at the rivals of the mixture held, and whether it was left."""
    objective = ground.whole
    family = Family(
        held,
        objective.standardised_batch(pool.alternatives),
        pool.stock.standardised(objective),
    )
    rivals, stock = rivals_of(ground, family, extra, part, exchanging=exchanging)
    near_by = within_reach(objective, held, rivals)
    polished = contest(ground, Candidates.joined(held, near_by))
    values = polished.values
    lead = _lead(values)
    others = [k for k in range(values.size) if k != lead and abs(values[k] - values[lead]) > 1e-7]
    far = rivals.candidates[len(near_by) :]
    alternatives = Candidates.joined(polished.candidates[others], far)[:N_OTHERS]
    pool = replace(
        pool,
        shown=Shown.of(objective, polished, lead),
        alternatives=objective.in_data_scale(alternatives),
        stock=stock.in_data_scale(objective),
    )
    return pool, lead != 0


def _explored(
    pool: Pool, ground: Ground, held: Candidates, rng: np.random.Generator, exchanging: bool
) -> Pool:
    """Return the pool after a step of the second search, which knows nothing of the first.

    It lands at random and takes a step now and then. Once it has come to where the first is, or
    gets no further, it lands anew.
    """
    objective = ground.whole
    family = pool.explored.standardised(objective)
    if len(family.home):
        rivals, stock = rivals_of(ground, family, np.empty(0), exchanging=exchanging)
    else:
        rivals, stock = landed(ground, rng), family.stock
        family = Family(rivals.candidates[:1], family.others, stock)
        rivals = rivals[1:]
    near_by = within_reach(objective, family.home, rivals)
    polished = contest(ground, Candidates.joined(held, family.home, near_by))
    values = polished.values
    lead = _lead(values)
    best, *others = (1 + np.argsort(-values[1:], kind="stable")).tolist()
    n_failed = pool.n_failed + 1 if best == 1 else 0
    home = sorted_by_mean(polished.candidates[best : best + 1])
    arrived = not apart(home, sorted_by_mean(polished.candidates[:1])).any()
    if lead or arrived or n_failed == _N_PATIENT:
        explored = Family.none(objective.n_components)
    else:
        far = rivals.candidates[len(near_by) :]
        rest = Candidates.joined(polished.candidates[others], far)
        explored = Family(home, rest[:N_OTHERS], stock)
    left = objective.in_data_scale(polished.candidates[: min(lead, 1)])
    return replace(
        pool,
        shown=Shown.of(objective, polished, lead),
        alternatives=Candidates.joined(left, pool.alternatives)[:N_OTHERS],
        explored=explored.in_data_scale(objective),
        n_failed=n_failed,
    )


def _lead(values: Array) -> int:
    """Return which one is shown from now on: the first, unless another is visibly better."""
    best = int(np.argmax(values))
    return best if values[best] > values[0] + HYSTERESIS_NATS else 0
