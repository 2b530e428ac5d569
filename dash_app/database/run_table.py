"""The tables of training runs. Processes share status, progress and cancel requests here."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
import sqlalchemy as sa

from dash_app.database import schema
from dash_app.database.engine import writing
from dash_app.database.rows import floats_from_bytes, floats_to_bytes
from dash_app.errors import CancelledError
from dash_app.learning.mixture import Array
from dash_app.records.operations import Operation
from dash_app.records.runs import ALIVE, DONE, FAILED, QUEUED, RUNNING, RunRecord

_runs, _progress = schema.runs, schema.progress
_is_alive = _runs.c.status.in_(ALIVE)


class SerialTakenError(Exception):
    """Another run of the session was inserted first, or the session was deleted."""


class RunTable:
    """Reads and writes the rows of runs and their losses."""

    def __init__(self, engine: sa.Engine, reader: sa.Engine) -> None:
        self._engine = engine
        self._reader = reader

    def start(self, record: RunRecord) -> None:
        """Insert a run, and ask the other runs of the session to stop."""
        replaced = (
            sa.update(_runs)
            .where(_runs.c.session_id == record.session_id, _is_alive)
            .values(cancel_requested=True)
        )
        try:
            with writing(self._engine) as connection:
                connection.execute(replaced)
                connection.execute(sa.insert(_runs), vars(record))
        except sa.exc.IntegrityError as error:
            raise SerialTakenError(record.session_id) from error

    def begin(self, run_id: str, now: float) -> None:
        """Mark a queued run as running."""
        with writing(self._engine) as connection:
            connection.execute(
                sa.update(_runs)
                .where(_runs.c.id == run_id, _runs.c.status == QUEUED)
                .values(status=RUNNING, heartbeat_at=now)
            )

    def n_before(self, record: RunRecord) -> int:
        """Return the number of earlier queued runs in the store."""
        earlier = sa.and_(_runs.c.status == QUEUED, _runs.c.created_at < record.created_at)
        with self._reader.connect() as connection:
            return connection.execute(sa.select(sa.func.count()).where(earlier)).scalar() or 0

    def last_serial(self, session_id: str) -> int:
        """Return the serial number of the session's newest run; 0 without a run."""
        newest = sa.select(sa.func.max(_runs.c.serial)).where(_runs.c.session_id == session_id)
        with self._reader.connect() as connection:
            return connection.execute(newest).scalar() or 0

    def run(self, session_id: str, run_id: str) -> Optional[RunRecord]:
        """Return the run, if the session has it."""
        return self._one(_runs.c.session_id == session_id, _runs.c.id == run_id)

    def by_key(self, session_id: str, key: str) -> Optional[RunRecord]:
        """Return the run that was started with that idempotency key."""
        return self._one(_runs.c.session_id == session_id, _runs.c.idempotency_key == key)

    def since(self, session_id: str, serial: int) -> list[RunRecord]:
        """Return the session's runs with that serial number or a later one, oldest first."""
        found = (
            sa.select(_runs)
            .where(_runs.c.session_id == session_id, _runs.c.serial >= serial)
            .order_by(_runs.c.serial)
        )
        with self._reader.connect() as connection:
            return [RunRecord(**row._mapping) for row in connection.execute(found)]

    def newest(self, session_ids: list[str]) -> dict[str, tuple[int, str, int]]:
        """Return (serial, status, n_iter) of each session's newest run."""
        c = _runs.c
        last = sa.select(c.session_id, sa.func.max(c.serial)).where(c.session_id.in_(session_ids))
        is_last = sa.tuple_(c.session_id, c.serial).in_(last.group_by(c.session_id))
        found = sa.select(c.session_id, c.serial, c.status, c.n_iter).where(is_last)
        with self._reader.connect() as connection:
            return {row[0]: (row[1], row[2], row[3]) for row in connection.execute(found)}

    def losses(self, run_id: str, *, after: int = 0) -> Array:
        """Return the losses of the iterations above `after`, shape (n,), nats per point."""
        found: sa.Select[Any] = (
            sa.select(_progress.c.first, _progress.c.losses)
            .where(_progress.c.run_id == run_id)
            .order_by(_progress.c.first.desc())
        )
        parts: list[Array] = []
        with self._reader.connect() as connection:
            for row in connection.execute(found):
                first, part = int(row[0]), floats_from_bytes(row[1])
                parts.append(part[max(0, after + 1 - first) :])
                if first <= after + 1:
                    break
        return np.concatenate(parts[::-1]) if parts else np.empty(0)

    def report(self, run_id: str, first: int, losses: Array, now: float) -> bool:
        """Append losses from iteration `first` on; return whether the run must stop."""
        state = {"status": RUNNING, "n_iter": first + losses.size - 1, "loss": float(losses[-1])}
        with writing(self._engine) as connection:
            alive = connection.execute(
                sa.update(_runs)
                .where(_runs.c.id == run_id, _is_alive)
                .values(**state, heartbeat_at=now)
            )
            if alive.rowcount == 0:  # the session is gone, or the run was marked as failed
                return True
            row = {"run_id": run_id, "first": first, "losses": floats_to_bytes(losses)}
            connection.execute(sa.insert(_progress), row)
            wanted = sa.select(_runs.c.cancel_requested).where(_runs.c.id == run_id)
            return bool(connection.execute(wanted).scalar())

    def heartbeat(self, run_ids: list[str], now: float) -> set[str]:
        """Update the heartbeats of the runs; return the runs that must stop."""
        with writing(self._engine) as connection:
            mine = _runs.c.id.in_(run_ids)
            connection.execute(sa.update(_runs).where(mine).values(heartbeat_at=now))
            going = connection.execute(
                sa.select(_runs.c.id).where(mine, _is_alive, _runs.c.cancel_requested.is_(False))
            )
            return set(run_ids) - set(going.scalars())

    def request_cancel(self, session_id: str, run_id: str) -> None:
        """Ask the run to stop, in any process."""
        with writing(self._engine) as connection:
            connection.execute(
                sa.update(_runs)
                .where(_runs.c.session_id == session_id, _runs.c.id == run_id)
                .values(cancel_requested=True)
            )

    def mark_done(self, connection: sa.Connection, run_id: str, operation: Operation) -> None:
        """Mark the run as done, in the transaction that appends its result.

        Raises
        ------
        CancelledError : the run was cancelled
        """
        done = connection.execute(
            sa.update(_runs)
            .where(
                _runs.c.id == run_id,
                _is_alive,
                _runs.c.cancel_requested.is_(False),
            )
            .values(status=DONE, seq=operation.seq, finished_at=operation.created_at)
        )
        if done.rowcount == 0:
            raise CancelledError(f"the run {run_id} was cancelled")

    def end(self, run_id: str, status: str, error: Optional[str], now: float) -> None:
        """Mark a run that has not ended as failed or cancelled."""
        with writing(self._engine) as connection:
            connection.execute(
                sa.update(_runs)
                .where(_runs.c.id == run_id, _is_alive)
                .values(status=status, error=error, finished_at=now)
            )

    def heartbeats(self) -> dict[str, float]:
        """Return the last heartbeat of each queued or running run, from its own process's clock."""
        found = sa.select(_runs.c.id, _runs.c.heartbeat_at).where(_is_alive)
        with self._reader.connect() as connection:
            return {row[0]: float(row[1]) for row in connection.execute(found)}

    def fail_silent(self, run_id: str, heartbeat_at: float, error: str, now: float) -> None:
        """Mark the run as failed if its heartbeat is unchanged."""
        same = (_runs.c.id == run_id, _runs.c.heartbeat_at == heartbeat_at)
        with writing(self._engine) as connection:
            connection.execute(
                sa.update(_runs)
                .where(_is_alive, *same)
                .values(status=FAILED, error=error, finished_at=now)
            )

    def _one(self, *conditions: Any) -> Optional[RunRecord]:
        with self._reader.connect() as connection:
            row = connection.execute(sa.select(_runs).where(*conditions)).first()
        return None if row is None else RunRecord(**row._mapping)
