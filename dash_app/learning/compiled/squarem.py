"""SQUAREM, accelerated EM, compiled: Varadhan and Roland (2008), scheme S3.

One cycle is two steps of EM, an extrapolation along them, and a third step from the extrapolated
point. If J fell, the cycle keeps the result of the second step.
doi 10.1111/j.1467-9469.2007.00585.x
"""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.batches import copy_to, mixture_at, new_parameters, sort_by_mean
from dash_app.learning.compiled.bounds import TINY, WEIGHT_FLOOR
from dash_app.learning.compiled.compilation import compiled
from dash_app.learning.compiled.elementary import exp, log
from dash_app.learning.compiled.em import em_step, new_stats
from dash_app.learning.compiled.responsibilities import new_chunk
from dash_app.learning.compiled.signatures import (
    ATOMS,
    BATCH,
    PARAMETERS,
    PRIOR,
    Atoms,
    Batch,
    Parameters,
    Prior,
    f8,
    i8,
    void,
)
from dash_app.learning.mixture import Array

_MAX_STRIDE = 16.0
"""Upper bound of the extrapolation, in steps of EM. Longer ones lower J more often, and are then
discarded."""

_MAX_LOG_VARIANCE = 3.0
"""Upper bound of the log variance after an extrapolation, standardised units."""


@compiled(void(PARAMETERS, PARAMETERS, PARAMETERS, f8, PARAMETERS))
def _extrapolate(
    start: Parameters, one: Parameters, two: Parameters, floor: float, after: Parameters
) -> None:
    """Set `after` to the extrapolation of two steps, made in log weights and log variances."""
    size = start.weights.size
    points = np.empty((3, 3, size))
    for at, parameters in enumerate((start, one, two)):
        for k in range(size):
            points[at, 0, k] = log(max(parameters.weights[k], WEIGHT_FLOOR))
            points[at, 1, k] = parameters.means[k]
            points[at, 2, k] = log(parameters.variances[k])
    change = points[1] - points[0]
    curvature = points[2] - points[1] - change
    squares = max((curvature * curvature).sum(), TINY)
    stride = np.sqrt((change * change).sum() / squares)
    stride = min(max(stride, 1.0), _MAX_STRIDE)
    far = points[0] + 2.0 * stride * change + stride * stride * curvature
    largest = far[0].max()
    weights = after.weights
    for k in range(size):
        weights[k] = exp(far[0, k] - largest) + WEIGHT_FLOOR
        after.means[k] = far[1, k]
        after.variances[k] = max(exp(min(far[2, k], _MAX_LOG_VARIANCE)), floor)
    weights /= weights.sum()


@compiled(void(ATOMS, PRIOR, BATCH, f8[::1], f8[::1], i8))
def squarem_cycles(
    atoms: Atoms,
    prior: Prior,
    batch: Batch,
    values: Array,
    gains: Array,
    n_cycles: int,
) -> None:
    """Run `n_cycles` on each mixture of a batch (R, K), in place; sort its components by mean.

    `values`, (R,), is set to J one step before the end. `gains`, (R,), is set to the gain of J by
    the last extrapolation.
    """
    size = batch.means.shape[1]
    one, two = new_parameters(size), new_parameters(size)
    far, three = new_parameters(size), new_parameters(size)
    chunk, stats = new_chunk(size), new_stats(size)
    for r in range(values.size):
        mixture = mixture_at(batch, r)
        for _ in range(n_cycles):
            em_step(atoms, prior, chunk, stats, mixture, one)
            middle = em_step(atoms, prior, chunk, stats, one, two)
            _extrapolate(mixture, one, two, prior.floor, far)
            after = em_step(atoms, prior, chunk, stats, far, three)
            copy_to(mixture, three if after >= middle else two)
            values[r] = max(after, middle)
            gains[r] = max(after - middle, 0.0)
    sort_by_mean(batch)
