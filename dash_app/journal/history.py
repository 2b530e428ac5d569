"""Load a session from the store's log, and apply operations to it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Optional

from dash_app.database.snapshot_table import SPARSE_EVERY
from dash_app.errors import RefusedError, SessionNotFoundError, StateError, StoreError
from dash_app.journal import fold
from dash_app.journal.active_points import ActivePoints, increments_at, points_at
from dash_app.journal.fold import SNAPSHOT_EVERY, State
from dash_app.journal.live import Live, RecentStates
from dash_app.journal.recent import Recent, extended
from dash_app.learning.learner_state import STATE_VERSION
from dash_app.learning.mixture import Array, Mixture
from dash_app.learning.online import Arrived
from dash_app.learning.search import OnStep
from dash_app.records.operations import (
    CLEAR,
    CONFIGURE,
    NODE_KINDS,
    REDO,
    REMOVE,
    ROOT,
    TRAIN,
    UNDO,
    Change,
    Operation,
    SessionRecord,
    Snapshot,
    short,
)
from dash_app.records.versions import ModelVersion, Training
from dash_app.store import Store

_log = logging.getLogger(__name__)

_FOLLOW_AT_MOST = SNAPSHOT_EVERY
"""New operations to apply one by one; with more of them a load is faster."""


class History:
    """Reads logs; never appends to them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self, session_id: str) -> Live:
        """Return the session as the store has it.

        Raises
        ------
        SessionNotFoundError
        """
        record = self._store.session(session_id)
        if record is None:
            raise SessionNotFoundError(f"expected the id of a session, got {session_id!r}")
        last = self._store.last(session_id)
        recent = RecentStates()
        state = self.state_at(record, ROOT if last is None else last.head, recent)
        return Live(
            record=record,
            state=state,
            seq=0 if last is None else last.seq,
            tip=ROOT if last is None else last.tip,
            n_models=0 if last is None else last.n_models,
            training=self._training(session_id, self._store.last_training(session_id, state.era)),
            recent=recent,
            touched_at=record.touched_at,
        )

    def catch_up(self, live: Live) -> bool:
        """Apply the operations that other processes appended; return whether there were any.

        Raises
        ------
        SessionNotFoundError : the session was deleted
        """
        session_id = live.record.id
        revision = self._store.revision(session_id)
        if revision is None:
            raise SessionNotFoundError(f"expected the id of a session, got {session_id!r}")
        if revision == live.seq:
            return False
        if revision - live.seq > _FOLLOW_AT_MOST:
            fresh = self.load(session_id)
            live.become(fresh)
            return True
        for operation in self._store.operations(session_id, after=live.seq):
            self._follow(live, operation)
        return True

    def active_points(self, live: Live) -> ActivePoints:
        """Return the points at the session's head."""
        if live.active_points is None:
            node = live.state.node
            path_rows = self._store.point_rows(live.record.id, node)
            live.active_points = points_at(path_rows, node, live.record.settings.half_life)
        return live.active_points

    def extend(
        self,
        live: Live,
        change: Change,
        now: float,
        version: Optional[ModelVersion] = None,
        idempotency_key: Optional[str] = None,
        on_step: Optional[OnStep] = None,
    ) -> tuple[Operation, Optional[Snapshot]]:
        """Apply a new change to the session; return the operation and the snapshot to append.

        `version` is the result of a train; this method sets its number. `on_step` is called
        between the steps of a training.
        """
        seq, parent = live.seq + 1, live.state.node
        kept: Optional[Snapshot] = None
        if change.kind in NODE_KINDS:
            version = self._extend_by_node(live, change, seq, now, on_step)
            if live.state.due_snapshot:
                kept = fold.snapshot(live.state)
                live.state.n_unsaved = 0
        elif change.kind in (UNDO, REDO):
            self._move(live, change)
        elif version is not None:
            live.n_models += 1
            version = replace(version, number=live.n_models, created_at=now)
            if change.detail["era"] == live.state.era:
                live.training = self._trained(live.record.id, change, version)
        live.seq = seq
        _note(live, change)
        operation = Operation(
            seq=seq,
            change=change,
            parent=parent,
            head=live.state.node,
            tip=live.tip,
            n_models=live.n_models,
            n_points=live.state.n_points,
            era=change.detail["era"] if change.kind == TRAIN else live.state.era,
            created_at=now,
            version=version,
            idempotency_key=idempotency_key,
        )
        return operation, kept

    def state_at(
        self, record: SessionRecord, node: int, recent: Optional[RecentStates] = None
    ) -> State:
        """Return the state at a node, folded from the nearest snapshot on its path.

        The states on the way are added to `recent`, because an undo needs them next.
        """
        kept = self._store.snapshots.nodes(record.id, STATE_VERSION)
        path: list[Operation] = []
        known: dict[int, Operation] = {}
        base: Optional[State] = None
        while base is None:
            if node == ROOT:
                base = fold.initial_state(record.settings)
            elif node in kept:
                base = self._restored(record.id, node)
                kept.discard(node)
            else:
                if node not in known:
                    rows = self._store.operations_down_from(record.id, node, SNAPSHOT_EVERY)
                    known = {row.seq: row for row in rows}
                path.append(known[node])
                node = path[-1].parent
        if len(path) > SNAPSHOT_EVERY:
            _log.info("session %s: replaying %d operations", short(record.id), len(path))
        self._fold(record, base, path[::-1], recent)
        return base

    def _fold(
        self,
        record: SessionRecord,
        state: State,
        path: list[Operation],
        recent: Optional[RecentStates],
    ) -> None:
        final_depth = state.depth + len(path)
        for operation in path:
            if recent is not None:
                recent.keep(state)
            fold.advance(state, operation, self._held(record, state))
            if not state.due_snapshot:
                continue
            # restore snapshots that were thinned out or had another version: the next load is fast
            if state.depth % SPARSE_EVERY == 0 or state.depth > final_depth - SPARSE_EVERY:
                self._store.snapshots.put(record.id, [fold.snapshot(state)])
            state.n_unsaved = 0

    def _restored(self, session_id: str, node: int) -> Optional[State]:
        kept = self._store.snapshots.get(session_id, node)
        if kept is None:  # another process has just deleted it
            return None
        try:
            state, bearer = fold.restored(kept)
        except StateError as error:
            name = short(session_id)
            _log.warning("session %s: snapshot at %d not used: %s", name, node, error)
            return None
        state.data = self._store.data_node(session_id, node)
        if bearer is not None:
            operation = self._store.operation(session_id, bearer)
            state.online = None if operation is None else operation.version
        return state

    def _extend_by_node(
        self, live: Live, change: Change, seq: int, now: float, on_step: Optional[OnStep]
    ) -> Optional[ModelVersion]:
        state = live.state
        live.recent.keep(state)
        time_s = fold.apply(state, change, seq, on_step, self._held(live.record, state))
        live.tip = seq
        live.apply_to_points(change)
        if change.kind == CLEAR:
            state.online = live.training = None
            return None
        if not fold.trains(change):
            return None
        version = fold.trained(state, live.n_models + 1, time_s, now)
        live.n_models += version is not None
        state.online = version
        return version

    def _move(self, live: Live, change: Change) -> None:
        era = live.state.era
        target = self._operation(live, int(change.detail["target"]))
        if change.kind == UNDO:
            live.undo_points(target)
            kept = live.recent.at(target.parent)
            live.state = kept or self.state_at(live.record, target.parent, live.recent)
        elif target.parent != live.state.node:  # an example that was undone in one step
            live.recent.keep(live.state)
            live.state = self.state_at(live.record, target.seq, live.recent)
            live.active_points = None
        else:
            live.recent.keep(live.state)
            fold.advance(live.state, target, self._held(live.record, live.state))
            live.apply_to_points(target.change)
        if live.state.era != era:
            newest = self._store.last_training(live.record.id, live.state.era)
            live.training = self._training(live.record.id, newest)

    def _follow(self, live: Live, operation: Operation) -> None:
        change = operation.change
        if change.kind in NODE_KINDS:
            live.recent.keep(live.state)
            fold.advance(live.state, operation, self._held(live.record, live.state))
            live.apply_to_points(change)
            if change.kind == CLEAR:
                live.training = None
        elif change.kind in (UNDO, REDO):
            self._move(live, change)
        elif change.kind == TRAIN and operation.era == live.state.era:
            live.training = self._training(live.record.id, operation)
        live.seq, live.tip, live.n_models = operation.seq, operation.tip, operation.n_models
        _note(live, change)

    def _held(self, record: SessionRecord, state: State) -> fold.Held:
        """Return what reads the increments at the state's node, which must be in the store."""

        def held(without: Optional[Array]) -> list[Arrived]:
            path_rows = self._store.point_rows(record.id, state.node)
            return increments_at(path_rows, state.node, record.settings.half_life, without)

        return held

    def _training(self, session_id: str, operation: Optional[Operation]) -> Optional[Training]:
        if operation is None or operation.version is None:
            return None
        return self._trained(session_id, operation.change, operation.version)

    def _trained(self, session_id: str, change: Change, version: ModelVersion) -> Training:
        """Return a model from scratch, with the state of the points that it was trained on."""
        head = self._store.head(session_id, version.revision)
        data = self._store.data_node(session_id, head)
        facts = change.detail
        return Training(version, data, facts["run"], facts["method"], bool(facts["converged"]))

    def _operation(self, live: Live, seq: int) -> Operation:
        operation = self._store.operation(live.record.id, seq)
        if operation is None:
            raise StoreError(f"the log of session {short(live.record.id)} has no operation {seq}")
        return operation


