"""Deaths: mixtures with one component fewer, compiled."""

from __future__ import annotations

from dash_app.learning.compiled.batches import new_batch
from dash_app.learning.compiled.bounds import WEIGHT_FLOOR
from dash_app.learning.compiled.compilation import compiled
from dash_app.learning.compiled.signatures import BATCH, Batch


@compiled(BATCH(BATCH))
def deaths(batch: Batch) -> Batch:
    """Return every death of each mixture (R, K), from its first component to its last.

    The shape is (R K, K - 1).
    """
    n_mixtures, size = batch.means.shape
    out = new_batch(n_mixtures * size, size - 1)
    for row in range(n_mixtures * size):
        r, gone = row // size, row % size
        for k in range(size - 1):
            kept = k + 1 if k >= gone else k
            out.weights[row, k] = batch.weights[r, kept]
            out.means[row, k] = batch.means[r, kept]
            out.variances[row, k] = batch.variances[r, kept]
        total = out.weights[row].sum()
        for k in range(size - 1):
            alive = total > WEIGHT_FLOOR
            out.weights[row, k] = out.weights[row, k] / total if alive else 1.0 / (size - 1)
    return out
