"""The store: reads and writes rows with SQLAlchemy Core. It has no mathematics and no locks.

When a write returns without an error, its data is on disk. The primary key of the log is (session,
sequence number). If two writers append with the same number, in any two processes, one of them gets
`RowTakenError`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Optional, Union

import sqlalchemy as sa

from dash_app.database import rows, schema, trash
from dash_app.database.engine import OPTIONAL, READ, connect, guard_of, writing
from dash_app.database.play_table import PlayTable
from dash_app.database.run_table import RunTable
from dash_app.database.single_insert import RowTakenError, SingleInsert
from dash_app.database.snapshot_table import SnapshotTable
from dash_app.database.trash import Trash
from dash_app.errors import StoreError
from dash_app.records.operations import (
    CONFIGURE,
    NODE_KINDS,
    ROOT,
    UNDO,
    Operation,
    SessionRecord,
    Snapshot,
)
from dash_app.records.runs import RunRecord
from dash_app.records.versions import ModelVersion

_log = logging.getLogger(__name__)

_sessions, _operations = schema.sessions, schema.operations
_id: sa.BindParameter[str] = sa.bindparam("session_id")
_seq: sa.BindParameter[int] = sa.bindparam("seq")

# module-level statements: SQLAlchemy compiles each once and caches it
_INSERT = sa.insert(_operations)
_OF_SESSION = _operations.c.session_id == _id
_POINTLESS = [
    sa.null().label(column.name) if column.name == "points" else column for column in _operations.c
]
_LAST = sa.select(*_POINTLESS).where(_OF_SESSION).order_by(_operations.c.seq.desc()).limit(1)
_ONE = sa.select(_operations).where(_OF_SESSION, _operations.c.seq == _seq)
_PLACE = sa.select(_operations.c.kind, _operations.c.parent, _operations.c.head).where(
    _OF_SESSION, _operations.c.seq == _seq
)
_LIVES = _sessions.c.deleted_at.is_(None)
_SESSION = sa.select(_sessions).where(_sessions.c.id == _id, _LIVES)
_LAST_SEQ = (
    sa.select(_operations.c.seq)
    .where(_operations.c.session_id == _sessions.c.id)
    .order_by(_operations.c.seq.desc())
    .limit(1)
    .scalar_subquery()
)
_runs = schema.runs
_key: sa.BindParameter[str] = sa.bindparam("key")
_USE_OF_KEY = sa.union_all(  # one statement: each click reads it
    sa.select(_operations.c.seq, sa.null().label("run_id")).where(
        _OF_SESSION, _operations.c.idempotency_key == _key
    ),
    sa.select(sa.null(), _runs.c.id).where(
        _runs.c.session_id == _id, _runs.c.idempotency_key == _key
    ),
)
_REVISION = sa.select(sa.func.coalesce(_LAST_SEQ, 0)).where(_sessions.c.id == _id, _LIVES)


class PointRow(NamedTuple):
    """The columns of an operation that determine the points; `detail` is JSON."""

    seq: int
    parent: int
    kind: str
    points: Optional[bytes]
    detail: Optional[str]


class IdDeletedError(Exception):
    """A deleted session has the id; other processes may still have that session in memory."""


class Store:
    """One database, shared by threads and by processes."""

    def __init__(self, url: str, *, create: bool = True) -> None:
        self._engine = connect(url, create=create)
        self._reader = self._engine.execution_options(**READ)
        self._optional = self._engine.execution_options(**OPTIONAL)
        self._guard = guard_of(self._engine)
        self._insert_one = SingleInsert(self._engine, _INSERT)
        self.runs = RunTable(self._engine, self._reader)
        self.plays = PlayTable(self._engine, self._reader)
        self.snapshots = SnapshotTable(self._engine, self._reader)
        self.trash = Trash(self._engine, self._reader)

    def ping(self) -> None:
        """Check that the store can be used.

        Raises
        ------
        StoreError : the database cannot be used; SQLite's file was damaged, removed or replaced
        """
        if self._guard is not None:
            self._guard.check()
        with self._reader.connect() as connection:
            connection.execute(sa.select(sa.func.max(schema.schema_version.c.version)))

    def examine(self) -> None:
        """Check an SQLite file for damage, for at most two seconds.

        Raises
        ------
        StoreError : the file is damaged
        """
        if self._guard is None:
            return
        with self._reader.connect() as connection:
            driver = connection.connection.driver_connection
            if not self._guard.examine(driver):
                _log.info("the store is too large to be checked completely at the start")

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    # ------------------------------------------------------------------ sessions

    def create_session(self, record: SessionRecord) -> None:
        """Insert a session; StoreError if the id is taken."""
        try:
            with writing(self._engine) as connection:
                trash.set_aside(connection, record.id)
                connection.execute(sa.insert(_sessions), rows.session_row(record))
        except sa.exc.IntegrityError as error:
            raise StoreError(f"there is a session {record.id} already") from error

    def session(self, session_id: str) -> Optional[SessionRecord]:
        """Return the session, if there is one."""
        row = self._first(_SESSION, session_id=session_id)
        return None if row is None else rows.session_record(row)

    def sessions(self) -> list[SessionRecord]:
        """Return every session, oldest first."""
        with self._reader.connect() as connection:
            living = sa.select(_sessions).where(_LIVES).order_by(_sessions.c.created_at)
            found = connection.execute(living)
            return [rows.session_record(row) for row in found]

    def touch(self, session_id: str, now: float) -> None:
        """Record the last use of the session; StoreBusyError at once if the store is locked."""
        with writing(self._optional) as connection:
            connection.execute(
                sa.update(_sessions).where(_sessions.c.id == session_id).values(touched_at=now)
            )

    def untouched(self, before: float) -> list[str]:
        """Return the ids of the sessions whose last use is before `before`."""
        found = sa.select(_sessions.c.id).where(_sessions.c.touched_at < before, _LIVES)
        with self._reader.connect() as connection:
            return list(connection.execute(found).scalars())

    def last_touch(self) -> Optional[float]:
        """Return the time of the last use of any session; None without a session."""
        with self._reader.connect() as connection:
            found = connection.execute(sa.select(sa.func.max(_sessions.c.touched_at)).where(_LIVES))
            newest: Optional[float] = found.scalar()
            return newest

    def revision(self, session_id: str) -> Optional[int]:
        """Return the last sequence number; 0 for an empty log, None without a session."""
        row = self._first(_REVISION, session_id=session_id)
        return None if row is None else int(row[0])

    def revisions(self, session_ids: Iterable[str]) -> dict[str, int]:
        """Return the last sequence number of each session that exists."""
        wanted = sa.select(_sessions.c.id, sa.func.coalesce(_LAST_SEQ, 0)).where(
            _sessions.c.id.in_(list(session_ids)), _LIVES
        )
        with self._reader.connect() as connection:
            return {row[0]: int(row[1]) for row in connection.execute(wanted)}

    # ------------------------------------------------------------------ the log

    def append(
        self,
        session_id: str,
        operations: Sequence[Operation],
        snapshots: Sequence[Snapshot] = (),
        *,
        finish_run: Optional[str] = None,
    ) -> None:
        """Append to the log in one transaction; the rows are on disk when this returns.

        `finish_run` is a run to mark as done; the last operation is its result.

        Raises
        ------
        RowTakenError : a sequence number or the key is taken, or the session was deleted
        CancelledError : the run to finish was cancelled
        """
        new = [rows.operation_row(session_id, each) for each in operations]
        try:
            if len(new) == 1 and not snapshots and finish_run is None:
                self._insert_one(new[0])
                return
            with writing(self._engine) as connection:
                connection.execute(_INSERT, new if len(new) > 1 else new[0])
                if snapshots:
                    self.snapshots.insert(connection, session_id, snapshots)
                if finish_run is not None:
                    self.runs.mark_done(connection, finish_run, operations[-1])
        except sa.exc.IntegrityError as error:
            raise RowTakenError(session_id) from error

    def last(self, session_id: str) -> Optional[Operation]:
        """Return the newest operation without its points, if any."""
        return self._operation(_LAST, session_id=session_id)

    def operation(self, session_id: str, seq: int) -> Optional[Operation]:
        """Return the operation with that sequence number."""
        return self._operation(_ONE, session_id=session_id, seq=seq)

    def operations(
        self,
        session_id: str,
        *,
        after: int = 0,
        limit: Optional[int] = None,
    ) -> list[Operation]:
        """Return the operations above `after`, oldest first."""
        found = (
            sa.select(_operations)
            .where(_OF_SESSION, _operations.c.seq > after)
            .order_by(_operations.c.seq)
        )
        return self._operations(found if limit is None else found.limit(limit), session_id)

    def operations_down_from(self, session_id: str, seq: int, limit: int) -> list[Operation]:
        """Return at most `limit` operations, from `seq` downwards."""
        found = (
            sa.select(_operations)
            .where(_OF_SESSION, _operations.c.seq <= seq)
            .order_by(_operations.c.seq.desc())
        )
        return self._operations(found.limit(limit), session_id)

    def node_sizes(self, session_id: str, upto: int) -> dict[int, tuple[int, int]]:
        """Return the parent and the number of points of each node up to `upto`."""
        c = _operations.c
        found = sa.select(c.seq, c.parent, c.n_points).where(
            _OF_SESSION, c.seq <= upto, c.kind.in_(NODE_KINDS)
        )
        with self._reader.connect() as connection:
            result = connection.execute(found, {"session_id": session_id})
            return {row.seq: (row.parent, row.n_points) for row in result}

    def use_of_key(self, session_id: str, key: str) -> Union[Operation, RunRecord, None]:
        """Return the operation or the training run with that idempotency key."""
        use = self._first(_USE_OF_KEY, session_id=session_id, key=key)
        if use is None:
            return None
        if use.run_id is not None:
            return self.runs.run(session_id, use.run_id)
        return self.operation(session_id, use.seq)

    def head(self, session_id: str, seq: int) -> int:
        """Return the head after that operation; ROOT without it."""
        row = self._first(_PLACE, session_id=session_id, seq=seq)
        return ROOT if row is None else int(row.head)

    def data_node(self, session_id: str, node: int) -> int:
        """Return the last node on the path to `node` that changed the points."""
        while node != ROOT:
            row = self._first(_PLACE, session_id=session_id, seq=node)
            if row is None or row.kind != CONFIGURE:
                break
            node = int(row.parent)
        return node

    def redo_target(self, session_id: str, head: int, tip: int) -> Optional[int]:
        """Return the next node from `head` towards `tip`: the node of the last undo to `head`.

        After the tip the log has only undo, redo and train.
        """
        undone = (
            sa.select(_operations.c.parent)
            .where(
                _OF_SESSION,
                _operations.c.seq > tip,
                _operations.c.kind == UNDO,
                _operations.c.head == head,
            )
            .order_by(_operations.c.seq.desc())
        )
        row = self._first(undone.limit(1), session_id=session_id)
        return None if row is None else int(row[0])

    def point_rows(self, session_id: str, upto: int) -> list[PointRow]:
        """Return the rows of the nodes up to `upto`, oldest first."""
        c = _operations.c
        found = (
            sa.select(c.seq, c.parent, c.kind, c.points, c.detail)
            .where(_OF_SESSION, c.seq <= upto, c.kind.in_(NODE_KINDS))
            .order_by(c.seq)
        )
        with self._reader.connect() as connection:
            # .all(): fetching row by row takes twice as long
            found_rows = connection.execute(found, {"session_id": session_id}).all()
        return list(map(PointRow._make, found_rows))

    # ------------------------------------------------------------------ model versions

    def versions(
        self, session_id: str, *, after: int = 0, limit: Optional[int] = None
    ) -> list[ModelVersion]:
        """Return the model versions with numbers above `after`, oldest first."""
        c = _operations.c
        found = (
            sa.select(_operations)
            .where(_OF_SESSION, c.mixture.is_not(None), c.n_models > after)
            .order_by(c.seq)
        )
        found = found if limit is None else found.limit(limit)
        with self._reader.connect() as connection:
            result = connection.execute(found, {"session_id": session_id})
            return [rows.model_version(row) for row in result]

    def last_training(self, session_id: str, era: int) -> Optional[Operation]:
        """Return the newest training from scratch of that era."""
        trained = sa.select(_operations).where(
            _OF_SESSION, schema.IS_TRAIN, _operations.c.era == era
        )
        newest = trained.order_by(_operations.c.seq.desc()).limit(1)
        return self._operation(newest, session_id=session_id)

    # ------------------------------------------------------------------ import

    def restore(
        self,
        record: SessionRecord,
        operations: Sequence[Operation],
        snapshots: Sequence[Snapshot],
    ) -> None:
        """Insert a whole session in one transaction.

        Raises
        ------
        IdDeletedError : a deleted session has the id
        StoreError : a session has the id
        """
        log = [rows.operation_row(record.id, each) for each in operations]
        try:
            with writing(self._engine) as connection:
                if trash.has(connection, record.id):
                    raise IdDeletedError(record.id)
                connection.execute(sa.insert(_sessions), rows.session_row(record))
                if log:
                    connection.execute(_INSERT, log)
                self.snapshots.insert(connection, record.id, snapshots)
        except sa.exc.IntegrityError as error:
            raise StoreError(f"there is a session {record.id} already") from error

    # ------------------------------------------------------------------ reading

    def _first(self, statement: sa.Executable, **values: Any) -> Optional[sa.Row[Any]]:
        with self._reader.connect() as connection:
            return connection.execute(statement, values).first()

    def _operation(self, statement: sa.Select[Any], **values: Any) -> Optional[Operation]:
        row = self._first(statement, **values)
        return None if row is None else rows.operation(row)

    def _operations(self, statement: sa.Select[Any], session_id: str) -> list[Operation]:
        with self._reader.connect() as connection:
            found = connection.execute(statement, {"session_id": session_id})
            return [rows.operation(row) for row in found]
