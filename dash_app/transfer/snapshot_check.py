"""Check imported snapshots: each must be readable and must agree with the log at its node."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from dash_app.errors import StateError
from dash_app.journal import fold
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
    mass = learner.summary.mass
    if node.decay == 0.0 and not math.isclose(mass, node.n_points, rel_tol=1e-6, abs_tol=1e-6):
        raise StateError(f"expected a summary of the points in the snapshot at {node.seq}")
