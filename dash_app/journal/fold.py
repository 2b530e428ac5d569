"""The state at a node of the log: a fold over the operations on the path to that node.

A fold starts from an initial state and applies the operations one by one. A replay runs the same
code on the same operations in the same order. On one machine with the same versions it gives the
same bits. It never trains from scratch.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Optional

from dash_app.database.encoding import from_bytes, to_bytes
from dash_app.errors import RefusedError, StateError
from dash_app.learning import OnlineGaussianMixture
from dash_app.learning.learner_state import STATE_VERSION
from dash_app.learning.mixture import Array, Mixture
from dash_app.learning.online import Arrived
from dash_app.learning.search import OnStep
from dash_app.records.operations import (
    ADD,
    CLEAR,
    CONFIGURE,
    EQUAL_WEIGHTS,
    REMOVE,
    ROOT,
    Change,
    Operation,
    Played,
    Settings,
    Snapshot,
)
from dash_app.records.versions import ONLINE, ModelVersion

SNAPSHOT_EVERY = 50
"""Operations between two snapshots; a load replays at most this many."""

SNAPSHOT_POINTS = 100_000
"""Points between two snapshots; a load learns fewer than this, or one increment, again."""


@dataclass
class State:
    """The state of a session at one node of its log.

    Attributes
    ----------
    node : int, sequence number of the last operation on the path
    depth : int, number of operations on the path
    era : int, node of the last clear on the path
    data : int, last node on the path that changed the points
    n_unsaved : int, points learned on the path since its last snapshot
    decay : float, half-lives since the first point
    online : the online model; None without points
    example : the example that the points come from
    """

    settings: Settings
    learner: OnlineGaussianMixture
    node: int = ROOT
    depth: int = 0
    era: int = ROOT
    data: int = ROOT
    n_unsaved: int = 0
    decay: float = 0.0
    online: Optional[ModelVersion] = None
    example: Optional[Played] = None

    @property
    def n_points(self) -> int:
        """Number of active points at this node."""
        return self.learner.n_points

    @property
    def due_snapshot(self) -> bool:
        """Whether this node should have a snapshot."""
        return self.depth % SNAPSHOT_EVERY == 0 or self.n_unsaved >= SNAPSHOT_POINTS


def copied(state: State) -> State:
    """Return a copy of a state; later operations on the original do not change the copy.

    A shallow copy of the learner is enough: a learner replaces its parts and never writes into
    them. A test checks this.
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
        capacity=settings.capacity,
    )


Held = Callable[[Optional[Array]], Sequence[Arrived]]
"""Returns the increments at the state's node, without the given points."""


def apply(
    state: State,
    change: Change,
    seq: int,
    on_step: Optional[OnStep] = None,
    held: Optional[Held] = None,
) -> float:
    """Apply the change to the state, in place; return the wall seconds of the training.

    `on_step` is called between the steps of the training. An exception from it ends the training.
    `held` is called where the learner needs the data again: for another capacity, and for a removal
    from a summary that is not exact. The caller sets `state.online`, from the log or from
    `trained`.

    Raises
    ------
    DataError, RefusedError : the state may be half changed; discard it
    """
    started = time.perf_counter()
    example = example_after(state.example, state.settings, change, seq)
    if change.kind == ADD:
        assert change.points is not None
        state.learner.partial_fit(change.points, on_step)
        state.n_unsaved += change.points.size
        if state.settings.half_life is not None:
            state.decay += change.points.size / state.settings.half_life
    elif change.kind == REMOVE:
        assert change.points is not None
        check_removable(state)
        remaining = None if held is None else partial(held, change.points)
        state.learner.forget(change.points, on_step, remaining)
    elif change.kind == CONFIGURE:
        _configure(state, replace(state.settings, **change.detail), on_step, held)
    elif change.kind == CLEAR:
        state.settings = replace(state.settings, **change.detail.get("settings", {}))
        state.learner, state.era, state.decay = _new_learner(state.settings), seq, 0.0
    else:
        raise StateError(f"expected an operation that creates a node, got {change.kind!r}")
    state.node, state.depth, state.example = seq, state.depth + 1, example
    if change.kind != CONFIGURE:
        state.data = seq
    return time.perf_counter() - started


def check_removable(state: State) -> None:
    """Raise RefusedError where the weight of a single point is not known, so none is removed."""
    if state.settings.half_life is not None or state.decay > 0:
        raise RefusedError(
            f"expected {EQUAL_WEIGHTS}, to remove points; undo takes back whole operations"
        )


def _configure(
    state: State, settings: Settings, on_step: Optional[OnStep], held: Optional[Held]
) -> None:
    if settings.half_life != state.settings.half_life:
        # a new half-life applies from the next increment on
        changed = {**state.learner.state(), "half_life": settings.half_life}
        state.learner = OnlineGaussianMixture.from_state(changed)
    if settings.capacity != state.settings.capacity:
        if state.n_points > 0 and held is None:
            raise StateError("expected the points that the learner is to hold anew, got none")
        increments = held(None) if state.n_points > 0 and held is not None else ()
        state.learner = state.learner.with_capacity(settings.capacity, increments, on_step)
    if settings.n_components != state.settings.n_components:
        state.learner = state.learner.with_n_components(settings.n_components, on_step)
    state.settings = settings


