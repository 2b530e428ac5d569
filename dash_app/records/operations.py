"""The log of a session: its operations in order, as immutable values.

A *node* is a state of the data. Its number is the sequence number of the operation that created
it; 0 is the new session. Add, remove, configure and clear create a node whose parent is the
current node. The *head* is the current node. Undo and redo only move the head along the edges, so
the log is a tree and no undone branch is lost. Each state is the fold over the operations on the
path from the root to its node. The *tip* is the newest node; redo moves towards it.

A train records the result of a training from scratch. It creates no node, and undo skips it:
otherwise an undo after a click could undo a training that ended in between. The *era* of a node
is the last clear on its path. A model from scratch belongs to the era of its points and is shown
while the head is in that era.

A note records a request with an idempotency key that changed nothing: without it the key would be
unknown, and the repeated request could act. It creates no node either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

import numpy as np

from dash_app.learning.mixture import Array, Mixture
from dash_app.records.versions import ModelVersion

ADD, REMOVE, CONFIGURE, CLEAR = "add", "remove", "configure", "clear"
TRAIN, UNDO, REDO, NOTE = "train", "undo", "redo", "note"
NODE_KINDS = frozenset({ADD, REMOVE, CONFIGURE, CLEAR})

ROOT = 0
"""The node of a new session."""


def short(session_id: str) -> str:
    """Return the part of a session's id that a log line may show; the whole id gives access.

    Examples
    --------
    >>> short("0123456789abcdef0123456789abcdef")
    '01234567'
    """
    return session_id[:8]


EARLIER_CAPACITY = 1024
"""Capacity of sessions from before it was a setting: their stores and exports do not name it."""


EQUAL_WEIGHTS = "a session with no half-life, and no point that came while one was set"
"""What is expected where every point must count the same, for messages."""


@dataclass(frozen=True)
class Settings:
    """Settings of a session's learner."""

    n_components: int
    half_life: Optional[float]
    prior_weight: float
    seed: int
    capacity: int = EARLIER_CAPACITY


@dataclass(frozen=True)
class Played:
    """The example that the points since the last clear come from.

    Attributes
    ----------
    start : int, the node of the clear with which it began
    last : int, the node of its newest increment
    done, total : int, its points so far, and in all
    before : settings of the session before it, and before other examples directly before it
    truth : the density that all points are drawn from; None if it is not known, or if points were
        added or removed besides those of the example
    """

    name: str
    start: int
    last: int
    done: int
    total: int
    before: Settings
    truth: Optional[Mixture] = None


@dataclass(frozen=True)
class SessionRecord:
    """A session as it was created; times in seconds since 1970."""

    id: str
    settings: Settings
    created_at: float
    touched_at: float


@dataclass(frozen=True, eq=False)
class Change:
    """A requested operation that is not in the log yet.

    `points` belong to an add or a remove. `detail` has the new settings of a configure, the facts
    of a train, or under "target" the node of a redo, or the earliest node that an undo takes back.
    An undo to a number of points has it under "n_points". A clear may have new "settings"; the
    clear of an example has its name under "example", the "total" of its points and, where
    it is known, the "truth" that they are drawn from. An increment of an example has the node of
    its clear under "play". A note has the kind of its request under "request", and under "settings"
    those asked for.
    """

    kind: str
    points: Optional[Array] = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    def answers(self, request: Change) -> bool:
        """Whether this change may be the result of the request, when a request is repeated."""
        if self.kind == NOTE:
            return self.detail == note_of(request).detail
        if self.kind != request.kind:
            return False
        if self.points is not None and request.points is not None:
            return np.array_equal(self.points, request.points)
        if self.kind == UNDO:
            return self.detail.get("n_points") == request.detail.get("n_points")
        # the log has only those requested settings that differed
        return self.kind != CONFIGURE or self.detail.items() <= request.detail.items()


def note_of(request: Change) -> Change:
    """Return the note of a request that changed nothing."""
    settings = {"settings": dict(request.detail)} if request.kind == CONFIGURE else {}
    return Change(NOTE, detail={"request": request.kind, **settings})


@dataclass(frozen=True, eq=False)
class Operation:
    """One line of the log.

    Attributes
    ----------
    seq : int, 1, 2, ... without a gap within the session
    parent : int, the head before the operation
    head, tip : int, after the operation
    n_models : int, model versions so far, including this operation
    n_points : int, active points at `head`
    era : int, for a train the era of its model, otherwise the era of `head`
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
        """Kind of the change."""
        return self.change.kind


@dataclass(frozen=True)
class Snapshot:
    """The encoded state at a node; `depth` is the length of the path from the root."""

    node: int
    depth: int
    state_version: int
    body: bytes
