"""Allocate, copy and sort mixtures, compiled.

Arrays are copied by loops. An assignment to a slice also compiles the text of an error, which takes
longer than the function around it.
"""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.compilation import compiled, inner
from dash_app.learning.compiled.signatures import (
    BATCH,
    Batch,
    Parameters,
    void,
)
from dash_app.learning.mixture import Array, Indices


@inner
def new_parameters(n_components: int) -> Parameters:
    """Return an uninitialised mixture."""
    return Parameters(np.empty(n_components), np.empty(n_components), np.empty(n_components))


@inner
def new_batch(n_mixtures: int, n_components: int) -> Batch:
    """Return an uninitialised batch of mixtures."""
    shape = (n_mixtures, n_components)
    return Batch(np.empty(shape), np.empty(shape), np.empty(shape))


@inner
def mixture_at(batch: Batch, r: int) -> Parameters:
    """Return a view of one mixture of a batch: writing to it changes the batch."""
    return Parameters(batch.weights[r], batch.means[r], batch.variances[r])


@inner
def copy_to(target: Parameters, source: Parameters) -> None:
    """Copy the parameters of `source` to `target`."""
    for k in range(target.weights.size):
        target.weights[k] = source.weights[k]
        target.means[k] = source.means[k]
        target.variances[k] = source.variances[k]


@inner
def normalise(weights: Array) -> None:
    """Divide weights by their sum, in place."""
    total = weights.sum()
    for k in range(weights.size):
        weights[k] /= total


@inner
def rows_of(batch: Batch, which: Indices) -> Batch:
    """Return a copy of some mixtures of a batch."""
    out = new_batch(which.size, batch.means.shape[1])
    for row in range(which.size):
        copy_to(mixture_at(out, row), mixture_at(batch, which[row]))
    return out


@inner
def joined(batch: Batch, others: Batch) -> Batch:
    """Return the mixtures of two batches."""
    n_first = batch.means.shape[0]
    out = new_batch(n_first + others.means.shape[0], batch.means.shape[1])
    for row in range(n_first):
        copy_to(mixture_at(out, row), mixture_at(batch, row))
    for row in range(others.means.shape[0]):
        copy_to(mixture_at(out, n_first + row), mixture_at(others, row))
    return out


@compiled(void(BATCH))
def sort_by_mean(batch: Batch) -> None:
    """Sort the components of each mixture by mean, in place; the sort is stable."""
    weights, means, variances = batch
    for r in range(means.shape[0]):
        for k in range(1, means.shape[1]):
            weight, mean, variance = weights[r, k], means[r, k], variances[r, k]
            at = k
            while at > 0 and means[r, at - 1] > mean:
                weights[r, at] = weights[r, at - 1]
                means[r, at] = means[r, at - 1]
                variances[r, at] = variances[r, at - 1]
                at -= 1
            weights[r, at], means[r, at], variances[r, at] = weight, mean, variance
