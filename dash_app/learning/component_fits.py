"""Fits with 1, 2, ... components to one summary, each from the fit with one fewer.

They take less work than as many fits from scratch: each size has one round of starts and no looks.
The starts are quantiles, a segmentation, and births and splits of the fit before. On the way back a
fit replaces its smaller neighbour if, after a death, its J is larger.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dash_app.learning import tuning
from dash_app.learning.archive import DataLevels
from dash_app.learning.compiled.births import births
from dash_app.learning.compiled.deaths import deaths
from dash_app.learning.compiled.segmentation import segmentation
from dash_app.learning.compiled.splits import splits
from dash_app.learning.compiled.squarem import Scored, best_of_each_basin, squarem
from dash_app.learning.mixture import Mixture
from dash_app.learning.newton import polish
from dash_app.learning.objective import Candidates, Objective
from dash_app.learning.search import quantile_segmentation
from dash_app.learning.summary import WeightedSummary

_N_KEPT = (12, 4, 2)
"""Candidates kept after the first round of SQUAREM, after the second, and after Newton's method on
the coarse copy. More find more optima and take longer."""

_MAX_STEPS, _TOL = (10, 30), 1e-10
"""Newton's method: steps at most on the coarse copy and on all atoms; tolerance, nats per point."""


@dataclass(frozen=True, eq=False)
class _Fit:
    """A mixture, as a batch of one in standardised units, and its J on all atoms."""

    levels: DataLevels
    candidates: Candidates
    value: float

    @property
    def mixture(self) -> Mixture:
        """The mixture in data units."""
        return self.levels.fine.mixture(self.candidates)


def fits_of_sizes(
    summary: WeightedSummary,
    most: int,
    *,
    prior_weight: float = 1.0,
    on_step: Callable[[], None] = lambda: None,
) -> list[Mixture]:
    """Return mixtures with 1 to `most` components, data units; each maximises J locally.

    Parameters
    ----------
    summary : not all equal
    most : int, largest number of components
    prior_weight : float >= 0, pseudo-observations of each component's variance
    on_step : called between two fits; an exception from it ends them

    Examples
    --------
    >>> summary = WeightedSummary(16).with_points(np.array([-1.0, -1.0, 2.0, 2.0]))
    >>> [mixture.means.round(6).tolist() for mixture in fits_of_sizes(summary, 2)]
    [[0.5], [-1.0, 2.0]]
    """
    found: list[_Fit] = []
    for size in range(1, most + 1):
        on_step()
        levels = DataLevels.of(Objective.of_summary(summary, size, prior_weight), summary)
        starts = _starts(levels, found[-1].candidates if found else None)
        found.append(_refined(levels, starts))
    for index in range(most - 2, -1, -1):
        on_step()
        fit, larger = found[index], found[index + 1]
        back = _refined(fit.levels, Candidates(*deaths(larger.candidates.batch)))
        if back.value > fit.value:
            found[index] = back
    return [fit.mixture for fit in found]


def _starts(levels: DataLevels, smaller: Candidates | None) -> Candidates:
    """Return starts; `smaller` has one component fewer."""
    coarse = levels.coarse
    if smaller is None:
        return quantile_segmentation(coarse)
    atoms, prior, size = coarse.atoms, coarse.prior, coarse.n_components
    places, stds = levels.coarsest.positions, np.array(tuning.BIRTH_STDS)
    return Candidates.joined(
        quantile_segmentation(coarse),
        Candidates(*segmentation(levels.coarsest.atoms, prior, size)),
        Candidates(*births(atoms, prior, smaller.batch, places, stds))[: tuning.N_BIRTHS[0]],
        Candidates(*splits(atoms, prior, smaller.batch, tuning.N_SPLITS)),
    )


def _squarem(objective: Objective, candidates: Candidates, n_cycles: int) -> Scored:
    return squarem(objective.atoms, objective.prior, candidates.batch_copy(), n_cycles)


def _refined(levels: DataLevels, starts: Candidates) -> _Fit:
    """Return the best candidate after SQUAREM and Newton's method."""
    n_first, n_second, n_last = _N_KEPT
    coarse = levels.coarse
    first = best_of_each_basin(_squarem(coarse, starts, tuning.N_FIRST_CYCLES[0]), n_first)
    second = _squarem(coarse, Candidates(*first.batch), tuning.N_LAST_CYCLES[0])
    best = Candidates(*best_of_each_basin(second, n_second).batch)
    rough = polish(coarse, best, max_steps=_MAX_STEPS[0], tol=_TOL)
    order = np.argsort(-rough.values, kind="stable")[:n_last]
    last = polish(levels.fine, rough.candidates[order], max_steps=_MAX_STEPS[1], tol=_TOL)
    lead = int(np.argmax(last.values))
    return _Fit(levels, last.candidates[lead : lead + 1], float(last.values[lead]))
