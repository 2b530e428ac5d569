"""The log of a session: what was done, in order, as immutable values.

A state of the data is a *node*: the sequence number of the operation that made it (0: the new
session). Add, remove, configure and clear make a node whose parent is the node before; undo and
redo only move the *head* along these edges. So the log is a tree, every state is the fold over
the path from the root to its node, and an undone branch is never lost. `tip` is the newest node:
redo moves towards it.

A training is a result and not a change: it stands in the log without a node and undo passes over
it, else a training that ends between a click and an undo would be undone in the click's place.
It belongs to the *era* of its points, the node of the last clear on their path, and is shown
while the head is in that era.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

import numpy as np

from dash_app.learning.mixture import Array
from dash_app.records.versions import ModelVersion

ADD, REMOVE, CONFIGURE, CLEAR = "add", "remove", "configure", "clear"
TRAIN, UNDO, REDO = "train", "undo", "redo"
NODE_KINDS = frozenset({ADD, REMOVE, CONFIGURE, CLEAR})

ROOT = 0
"""The node of a new session."""


def short(session_id: str) -> str:
    """Return what a log may hold of a session's id, which is the only key to the session.

    Examples
    --------
    >>> short("0123456789abcdef0123456789abcdef")
    '01234567'
    """
    return session_id[:8]


@dataclass(frozen=True)
class Settings:
    """What a session's learner is made with."""

    n_components: int
    half_life: Optional[float]
    prior_weight: float
    seed: int


@dataclass(frozen=True)
class SessionRecord:
    """A session as it was created; times in seconds since 1970."""

    id: str
    settings: Settings
    created_at: float
    touched_at: float


@dataclass(frozen=True, eq=False)
class Change:
    """What is asked for: an operation that has no place in the log yet.

    `points` are those of an add or a remove; `detail` holds the new settings of a configure, the
    facts of a train, or under "target" the node that an undo or redo acts on.
    """

    kind: str
    points: Optional[Array] = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    def answers(self, request: Change) -> bool:
        """Whether this change may be what the request led to, where a request is repeated."""
        if self.kind != request.kind:
            return False
        if self.points is not None and request.points is not None:
            return np.array_equal(self.points, request.points)
        # of the settings asked for, only those that changed are in the log
        return self.kind != CONFIGURE or self.detail.items() <= request.detail.items()


@dataclass(frozen=True, eq=False)
class Operation:
    """One line of the log.

    Attributes
    ----------
    seq : int, 1, 2, ... without a gap within the session
    parent : int, the head before
    head, tip : int, after the operation
    n_models : int, model versions so far, this operation's included
    n_points : int, points held at `head`
    era : int, of the model, where there is one, else of the head
    created_at : float, seconds since 1970
    version : the model that the operation trained, if any
    """

    seq: int
    change: Change
    parent: int
    head: int
    tip: int
    n_models: int
    n_points: int
    era: int
    created_at: float
    version: Optional[ModelVersion] = None
    idempotency_key: Optional[str] = None

    @property
    def kind(self) -> str:
        """Name of what was done."""
        return self.change.kind


@dataclass(frozen=True)
class Snapshot:
    """The encoded state at a node; `depth` is the node's distance from the root."""

    node: int
    depth: int
    state_version: int
    body: bytes
