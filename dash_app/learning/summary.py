"""A bounded, weighted stand-in for the data: sorted atoms, each with a mean, mass and variance.

Up to `capacity` distinct values the summary is exact: each atom is one value. Beyond that,
neighbouring atoms are merged. The pair whose merge adds the least within-atom scatter is merged
first (Ward 1963, doi 10.1080/01621459.1963.10500845). Merging preserves the count, mean and
variance of all data.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Optional

import numpy as np
from numpy.typing import ArrayLike

from dash_app.errors import UnknownPointError
from dash_app.learning.compiled.insertion import with_each
from dash_app.learning.mixture import Array, Indices
from dash_app.learning.points import as_points, as_weights

NEGLIGIBLE_MASS = 1e-12
"""Least mass of an atom after decay, as a share of the total mass. Smaller atoms are dropped."""

_PRESORTED_FACTOR = 2
"""Companding groups many atoms, in one pass, to this multiple of the capacity. Ward's method merges
the rest. A larger factor takes longer and gives less scatter within atoms."""

_BLOCK, _BLOCK_FACTOR = 1 << 18, 8
"""Points sorted at a time, and the number of atoms kept of them, as a multiple of the capacity. The
memory beside the points is bounded by the first and by their ratio. More atoms lose less."""


def _no_atoms() -> Array:
    return np.empty(0, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class WeightedSummary:
    """At most `capacity` atoms, sorted by mean. A summary is never changed in place.

    Parameters
    ----------
    capacity : int >= 2, the largest number of atoms
    means : ndarray, shape (n_atoms,), data units, strictly increasing
    masses : ndarray, shape (n_atoms,), points; the total weight of an atom's values
    variances : ndarray, shape (n_atoms,), data units squared; 0 for an atom of equal values
    exact : bool, whether the values of every atom are equal
    low, high : float, the smallest and largest value ever seen, data units

    Examples
    --------
    >>> summary = WeightedSummary(capacity=2).with_points(np.array([0.0, 1.0, 1.0, 9.0]))
    >>> summary.means.round(3).tolist(), summary.masses.tolist()
    ([0.667, 9.0], [3.0, 1.0])
    """

    capacity: int
    means: Array = field(default_factory=_no_atoms)
    masses: Array = field(default_factory=_no_atoms)
    variances: Array = field(default_factory=_no_atoms)
    exact: bool = True
    low: float = np.inf
    high: float = -np.inf

    @property
    def n_atoms(self) -> int:
        """Number of atoms."""
        return self.means.size

    @property
    def mass(self) -> float:
        """Total weight, points. Without decay this is the number of points."""
        return float(self.masses.sum())

    def mean_and_variance(self) -> tuple[float, float]:
        """Return the mean, data units, and the variance (1/n), data units squared, of all data."""
        shares = self.masses / self.masses.sum()
        # sums are relative to a middle atom, so that a large offset loses no digits
        origin = self.means[self.means.size // 2]
        mean = origin + shares @ (self.means - origin)
        centred = self.means - mean
        return float(mean), float(shares @ (centred * centred + self.variances))

    def with_points(
        self, points: ArrayLike, weights: Optional[ArrayLike] = None
    ) -> WeightedSummary:
        """Return the summary with the points added; weights, (n_points,), default to 1 each.

        Raises
        ------
        EmptyDataError, NonFiniteError, OutOfRangeError, ShapeError
        """
        points = as_points(points)
        weights = as_weights(weights, points.size)
        if points.size == 1:
            return self.with_each(points, weights)
        blocks = [
            self._block(points[at : at + _BLOCK], None if weights is None else weights[at:])
            for at in range(0, points.size, _BLOCK)
        ]
        means, masses, variances = (np.concatenate(arrays) for arrays in list(zip(*blocks))[:3])
        if len(blocks) > 1:
            order = np.argsort(means, kind="stable")
            means, masses, variances = means[order], masses[order], variances[order]
        exact = all(block_is_exact for *_, block_is_exact in blocks)
        bounds = (float(points.min()), float(points.max()))
        return self._united(means, masses, variances, exact, bounds)

    def with_each(self, points: Array, weights: Optional[Array] = None) -> WeightedSummary:
        """Return the summary after the points have been added one by one."""
        atoms = np.stack((self.means, self.masses, self.variances))
        weights = np.ones(points.size) if weights is None else weights
        (means, masses, variances), all_kept = with_each(atoms, points, weights, self.capacity)
        low, high = min(self.low, float(points.min())), max(self.high, float(points.max()))
        exact = self.exact and all_kept
        return WeightedSummary(self.capacity, means, masses, variances, exact, low, high)

    def _block(self, points: Array, weights: Optional[Array]) -> tuple[Array, Array, Array, bool]:
        """Return a block of points as sorted atoms, and whether each is one value."""
        if weights is None:
            means = np.sort(points)
            masses = np.ones(means.size)
        else:
            order = np.argsort(points, kind="stable")
            means, masses = points[order], weights[order]
        atoms = means, masses, np.zeros(means.size)
        if points.size < _BLOCK:
            return (*atoms, True)
        means, masses, variances = _joined(*atoms)
        if means.size <= _BLOCK_FACTOR * self.capacity:
            return means, masses, variances, True
        starts = _companded_starts(means, masses, _BLOCK_FACTOR * self.capacity)
        return (*_grouped(means, masses, variances, starts), False)

    def merged_with(self, other: WeightedSummary) -> WeightedSummary:
        """Return the summary of both sets of points, with the capacity of `self`."""
        bounds = (other.low, other.high)
        return self._united(other.means, other.masses, other.variances, other.exact, bounds)

    def scaled(self, factor: float) -> WeightedSummary:
        """Return the summary with all masses multiplied by `factor`; drop negligible atoms."""
        masses = self.masses * factor
        keep = masses > NEGLIGIBLE_MASS * masses.sum()
        return replace(
            self, means=self.means[keep], masses=masses[keep], variances=self.variances[keep]
        )

    def coarsened(self, n_atoms: int) -> WeightedSummary:
        """Return a copy with about `n_atoms` atoms, or `self` if it has no more than that."""
        if self.n_atoms <= n_atoms:
            return self
        starts = _companded_starts(self.means, self.masses, n_atoms)
        means, masses, variances = _grouped(self.means, self.masses, self.variances, starts)
        return replace(self, means=means, masses=masses, variances=variances, exact=False)

    def without_points(self, points: Array) -> WeightedSummary:
        """Return the summary with one unit of mass removed for each point.

        The result is exact while the summary is exact. After merging, a point is removed from the
        nearest atom that can contain it. By Samuelson's inequality, a value of an atom of mass c
        and variance u is at most sqrt(u (c - 1)) from the atom's mean.

        Raises
        ------
        UnknownPointError : if a value cannot have been added before
        """
        if points.size > self.mass:
            raise UnknownPointError(
                f"expected at most the {self.mass:.0f} points held, got {points.size}", "points"
            )
        means, masses, variances = self.means.copy(), self.masses.copy(), self.variances.copy()
        for index, x in enumerate(points.tolist()):
            atom = self._holder(x, means, masses, variances)
            if atom is None:
                raise UnknownPointError(
                    f"expected points seen before, got {x!r} at index {index}", "points"
                )
            left = masses[atom] - 1.0
            if left < 0.5:  # masses are whole numbers, because removal is refused with decay
                means, masses, variances = (
                    np.delete(values, atom) for values in (means, masses, variances)
                )
                continue
            distance = x - means[atom]
            means[atom] -= distance / left
            scatter_left = variances[atom] * masses[atom] - distance * distance * (1 + 1 / left)
            variances[atom] = max(scatter_left / left, 0.0) if left > 1 else 0.0
            masses[atom] = left
        order = np.argsort(means, kind="stable")
        means, masses, variances = _joined(means[order], masses[order], variances[order])
        return replace(self, means=means, masses=masses, variances=variances)

    def _holder(self, x: float, means: Array, masses: Array, variances: Array) -> Optional[int]:
        """Return the index of the atom from which to remove x, or None if none can contain it."""
        if means.size == 0:
            return None
        distances = np.abs(means - x)
        nearest = int(np.argmin(distances))
        if distances[nearest] == 0.0:
            return nearest
        if self.exact:
            return None
        if not self.low <= x <= self.high:
            return None
        able = distances <= np.sqrt(variances * np.maximum(masses - 1.0, 0.0))
        # An earlier removal may have taken its value from the wrong atom. Then no atom may be able
        # to contain x, and the nearest atom is used.
        return int(np.argmin(np.where(able, distances, np.inf))) if able.any() else nearest

    def _united(
        self,
        means: Array,
        masses: Array,
        variances: Array,
        exact: bool,
        bounds: tuple[float, float],
    ) -> WeightedSummary:
        """Return the summary of this one's atoms and the given sorted atoms."""
        if means.size > 8 * self.capacity:  # reduce a large increment before merging it
            means, masses, variances = _joined(means, masses, variances)
            if means.size > _PRESORTED_FACTOR * self.capacity:
                starts = _companded_starts(means, masses, _PRESORTED_FACTOR * self.capacity)
                means, masses, variances = _grouped(means, masses, variances, starts)
                exact = False
        means = np.concatenate([self.means, means])
        order = np.argsort(means, kind="stable")
        masses = np.concatenate([self.masses, masses])[order]
        variances = np.concatenate([self.variances, variances])[order]
        joined = _joined(means[order], masses, variances)
        bounds = (min(self.low, bounds[0]), max(self.high, bounds[1]))
        return self._reduced(*joined, self.exact and exact, bounds)

    def _reduced(
        self,
        means: Array,
        masses: Array,
        variances: Array,
        exact: bool,
        bounds: tuple[float, float],
    ) -> WeightedSummary:
        """Return a summary of the given sorted atoms; merge neighbours down to `capacity` atoms."""
        if means.size > self.capacity:
            exact = False
        if means.size > 2 * _PRESORTED_FACTOR * self.capacity:
            starts = _companded_starts(means, masses, _PRESORTED_FACTOR * self.capacity)
            means, masses, variances = _grouped(means, masses, variances, starts)
        while means.size > self.capacity:
            starts = _ward_starts(means, masses, means.size - self.capacity)
            means, masses, variances = _grouped(means, masses, variances, starts)
        return WeightedSummary(self.capacity, means, masses, variances, exact, *bounds)


