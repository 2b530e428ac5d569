"""Deaths and merges: mixtures with one component fewer, compiled."""

from __future__ import annotations

from dash_app.learning.compiled.batches import new_batch
from dash_app.learning.compiled.bounds import TINY, WEIGHT_FLOOR
from dash_app.learning.compiled.compilation import compiled
from dash_app.learning.compiled.signatures import BATCH, Batch


@compiled(BATCH(BATCH))
def deaths_and_merges(batch: Batch) -> Batch:
    """Return every death and every merge of neighbours of each mixture (R, K).

    Each mixture gives K deaths, from the first component to the last. K - 1 merges follow, from the
    left. The shape is (R (2 K - 1), K - 1).
    """
    n_mixtures, size = batch.means.shape
    out = new_batch(n_mixtures * (2 * size - 1), size - 1)
    row = 0
    for r in range(n_mixtures):
        for move in range(2 * size - 1):
            merging = move >= size
            gone = move - size + 1 if merging else move
            at = 0
            for k in range(size):
                if k != gone:
                    out.weights[row, at] = batch.weights[r, k]
                    out.means[row, at] = batch.means[r, k]
                    out.variances[row, at] = batch.variances[r, k]
                    at += 1
            if merging:
                left = gone - 1
                weight = batch.weights[r, left] + batch.weights[r, gone]
                share = batch.weights[r, gone] / max(weight, TINY)
                distance = batch.means[r, gone] - batch.means[r, left]
                out.weights[row, left] = weight
                out.means[row, left] += share * distance
                out.variances[row, left] = (
                    (1.0 - share) * batch.variances[r, left]
                    + share * batch.variances[r, gone]
                    + share * (1.0 - share) * distance * distance
                )
            total = out.weights[row].sum()
            for k in range(size - 1):
                alive = total > WEIGHT_FLOOR
                out.weights[row, k] = out.weights[row, k] / total if alive else 1.0 / (size - 1)
            row += 1
    return out