def configured(live: Live, wanted: Mapping[str, Any]) -> list[Change]:
    """Return the change to the settings wanted; an empty list if nothing differs."""
    settings = vars(live.state.settings)
    changed = {name: value for name, value in wanted.items() if settings[name] != value}
    return [Change(CONFIGURE, detail=changed)] if changed else []


def undo(live: Live, *, playing: bool = False) -> Change:
    """Return the change that undoes the last one; RefusedError if there is none.

    It undoes a whole example, if the last change is a part of it, or with `playing`.
    """
    node, example = live.state.node, live.state.example
    if node == ROOT:
        raise RefusedError("expected an operation to undo, got a session at its beginning")
    if example is not None and (playing or node == example.last):
        node = example.start
    return Change(UNDO, detail={"target": node})


def kept(values: Array, n_points: int) -> list[Change]:
    """Return the change that removes all but the first points; an empty list if there are no more.

    Raises
    ------
    RefusedError : there are fewer
    """
    if n_points > values.size:
        raise RefusedError(f"expected at most {values.size} points to keep, got {n_points}")
    later = values[n_points:].copy()
    return [Change(REMOVE, later)] if later.size else []


def undo_to(live: Live, store: Store, n_points: int) -> Change:
    """Return the change that goes back to the newest earlier state with that many points.

    Raises
    ------
    RefusedError : no earlier state on the path has that many
    """
    path = store.node_sizes(live.record.id, live.state.node)
    node = live.state.node
    while node != ROOT:
        parent, _ = path[node]
        if (path[parent][1] if parent != ROOT else 0) == n_points:
            return Change(UNDO, detail={"target": node, "n_points": n_points})
        node = parent
    raise RefusedError(
        f"expected a number of points that the session had earlier, got {n_points}", "n_points"
    )


