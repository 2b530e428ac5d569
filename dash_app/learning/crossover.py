"""Crossover: offspring with the left components of one mixture and the right ones of another.

On a line, components far apart hardly affect each other. One local optimum may be better at the
left, another at the right. One of their offspring is then better at both ends. A sequence of single
moves would pass through worse mixtures. Crossover within EM: Pernkopf and Bouchaffra (2005),
doi 10.1109/TPAMI.2005.162.
"""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.crossover import distinct_offspring, offspring_values, shared_ends
from dash_app.learning.mixture import Indices
from dash_app.learning.objective import Candidates, Objective, sorted_by_mean
from dash_app.learning.squarem import Scored

_CROWDING = 4
"""Score 4 x n_kept offspring; most are near-duplicates."""


def crossover(objective: Objective, parents: Candidates, n_kept: int) -> Candidates:
    """Return the best offspring of all pairs of parents at all cuts, best first.

    Parameters
    ----------
    objective : J, usually of a coarse copy
    parents : Candidates, (M, K)
    n_kept : int, the largest number of offspring

    Returns
    -------
    Candidates, (n_kept or fewer, K); none for K = 1 or a single parent
    """
    if objective.n_components == 1 or len(parents) < 2:
        return parents[:0]
    parents = sorted_by_mean(parents)
    shared = shared_ends(parents.batch)
    return _crossed(objective, parents, parents, shared, n_kept).candidates


def unequal_crossover(
    objective: Objective, fewer: Candidates, more: Candidates, n_kept: int
) -> Candidates:
    """Return the best offspring of a parent with K - 1 components and one with K + 1.

    Compared with an optimum, a component has moved from one side of the cut to the other.

    Parameters
    ----------
    objective : J, usually of a coarse copy
    fewer : Candidates, (M, K - 1)
    more : Candidates, (N, K + 1)
    n_kept : int, the largest number of offspring

    Returns
    -------
    Candidates, (n_kept or fewer, K); none for K = 1
    """
    if objective.n_components == 1 or not len(fewer) or not len(more):
        return Candidates.none(objective.n_components)
    fewer, more = sorted_by_mean(fewer), sorted_by_mean(more)
    nothing = np.zeros((2, len(fewer), len(more)), dtype=np.int64)
    one = _crossed(objective, fewer, more, nothing, n_kept)
    other = _crossed(objective, more, fewer, nothing.transpose(0, 2, 1).copy(), n_kept)
    return one.joined(other).best(n_kept).candidates


def _crossed(
    objective: Objective, lefts: Candidates, rights: Candidates, shared: Indices, n_kept: int
) -> Scored:
    """Return offspring, each with the first components of a left parent and the last of a right."""
    parents = lefts.batch, rights.batch
    size = objective.n_components
    values = offspring_values(objective.atoms, objective.prior, *parents, shared, size)
    order = np.argsort(-values, axis=None, kind="stable")[: _CROWDING * n_kept]
    order = order[np.isfinite(values.ravel()[order])]
    crossings = np.array(np.unravel_index(order, values.shape))
    batch, kept = distinct_offspring(*parents, crossings, size, n_kept)
    return Scored(Candidates(*batch), values.ravel()[order[kept]], np.zeros(kept.size))
