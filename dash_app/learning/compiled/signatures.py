"""The types of what the compiled loops take: names for readers, signatures for numba."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]

Atoms = tuple[Array, Array, Array, float, float]
"""What J is a sum over: positions, masses and variances (n_atoms,), a location and a scale.

(position - location) / scale is standardised, and so are the variances. No masses and no variances,
(0,), stand for masses of 1 and variances of 0. Compiled loops read it so.
"""

Prior = tuple[float, float, float, float]
"""prior_weight, prior_variance, variance_floor, mass of an `Objective`."""

ATOMS = "Tuple((f8[::1], f8[::1], f8[::1], f8, f8))"
PRIOR = "UniTuple(f8, 4)"

Theta = tuple[Array, Array, Array]
"""Weights, means and variances of one mixture, (K,) each."""

THETA = "UniTuple(f8[::1], 3)"

Batch = tuple[Array, Array, Array]
"""Weights, means and variances of many mixtures, (R, K) each."""

BATCH = "UniTuple(f8[:, ::1], 3)"
