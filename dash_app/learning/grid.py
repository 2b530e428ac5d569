"""Positions at which a density is evaluated, so that no component falls between two of them.

Equal steps alone miss a narrow component. Each mean is added with multiples of its standard
deviation, a quarter apart. assets/density.js has the same grid for the browser; a test holds the
two to each other.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dash_app.learning.mixture import Array, Mixture

_STEPS_PER_STD = 4


def component_positions(mixtures: Sequence[Mixture], reach_stds: float) -> Array:
    """Return positions around every mean, at each component's own scale.

    Parameters
    ----------
    mixtures : of any numbers of components
    reach_stds : float, how far to either side, in a component's standard deviations

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
    """Return `n_equal` >= 2 equally spaced positions from low to high and each component's own.

    Returns
    -------
    ndarray, ascending, each position once, all within low and high, data units
    """
    own = component_positions(mixtures, reach_stds)
    inside = own[(own >= low) & (own <= high)]
    positions: Array = np.unique(np.concatenate([np.linspace(low, high, n_equal), inside]))
    return positions
