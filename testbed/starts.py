"""Random mixtures, from which a test starts a local method."""

from __future__ import annotations

import numpy as np

from dash_app.learning.objective import Candidates, Objective


def random_starts(objective: Objective, n_starts: int, rng: np.random.Generator) -> Candidates:
    """Return candidates with means at random points and log-uniform standard deviations."""
    n_components = objective.n_components
    picks = rng.choice(
        objective.positions.size,
        size=(n_starts, n_components),
        p=objective.masses / objective.mass,
    )
    jitter = rng.standard_normal(picks.shape) * np.sqrt(objective.variances[picks])
    log_widths = rng.uniform(np.log(0.02), np.log(1.0), size=picks.shape)
    return Candidates(
        np.full(picks.shape, 1.0 / n_components),
        objective.positions[picks] + jitter,
        np.exp(2.0 * log_widths),
    )
