"""A mixture with one component fewer: dropped, or two neighbours made one."""

from __future__ import annotations

import numpy as np

from dash_app.learning.objective import Candidates


def reductions(candidates: Candidates) -> Candidates:
    """Return every mixture of one component fewer by a drop or a union of neighbours.

    Parameters
    ----------
    candidates : Candidates, (1, K) with K >= 2, sorted by mean

    Returns
    -------
    Candidates, (2 K - 1, K - 1)
    """
    weights, means, variances = (
        candidates.weights[0],
        candidates.means[0],
        candidates.variances[0],
    )
    n_components = means.size
    others = np.array(
        [[k for k in range(n_components) if k != drop] for drop in range(n_components)]
    )
    dropped_weights = weights[others]
    total = dropped_weights.sum(axis=1, keepdims=True)
    even = np.full_like(dropped_weights, 1.0 / (n_components - 1))
    dropped = Candidates(
        np.where(total > 1e-12, dropped_weights / np.maximum(total, 1e-300), even),
        means[others],
        variances[others],
    )
    left, right = np.arange(n_components - 1), np.arange(1, n_components)
    mass = np.maximum(weights[left] + weights[right], 1e-300)
    share = weights[right] / mass
    distance = means[right] - means[left]
    union_means = means[left] + share * distance
    union_variances = (
        (1 - share) * variances[left]
        + share * variances[right]
        + share * (1 - share) * distance * distance
    )
    united_weights = weights[others[right]].copy()
    united_means = means[others[right]].copy()
    united_variances = variances[others[right]].copy()
    united_weights[left, left] = weights[left] + weights[right]
    united_means[left, left] = union_means
    united_variances[left, left] = union_variances
    return Candidates.joined(dropped, Candidates(united_weights, united_means, united_variances))
