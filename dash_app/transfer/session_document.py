"""Export a session as one JSON document, and import it without refitting any model.

The document has the log with all model parameters, and the snapshots of the learner. One snapshot
is at the head, and an import restores its state bit for bit. A document is untrusted: its values
are checked and its log is folded before anything is stored.
"""

from __future__ import annotations

import base64
import dataclasses
import secrets
import time
from typing import Any

from dash_app.errors import SessionNotFoundError, StateError
from dash_app.journal import fold
from dash_app.journal.history import History
from dash_app.records.operations import Operation
from dash_app.store import IdDeletedError, Store
from dash_app.transfer.log_check import fold_log
from dash_app.transfer.models import FORMAT, FORMAT_VERSION, read_document
from dash_app.transfer.snapshot_check import check_snapshots
from dash_app.web import fields

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
    kept = {each.node: each for each in store.snapshots.all(session_id) if each.node <= live.seq}
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


def imported(store: Store, document: Any) -> str:
    """Insert an exported session; return its id.

    The id is a new one if a deleted session has that of the document: nothing is replaced.

    Raises
    ------
    StateError : not an exported session, another format version, or an inconsistent log
    StoreError : a session of that id exists already
    """
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        came = document.get("format") if isinstance(document, dict) else document
        raise StateError(f"expected a document of format {FORMAT!r}, got {fields.shown(came)}")
    record, operations, snapshots = read_document(document, time.time())
    check_snapshots(fold_log(record.settings, operations), snapshots)
    try:
        store.restore(record, operations, snapshots)
    except IdDeletedError:
        record = dataclasses.replace(record, id=secrets.token_hex(16))
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
