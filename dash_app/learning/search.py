"""The search: looks for better optima, from those in an archive.

Training from scratch starts with an empty archive, and looks until several looks are in vain.
Online training keeps its archive, and looks when the data have changed enough (`tracking`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from dash_app.learning import tuning
from dash_app.learning.archive import Archive, DataLevels, breadth, look_numbers, select
from dash_app.learning.compiled.basins import outside_basins
from dash_app.learning.compiled.look import look
from dash_app.learning.compiled.segmentation import mixture_of_groups, segmentation
from dash_app.learning.compiled.squarem import best_of_each_basin, squarem
from dash_app.learning.objective import Candidates, Objective

OnStep = Callable[[], None]


def step(
    archive: Archive,
    levels: DataLevels,
    *,
    home: int = 0,
    margin: float = 0.0,
) -> tuple[Archive, bool]:
    """Return the archive after one look, and whether the incumbent was replaced.

    Parameters
    ----------
    archive : optima, perhaps of slightly other data, and what was tried; `value` is not read
    levels : J of the summary and of its copies
    home : int, the index of the optimum from which the moves start
    margin : float, nats per point; the least gain in J that replaces the incumbent
    """
    coarse = levels.coarse
    data = (coarse.atoms, levels.coarsest.atoms, coarse.prior, look_numbers(coarse))
    before = archive.optima[:0] if archive.tried is None else archive.tried
    found, values, replaced, after = look(*data, archive.optima.batch, home, before.batch, margin)
    optima, tried = Candidates(*found), Candidates(*after)
    if coarse is levels.fine:
        return Archive(optima, float(values[0]), tried), replaced
    n_near = min(values.size, tuning.N_KNOWN_POLISHED)
    # the incumbent as given: on the whole summary it is closer to its optimum than the copy's
    near = Candidates.joined(archive.incumbent, optima[:n_near])
    selected, replaced = select(levels.fine, near, margin)
    return replace(selected, tried=tried).followed_by(optima[n_near:]), replaced


def search(
    levels: DataLevels,
    known: Candidates | None = None,
    max_looks: int = 1000,
    on_gain: Callable[[float], None] = lambda value: None,
    between: OnStep = lambda: None,
) -> Archive:
    """Return the archive of a search from an empty archive.

    It runs on the coarse copy. At the end the best optima are compared on the whole summary.

    Parameters
    ----------
    levels : J of the summary and of its copies
    known : Candidates, (any, K), standardised units, further starts
    max_looks : int, largest number of looks
    on_gain : called with J of the first optimum, and after each look with a gain
    between : called before each look; an exception from it ends the search
    """
    rough = replace(levels, fine=levels.coarse)
    archive = _started(rough, known)
    on_gain(archive.value)
    size = levels.fine.n_components
    homes = archive.optima[:0]
    max_barren = min(size, tuning.N_BARREN[breadth(levels.fine)])
    n_barren = 0
    for _ in range(min(max_looks, tuning.MAX_WORK // size) if size > 1 else 0):
        others = np.flatnonzero(outside_basins(archive.optima.batch, homes.batch))
        if others.size == 0 or n_barren == max_barren:
            break
        between()
        home = int(others[0])
        homes = Candidates.joined(homes, archive.optima[home : home + 1])
        archive, better = step(archive, rough, home=home, margin=tuning.NEWTON_TOL)
        n_barren += 1
        if better:
            on_gain(archive.value)
            n_barren = 0
    between()
    return _first_refined(archive.optima, levels.fine)


def _first_refined(optima: Candidates, objective: Objective) -> Archive:
    """Return the archive of the optima, the first of them refined."""
    n_first = look_numbers(objective).n_new_polished
    return select(objective, optima[:n_first], 0.0)[0].followed_by(optima[n_first:])


def _started(levels: DataLevels, known: Candidates | None) -> Archive:
    """Return the archive of the best starts."""
    objective = levels.coarse
    atoms, prior, size = objective.atoms, objective.prior, objective.n_components
    starts = Candidates.joined(
        quantile_segmentation(objective),
        Candidates(*segmentation(levels.coarsest.atoms, prior, size)),
        *(() if known is None else (known,)),
    )
    numbers = look_numbers(objective)
    scored = squarem(atoms, prior, starts.batch_copy(), numbers.n_first_cycles)
    best = best_of_each_basin(scored, numbers.n_kept).batch
    scored = squarem(atoms, prior, best, numbers.n_last_cycles)
    best = best_of_each_basin(scored, tuning.N_OPTIMA).batch
    return _first_refined(Candidates(*best), objective)


def quantile_segmentation(objective: Objective) -> Candidates:
    """Return one candidate, from K groups of equal mass."""
    size = objective.n_components
    cumulative = np.cumsum(objective.masses)
    middle = (cumulative - 0.5 * objective.masses) / cumulative[-1]
    labels = np.minimum((middle * size).astype(np.int64), size - 1)
    return Candidates(*mixture_of_groups(objective.atoms, objective.prior, labels, size))
