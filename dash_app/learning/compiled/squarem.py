"""SQUAREM, accelerated EM, which ranks many mixtures: Varadhan and Roland (2008), scheme S3.

One cycle is two steps of EM, an extrapolation along them, and a third step from the extrapolated
point. If J fell, the cycle keeps the result of the second step. The steps are in float32.
doi 10.1111/j.1467-9469.2007.00585.x
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import types

from dash_app.learning.compiled.basins import first_of_each_basin, outside_basins
from dash_app.learning.compiled.batches import (
    copy_to,
    joined,
    mixture_at,
    new_parameters,
    normalise,
    rows_of,
    sort_by_mean,
)
from dash_app.learning.compiled.bounds import TINY, WEIGHT_FLOOR
from dash_app.learning.compiled.compilation import compiled, inner
from dash_app.learning.compiled.elementary import exp, log
from dash_app.learning.compiled.em import em_step, new_stats
from dash_app.learning.compiled.responsibilities import new_chunk
from dash_app.learning.compiled.signatures import (
    ATOMS,
    BATCH,
    PRIOR,
    Atoms,
    Batch,
    Parameters,
    Prior,
    f8,
    i8,
)
from dash_app.learning.compiled.single_precision import new_single_chunk, single_em_step
from dash_app.learning.mixture import Array, Indices

_MAX_STRIDE = 16.0
"""Upper bound of the extrapolation, in steps of EM. Longer ones lower J more often, and are then
discarded."""

_MAX_LOG_VARIANCE = 3.0
"""Upper bound of the log variance after an extrapolation, standardised units."""


@inner
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
    # loops, because each whole-array operation would allocate
    changes = curvatures = 0.0
    for at in range(3):
        for k in range(size):
            change = points[1, at, k] - points[0, at, k]
            curvature = points[2, at, k] - points[1, at, k] - change
            changes += change * change
            curvatures += curvature * curvature
    stride = np.sqrt(changes / max(curvatures, TINY))
    stride = min(max(stride, 1.0), _MAX_STRIDE)
    far = points[0]
    for at in range(3):
        for k in range(size):
            change = points[1, at, k] - points[0, at, k]
            curvature = points[2, at, k] - points[1, at, k] - change
            far[at, k] += 2.0 * stride * change + stride * stride * curvature
    largest = far[0].max()
    weights = after.weights
    for k in range(size):
        weights[k] = exp(far[0, k] - largest) + WEIGHT_FLOOR
        after.means[k] = far[1, k]
        after.variances[k] = max(exp(min(far[2, k], _MAX_LOG_VARIANCE)), floor)
    normalise(weights)


class Scored(NamedTuple):
    """Mixtures after SQUAREM, and the values that rank them.

    batch : (R, K), sorted by mean
    values : ndarray, shape (R,), J one step before, nats per point, standardised units
    gains : ndarray, shape (R,), gain of J by the last extrapolation, nats per point
    """

    batch: Batch
    values: Array
    gains: Array


SCORED = types.NamedTuple((BATCH, f8[::1], f8[::1]), Scored)


@compiled(SCORED(ATOMS, PRIOR, BATCH, i8))
def squarem(atoms: Atoms, prior: Prior, batch: Batch, n_cycles: int) -> Scored:
    """Run `n_cycles` on each mixture of a batch, in place; sort its components by mean."""
    size = batch.means.shape[1]
    one, two = new_parameters(size), new_parameters(size)
    far, three = new_parameters(size), new_parameters(size)
    chunk, single, stats = new_chunk(size), new_single_chunk(size), new_stats(size)
    values, gains = np.zeros(batch.means.shape[0]), np.zeros(batch.means.shape[0])
    for r in range(values.size):
        mixture = mixture_at(batch, r)
        for _ in range(n_cycles):
            single_em_step(atoms, prior, chunk, single, stats, mixture, one)
            middle = single_em_step(atoms, prior, chunk, single, stats, one, two)
            _extrapolate(mixture, one, two, prior.floor, far)
            after = single_em_step(atoms, prior, chunk, single, stats, far, three)
            copy_to(mixture, three if after >= middle else two)
            values[r] = max(after, middle)
            gains[r] = max(after - middle, 0.0)
        if size == 1:  # one step in float64 ends at the optimum, to the last digits
            values[r] = em_step(atoms, prior, chunk, stats, mixture, one)
            copy_to(mixture, one)
    sort_by_mean(batch)
    return Scored(batch, values, gains)


@inner
def scored_rows(scored: Scored, which: Indices) -> Scored:
    """Return some of the mixtures."""
    return Scored(rows_of(scored.batch, which), scored.values[which], scored.gains[which])


@inner
def scored_joined(scored: Scored, others: Scored) -> Scored:
    """Return the mixtures of both."""
    return Scored(
        joined(scored.batch, others.batch),
        np.concatenate((scored.values, others.values)),
        np.concatenate((scored.gains, others.gains)),
    )


@inner
def predicted_values(scored: Scored) -> Array:
    """Return the predicted J after further cycles, shape (R,), nats per point."""
    predicted: Array = scored.values + 2.0 * scored.gains
    return predicted


@compiled(SCORED(SCORED, i8))
def best_of_each_basin(scored: Scored, n_kept: int) -> Scored:
    """Return at most `n_kept` mixtures of largest predicted J, best first, one per basin."""
    order = np.argsort(-predicted_values(scored), kind="mergesort")
    none = rows_of(scored.batch, order[:0])
    return scored_rows(scored, first_of_each_basin(scored.batch, order, n_kept, none))


@inner
def novel(scored: Scored, known: Batch, value: float) -> Scored:
    """Return the mixtures outside the basins of `known`, and those with J above `value`.

    value : J of the best of `known`; a mixture with a larger J leads to another optimum, however
        close its components are
    """
    new = outside_basins(scored.batch, known) | (scored.values > value)
    return scored_rows(scored, np.flatnonzero(new))
