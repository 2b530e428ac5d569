"""The tables of the store, and the numbered migrations that create them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import sqlalchemy as sa

from dash_app.errors import StoreError

_log = logging.getLogger(__name__)

metadata = sa.MetaData()

_ID = sa.String(64)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("n_components", sa.Integer, nullable=False),
    sa.Column("half_life", sa.Double),
    sa.Column("prior_weight", sa.Double, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("touched_at", sa.Double, nullable=False, index=True),
    sa.Column("capacity", sa.Integer, nullable=False, server_default="1024"),
    sa.Column("deleted_at", sa.Double),  # None unless deleted; purged a day later
)


def _session_id(*, primary_key: bool) -> sa.Column[str]:
    owner = sa.ForeignKey("sessions.id", ondelete="CASCADE")
    return sa.Column("session_id", _ID, owner, primary_key=primary_key, nullable=False)


operations = sa.Table(
    "operations",
    metadata,
    _session_id(primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("parent", sa.Integer, nullable=False),
    sa.Column("head", sa.Integer, nullable=False),
    sa.Column("tip", sa.Integer, nullable=False),
    sa.Column("n_models", sa.Integer, nullable=False),
    sa.Column("n_points", sa.Integer, nullable=False),
    sa.Column("era", sa.Integer, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("points", sa.LargeBinary),  # float64, little-endian
    sa.Column("detail", sa.Text),  # JSON
    sa.Column("idempotency_key", sa.String(255)),
    # the model version is in the row of its operation: one INSERT for both
    sa.Column("mixture", sa.LargeBinary),
    sa.Column("objective", sa.Double),
    sa.Column("mean_nll", sa.Double),
    sa.Column("model_points", sa.Integer),
    sa.Column("model_revision", sa.Integer),
    sa.Column("time_s", sa.Double),
    # clustered by session and sequence number: appends and loads touch neighbouring pages
    sqlite_with_rowid=False,
)

KEYED = operations.c.idempotency_key.is_not(None)
sa.Index(
    "operations_by_key",
    operations.c.session_id,
    operations.c.idempotency_key,
    unique=True,
    sqlite_where=KEYED,
    postgresql_where=KEYED,
)

# a literal: SQLite uses a partial index only if the query repeats its condition literally
IS_TRAIN = sa.text("kind = 'train'")
sa.Index(
    "operations_that_train",
    operations.c.session_id,
    operations.c.seq,
    sqlite_where=IS_TRAIN,
    postgresql_where=IS_TRAIN,
)

snapshots = sa.Table(
    "snapshots",
    metadata,
    _session_id(primary_key=True),
    sa.Column("node", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("depth", sa.Integer, nullable=False),
    sa.Column("state_version", sa.Integer, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    _session_id(primary_key=False),
    sa.Column("serial", sa.Integer, nullable=False),  # 1, 2, ... within the session
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("method", sa.String(16), nullable=False),
    sa.Column("epochs", sa.Integer, nullable=False),
    sa.Column("n_iter", sa.Integer, nullable=False),
    sa.Column("loss", sa.Double),
    sa.Column("n_points", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("seq", sa.Integer),  # of the train operation, once done
    sa.Column("error", sa.Text),
    sa.Column("cancel_requested", sa.Boolean, nullable=False),
    sa.Column("heartbeat_at", sa.Double, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("finished_at", sa.Double),
    sa.Column("idempotency_key", sa.String(255)),
    sa.UniqueConstraint("session_id", "serial"),
    sa.UniqueConstraint("session_id", "idempotency_key"),
)

# few runs are queued or running, and they are queried often
runs_by_status = sa.Index("runs_by_status", runs.c.status, runs.c.created_at)

plays = sa.Table(
    "plays",
    metadata,
    _session_id(primary_key=True),
    sa.Column("token", _ID, nullable=False),  # of the thread that plays
    sa.Column("start", sa.Integer, nullable=False),  # the node with which the example began
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("heartbeat_at", sa.Double, nullable=False),
)

progress = sa.Table(
    "progress",
    metadata,
    sa.Column("run_id", _ID, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("first", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("losses", sa.LargeBinary, nullable=False),  # float64, little-endian
)

schema_version = sa.Table(
    "schema_version", metadata, sa.Column("version", sa.Integer, primary_key=True)
)


def _first_tables(connection: sa.Connection) -> None:
    metadata.create_all(connection)


def _deleted_at(connection: sa.Connection) -> None:
    _add_to_sessions(connection, "deleted_at", sa.Double().compile(connection.dialect))


def _runs_by_status(connection: sa.Connection) -> None:
    runs_by_status.create(connection, checkfirst=True)


def _capacity(connection: sa.Connection) -> None:
    # sessions of earlier versions had this capacity
    _add_to_sessions(connection, "capacity", "INTEGER NOT NULL DEFAULT 1024")


def _plays(connection: sa.Connection) -> None:
    plays.create(connection, checkfirst=True)


def _add_to_sessions(connection: sa.Connection, name: str, kind: str) -> None:
    # the first step creates the current tables, so a new store has the column already
    known = {column["name"] for column in sa.inspect(connection).get_columns("sessions")}
    if name not in known:
        connection.exec_driver_sql(f"ALTER TABLE sessions ADD COLUMN {name} {kind}")


STEPS: Sequence[Callable[[sa.Connection], None]] = (
    *(_first_tables, _deleted_at, _runs_by_status),
    *(_capacity, _plays),
)
"""Step i migrates from version i to i + 1. A released step must not change."""

_POSTGRESQL_LOCK = 0x676D6D  # arbitrary; the same in every process that migrates


def migrate(
    connection: sa.Connection, steps: Sequence[Callable[[sa.Connection], None]] = STEPS
) -> None:
    """Migrate the store to the newest version, within the connection's transaction.

    Raises
    ------
    StoreError : the store has a newer version than this program
    """
    if connection.dialect.name == "postgresql":  # SQLite's transaction is exclusive already
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_POSTGRESQL_LOCK)))
    schema_version.create(connection, checkfirst=True)
    version = connection.execute(sa.select(sa.func.max(schema_version.c.version))).scalar() or 0
    if version > len(steps):
        raise StoreError(
            f"expected a store of schema version {len(steps)} or older, got {version}: it was "
            "written by a newer release; start that one, or use another data directory"
        )
    for number, step in enumerate(steps[version:], start=version + 1):
        step(connection)
        connection.execute(sa.insert(schema_version).values(version=number))
        _log.info("the store is now at schema version %d", number)
