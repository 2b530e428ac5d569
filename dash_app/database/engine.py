"""Connections: SQLite by default, any SQLAlchemy URL by setting."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

import sqlalchemy as sa

from dash_app import private_files
from dash_app.database import schema
from dash_app.database.sqlite_guard import BUSY_TIMEOUT_MS, SqliteGuard
from dash_app.errors import StoreError

_POOL_SIZE = 16
_MAX_OVERFLOW = 1024  # a thread never waits for a connection; the threads are bounded already

READ = {"sqlite_begin": "read"}
"""Execution options of transactions that only read: SQLite then waits for no writer."""

OPTIONAL = {"sqlite_begin": "optional"}
"""Execution options of a write that may be left out: SQLite then hardly waits for a writer."""

_GUARD = "sqlite_guard"
_BESIDE = ("-wal", "-shm")


def connect(url: str) -> sa.Engine:
    """Return an engine on a store of the newest schema; makes the store on first use.

    Raises
    ------
    StoreError : the store cannot be opened, or is of a newer release
    """
    try:
        address = _with_driver(sa.engine.make_url(url))
        engine = _engine(address)
        with engine.begin() as connection:
            schema.migrate(connection)
        guard = guard_of(engine)
        if guard is not None:
            guard.opened()
    except (sa.exc.SQLAlchemyError, OSError, ImportError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()
        raise StoreError(
            f"the store {_shown(url)} cannot be opened: {reason[0] if reason else error!r}"
        ) from error
    return engine


def guard_of(engine: sa.Engine) -> Optional[SqliteGuard]:
    """Return what watches the engine's file; None for a server's database."""
    found: Optional[SqliteGuard] = engine.get_execution_options().get(_GUARD)
    return found


def _shown(url: str) -> str:
    try:
        return sa.engine.make_url(url).render_as_string(hide_password=True)
    except sa.exc.ArgumentError:
        return "(not a URL)"


def _with_driver(address: sa.URL) -> sa.URL:
    # psycopg 3 is the driver that is tested
    if address.drivername in ("postgresql", "postgres"):
        return address.set(drivername="postgresql+psycopg")
    return address


def _engine(address: sa.URL) -> sa.Engine:
    if address.get_backend_name() != "sqlite":
        # pre_ping: the server may have been restarted since a connection was last used
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
    private_files.make_directory(path.parent)
    private_files.make_file(path)  # SQLite gives what it makes beside it the same mode
    for suffix in ("", *_BESIDE):
        private_files.close_to_others(path.with_name(path.name + suffix))
    guard = SqliteGuard(path)
    engine = sa.create_engine(
        address,
        poolclass=sa.QueuePool,
        pool_size=_POOL_SIZE,
        max_overflow=_MAX_OVERFLOW,
        connect_args={"check_same_thread": False},
        execution_options={_GUARD: guard},
        hide_parameters=True,  # an error's text goes to the log, and session ids are among them
    )
    # before SQLite would make a new file in the place of one that was removed
    sa.event.listen(engine, "do_connect", lambda *_: guard.check())
    sa.event.listen(engine, "connect", _on_connect)
    sa.event.listen(engine, "begin", _on_begin)
    sa.event.listen(engine, "handle_error", lambda context: _on_error(guard, context))
    return engine


def _on_connect(connection: Any, _record: Any) -> None:
    # None: Python's sqlite3 starts no transactions of its own, _on_begin does
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",  # in WAL mode NORMAL may lose the last commits when power fails
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    kind = options.get("sqlite_begin")
    if kind == "read":
        connection.exec_driver_sql("BEGIN")
        return
    driver = connection.connection.driver_connection
    with options[_GUARD].writing(driver, optional=kind == "optional"):
        # the lock at once: upgrading a reader's lock fails without waiting
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _on_error(guard: SqliteGuard, context: sa.engine.ExceptionContext) -> None:
    explained = guard.explained(context.original_exception)
    if explained is not None:
        raise explained
