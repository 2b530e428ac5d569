"""The state at a node of the log: a fold over the operations on the path that leads there.

A replay runs the same code on the same operations in the same order as the first time, so on one
machine with unchanged versions it gives the same bits. It never trains from scratch.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Optional

from dash_app.database.encoding import from_bytes, to_bytes
from dash_app.errors import RefusedError, StateError
from dash_app.learning import OnlineGaussianMixture
from dash_app.learning.online import STATE_VERSION, OnStep
from dash_app.records.operations import (
    ADD,
    CLEAR,
    CONFIGURE,
    REMOVE,
    ROOT,
    Change,
    Operation,
    Settings,
    Snapshot,
)
from dash_app.records.versions import ONLINE, ModelVersion

SNAPSHOT_EVERY = 50
"""A snapshot is kept wherever a node's depth is a multiple: no load replays more operations."""


@dataclass
class State:
    """What the log amounts to at one node.

    Attributes
    ----------
    node, depth : int, sequence number of the last operation on the path, and the path's length
    era : int, node of the last clear on the path
    decay : float, half-lives that have passed since the first point
    online : the online model, None without points
    """

    settings: Settings
    learner: OnlineGaussianMixture
    node: int = ROOT
    depth: int = 0
    era: int = ROOT
    decay: float = 0.0
    online: Optional[ModelVersion] = None

    @property
    def n_points(self) -> int:
        """Points held at this node."""
        return self.learner.n_points

    @property
    def due_snapshot(self) -> bool:
        """Whether a snapshot is kept at this node."""
        return self.depth % SNAPSHOT_EVERY == 0


def copied(state: State) -> State:
    """Return a state that further operations on the other one do not change.

    A learner replaces its parts and never writes into them, so a shallow copy holds what it
    holds now; a test keeps this true.
    """
    return replace(state, learner=copy.copy(state.learner))


def initial_state(settings: Settings) -> State:
    """Return the state of a new session."""
    return State(settings, _new_learner(settings))


def _new_learner(settings: Settings) -> OnlineGaussianMixture:
    return OnlineGaussianMixture(
        settings.n_components,
        seed=settings.seed,
        half_life=settings.half_life,
        prior_weight=settings.prior_weight,
    )


def apply(state: State, change: Change, seq: int, on_step: Optional[OnStep] = None) -> float:
    """Let the change act on the state, in place; returns the wall seconds of the training.

    `on_step` is called between the steps of the training; what it raises ends it.
    `state.online` is left to the caller, who takes it from the log or from `trained`.

    Raises
    ------
    DataError, RefusedError : the state may be half changed and is not to be used again
    """
    started = time.perf_counter()
    if change.kind == ADD:
        assert change.points is not None
        state.learner.partial_fit(change.points, on_step)
        if state.settings.half_life is not None:
            state.decay += change.points.size / state.settings.half_life
    elif change.kind == REMOVE:
        assert change.points is not None
        if state.decay > 0:
            raise RefusedError(
                "expected a model that never forgot where points are taken back; "
                "this one had a half-life: undo takes back whole operations"
            )
        state.learner.forget(change.points, on_step)
    elif change.kind == CONFIGURE:
        _configure(state, replace(state.settings, **change.detail), on_step)
    elif change.kind == CLEAR:
        state.learner, state.era, state.decay = _new_learner(state.settings), seq, 0.0
    else:
        raise StateError(f"expected an operation that makes a node, got {change.kind!r}")
    state.node, state.depth = seq, state.depth + 1
    return time.perf_counter() - started


def _configure(state: State, settings: Settings, on_step: Optional[OnStep]) -> None:
    if settings.half_life != state.settings.half_life:
        # the setting acts from the next increment on
        changed = {**state.learner.state(), "half_life": settings.half_life}
        state.learner = OnlineGaussianMixture.from_state(changed)
    if settings.n_components != state.settings.n_components:
        state.learner = state.learner.with_n_components(settings.n_components, on_step)
    state.settings = settings


def advance(state: State, operation: Operation) -> None:
    """Let an operation of the log act on the state, in place."""
    apply(state, operation.change, operation.seq)
    if trains(operation.change) or operation.kind == CLEAR:
        state.online = operation.version


def trains(change: Change) -> bool:
    """Whether the change makes the learner train, so that there is a new model version."""
    return change.kind in (ADD, REMOVE) or "n_components" in change.detail


def work_of(state: State, changes: Sequence[Change]) -> int:
    """Return about how much the learner has to do for the changes: atoms times components."""
    settings, n_points, work = state.settings, state.n_points, 0
    for change in changes:
        if change.kind == CLEAR:
            n_points = 0
        elif change.kind == CONFIGURE:
            n_components = change.detail.get("n_components")
            if n_components is not None:
                settings = replace(settings, n_components=n_components)
                work += n_components * min(n_points, state.learner.capacity)
        elif change.points is not None:
            n_points += change.points.size
            work += settings.n_components * min(change.points.size, state.learner.capacity)
    return work


def trained(state: State, number: int, time_s: float, now: float) -> Optional[ModelVersion]:
    """Return the learner's mixture as a model version; None without points."""
    learner = state.learner
    if learner.n_points == 0:
        return None
    return ModelVersion(
        number=number,
        kind=ONLINE,
        mixture=learner.mixture,
        objective=learner.objective,
        mean_nll=learner.mean_nll,
        n_points=learner.n_points,
        revision=state.node,
        time_s=time_s,
        created_at=now,
    )


def snapshot(state: State) -> Snapshot:
    """Return the state as bytes. The online model is in the log; its revision leads there."""
    body: dict[str, Any] = {
        "learner": state.learner.state(),
        "settings": vars(state.settings),
        "era": state.era,
        "decay": state.decay,
        "online": None if state.online is None else state.online.revision,
    }
    return Snapshot(state.node, state.depth, STATE_VERSION, to_bytes(body))


def restored(kept: Snapshot) -> tuple[State, Optional[int]]:
    """Return the state of a snapshot, and the sequence number that bears its online model.

    Raises
    ------
    StateError : a snapshot of another version, or a damaged one
    """
    if kept.state_version != STATE_VERSION:
        raise StateError(
            f"expected a snapshot of version {STATE_VERSION}, got {kept.state_version}"
        )
    body = from_bytes(kept.body)
    try:
        state = State(
            settings=Settings(**body["settings"]),
            learner=OnlineGaussianMixture.from_state(body["learner"]),
            node=kept.node,
            depth=kept.depth,
            era=int(body["era"]),
            decay=float(body["decay"]),
        )
        bearer = body["online"]
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise StateError(f"expected the snapshot of a state, got a damaged one: {error}") from error
    return state, bearer
