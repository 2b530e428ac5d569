"""Room for a batch of mixtures, and the components of each in order, compiled."""

from __future__ import annotations

import numpy as np

from dash_app.learning.compiled.compilation import compiled
from dash_app.learning.compiled.signatures import BATCH, Batch


@compiled(f"{BATCH}(i8, i8)")
def new_batch(n_mixtures: int, n_components: int) -> Batch:
    """Return room for mixtures."""
    shape = (n_mixtures, n_components)
    return np.empty(shape), np.empty(shape), np.empty(shape)


@compiled(f"void({BATCH})")
def sort_by_mean(batch: Batch) -> None:
    """Sort the components of each mixture in place; equal means stay in their order."""
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
