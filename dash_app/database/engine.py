"""Connections: SQLite by default, any SQLAlchemy URL by setting."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from dash_app.database import schema
from dash_app.errors import StoreError

_log = logging.getLogger(__name__)

_BUSY_TIMEOUT_MS = 30_000
"""How long a writer of SQLite waits for another one, which holds the file for 0.2 ms or so."""

_POOL_SIZE = 16
_MAX_OVERFLOW = 1024  # a thread never waits for a connection; the threads are bounded already

READ = {"sqlite_begin": "BEGIN"}
"""Execution options of transactions that only read: SQLite then waits for no writer."""


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
    except (sa.exc.SQLAlchemyError, OSError, ImportError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()
        raise StoreError(
            f"the store {_shown(url)} cannot be opened: {reason[0] if reason else error!r}"
        ) from error
    return engine


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
            address, pool_size=_POOL_SIZE, max_overflow=_MAX_OVERFLOW, pool_pre_ping=True
        )
    if not address.database or address.database == ":memory:":
        raise StoreError("expected a file for SQLite, got a database in memory: it cannot last")
    Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        address,
        poolclass=sa.QueuePool,
        pool_size=_POOL_SIZE,
        max_overflow=_MAX_OVERFLOW,
        connect_args={"check_same_thread": False},
    )
    sa.event.listen(engine, "connect", _on_connect)
    sa.event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: Any, _record: Any) -> None:
    # None: Python's sqlite3 starts no transactions of its own, _on_begin does
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={_BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",  # in WAL mode NORMAL may lose the last commits when power fails
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: sa.Connection) -> None:
    # a writer takes the lock at once: upgrading a reader's lock fails without waiting
    begin = connection.get_execution_options().get("sqlite_begin", "BEGIN IMMEDIATE")
    connection.exec_driver_sql(begin)
