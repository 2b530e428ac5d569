"""Positions at which a density is evaluated, close enough together for every component.

Equal steps alone would miss a narrow component. So each component adds its own positions around its
mean, a quarter of its standard deviation apart. assets/density.js computes the same grid in the
browser; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dash_app.learning.mixture import Array, Mixture

_STEPS_PER_STD = 4
"""Positions per standard deviation of a component. More positions draw smoother curves and take
longer."""


def component_positions(mixtures: Sequence[Mixture], reach_stds: float) -> Array:
    """Return positions around every mean, at each component's own scale.

    Parameters
    ----------
    mixtures : their numbers of components may differ
    reach_stds : float, distance to either side, in standard deviations of the component

    Returns
    -------
    ndarray, ascending, each position once, data units

    Examples
    --------
    >>> one = Mixture(np.ones(1), np.zeros(1), np.ones(1))
    >>> component_positions([one], 0.5).tolist()
    [-0.5, -0.25, 0.0, 0.25, 0.5]
    """
    n_steps = int(reach_stds * _STEPS_PER_STD)
    multiples = np.arange(-n_steps, n_steps + 1) / _STEPS_PER_STD
    own = [mixture.means[:, None] + mixture.stds[:, None] * multiples for mixture in mixtures]
    positions: Array = np.unique(np.concatenate([each.ravel() for each in own]))
    return positions


def grid(
    mixtures: Sequence[Mixture], low: float, high: float, *, n_equal: int, reach_stds: float
) -> Array:
    """Return `n_equal` >= 2 equally spaced positions, and those of `component_positions`.

    Returns
    -------
    ndarray, ascending, each position once, from low to high, data units
    """
    own = component_positions(mixtures, reach_stds)
    inside = own[(own >= low) & (own <= high)]
    positions: Array = np.unique(np.concatenate([np.linspace(low, high, n_equal), inside]))
    return positions
