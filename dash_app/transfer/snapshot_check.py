"""Check imported snapshots: each must be readable and must agree with the log at its node."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from dash_app.errors import StateError
from dash_app.journal import fold
from dash_app.learning import OnlineGaussianMixture
from dash_app.learning.learner_state import STATE_VERSION
from dash_app.records.operations import ROOT, Snapshot
from dash_app.transfer.log_check import Folded, Node


def check_snapshots(folded: Folded, snapshots: Sequence[Snapshot]) -> None:
    """Raise StateError for an inconsistent snapshot, or if the head has none.

    A snapshot of another version is never read, so only its node is checked.
    """
    seen: set[int] = set()
    for each in snapshots:
        node = folded.nodes.get(each.node)
        if node is None or node.seq == ROOT or each.node in seen:
            raise StateError(
                f"expected one snapshot at each node of the log, got one at {each.node}"
            )
        seen.add(each.node)
        _expect(node, "depth", node.depth, each.depth)
        if each.state_version == STATE_VERSION:
            _check_state(node, each)
    if folded.head.seq != ROOT and folded.head.seq not in seen:
        raise StateError(f"expected a snapshot at the head, operation {folded.head.seq}")


def _expect(node: Node, name: str, expected: Any, came: Any) -> None:
    if expected != came:
        raise StateError(f"expected {name} {expected} in the snapshot at {node.seq}, got {came}")


def _check_state(node: Node, kept: Snapshot) -> None:
    state, bearer = fold.restored(kept)
    _expect(node, "settings", node.settings, state.settings)
    _expect(node, "era", node.era, state.era)
    _expect(node, "example", node.example, state.example)
    _expect(node, "the online model of operation", node.online, bearer)
    learner = state.learner
    _expect(node, "n_points", node.n_points, learner.n_points)
    own = fold.initial_state(node.settings).learner
    for name in ("n_components", "half_life", "prior_weight", "seed", "capacity"):
        _expect(node, name, getattr(own, name), getattr(learner, name))
    if not math.isclose(state.decay, node.decay, rel_tol=1e-9):
        raise StateError(f"expected decay {node.decay} in the snapshot at {node.seq}")
    _check_summary(node, learner)
    _check_mixtures(node, learner.state())


def _check_summary(node: Node, learner: OnlineGaussianMixture) -> None:
    summary = learner.summary
    means, masses, variances = summary.means, summary.masses, summary.variances
    sound = (
        means.ndim == 1
        and means.shape == masses.shape == variances.shape
        and means.size <= summary.capacity
        and all(np.isfinite(values).all() for values in (means, masses, variances))
        and bool((np.diff(means) > 0).all() and (masses > 0).all() and (variances >= 0).all())
        and (means.size > 0) == (node.n_points > 0)
        # atoms merge in floating point: a rounding error may put a mean outside the bounds
        and (means.size == 0 or (math.isfinite(summary.low) and math.isfinite(summary.high)))
    )
    if sound and node.decay == 0.0:
        sound = math.isclose(summary.mass, node.n_points, rel_tol=1e-6)
    if not sound:
        raise StateError(f"expected a summary of the points in the snapshot at {node.seq}")


def _check_mixtures(node: Node, plain: dict[str, Any]) -> None:
    """Raise StateError unless each mixture has the expected number of components."""
    if (plain["mixture"] is None) != (node.n_points == 0):
        raise StateError(f"expected a mixture with points only in the snapshot at {node.seq}")
    if plain["mixture"] is None:
        return
    k = node.settings.n_components
    for name in ("mixture", "archive"):
        values = plain[name]
        sound = values.ndim == 3 and values.shape[1:] == (3, k) and np.isfinite(values).all()
        if not sound or (values[:, 0] < 0).any() or (values[:, 2] <= 0).any():
            raise StateError(f"expected {name} of {k} components in the snapshot at {node.seq}")
    numbers = (plain[name] for name in ("objective", "mean_nll", "misfit_nats", "n_new"))
    if not all(math.isfinite(value) for value in numbers):
        raise StateError(f"expected finite numbers in the snapshot at {node.seq}")