def _joined(means: Array, masses: Array, variances: Array) -> tuple[Array, Array, Array]:
    """Return sorted atoms, with atoms of equal mean merged."""
    starts = np.flatnonzero(np.concatenate([[True], means[1:] != means[:-1]]))
    if starts.size >= means.size:
        return means, masses, variances
    joint_masses = np.add.reduceat(masses, starts)
    joint_variances = np.add.reduceat(masses * variances, starts) / joint_masses
    return means[starts], joint_masses, joint_variances


def _grouped(
    means: Array, masses: Array, variances: Array, starts: Indices
) -> tuple[Array, Array, Array]:
    """Return one atom for each run of atoms; `starts` holds the first index of each run."""
    joint_masses = np.add.reduceat(masses, starts)
    sizes = np.diff(starts, append=means.size)
    # sums are relative to each run's first atom, so that a large offset loses no digits
    offsets = means - np.repeat(means[starts], sizes)
    shares = masses / np.repeat(joint_masses, sizes)
    shifts = np.add.reduceat(shares * offsets, starts)
    centred = offsets - np.repeat(shifts, sizes)
    joint_variances = np.add.reduceat(shares * (centred * centred + variances), starts)
    return means[starts] + shifts, joint_masses, joint_variances


def _ward_starts(means: Array, masses: Array, n_excess: int) -> Indices:
    """Return the starts of runs that merge at most `n_excess` disjoint pairs of least cost.

    The cost of a merge is the added within-atom scatter, w1 w2 / (w1 + w2) (m2 - m1)^2.
    """
    gaps = np.diff(means) / (means[-1] - means[0])  # scaled, so that 1e150 squared cannot overflow
    left, right = masses[:-1], masses[1:]
    costs = gaps * gaps * (left * right / (left + right))
    # Costs only rise as atoms grow. So merging the cheapest pair, one at a time, would merge each
    # local minimum of the costs sooner or later. Local minima are disjoint: merge them together.
    padded = np.concatenate([[np.inf], costs, [np.inf]])
    lowest = np.flatnonzero((costs < padded[:-2]) & (costs <= padded[2:]))
    bound = np.partition(costs, n_excess - 1)[n_excess - 1]
    lowest = lowest[costs[lowest] <= bound]
    if lowest.size > n_excess:
        lowest = lowest[np.argpartition(costs[lowest], n_excess - 1)[:n_excess]]
    keep = np.ones(means.size, dtype=bool)
    keep[lowest + 1] = False
    return np.flatnonzero(keep)


def _companded_starts(means: Array, masses: Array, n_groups: int) -> Indices:
    """Return the starts of at most `n_groups` + 1 runs of sorted atoms.

    The best quantiser for squared error has a density of cells proportional to density^(1/3)
    (Panter and Dite 1951, doi 10.1109/JRPROC.1951.230419). With density = mass / gap, the integral
    over a gap is mass^(1/3) gap^(2/3).
    """
    gaps = np.diff(means) / (means[-1] - means[0])
    steps = np.cbrt((masses[:-1] + masses[1:]) * gaps * gaps)
    position = np.cumsum(steps)
    cell = (position * (n_groups / position[-1])).astype(np.int64)
    return np.concatenate([[0], np.flatnonzero(np.diff(cell, prepend=0)) + 1])
