"""Cycles of EM with a leap in each, compiled.

Acceleration is SQUAREM (Varadhan and Roland 2008, doi 10.1111/j.1467-9469.2007.00585.x), scheme
S3: two steps of EM, an extrapolation along them, and a third step from there; where J fell the
second step stands.
"""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.compilation import compiled
from dash_app.learning.compiled.elementary import exp, log
from dash_app.learning.compiled.responsibilities import (
    CHUNK,
    CHUNKS,
    Chunk,
    new_chunk,
    new_theta,
    read_chunk,
    size_of_chunk,
)
from dash_app.learning.compiled.signatures import (
    ATOMS,
    BATCH,
    PRIOR,
    THETA,
    Array,
    Atoms,
    Batch,
    Prior,
    Theta,
)

_MAX_STRIDE = 16.0
_LEAST_WEIGHT = 1e-12
_MAX_LOG_VARIANCE = 3.0


@compiled(f"f8({ATOMS}, {PRIOR}, {CHUNKS}, {THETA}, {THETA})")
def em_step(atoms: Atoms, prior: Prior, chunk: Chunk, theta: Theta, after: Theta) -> float:
    """Set a mixture after one iteration of EM; return J of it *before* that, nats per point."""
    prior_weight, prior_variance, floor, n = prior
    means, variances = theta[1:]
    size = means.size
    x, mass, spread, _, evidence, joint = chunk
    # moments about the mixture's own means: near the new ones, so nothing cancels
    moments = np.zeros((3, size))
    value = 0.0
    for start in range(0, atoms[0].size, CHUNK):
        value += read_chunk(atoms, start, theta, chunk)
        in_chunk = size_of_chunk(atoms, start)
        for i in range(in_chunk):
            evidence[i] *= mass[i]
        for k in range(size):
            zeroth = first = second = 0.0
            for i in range(in_chunk):
                m = evidence[i] * joint[k, i]
                deviation = x[i] - means[k]
                zeroth += m
                first += m * deviation
                second += m * (deviation * deviation + spread[i])
            moments[0, k] += zeroth
            moments[1, k] += first
            moments[2, k] += second
    weights_after, means_after, variances_after = after
    for k in range(size):
        value -= 0.5 * prior_weight * (log(variances[k]) + prior_variance / variances[k])
        mass_k = moments[0, k]
        shift = moments[1, k] / mass_k if mass_k > 0.0 else 0.0
        scatter = max(moments[2, k] - shift * moments[1, k], 0.0)
        # the least normal number stands for a mass of 0 under a prior of 0
        total = max(mass_k + prior_weight, 2.3e-308)
        weights_after[k] = mass_k
        means_after[k] = means[k] + shift
        variances_after[k] = max((prior_weight * prior_variance + scatter) / total, floor)
    weights_after /= weights_after.sum()
    return value / n


@compiled(f"void({THETA}, {THETA}, {THETA}, f8, {THETA})")
def _leap(start: Theta, one: Theta, two: Theta, floor: float, leapt: Theta) -> None:
    """Set where two steps lead on to; log weights and log variances may take any value."""
    size = start[0].size
    points = np.empty((3, 3, size))
    for at, theta in enumerate((start, one, two)):
        for k in range(size):
            points[at, 0, k] = log(max(theta[0][k], _LEAST_WEIGHT))
            points[at, 1, k] = theta[1][k]
            points[at, 2, k] = log(theta[2][k])
    change = points[1] - points[0]
    curvature = points[2] - points[1] - change
    squares = max((curvature * curvature).sum(), 1e-300)
    stride = np.sqrt((change * change).sum() / squares)
    stride = min(max(stride, 1.0), _MAX_STRIDE)
    far = points[0] + 2.0 * stride * change + stride * stride * curvature
    weights, means, variances = leapt
    largest = far[0].max()
    for k in range(size):
        weights[k] = exp(far[0, k] - largest) + _LEAST_WEIGHT
        means[k] = far[1, k]
        variances[k] = max(exp(min(far[2, k], _MAX_LOG_VARIANCE)), floor)
    weights /= weights.sum()


@compiled(f"void({ATOMS}, {PRIOR}, {BATCH}, f8[::1], f8[::1], i8)")
def cycles(
    atoms: Atoms,
    prior: Prior,
    batch: Batch,
    values: Array,
    gains: Array,
    n_cycles: int,
) -> None:
    """Take each mixture of a batch (R, K) through `n_cycles`.

    Sets values, J of one step before its end, (R,), and gains, the last leap's rise of J, (R,).
    """
    weights, means, variances = batch
    size = weights.shape[1]
    one, two, leapt, three = new_theta(size), new_theta(size), new_theta(size), new_theta(size)
    chunk = new_chunk(size)
    for r in range(values.size):
        theta = (weights[r], means[r], variances[r])
        for _ in range(n_cycles):
            em_step(atoms, prior, chunk, theta, one)
            middle = em_step(atoms, prior, chunk, one, two)
            _leap(theta, one, two, prior[2], leapt)
            after = em_step(atoms, prior, chunk, leapt, three)
            reached = three if after >= middle else two
            weights[r], means[r], variances[r] = reached
            values[r] = max(after, middle)
            gains[r] = max(after - middle, 0.0)
