"""The search: looks for better optima, from those in an archive.

Training from scratch starts with an empty archive, and looks until several looks are in vain.
Online training keeps its archive, and looks when the data have changed enough (`tracking`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from dash_app.learning import tuning
from dash_app.learning.archive import Archive, DataLevels, select
from dash_app.learning.line_moves import crossover, quantile_segmentation, segmentations, splits
from dash_app.learning.mixture import Array
from dash_app.learning.moves import births, deaths_and_merges
from dash_app.learning.newton import polish
from dash_app.learning.objective import Candidates, Objective, sorted_by_mean
from dash_app.learning.squarem import outside_basins, squarem

_NOWHERE: Array = np.empty(0)


def step(
    archive: Archive,
    levels: DataLevels,
    *,
    home: int = 0,
    turn: int | None = None,
    extra: Array = _NOWHERE,
    margin: float = 0.0,
) -> tuple[Archive, bool]:
    """Return the archive after one look, and whether the incumbent was replaced.

    Parameters
    ----------
    archive : optima, perhaps of slightly other data; its `value` is not read
    levels : J of the summary and of its copies
    home : int, the index of the optimum from which the moves start
    turn : int, which births to try; None for the best ones
    extra : ndarray, further locations of births, standardised units
    margin : float, nats per point; the least gain in J that replaces the incumbent
    """
    coarse = levels.coarse
    n_steps = tuning.N_NEWTON_STEPS[0]
    settled = polish(coarse, archive.incumbent, max_steps=n_steps, tol=tuning.NEWTON_TOL)
    incumbent, value = sorted_by_mean(settled.candidates), float(settled.values[0])
    known = squarem(coarse, archive.optima[1:], 1).outside_basins_of(incumbent)
    known = known.best(tuning.N_OPTIMA - 1)
    basins = Candidates.joined(incumbent, known.candidates)
    new = squarem(coarse, _moves(archive, levels, home, turn, extra), tuning.N_CYCLES[0])
    for n_kept, n_cycles in zip(tuning.N_KEPT, tuning.N_CYCLES[1:]):
        best = new.novel(basins, value).best(n_kept)
        new = squarem(coarse, best.candidates, n_cycles)
    new = new.novel(basins, value).best(tuning.N_OPTIMA - 1)
    least = value - tuning.REACH_NATS
    n_known, n_new = (
        int((scored.predicted[:n_most] > least).sum())
        for scored, n_most in zip((known, new), tuning.N_POLISHED)
    )
    # the incumbent as given: on the whole summary it is closer to its optimum than the copy's
    near = Candidates.joined(archive.incumbent, known[:n_known].candidates, new[:n_new].candidates)
    refined, replaced = select(levels, near, margin)
    far = known[n_known:].joined(new[n_new:]).best(tuning.N_OPTIMA - len(refined.optima))
    return Archive(Candidates.joined(refined.optima, far.candidates), refined.value), replaced


def _moves(
    archive: Archive, levels: DataLevels, home: int, turn: int | None, extra: Array
) -> Candidates:
    """Return mixtures that result from moves from one optimum, and from all optima together."""
    coarse = levels.coarse
    # some cycles before ranking let the remaining components take over the dead one's points
    reduced = squarem(coarse, deaths_and_merges(archive.optima[home : home + 1]), 1)
    least, most = tuning.DEEP_COMPONENTS
    if least <= coarse.n_components <= most:
        twice = deaths_and_merges(reduced.best(tuning.N_DEEP).candidates)
        best = squarem(coarse, twice, 1).best(tuning.N_REDUCED).candidates
        reborn = births(coarse, best, tuning.N_DEEP_BIRTHS, extra)
        reduced = reduced.joined(squarem(coarse, reborn, 1))
    n_births, n_turns = tuning.N_BIRTHS, tuning.N_TURNS
    born = births(coarse, reduced.candidates, n_births * n_turns, extra)
    return Candidates.joined(
        born[:n_births] if turn is None else born[turn % n_turns :: n_turns],
        splits(coarse, reduced.best(tuning.N_REDUCED).candidates, tuning.N_SPLITS),
        crossover(coarse, archive.optima[: tuning.N_PARENTS], tuning.N_OFFSPRING),
        segmentations(levels.coarsest),
    )


def search(
    levels: DataLevels,
    rng: np.random.Generator,
    known: Candidates | None = None,
    max_looks: int = 1000,
    on_gain: Callable[[float], None] = lambda value: None,
    between: Callable[[], None] = lambda: None,
) -> Archive:
    """Return the archive of a search from an empty archive.

    It runs on the coarse copy. At the end the best optima are compared on the whole summary.

    Parameters
    ----------
    levels : J of the summary and of its copies
    rng : generator of the random starts
    known : Candidates, (any, K), standardised units, further starts
    max_looks : int, largest number of looks
    on_gain : called with J of the first optimum, and after each look with a gain
    between : called before each look; an exception from it ends the search
    """
    rough = replace(levels, fine=levels.coarse)
    archive = _started(rough, rng, known)
    on_gain(archive.value)
    size = levels.fine.n_components
    tried = archive.optima[:0]
    max_barren = int(np.clip(size - 1, *tuning.N_BARREN))
    n_barren = 0
    for _ in range(min(max_looks, tuning.MAX_WORK // size) if size > 1 else 0):
        homes = np.flatnonzero(outside_basins(archive.optima, tried))
        if homes.size == 0 or n_barren == max_barren:
            break
        between()
        home = int(homes[0])
        tried = Candidates.joined(tried, archive.optima[home : home + 1])
        archive, replaced = step(archive, rough, home=home, margin=tuning.SAME_NATS)
        n_barren += 1
        if replaced:
            on_gain(archive.value)
            n_barren = 0
    between()
    return _first_refined(archive.optima, levels)


def _first_refined(optima: Candidates, levels: DataLevels) -> Archive:
    """Return the archive of the optima, the first of them refined."""
    n_first = tuning.N_POLISHED[1]
    refined, _ = select(levels, optima[:n_first], 0.0)
    return Archive(Candidates.joined(refined.optima, optima[n_first:]), refined.value)


def _started(levels: DataLevels, rng: np.random.Generator, known: Candidates | None) -> Archive:
    """Return the archive of the best starts."""
    starts = Candidates.joined(
        quantile_segmentation(levels.coarse),
        segmentations(levels.coarsest),
        random_starts(levels.coarse, tuning.N_RANDOM, rng),
        *(() if known is None else (known,)),
    )
    scored = squarem(levels.coarse, starts, tuning.N_CYCLES[0]).best(tuning.N_KEPT[0])
    scored = squarem(levels.coarse, scored.candidates, sum(tuning.N_CYCLES[1:]))
    return _first_refined(scored.best(tuning.N_OPTIMA).candidates, levels)


def random_starts(objective: Objective, n_starts: int, rng: np.random.Generator) -> Candidates:
    """Return candidates with means at random points and log-uniform standard deviations."""
    n_components = objective.n_components
    picks = rng.choice(
        objective.positions.size,
        size=(n_starts, n_components),
        p=objective.masses / objective.mass,
    )
    jitter = rng.standard_normal(picks.shape) * np.sqrt(objective.variances[picks])
    log_widths = rng.uniform(np.log(0.02), np.log(1.0), size=picks.shape)
    return Candidates(
        np.full(picks.shape, 1.0 / n_components),
        objective.positions[picks] + jitter,
        np.exp(2.0 * log_widths),
    )
