"""Distances between two mixtures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import rel_entr

from dash_app.learning.grid import component_positions
from dash_app.learning.mixture import LOG_2PI, Array, Mixture
from dash_app.learning.points import as_points

_REACH_STDS = 7.0
"""Range of integration around each mean, in standard deviations of the component. 3e-12 of the
component's mass lies outside."""

_N_CUBIC_STEPS = 5
"""Steps to the crossing of a cubic: Newton's, or to the middle of what is left of the cell."""

_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(4)  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Comparison:
    """Differences between two mixtures p and q.

    total_variation : float, 0 to 1; half the integral of |p - q|
    jensen_shannon : float, nats, 0 to log 2
    integrated_squared_error : float, 1 / data units
    log_likelihood_gap : float or None, nats per point
        Mean log-likelihood of p minus that of q, by the weights of the points.
    """

    total_variation: float
    jensen_shannon: float
    integrated_squared_error: float
    log_likelihood_gap: Optional[float] = None


def compare(
    p: Mixture,
    q: Mixture,
    points: Optional[ArrayLike] = None,
    weights: Optional[ArrayLike] = None,
) -> Comparison:
    """Return several distances between two densities.

    Parameters
    ----------
    p, q : Mixture; the numbers of components may differ
    points : array, shape (n_points,), data units; only the log-likelihood gap needs them
    weights : array, shape (n_points,), above 0; how much each point counts, default 1 each

    Returns
    -------
    Comparison

    Raises
    ------
    EmptyDataError, NonFiniteError, OutOfRangeError, ShapeError : for invalid points or weights

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
        gap = p.mean_log_likelihood(x, weights) - q.mean_log_likelihood(x, weights)
    return Comparison(
        total_variation=_total_variation(p, q, edges),
        jensen_shannon=_jensen_shannon(p, q, edges),
        integrated_squared_error=_integrated_squared_error(p, q),
        log_likelihood_gap=gap,
    )


def total_variation(p: Mixture, q: Mixture) -> float:
    """Return half the integral of |p - q|, 0 to 1; it needs no points.

    Examples
    --------
    >>> p = Mixture(np.ones(1), np.array([0.0]), np.array([1.0]))
    >>> q = Mixture(np.ones(1), np.array([1.0]), np.array([1.0]))
    >>> total_variation(p, q) == compare(p, q).total_variation
    True
    """
    return _total_variation(p, q, _edges(p, q))


def _edges(p: Mixture, q: Mixture) -> Array:
    return component_positions([p, q], _REACH_STDS)


def _total_variation(p: Mixture, q: Mixture, edges: Array) -> float:
    """Return half the integral of |p - q|.

    F_p - F_q is monotone between two crossings of p and q. There the integral is the change of
    F_p - F_q, which is exact. An error in a crossing has an effect of second order.
    """
    gap, slope = _gap_and_slope(p, q, edges)
    dips = _dips(edges, gap, slope)
    if dips.size:
        gap_there, slope_there = _gap_and_slope(p, q, dips)
        edges = np.concatenate([edges, dips])
        order = np.argsort(edges)
        edges = edges[order]
        gap = np.concatenate([gap, gap_there])[order]
        slope = np.concatenate([slope, slope_there])[order]
    turns = np.sort(np.concatenate([edges, _crossings(p, q, edges, gap, slope)]))
    difference = np.concatenate([[0.0], p.cdf(turns) - q.cdf(turns), [0.0]])
    return float(min(0.5 * np.abs(np.diff(difference)).sum(), 1.0))


def _dips(edges: Array, gap: Array, slope: Array) -> Array:
    """Return the approximate minima of |p - q| in cells where p - q has the same sign at both ends.

    p - q may cross 0 twice in such a cell. The signs at the edges alone would miss both crossings.
    """
    sign = np.sign(gap)
    towards = sign * slope  # < 0 where |p - q| falls
    cells = np.flatnonzero((sign[1:] == sign[:-1]) & (towards[:-1] < 0) & (towards[1:] > 0))
    share = np.nan_to_num(towards[cells] / (towards[cells] - towards[cells + 1]), nan=0.5)
    dips: Array = edges[cells] + share * (edges[cells + 1] - edges[cells])
    return dips


def _crossings(p: Mixture, q: Mixture, edges: Array, gap: Array, slope: Array) -> Array:
    """Return the crossings of p and q, by Newton's method.

    It starts at the crossing of the cubic that has the values and slopes at both ends of a cell. A
    cell is at most 1/4 standard deviation wide.
    """
    cells = np.flatnonzero((gap[1:] > 0) != (gap[:-1] > 0))
    start, end = edges[cells], edges[cells + 1]
    width, low, high = end - start, gap[cells], gap[cells + 1]
    with np.errstate(all="ignore"):
        rise_low, rise_high = width * slope[cells], width * slope[cells + 1]
        square = 3 * (high - low) - 2 * rise_low - rise_high
        cube = 2 * (low - high) + rise_low + rise_high
        share = low / (low - high)
        before, behind = np.zeros(cells.size), np.ones(cells.size)
        for _ in range(_N_CUBIC_STEPS):
            value = low + share * (rise_low + share * (square + share * cube))
            derivative = rise_low + share * (2 * square + share * 3 * cube)
            is_before = (value > 0) == (low > 0)
            before, behind = np.where(is_before, share, before), np.where(is_before, behind, share)
            share = share - value / derivative
            inside = (before < share) & (share < behind)
            share = np.where(inside, share, 0.5 * (before + behind))
        crossings = start + np.nan_to_num(share, nan=0.5) * width
        gap, slope = _gap_and_slope(p, q, crossings)
        refined: Array = np.clip(crossings - np.nan_to_num(gap / slope), start, end)
    return refined


def _gap_and_slope(p: Mixture, q: Mixture, x: Array) -> tuple[Array, Array]:
    """Return p - q and its derivative at each position."""
    (density_p, slope_p), (density_q, slope_q) = (_density_and_slope(m, x) for m in (p, q))
    with np.errstate(invalid="ignore"):  # a NaN compares as false, so it is no dip
        return density_p - density_q, slope_p - slope_q


def _density_and_slope(mixture: Mixture, x: Array) -> tuple[Array, Array]:
    means, stds = mixture.means[:, None], mixture.stds[:, None]
    with np.errstate(all="ignore"):
        parts = np.exp(mixture.component_log_density(x)).T
        slope = -(parts * ((x - means) / stds / stds)).sum(axis=0)
    return parts.sum(axis=0), slope


def _jensen_shannon(p: Mixture, q: Mixture, edges: Array) -> float:
    """Return the Jensen-Shannon divergence, by Gauss-Legendre quadrature between the edges."""
    half_widths = 0.5 * np.diff(edges)
    x = (0.5 * edges[1:] + 0.5 * edges[:-1])[:, None] + half_widths[:, None] * _NODES
    density_p, density_q = p.density(x.ravel()), q.density(x.ravel())
    middle = 0.5 * density_p + 0.5 * density_q
    # rel_entr takes 0 log 0 as 0, where a density underflows; half of the least number is 0, too
    terms = rel_entr(density_p, middle) + rel_entr(density_q, middle)
    terms[middle == 0.0] = 0.0
    value = 0.5 * float(half_widths @ (terms.reshape(x.shape) @ _NODE_WEIGHTS))
    return float(np.clip(value, 0.0, np.log(2.0)))


def _integrated_squared_error(p: Mixture, q: Mixture) -> float:
    """Return the integral of (p - q)^2 in closed form.

    The integral of a product of two normal densities is a normal density.
    """
    weights = np.concatenate([p.weights, -q.weights])
    means = np.concatenate([p.means, q.means])
    variances = np.concatenate([p.variances, q.variances])
    spread = variances[:, None] + variances[None, :]
    z = (means[:, None] - means[None, :]) / np.sqrt(spread)
    with np.errstate(over="ignore"):
        overlap = np.exp(-0.5 * (z * z + LOG_2PI)) / np.sqrt(spread)
    return float(max(weights @ overlap @ weights, 0.0))
