"""A one-dimensional Gaussian mixture: the result of both trainings, online and from scratch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Optional

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dash_app.errors import EmptyDataError, NonFiniteError, OutOfRangeError, ShapeError
from dash_app.learning.points import as_positions, as_weights

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]
LOG_2PI = float(np.log(2.0 * np.pi))

_BLOCK = 8_192
"""Number of points evaluated at a time. It bounds the memory beside the points and the result."""


def component_order(weights: Array, means: Array, variances: Array) -> Indices:
    """Return the order in which a mixture has these components, shape (n_components,).

    Equal means are sorted by variance, then by weight: equal mixtures become equal arrays.

    >>> component_order(np.array([0.5, 0.5]), np.array([1.0, -1.0]), np.ones(2)).tolist()
    [1, 0]
    """
    return np.lexsort((weights, variances, means))


@dataclass(frozen=True, eq=False)
class Mixture:
    """Weights, means and variances, sorted by mean.

    Parameters
    ----------
    weights : ndarray, shape (n_components,); not negative, sums to 1
    means : ndarray, shape (n_components,), data units
    variances : ndarray, shape (n_components,), data units squared; above 0

    Raises
    ------
    ShapeError : if the three arrays differ in length
    NonFiniteError, OutOfRangeError : if a value is not finite, or is out of range

    Examples
    --------
    >>> pair = Mixture(np.array([0.5, 0.5]), np.array([1.0, -1.0]), np.array([1.0, 1.0]))
    >>> pair.means.tolist()
    [-1.0, 1.0]
    >>> float(np.round(pair.density([0.0])[0], 6))
    0.241971
    """

    weights: Array
    means: Array
    variances: Array

    def __post_init__(self) -> None:
        weights, means, variances = (
            np.array(values, dtype=np.float64)
            for values in (self.weights, self.means, self.variances)
        )
        shapes = (weights.shape, means.shape, variances.shape)
        if means.ndim != 1 or means.size == 0 or len(set(shapes)) != 1:
            raise ShapeError(f"expected three lists of one length >= 1, got shapes {shapes}")
        if not all(np.isfinite(values).all() for values in (weights, means, variances)):
            raise NonFiniteError("expected finite weights, means and variances")
        if (weights < 0).any() or abs(weights.sum() - 1.0) > 1e-9:
            raise OutOfRangeError(
                f"expected weights >= 0 with sum 1, got least {weights.min()}, sum {weights.sum()}"
            )
        if (variances <= 0).any():
            raise OutOfRangeError(f"expected variances > 0, got {variances.min()}", "variances")
        order = component_order(weights, means, variances)
        for name, values in (("weights", weights), ("means", means), ("variances", variances)):
            values = values[order] + 0.0  # -0.0 becomes 0.0: equal mixtures have equal bytes
            values.setflags(write=False)
            object.__setattr__(self, name, values)

    @property
    def n_components(self) -> int:
        """Number of components."""
        return self.means.size

    @cached_property
    def stds(self) -> Array:
        """Standard deviations, shape (n_components,), data units."""
        stds: Array = np.sqrt(self.variances)
        stds.setflags(write=False)
        return stds

    @cached_property
    def _log_peaks(self) -> Array:
        """The log-density of each component at its mean, (n_components,)."""
        with np.errstate(divide="ignore"):
            log_peaks: Array = np.log(self.weights) - 0.5 * (LOG_2PI + np.log(self.variances))
        return log_peaks

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mixture):
            return NotImplemented
        return all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("weights", "means", "variances")
        )

    def __hash__(self) -> int:
        return hash((self.weights.tobytes(), self.means.tobytes(), self.variances.tobytes()))

    def __reduce__(self) -> tuple[Any, ...]:
        # a copy is made by the constructor, which makes its arrays read-only
        return type(self), (self.weights, self.means, self.variances)

    def component_log_density(self, points: ArrayLike) -> Array:
        """Return log(weight * normal density), shape (n_points, n_components).

        A component of weight 0 has -inf at every point.
        """
        by_point: Array = self._joint_log_density(as_positions(points)).T
        return by_point

    def _joint_log_density(self, x: Array) -> Array:
        """Return `component_log_density` transposed; sums over components are faster this way."""
        with np.errstate(over="ignore"):
            # divide before squaring, so that distances of 1e150 do not overflow
            z = (x - self.means[:, None]) / self.stds[:, None]
            joint: Array = self._log_peaks[:, None] - 0.5 * (z * z)
        return joint

    def _log_density(self, x: Array) -> Array:
        """Return the log-density at each point of a block."""
        joint = self._joint_log_density(x)
        top = joint.max(axis=0)
        # where every component underflows the log-density is -inf, not NaN
        top[~np.isfinite(top)] = 0.0
        joint -= top
        with np.errstate(divide="ignore"):
            log_density: Array = np.log(np.exp(joint, out=joint).sum(axis=0)) + top
        return log_density

    def log_density(self, points: ArrayLike) -> Array:
        """Return the log-density at each point, shape (n_points,), log(1 / data units)."""
        x = as_positions(points)
        log_density = np.empty(x.size)
        for block in _blocks(x.size):
            log_density[block] = self._log_density(x[block])
        return log_density

    def density(self, points: ArrayLike) -> Array:
        """Return the density at each point, shape (n_points,), 1 / data units."""
        log_density = self.log_density(points)
        density: Array = np.exp(log_density, out=log_density)
        return density

    def cdf(self, points: ArrayLike) -> Array:
        """Return the cumulative distribution function at each point, shape (n_points,)."""
        from scipy.special import ndtr  # takes a quarter of a second, and few mixtures need it

        x = as_positions(points)
        cdf = np.empty(x.size)
        for block in _blocks(x.size):
            cdf[block] = self.weights @ ndtr((x[block] - self.means[:, None]) / self.stds[:, None])
        return cdf

    def responsibilities(self, points: ArrayLike) -> Array:
        """Return p(component | point), shape (n_points, n_components); rows sum to 1."""
        joint = self.component_log_density(points)
        top = joint.max(axis=1, keepdims=True)
        shares = np.exp(joint - np.where(np.isfinite(top), top, 0.0))
        total = shares.sum(axis=1, keepdims=True)
        # where every component's density underflows, the responsibilities are the weights
        with np.errstate(invalid="ignore", divide="ignore"):
            resp: Array = np.where(total > 0, shares / total, self.weights)
        return resp

    def mean_log_likelihood(self, points: ArrayLike, weights: Optional[ArrayLike] = None) -> float:
        """Return the mean log-density of the points, nats per point; weights default to 1 each.

        Raises
        ------
        EmptyDataError : without points, since they have no mean
        OutOfRangeError, ShapeError : not one weight above 0 for each point
        """
        x = as_positions(points)
        if x.size == 0:
            raise EmptyDataError("expected at least one point, got none", "points")
        masses = as_weights(weights, x.size)
        if masses is None:
            total = sum(float(self._log_density(x[block]).sum()) for block in _blocks(x.size))
            return total / x.size
        parts = (float(self._log_density(x[block]) @ masses[block]) for block in _blocks(x.size))
        return sum(parts) / float(masses.sum())

    def to_dict(self) -> dict[str, list[float]]:
        """Return plain lists, for JSON; `from_dict` restores every bit."""
        return {
            "weights": self.weights.tolist(),
            "means": self.means.tolist(),
            "variances": self.variances.tolist(),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Mixture:
        """Return the mixture that `to_dict` described."""
        return cls(
            np.array(values["weights"], dtype=np.float64),
            np.array(values["means"], dtype=np.float64),
            np.array(values["variances"], dtype=np.float64),
        )


def _blocks(n_points: int) -> Iterator[slice]:
    for start in range(0, n_points, _BLOCK):
        yield slice(start, start + _BLOCK)
