"""Deleted sessions: readers no longer see them, and an operator can restore them for a day.

A tombstone at the end of the log takes the next sequence number. A concurrent append therefore
finds its number taken, reads the session again and learns that it was deleted.
"""

from __future__ import annotations

import secrets
from typing import Optional

import sqlalchemy as sa

from dash_app.database import schema
from dash_app.records.runs import ALIVE

_sessions, _operations, _runs = schema.sessions, schema.operations, schema.runs

_TOMBSTONE = "deleted"
_NOTHING = {"parent": 0, "head": 0, "tip": 0, "n_models": 0, "n_points": 0, "era": 0}


def throw_away(
    connection: sa.Connection, session_id: str, now: float, untouched_since: Optional[float] = None
) -> bool:
    """Mark the session as deleted and stop its runs; return False if there is no such session.

    Raises
    ------
    IntegrityError : another writer appended at the same time
    """
    mark = sa.update(_sessions).where(
        _sessions.c.id == session_id, _sessions.c.deleted_at.is_(None)
    )
    if untouched_since is not None:
        mark = mark.where(_sessions.c.touched_at < untouched_since)
    if connection.execute(mark.values(deleted_at=now)).rowcount == 0:
        return False
    last = sa.select(sa.func.max(_operations.c.seq)).where(_operations.c.session_id == session_id)
    seq = (connection.execute(last).scalar() or 0) + 1
    tombstone = {"session_id": session_id, "seq": seq, "kind": _TOMBSTONE, "created_at": now}
    connection.execute(sa.insert(_operations), {**tombstone, **_NOTHING})
    alive = sa.update(_runs).where(_runs.c.session_id == session_id, _runs.c.status.in_(ALIVE))
    connection.execute(alive.values(cancel_requested=True))
    connection.execute(sa.delete(schema.plays).where(schema.plays.c.session_id == session_id))
    return True


def take_back(connection: sa.Connection, session_id: str, now: float) -> bool:
    """Restore a deleted session, with `now` as its last use; return False if there is none."""
    mark = sa.update(_sessions).where(
        _sessions.c.id == session_id, _sessions.c.deleted_at.is_not(None)
    )
    if connection.execute(mark.values(deleted_at=None, touched_at=now)).rowcount == 0:
        return False
    of_session = _operations.c.session_id == session_id
    connection.execute(sa.delete(_operations).where(of_session, _operations.c.kind == _TOMBSTONE))
    return True


def has(connection: sa.Connection, session_id: str) -> bool:
    """Return whether there is a deleted session of this id."""
    found = sa.select(_sessions.c.id).where(
        _sessions.c.id == session_id, _sessions.c.deleted_at.is_not(None)
    )
    return connection.execute(found).first() is not None


def set_aside(connection: sa.Connection, session_id: str) -> None:
    """Move a deleted session of this id to another id, to free the id for a new session."""
    found = sa.select(_sessions).where(
        _sessions.c.id == session_id, _sessions.c.deleted_at.is_not(None)
    )
    row = connection.execute(found).mappings().first()
    if row is None:
        return
    other = secrets.token_hex(16)
    connection.execute(sa.insert(_sessions), {**row, "id": other})
    for table in (_operations, schema.snapshots, _runs):
        mine = sa.update(table).where(table.c.session_id == session_id)
        connection.execute(mine.values(session_id=other))
    connection.execute(sa.delete(_sessions).where(_sessions.c.id == session_id))
