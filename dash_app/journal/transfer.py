"""A session as one JSON document, and back: the same points, the same log, nothing refitted.

The document holds the log with every model's parameters, and the snapshots of the learner, the
one at the head included, so that the importing instance restores the state's bits.
"""

from __future__ import annotations

import base64
import time
from typing import Any

from dash_app.errors import SessionNotFoundError, StateError
from dash_app.journal import fold
from dash_app.journal.history import History
from dash_app.learning.points import as_points
from dash_app.records.operations import (
    NODE_KINDS,
    REDO,
    ROOT,
    TRAIN,
    UNDO,
    Change,
    Operation,
    SessionRecord,
    Settings,
    Snapshot,
)
from dash_app.records.versions import ModelVersion
from dash_app.store import Store

FORMAT = "gaussian-mixture-session"
FORMAT_VERSION = 1

Document = dict[str, Any]


def exported(store: Store, session_id: str) -> Document:
    """Return the session as JSON values.

    Raises
    ------
    SessionNotFoundError
    """
    record = store.session(session_id)
    if record is None:
        raise SessionNotFoundError(f"expected the id of a session, got {session_id!r}")
    live = History(store).load(session_id)
    operations = store.operations(session_id)[: live.seq]
    kept = {each.node: each for each in store.snapshots(session_id) if each.node <= live.seq}
    if live.state.node > 0:
        kept[live.state.node] = fold.snapshot(live.state)
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "session": {
            "id": record.id,
            "settings": vars(record.settings),
            "created_at": record.created_at,
        },
        "operations": [_operation_out(each) for each in operations],
        "snapshots": [
            {**vars(each), "body": base64.b64encode(each.body).decode()} for each in kept.values()
        ],
    }


def imported(store: Store, document: Document) -> str:
    """Insert an exported session; returns its id.

    Raises
    ------
    StateError : not such a document, or of a newer format
    StoreError : there is a session of that id already
    """
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise StateError(f"expected a document of format {FORMAT!r}")
    if document.get("format_version") != FORMAT_VERSION:
        raise StateError(
            f"expected format_version {FORMAT_VERSION}, got {document.get('format_version')!r}"
        )
    try:
        session = document["session"]
        settings = Settings(**session["settings"])
        fold.initial_state(settings)  # checks them
        created_at = float(session["created_at"])
        record = SessionRecord(str(session["id"]), settings, created_at, time.time())
        operations = [_operation_in(each) for each in document["operations"]]
        snapshots = [_snapshot_in(each) for each in document["snapshots"]]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StateError(f"expected an exported session, got a damaged one: {error!r}") from error
    _check_log(operations)
    store.restore(record, operations, snapshots)
    return record.id


def _operation_out(operation: Operation) -> Document:
    change, version = operation.change, operation.version
    return {
        **vars(operation),
        "change": {
            "kind": change.kind,
            "points": None if change.points is None else change.points.tolist(),
            "detail": dict(change.detail),
        },
        "version": None if version is None else version.to_dict(),
    }


def _operation_in(values: Document) -> Operation:
    change, model = values["change"], values["version"]
    points = None if change["points"] is None else as_points(change["points"])
    version = None if model is None else ModelVersion.from_dict(model)
    placed = Change(str(change["kind"]), points, dict(change["detail"]))
    return Operation(**{**values, "change": placed, "version": version})


def _snapshot_in(values: Document) -> Snapshot:
    body = base64.b64decode(values["body"], validate=True)
    return Snapshot(**{**values, "body": body})


def _check_log(operations: list[Operation]) -> None:
    """Raise StateError where the operations are no log: a gap, or an edge that leads nowhere."""
    nodes = {ROOT}
    for seq, operation in enumerate(operations, start=1):
        if operation.seq != seq:
            raise StateError(f"expected operation {seq}, got {operation.seq}")
        if operation.kind in NODE_KINDS:
            nodes.add(seq)
        elif operation.kind not in (TRAIN, UNDO, REDO):
            raise StateError(f"expected a known kind at operation {seq}, got {operation.kind!r}")
        if not {operation.parent, operation.head, operation.tip} <= nodes:
            raise StateError(f"expected known nodes at operation {seq}")
