"""How far two mixtures are apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np
from numpy.typing import ArrayLike

from dash_app.learning.mixture import LOG_2PI, Array, Mixture
from dash_app.learning.points import as_points

_STD_STEPS = np.linspace(-9.0, 9.0, 145)
"""Where each component is looked at, in its own standard deviations from its own mean."""

_N_BISECTIONS = 16
"""An edge cell is 1/8 std wide or less: what is left of it, squared, is below 1e-12."""

_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(8)


@dataclass(frozen=True)
class Comparison:
    """Differences between two mixtures p and q.

    total_variation : float, 0 to 1: the share of mass that lies elsewhere
    jensen_shannon : float, nats, 0 to log 2
    integrated_squared_error : float, 1 / data units
    log_likelihood_gap : float or None, mean log-likelihood of p less that of q, nats per point
    """

    total_variation: float
    jensen_shannon: float
    integrated_squared_error: float
    log_likelihood_gap: Optional[float] = None


def compare(p: Mixture, q: Mixture, points: Optional[ArrayLike] = None) -> Comparison:
    """Return how far apart two densities are.

    Parameters
    ----------
    p, q : Mixture, of any numbers of components
    points : array, shape (n_points,), data units; for the log-likelihood gap

    Returns
    -------
    Comparison

    Raises
    ------
    EmptyDataError, NonFiniteError, OutOfRangeError, ShapeError : for bad points

    Examples
    --------
    >>> p = Mixture(np.ones(1), np.array([0.0]), np.array([1.0]))
    >>> q = Mixture(np.ones(1), np.array([1.0]), np.array([1.0]))
    >>> round(compare(p, q).total_variation, 6)  # 2 Phi(1/2) - 1
    0.382925
    """
    edges = _edges(p, q)
    gap = None
    if points is not None:
        x = as_points(points)
        gap = p.mean_log_likelihood(x) - q.mean_log_likelihood(x)
    return Comparison(
        total_variation=_total_variation(p, q, edges),
        jensen_shannon=_jensen_shannon(p, q, edges),
        integrated_squared_error=_integrated_squared_error(p, q),
        log_likelihood_gap=gap,
    )


def _edges(p: Mixture, q: Mixture) -> Array:
    """Return sorted positions dense around every component of both, at its own scale."""
    means = np.concatenate([p.means, q.means])
    stds = np.concatenate([p.stds, q.stds])
    return np.unique(means[:, None] + stds[:, None] * _STD_STEPS)


def _total_variation(p: Mixture, q: Mixture, edges: Array) -> float:
    """Return half the total variation of F_p - F_q, which turns where p and q cross.

    Between two edges the difference of the distribution functions is exact; only the crossings
    have to be located, by bisection, and an error there is of second order.
    """
    sign = p.log_density(edges) > q.log_density(edges)
    cells = np.flatnonzero(sign[1:] != sign[:-1])
    low, high, low_sign = edges[cells], edges[cells + 1], sign[cells]
    for _ in range(_N_BISECTIONS if cells.size else 0):
        middle = 0.5 * low + 0.5 * high
        same = (p.log_density(middle) > q.log_density(middle)) == low_sign
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    turns = np.sort(np.concatenate([edges, low]))
    difference = np.concatenate([[0.0], p.cdf(turns) - q.cdf(turns), [0.0]])
    return float(min(0.5 * np.abs(np.diff(difference)).sum(), 1.0))


def _jensen_shannon(p: Mixture, q: Mixture, edges: Array) -> float:
    """Return the divergence by Gauss-Legendre quadrature between the edges."""
    half_widths = 0.5 * np.diff(edges)
    x = (0.5 * edges[1:] + 0.5 * edges[:-1])[:, None] + half_widths[:, None] * _NODES
    log_p, log_q = p.log_density(x.ravel()), q.log_density(x.ravel())
    log_middle = np.logaddexp(log_p, log_q) - np.log(2.0)
    with np.errstate(invalid="ignore"):  # 0 log 0, where both densities have left float64
        terms = np.exp(log_p) * (log_p - log_middle) + np.exp(log_q) * (log_q - log_middle)
    terms = np.where(np.isfinite(terms), terms, 0.0).reshape(x.shape)
    value = 0.5 * float(half_widths @ (terms @ _NODE_WEIGHTS))
    return float(np.clip(value, 0.0, np.log(2.0)))


def _integrated_squared_error(p: Mixture, q: Mixture) -> float:
    """Return the integral of (p - q)^2 in closed form: normals integrate to a normal."""
    weights = np.concatenate([p.weights, -q.weights])
    means = np.concatenate([p.means, q.means])
    variances = np.concatenate([p.variances, q.variances])
    spread = variances[:, None] + variances[None, :]
    z = (means[:, None] - means[None, :]) / np.sqrt(spread)
    with np.errstate(over="ignore"):
        overlap = np.exp(-0.5 * (z * z + LOG_2PI)) / np.sqrt(spread)
    return float(max(weights @ overlap @ weights, 0.0))
