"""Deleted sessions: readers no longer see them, and an operator can restore them for a day.

A tombstone at the end of the log takes the next sequence number. A concurrent append therefore
finds its number taken, reads the session again and learns that it was deleted.
"""

from __future__ import annotations

import secrets
from typing import Optional

import sqlalchemy as sa

from dash_app.database import rows, schema
from dash_app.database.engine import writing
from dash_app.errors import ConflictError
from dash_app.records.operations import SessionRecord
from dash_app.records.runs import ALIVE

_sessions, _operations, _runs = schema.sessions, schema.operations, schema.runs

_TOMBSTONE = "deleted"
_NOTHING = {"parent": 0, "head": 0, "tip": 0, "n_models": 0, "n_points": 0, "era": 0}

_ATTEMPTS = 20


class Trash:
    """Deletes sessions, and keeps them until `purge` removes them."""

    def __init__(self, engine: sa.Engine, reader: sa.Engine) -> None:
        self._engine = engine
        self._reader = reader

    def throw_away(
        self, session_id: str, now: float, *, untouched_since: Optional[float] = None
    ) -> bool:
        """Mark the session as deleted and stop its runs; return False if there is none.

        With `untouched_since`, delete it only if it was not used since then.
        """
        for _ in range(_ATTEMPTS):
            try:
                with writing(self._engine) as connection:
                    return _throw_away(connection, session_id, now, untouched_since)
            except sa.exc.IntegrityError:
                continue  # another writer appended at the same time
        raise ConflictError(f"expected no appends while a session is deleted, got {_ATTEMPTS}")

    def take_back(self, session_id: str, now: float) -> bool:
        """Restore a deleted session, with `now` as its last use; return False if there is none."""
        with writing(self._engine) as connection:
            return _take_back(connection, session_id, now)

    def sessions(self) -> list[tuple[SessionRecord, float]]:
        """Return the deleted sessions, each with the time of its deletion."""
        c = _sessions.c
        found = sa.select(_sessions).where(c.deleted_at.is_not(None)).order_by(c.deleted_at)
        with self._reader.connect() as connection:
            gone = connection.execute(found).all()
        return [(rows.session_record(row), row.deleted_at) for row in gone]

    def purge(self, before: float) -> int:
        """Remove the sessions deleted before `before` for good; return how many."""
        deleted = sa.delete(_sessions).where(_sessions.c.deleted_at < before)
        with writing(self._engine) as connection:
            return connection.execute(deleted).rowcount


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


def _throw_away(
    connection: sa.Connection, session_id: str, now: float, untouched_since: Optional[float]
) -> bool:
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


def _take_back(connection: sa.Connection, session_id: str, now: float) -> bool:
    mark = sa.update(_sessions).where(
        _sessions.c.id == session_id, _sessions.c.deleted_at.is_not(None)
    )
    if connection.execute(mark.values(deleted_at=None, touched_at=now)).rowcount == 0:
        return False
    of_session = _operations.c.session_id == session_id
    connection.execute(sa.delete(_operations).where(of_session, _operations.c.kind == _TOMBSTONE))
    return True