def example_after(
    example: Optional[Played], settings: Settings, change: Change, seq: int
) -> Optional[Played]:
    """Return the example after a change; `settings` are those before it."""
    if change.kind == CLEAR:
        if "example" not in change.detail:
            return None
        before = settings if example is None else example.before
        name, total = change.detail["example"], int(change.detail["total"])
        truth = change.detail.get("truth")
        known = None if truth is None else Mixture.from_dict(truth)
        return Played(name, seq, seq, 0, total, before, known)
    if example is None or change.points is None:
        return example
    if change.detail.get("play") != example.start:
        return replace(example, truth=None)
    return replace(example, last=seq, done=example.done + change.points.size)


def advance(state: State, operation: Operation, held: Optional[Held] = None) -> None:
    """Apply an operation of the log to the state, in place; `held` is as for `apply`."""
    apply(state, operation.change, operation.seq, held=held)
    if trains(operation.change) or operation.kind == CLEAR:
        state.online = operation.version


def trains(change: Change) -> bool:
    """Whether the change trains the learner, which gives a new model version."""
    return change.kind in (ADD, REMOVE) or retrains(change)


def retrains(change: Change) -> bool:
    """Whether the change gives a new model of the same points."""
    return change.kind == CONFIGURE and not change.detail.keys().isdisjoint(
        ("n_components", "capacity")
    )


def work_of(state: State, changes: Sequence[Change]) -> int:
    """Estimate the learner's work for the changes: atoms times components.

    To build the summary again takes about 1 for each increment, at most the number of points.
    """
    settings, n_points, work = state.settings, state.n_points, 0
    for change in changes:
        if change.kind == CLEAR:
            n_points = 0
            settings = replace(settings, **change.detail.get("settings", {}))
        elif change.kind == CONFIGURE:
            settings = replace(settings, **change.detail)
            if retrains(change):
                work += settings.n_components * min(n_points, settings.capacity)
            if "capacity" in change.detail:
                work += n_points
        elif change.points is not None:
            if change.kind == REMOVE and not state.learner.summary.exact:
                work += n_points
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
    """Return the state as bytes. The online model stays in the log; its revision is stored.

    The caller resets `state.n_unsaved` where it stores the snapshot.
    """
    body: dict[str, Any] = {
        "learner": state.learner.state(),
        "settings": vars(state.settings),
        "era": state.era,
        "decay": state.decay,
        "example": None if state.example is None else asdict(state.example),
        "online": None if state.online is None else state.online.revision,
    }
    return Snapshot(state.node, state.depth, STATE_VERSION, to_bytes(body))


def restored(kept: Snapshot) -> tuple[State, Optional[int]]:
    """Return the state of a snapshot, and the sequence number of its online model.

    The caller sets `state.data`, from the log.

    Raises
    ------
    StateError : the snapshot has another version, or is damaged
    """
    if kept.state_version != STATE_VERSION:
        raise StateError(
            f"expected a snapshot of version {STATE_VERSION}, got {kept.state_version}"
        )
    body = from_bytes(kept.body)
    try:
        state = State(
            settings=_settings(body["settings"]),
            learner=OnlineGaussianMixture.from_state(body["learner"]),
            node=kept.node,
            depth=kept.depth,
            era=_whole(body["era"]),
            decay=_number(body["decay"]),
            example=_restored_example(body.get("example")),
        )
        bearer = None if body["online"] is None else _whole(body["online"])
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise StateError(f"expected a readable snapshot, got a damaged one: {error}") from error
    return state, bearer


def _restored_example(body: Optional[dict[str, Any]]) -> Optional[Played]:
    # snapshots of earlier versions have no example, or no truth
    if body is None:
        return None
    truth = body.get("truth")
    known = None if truth is None else Mixture(**truth)
    whole = {name: _whole(body[name]) for name in ("start", "last", "done", "total")}
    before = _settings(body["before"])
    return Played(**{**body, **whole, "name": str(body["name"]), "before": before, "truth": known})


def _settings(values: dict[str, Any]) -> Settings:
    found = Settings(**values)
    return Settings(
        n_components=_whole(found.n_components),
        half_life=None if found.half_life is None else _number(found.half_life),
        prior_weight=_number(found.prior_weight),
        seed=_whole(found.seed),
        capacity=_whole(found.capacity),
    )


def _whole(value: Any) -> int:
    """Return an int; TypeError for what may only compare equal to one, as an array or a bool."""
    if type(value) is not int:
        raise TypeError(f"expected a whole number, got {value!r:.100}")
    return value


def _number(value: Any) -> float:
    """Return a number as a float; TypeError for what may only compare equal to one."""
    if type(value) not in (int, float):
        raise TypeError(f"expected a number, got {value!r:.100}")
    return float(value)
