"""Incremental EM of Neal and Hinton (1998), compiled; the M-step maximises J."""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.compilation import compiled
from dash_app.learning.compiled.densities import log_density, log_peak
from dash_app.learning.compiled.elementary import exp
from dash_app.learning.compiled.penalty import m_step_variance
from dash_app.learning.compiled.signatures import ATOMS, BATCH, PRIOR, Atoms, Batch, Prior, f8, void
from dash_app.learning.mixture import Array


@compiled(void(ATOMS, PRIOR, BATCH, f8[:, ::1]))
def sweep(atoms: Atoms, prior: Prior, batch: Batch, responsibilities: Array) -> None:
    """Visit each atom once, in order; an M-step for all components follows each visit.

    A visit replaces the atom's old responsibilities in the sufficient statistics by new ones.

    batch : one mixture, (1, K), standardised units; changed in place
    responsibilities : (n_atoms, K), those of the last visit; changed in place
    """
    n_components = batch.means.shape[1]
    weights, means, variances = batch.weights[0], batch.means[0], batch.variances[0]
    stats = np.zeros((3, n_components))  # mass, sum and sum of squares of each component
    joint = np.empty(n_components)
    for i in range(atoms.positions.size):
        x = atoms.positions[i]
        for k in range(n_components):
            share = atoms.masses[i] * responsibilities[i, k]
            stats[0, k] += share
            stats[1, k] += share * x
            stats[2, k] += share * x * x
    for i in range(atoms.positions.size):
        x, top, total = atoms.positions[i], -np.inf, 0.0
        for k in range(n_components):
            peak = log_peak(weights[k], variances[k])
            joint[k] = log_density(peak, 0.5 / variances[k], x - means[k], 0.0)
            top = max(top, joint[k])
        for k in range(n_components):
            joint[k] = exp(joint[k] - top)
            total += joint[k]
        for k in range(n_components):
            share = atoms.masses[i] * (joint[k] / total - responsibilities[i, k])
            responsibilities[i, k] = joint[k] / total
            stats[0, k] = max(stats[0, k] + share, 0.0)
            stats[1, k] += share * x
            stats[2, k] += share * x * x
        mass = stats[0].sum()
        for k in range(n_components):
            weights[k] = stats[0, k] / mass
            scatter = 0.0
            if stats[0, k] > 0.0:
                means[k] = stats[1, k] / stats[0, k]
                scatter = max(stats[2, k] - means[k] * stats[1, k], 0.0)
            variances[k] = m_step_variance(prior, stats[0, k], scatter)