def cleared(live: Live) -> list[Change]:
    """Return the change that clears the session; an empty list if it is empty.

    After an example it also restores the settings from before.
    """
    example = live.state.example
    if example is None:
        empty = live.state.n_points == 0 and live.scratch is None
        return [] if empty else [Change(CLEAR)]
    return [Change(CLEAR, detail=_with_settings({}, live, vars(example.before)))]


def begun(
    live: Live, name: str, total: int, wanted: Mapping[str, Any], truth: Optional[Mixture] = None
) -> Change:
    """Return the change that begins an example of `total` points, with the settings wanted."""
    detail: dict[str, Any] = {"example": name, "total": total}
    if truth is not None:
        detail["truth"] = truth.to_dict()
    return Change(CLEAR, detail=_with_settings(detail, live, wanted))


def _with_settings(detail: dict[str, Any], live: Live, wanted: Mapping[str, Any]) -> dict[str, Any]:
    changed = configured(live, wanted)
    return {**detail, "settings": dict(changed[0].detail)} if changed else detail


def redo(live: Live, store: Store) -> Change:
    """Return the change that redoes the last undo; RefusedError if there is none."""
    node = live.state.node
    target = None if node == live.tip else store.redo_target(live.record.id, node, live.tip)
    if target is None:
        raise RefusedError("expected an operation to redo, got none undone since the last change")
    return Change(REDO, detail={"target": target})


def _note(live: Live, change: Change) -> None:
    newest = Recent.of(live.seq, change, live.state.online)
    live.changes = extended(live.changes, newest)
