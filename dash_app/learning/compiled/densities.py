"""Densities of the components of a mixture at atoms, compiled.

An atom stands for several values. Its log-density under a component is the mean over these values:
the log-density at the atom's mean, minus (atom's variance) / (2 * component's variance).
"""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.batches import mixture_at
from dash_app.learning.compiled.bounds import DEAD_WEIGHT
from dash_app.learning.compiled.compilation import inlined, inner
from dash_app.learning.compiled.elementary import exp, log
from dash_app.learning.compiled.signatures import Atoms, Batch, Parameters
from dash_app.learning.mixture import Array

HALF_LOG_2PI = 0.5 * float(np.log(2.0 * np.pi))


@inlined
def log_peak(weight: float, variance: float) -> float:
    """Return log(w N(m | m, v)), the joint log-density at the component's own mean."""
    log_weight = log(weight) if weight > DEAD_WEIGHT else -np.inf
    return log_weight - 0.5 * log(variance) - HALF_LOG_2PI


@inlined
def log_density(peak: float, half_precision: float, deviation: float, spread: float) -> float:
    """Return log(w N(atom | m, v)).

    peak : from `log_peak`;  half_precision : 1 / (2 v)
    deviation : the atom's mean minus m;  spread : the atom's variance
    """
    return peak - half_precision * (deviation * deviation + spread)


@inner
def joint_log_densities(atoms: Atoms, parameters: Parameters, joint: Array) -> None:
    """Set `joint` to log(w_k N(atom | k)), (K, n_atoms)."""
    positions, spread = atoms.positions, atoms.variances
    for k in range(parameters.means.size):
        mean, variance = parameters.means[k], parameters.variances[k]
        peak, half_precision = log_peak(parameters.weights[k], variance), 0.5 / variance
        for i in range(positions.size):
            joint[k, i] = log_density(peak, half_precision, positions[i] - mean, spread[i])


@inner
def scaled_densities(atoms: Atoms, parameters: Parameters, densities: Array, top: Array) -> None:
    """Set `top` to each atom's largest joint log-density, `densities` to w_k N(atom | k) / e^top.

    densities : (K, n_atoms);  top : (n_atoms,)
    """
    joint_log_densities(atoms, parameters, densities)
    top[:] = -np.inf
    for k in range(densities.shape[0]):
        for i in range(top.size):
            top[i] = np.maximum(top[i], densities[k, i])
    for k in range(densities.shape[0]):
        for i in range(top.size):
            densities[k, i] = exp(densities[k, i] - top[i])


@inner
def densities_of_each(atoms: Atoms, batch: Batch) -> Array:
    """Return w_k N(atom | k) of each mixture, (R, K, n_atoms), at least 1e-304."""
    densities = np.empty((batch.means.shape[0], batch.means.shape[1], atoms.positions.size))
    for r in range(densities.shape[0]):
        joint_log_densities(atoms, mixture_at(batch, r), densities[r])
        for k in range(densities.shape[1]):
            for i in range(densities.shape[2]):
                densities[r, k, i] = exp(densities[r, k, i])
    return densities
