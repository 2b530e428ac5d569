"""Joint log-densities of a mixture's components with standardised atoms, compiled."""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.compilation import compiled
from dash_app.learning.compiled.elementary import exp, log
from dash_app.learning.compiled.signatures import ATOMS, BATCH, THETA, Array, Atoms, Batch, Theta

HALF_LOG_2PI = 0.5 * float(np.log(2.0 * np.pi))

LEAST_WEIGHT = 1e-300
"""A component of less has died out."""


@compiled(f"void({ATOMS}, {THETA}, f8[:, ::1])")
def joint_log_densities(atoms: Atoms, theta: Theta, joint: Array) -> None:
    """Set log(w_k N(atom | k)), (K, n_atoms)."""
    positions, spread = atoms[0], atoms[2]
    for k in range(theta[0].size):
        weight, mean, variance = theta[0][k], theta[1][k], theta[2][k]
        log_weight = log(weight) if weight > LEAST_WEIGHT else -np.inf
        log_peak = log_weight - 0.5 * log(variance) - HALF_LOG_2PI
        factor = -0.5 / variance
        for i in range(positions.size):
            deviation = positions[i] - mean
            joint[k, i] = log_peak + factor * (deviation * deviation + spread[i])


@compiled(f"void({ATOMS}, {THETA}, f8[:, ::1], f8[::1])")
def scaled_densities(atoms: Atoms, theta: Theta, densities: Array, top: Array) -> None:
    """Set w_k N(atom | k) / e^top, (K, n_atoms), and top, log of the greatest of an atom."""
    joint_log_densities(atoms, theta, densities)
    top[:] = -np.inf
    for k in range(densities.shape[0]):
        for i in range(top.size):
            top[i] = max(top[i], densities[k, i])
    for k in range(densities.shape[0]):
        for i in range(top.size):
            densities[k, i] = exp(densities[k, i] - top[i])


@compiled(f"f8[:, :, ::1]({ATOMS}, {BATCH})")
def densities_of_each(atoms: Atoms, batch: Batch) -> Array:
    """Return w_k N(atom | k) of each mixture of a batch, (R, K, n_atoms), 1e-304 at the least."""
    weights, means, variances = batch
    densities = np.empty((means.shape[0], means.shape[1], atoms[0].size))
    for r in range(densities.shape[0]):
        joint_log_densities(atoms, (weights[r], means[r], variances[r]), densities[r])
        for k in range(densities.shape[1]):
            for i in range(densities.shape[2]):
                densities[r, k, i] = exp(densities[r, k, i])
    return densities
