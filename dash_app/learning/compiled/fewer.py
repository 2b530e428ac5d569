"""Mixtures with one component fewer, compiled."""

from __future__ import annotations

from dash_app.learning.compiled.batches import new_batch
from dash_app.learning.compiled.compilation import compiled
from dash_app.learning.compiled.signatures import BATCH, Batch

_DIED_OUT, _LEAST_MASS = 1e-12, 1e-300


@compiled(f"{BATCH}({BATCH})")
def reduced(batch: Batch) -> Batch:
    """Return each mixture (R, K) without one component, and with two neighbours made one.

    First K without the first to the last, then K - 1 unions from the left: (R (2 K - 1), K - 1).
    """
    weights, means, variances = batch
    n_mixtures, size = means.shape
    out_weights, out_means, out_variances = new_batch(n_mixtures * (2 * size - 1), size - 1)
    row = 0
    for r in range(n_mixtures):
        for move in range(2 * size - 1):
            uniting = move >= size
            gone = move - size + 1 if uniting else move
            at = 0
            for k in range(size):
                if k != gone:
                    out_weights[row, at] = weights[r, k]
                    out_means[row, at] = means[r, k]
                    out_variances[row, at] = variances[r, k]
                    at += 1
            if uniting:
                left = gone - 1
                mass = weights[r, left] + weights[r, gone]
                share = weights[r, gone] / max(mass, _LEAST_MASS)
                distance = means[r, gone] - means[r, left]
                out_weights[row, left] = mass
                out_means[row, left] += share * distance
                out_variances[row, left] = (
                    (1.0 - share) * variances[r, left]
                    + share * variances[r, gone]
                    + share * (1.0 - share) * distance * distance
                )
            total = out_weights[row].sum()
            if total > _DIED_OUT:
                out_weights[row] /= total
            else:
                out_weights[row] = 1.0 / (size - 1)
            row += 1
    return out_weights, out_means, out_variances
