"""The table of snapshots: states of learners, from which a load of a session replays its log."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Optional

import sqlalchemy as sa

from dash_app.database import schema
from dash_app.database.engine import OPTIONAL, writing
from dash_app.errors import StoreBusyError
from dash_app.records.operations import Snapshot, short

_log = logging.getLogger(__name__)

_snapshots = schema.snapshots

SPARSE_EVERY = 1000
"""Older snapshots are kept only at depths that are multiples of this; saves space, slows undo."""


class SnapshotTable:
    """Reads and writes the rows; a node has at most one."""

    def __init__(self, engine: sa.Engine, reader: sa.Engine) -> None:
        self._optional = engine.execution_options(**OPTIONAL)
        self._reader = reader

    def nodes(self, session_id: str, state_version: int) -> set[int]:
        """Return the nodes that have a snapshot of that version."""
        c = _snapshots.c
        found = sa.select(c.node).where(
            c.session_id == session_id, c.state_version == state_version
        )
        with self._reader.connect() as connection:
            return set(connection.execute(found).scalars())

    def get(self, session_id: str, node: int) -> Optional[Snapshot]:
        """Return the snapshot at the node."""
        found = _of(session_id).where(_snapshots.c.node == node)
        with self._reader.connect() as connection:
            row = connection.execute(found).first()
        return None if row is None else Snapshot(**row._mapping)

    def all(self, session_id: str) -> list[Snapshot]:
        """Return every snapshot of the session."""
        found = _of(session_id).order_by(_snapshots.c.node)
        with self._reader.connect() as connection:
            return [Snapshot(**row._mapping) for row in connection.execute(found)]

    def put(self, session_id: str, snapshots: Sequence[Snapshot]) -> None:
        """Write the snapshots and replace older ones, as far as possible.

        Nothing is written if the store is locked, another process writes one at the same node, or
        the session is deleted: a snapshot only makes the next load faster.
        """
        try:
            with writing(self._optional) as connection:
                self.insert(connection, session_id, snapshots)
        except StoreBusyError:
            _log.info("session %s: no snapshot kept, the store is locked", short(session_id))
        except sa.exc.IntegrityError:
            _log.info(
                "session %s: no snapshot kept, another process has it or the session is deleted",
                short(session_id),
            )

    def insert(
        self, connection: sa.Connection, session_id: str, snapshots: Sequence[Snapshot]
    ) -> None:
        """Write the snapshots in a transaction, replace older ones and thin out those before."""
        c = _snapshots.c
        for each in snapshots:
            at_node = sa.and_(c.session_id == session_id, c.node == each.node)
            connection.execute(sa.delete(_snapshots).where(at_node))
            connection.execute(sa.insert(_snapshots), {"session_id": session_id, **vars(each)})
            if each.depth % SPARSE_EVERY == 0:
                connection.execute(
                    sa.delete(_snapshots).where(
                        c.session_id == session_id,
                        c.depth <= each.depth - SPARSE_EVERY,
                        c.depth % SPARSE_EVERY != 0,
                    )
                )


def _of(session_id: str) -> sa.Select[tuple[int, int, int, bytes]]:
    c = _snapshots.c
    found = sa.select(c.node, c.depth, c.state_version, c.body)
    return found.where(c.session_id == session_id)
