"""Points that enter a summary one after the other, compiled."""

from __future__ import annotations

import numpy as np
from numba import types

from dash_app.learning.compiled.compilation import compiled, inner
from dash_app.learning.compiled.signatures import b1, f8, i8
from dash_app.learning.mixture import Array


@inner
def cheapest_pair(atoms: Array, n_atoms: int) -> int:
    """Return the index of the atom whose merge with the next one adds the least scatter.

    atoms : (3, any); means in ascending order, masses and variances
    """
    means, masses = atoms[0], atoms[1]
    span = means[n_atoms - 1] - means[0]
    cheapest, least = 0, np.inf
    for i in range(n_atoms - 1):
        gap = (means[i + 1] - means[i]) / span  # scaled, so that 1e150 squared cannot overflow
        cost = gap * gap * (masses[i] * masses[i + 1] / (masses[i] + masses[i + 1]))
        if cost < least:
            cheapest, least = i, cost
    return cheapest


@compiled(types.Tuple((f8[:, ::1], b1))(f8[:, ::1], f8[::1], f8[::1], i8))
def with_each(atoms: Array, points: Array, weights: Array, capacity: int) -> tuple[Array, bool]:
    """Return the atoms after each point in turn, (3, n_atoms), and whether none was merged.

    A point joins the atom of equal mean, or becomes an atom. Above the capacity, the two neighbours
    whose merge adds the least within-atom scatter are merged.

    atoms : (3, at most capacity); means in ascending order, masses and variances
    """
    n_atoms, all_kept = atoms.shape[1], True
    held = np.empty((3, min(n_atoms + points.size, capacity + 1)))
    for row in range(3):
        for i in range(n_atoms):
            held[row, i] = atoms[row, i]
    means, masses, variances = held[0], held[1], held[2]
    for x, weight in zip(points, weights):
        at = np.searchsorted(means[:n_atoms], x)
        if at < n_atoms and means[at] == x:
            total = masses[at] + weight
            variances[at] *= masses[at] / total
            masses[at] = total
            continue
        for row in range(3):
            for i in range(n_atoms, at, -1):
                held[row, i] = held[row, i - 1]
        means[at], masses[at], variances[at] = x, weight, 0.0
        n_atoms += 1
        if n_atoms <= capacity:
            continue
        all_kept = False
        one = cheapest_pair(held, n_atoms)
        mass = masses[one] + masses[one + 1]
        share, distance = masses[one + 1] / mass, means[one + 1] - means[one]
        within = (1.0 - share) * variances[one] + share * variances[one + 1]
        means[one] += share * distance
        masses[one] = mass
        variances[one] = within + share * (1.0 - share) * distance * distance
        n_atoms -= 1
        for row in range(3):
            for i in range(one + 1, n_atoms):
                held[row, i] = held[row, i + 1]
    return held[:, :n_atoms].copy(), all_kept
