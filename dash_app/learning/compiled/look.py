"""One look for better optima, compiled as a whole: moves, ranking, refinement and choice."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import types

from dash_app.learning.compiled.basins import first_of_each_basin, outside_basins
from dash_app.learning.compiled.batches import joined, rows_of, sort_by_mean
from dash_app.learning.compiled.births import births
from dash_app.learning.compiled.compilation import compiled, inner
from dash_app.learning.compiled.crossover import crossover
from dash_app.learning.compiled.deaths import deaths
from dash_app.learning.compiled.newton import newton
from dash_app.learning.compiled.segmentation import segmentation
from dash_app.learning.compiled.signatures import (
    ATOMS,
    BATCH,
    PRIOR,
    Atoms,
    Batch,
    Prior,
    b1,
    f8,
    i8,
)
from dash_app.learning.compiled.single_precision import ROUNDING_NATS
from dash_app.learning.compiled.splits import splits
from dash_app.learning.compiled.squarem import (
    Scored,
    best_of_each_basin,
    novel,
    predicted_values,
    scored_joined,
    scored_rows,
    squarem,
)
from dash_app.learning.mixture import Array


class Numbers(NamedTuple):
    """The numbers of `tuning` that a look reads, under the same names; `archive` makes them."""

    birth_stds: tuple[float, float]
    n_births: int
    n_reduced: int
    n_splits: int
    n_offspring: int
    deep_components: tuple[int, int]
    n_deep: int
    n_deep_births: int
    n_kept: int
    n_first_cycles: int
    n_last_cycles: int
    n_known_polished: int
    n_new_polished: int
    reach_nats: float
    n_newton_steps: int
    newton_tol: float
    n_optima: int


_PAIR = types.UniTuple(i8, 2)
NUMBERS = types.NamedTuple(
    (
        *(types.UniTuple(f8, 2), i8, i8, i8, i8, _PAIR, i8, i8),
        *(i8, i8, i8, i8, i8, f8, i8, f8, i8),
    ),
    Numbers,
)


@inner
def _untried(batch: Batch, tried: Batch, n_most: int) -> Batch:
    """Sort a batch; return its first mixtures outside the basins of those tried, one per basin."""
    sort_by_mean(batch)
    order = np.arange(batch.means.shape[0])
    return rows_of(batch, first_of_each_basin(batch, order, n_most, tried))


@inner
def _moves(
    atoms: Atoms,
    coarsest: Atoms,
    prior: Prior,
    numbers: Numbers,
    optima: Batch,
    home: int,
    tried: Batch,
) -> Batch:
    """Return untried mixtures from moves from one optimum, and from all optima together."""
    size, n_reduced = optima.means.shape[1], numbers.n_reduced
    places, stds = coarsest.positions, np.array(numbers.birth_stds)
    # a cycle before ranking lets the remaining components take over the dead one's points
    reduced = squarem(atoms, prior, deaths(rows_of(optima, np.arange(home, home + 1))), 1)
    least, most = numbers.deep_components
    if least <= size and size <= most:
        twice = deaths(best_of_each_basin(reduced, numbers.n_deep).batch)
        best = best_of_each_basin(squarem(atoms, prior, twice, 1), n_reduced).batch
        reborn = _untried(
            births(atoms, prior, best, places, stds), reduced.batch, numbers.n_deep_births
        )
        reduced = scored_joined(reduced, squarem(atoms, prior, reborn, 1))
    born = births(atoms, prior, reduced.batch, places, stds)
    born = _untried(born, tried, numbers.n_births)
    best = best_of_each_basin(reduced, n_reduced).batch
    split = splits(coarsest, prior, best, numbers.n_splits)
    crossed = crossover(coarsest, prior, optima, numbers.n_offspring)
    moved = joined(joined(born, split), joined(crossed, segmentation(coarsest, prior, size)))
    return _untried(moved, tried, moved.means.shape[0])


@compiled(types.Tuple((BATCH, f8[::1], b1))(ATOMS, PRIOR, NUMBERS, BATCH, f8))
def select(
    atoms: Atoms, prior: Prior, numbers: Numbers, batch: Batch, margin: float
) -> tuple[Batch, Array, bool]:
    """Return the distinct refined mixtures, best first, J of each; and whether the first changed.

    Parameters
    ----------
    batch : (R, K); the first is the incumbent
    margin : float, nats per point; another replaces the first if its J is larger by more
    """
    batch, values, _, _ = newton(atoms, prior, batch, numbers.n_newton_steps, numbers.newton_tol)
    lead = int(np.argmax(values))
    if values[lead] <= values[0] + margin:
        lead = 0
    order = np.argsort(-values, kind="mergesort")
    order = np.concatenate((np.array([lead]), order[order != lead]))
    batch, values = rows_of(batch, order), values[order]
    sort_by_mean(batch)
    other = outside_basins(batch, rows_of(batch, np.arange(1)))
    other |= values[0] - values > numbers.newton_tol
    other[0] = True
    return rows_of(batch, np.flatnonzero(other)), values[other], lead != 0


@inner
def _n_within(scored: Scored, n_most: int, least: float) -> int:
    """Return how many of the first mixtures have a predicted J above `least`; at most `n_most`."""
    return int((predicted_values(scored)[:n_most] > least).sum())


@inner
def _parted(scored: Scored, n_first: int) -> tuple[Scored, Scored]:
    """Return the first mixtures, and the others."""
    every = np.arange(scored.values.size)
    return scored_rows(scored, every[:n_first]), scored_rows(scored, every[n_first:])


@compiled(
    types.Tuple((BATCH, f8[::1], b1, BATCH))(ATOMS, ATOMS, PRIOR, NUMBERS, BATCH, i8, BATCH, f8)
)
def look(
    atoms: Atoms,
    coarsest: Atoms,
    prior: Prior,
    numbers: Numbers,
    optima: Batch,
    home: int,
    tried: Batch,
    margin: float,
) -> tuple[Batch, Array, bool, Batch]:
    """Return the optima, J of the refined ones, whether the first changed, and what was tried.

    Parameters
    ----------
    atoms, coarsest : the data, and a copy for segmentations and locations of births
    optima : (any, K), sorted by mean, the incumbent first
    home : int, the index of the optimum from which the moves start
    tried : (any, K), sorted by mean, what moves led to in earlier looks; it is not ranked again
    margin : float, nats per point; the least gain in J that replaces the incumbent
    """
    n_others = numbers.n_optima - 1
    incumbent = rows_of(optima, np.arange(1))
    settled, settled_values, _, _ = newton(
        atoms, prior, incumbent, numbers.n_newton_steps, numbers.newton_tol
    )
    sort_by_mean(settled)
    value = settled_values[0]
    known = squarem(atoms, prior, rows_of(optima, np.arange(1, optima.means.shape[0])), 1)
    known = scored_rows(known, np.flatnonzero(outside_basins(known.batch, settled)))
    known = best_of_each_basin(known, n_others)
    basins, least = joined(settled, known.batch), value + ROUNDING_NATS
    moved = _moves(atoms, coarsest, prior, numbers, optima, home, tried)
    tried = joined(tried, moved)
    new = squarem(atoms, prior, moved, numbers.n_first_cycles)
    best = best_of_each_basin(novel(new, basins, least), numbers.n_kept)
    new = squarem(atoms, prior, best.batch, numbers.n_last_cycles)
    new = best_of_each_basin(novel(new, basins, least), n_others)
    n_known = _n_within(known, numbers.n_known_polished, value - numbers.reach_nats)
    n_new = _n_within(new, numbers.n_new_polished, value - numbers.reach_nats)
    known_near, known_far = _parted(known, n_known)
    new_near, new_far = _parted(new, n_new)
    near = joined(incumbent, joined(known_near.batch, new_near.batch))
    found, values, replaced = select(atoms, prior, numbers, near, margin)
    n_left = numbers.n_optima - found.means.shape[0]
    far = best_of_each_basin(scored_joined(known_far, new_far), n_left)
    return joined(found, far.batch), values, replaced, tried
