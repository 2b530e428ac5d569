"""Database connections: SQLite by default, or any SQLAlchemy URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Optional

import sqlalchemy as sa

from dash_app import private_files
from dash_app.database import schema
from dash_app.database.sqlite_guard import BUSY_TIMEOUT_MS, LOG_SUFFIX, SqliteGuard
from dash_app.errors import StoreError

_POOL_SIZE = 16
_SQLITE_POOL_SIZE = 64
"""Connections that stay open. Opening one of SQLite's takes as long as some statements, and a class
of 60 uses 56 at once; one of PostgreSQL's costs the server a process."""

_MAX_OVERFLOW = 1024  # no thread waits for a connection; the server bounds the threads

_BEGIN = "sqlite_begin"

READ = {_BEGIN: "read"}
"""Execution options of read-only transactions: SQLite does not wait for a writer."""

OPTIONAL = {_BEGIN: "optional"}
"""Execution options of a write that may be skipped: SQLite waits only briefly for a writer."""

FAILED = "the store cannot be used now; try again"
"""What a client is told; its cause, the driver's error, may tell more than a client should know."""

_FAILURES = (sa.exc.OperationalError, sa.exc.InterfaceError)
"""Errors that may pass, as those of a lost connection; every other one is a defect."""

_GUARD = "sqlite_guard"
_BESIDE = (LOG_SUFFIX, "-shm")


def connect(url: str, *, create: bool = True) -> sa.Engine:
    """Return an engine for the store; migrate it to the newest schema.

    `create` makes a store where there is none.

    Raises
    ------
    StoreError : the store cannot be opened, is not there, or a newer release wrote it
    """
    try:
        address = _with_driver(_parsed(url))
        engine = _engine(address, create=create)
        with engine.begin() as connection:
            schema.migrate(connection)
        guard = guard_of(engine)
        if guard is not None:
            guard.opened()
    except (sa.exc.SQLAlchemyError, OSError, ImportError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()
        raise StoreError(
            f"the store {_shown(url)} cannot be opened: {reason[0] if reason else repr(error)}"
        ) from error
    # not before: the error of a start says what the driver says
    sa.event.listen(engine, "handle_error", _on_failure)
    return engine


def guard_of(engine: sa.Engine) -> Optional[SqliteGuard]:
    """Return the guard of the engine's SQLite file; None for another database."""
    found: Optional[SqliteGuard] = engine.get_execution_options().get(_GUARD)
    return found


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Return a connection in a transaction that writes; it is committed at the end of the block.

    Raises
    ------
    StoreBusyError : another program locks the store; nothing was changed
    StoreError : the store cannot be used
    """
    with turn_of(engine), engine.begin() as connection:
        yield connection


def turn_of(engine: sa.Engine) -> AbstractContextManager[None]:
    """Return a writer's turn, to hold for its transaction; only SQLite's writers take turns."""
    guard = guard_of(engine)
    optional = engine.get_execution_options().get(_BEGIN) == "optional"
    return nullcontext() if guard is None else guard.turn(optional=optional)


def _shown(url: str) -> str:
    try:
        return sa.engine.make_url(url).render_as_string(hide_password=True)
    except sa.exc.ArgumentError:
        return "(not a URL)"


def _parsed(url: str) -> sa.URL:
    try:
        return sa.engine.make_url(url)
    except ValueError:  # of int(); its text may have a part of a password with an @ in it
        raise StoreError(
            "the store (not a URL) cannot be opened: expected a whole number as its port; an @ in "
            "a password is written %40"
        ) from None


def _with_driver(address: sa.URL) -> sa.URL:
    # psycopg 3 is the tested driver
    if address.drivername in ("postgresql", "postgres"):
        return address.set(drivername="postgresql+psycopg")
    return address


def _engine(address: sa.URL, *, create: bool) -> sa.Engine:
    if address.get_backend_name() != "sqlite":
        # pre_ping: the database server may have restarted since the last use of a connection
        return sa.create_engine(
            address,
            pool_size=_POOL_SIZE,
            max_overflow=_MAX_OVERFLOW,
            pool_pre_ping=True,
            hide_parameters=True,
        )
    if not address.database or address.database == ":memory:":
        raise StoreError("expected a file for SQLite, got a database in memory: it cannot last")
    if address.database.startswith("file:"):
        raise StoreError("expected the path of a file for SQLite, got a URI: it cannot be watched")
    path = Path(address.database).absolute()
    if not create and not path.exists():
        raise StoreError(f"expected a store, got no file {path}")
    private_files.make_directory(path.parent)
    private_files.make_file(path)  # SQLite gives its -wal and -shm files the same mode
    for suffix in ("", *_BESIDE):
        private_files.close_to_others(path.with_name(path.name + suffix))
    guard = SqliteGuard(path)
    engine = sa.create_engine(
        address,
        poolclass=sa.QueuePool,
        pool_size=_SQLITE_POOL_SIZE,
        max_overflow=_MAX_OVERFLOW,
        connect_args={"check_same_thread": False},
        execution_options={_GUARD: guard},
        hide_parameters=True,  # error texts go to the log, and the parameters include session ids
    )
    # check before each connection: SQLite would create a new file if the old one was removed
    sa.event.listen(engine, "do_connect", lambda *_: guard.check())
    sa.event.listen(engine, "connect", _on_connect)
    sa.event.listen(engine, "connect", lambda connection, _: guard.connected(connection))
    sa.event.listen(engine, "close", lambda connection, _: guard.disconnected(connection))
    sa.event.listen(engine, "engine_disposed", lambda _: guard.disposed())
    sa.event.listen(engine, "begin", _on_begin)
    sa.event.listen(engine, "handle_error", lambda context: _on_error(guard, context))
    return engine


def _on_connect(connection: Any, _record: Any) -> None:
    # None: _on_begin starts the transactions, not Python's sqlite3
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",  # in WAL mode, NORMAL may lose the last commits in a power failure
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    kind = options.get(_BEGIN)
    if kind == "read":
        connection.exec_driver_sql("BEGIN")
        return
    driver = connection.connection.driver_connection
    with options[_GUARD].writing(driver, optional=kind == "optional"):
        # take the write lock at once: upgrading a read lock fails without waiting
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _on_error(guard: SqliteGuard, context: sa.engine.ExceptionContext) -> None:
    explained = guard.explained(context.original_exception)
    if explained is not None:
        raise explained


def _on_failure(context: sa.engine.ExceptionContext) -> None:
    # a lost connection that the pool finds before its use is replaced, and is no failure
    if isinstance(context.sqlalchemy_exception, _FAILURES) and not context.is_pre_ping:
        raise StoreError(FAILED)
