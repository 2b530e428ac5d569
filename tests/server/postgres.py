"""A temporary PostgreSQL server for the tests, on a free loopback port."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Optional

import psycopg

from dash_app.database import schema
from dash_app.store import Store
from testbed.serving import free_port

_OWNER = "postgres"  # the server's programs refuse to run as root
_COLUMNS = {(table.name, each.name) for table in schema.metadata.sorted_tables for each in table.c}


def binaries() -> Optional[Path]:
    """Return the directory of the newest server programs; None if there are none."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3])
    )
    return found[-1].parent if found else None


class PostgresServer:
    """One server with one database; `emptied` and `cleared` take everything out of it."""

    def __init__(self, programs: Path) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="postgres-"))
        self._programs = programs
        self._data = data = self._directory / "data"
        as_root = os.geteuid() == 0
        self._prefix = ["runuser", "-u", _OWNER, "--"] if as_root else []
        if as_root:
            shutil.chown(self._directory, _OWNER)
        self.port = free_port()
        self._run(programs / "initdb", "-D", data, "-U", _OWNER, "--auth=trust", "-E", "UTF8")
        self._url = f"postgresql://{_OWNER}@127.0.0.1:{self.port}/postgres"
        self.start()

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        options = f"-c port={self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        options += " -c fsync=off"  # a test need not survive a power failure
        command = [str(self._programs / "postgres"), "-D", str(self._data), *options.split(" ")]
        self._process = subprocess.Popen(
            [*self._prefix, *command], cwd=self._directory, stderr=subprocess.DEVNULL
        )
        self._wait()
        self._connection = self._connect()

    def emptied(self) -> str:
        """Delete everything in the database; return its URL."""
        self._end_other_connections()
        self._connection.execute("DROP SCHEMA public CASCADE")
        self._connection.execute("CREATE SCHEMA public")
        return self._url

    def cleared(self) -> str:
        """Delete all rows and see to the newest tables; return the URL.

        It takes less than half of the time that it takes to make the tables.
        """
        if not self._has_newest_tables():
            Store(self.emptied()).close()
        self._end_other_connections()
        for table in reversed(schema.metadata.sorted_tables):
            if table is not schema.schema_version:
                self._connection.execute(f"DELETE FROM {table.name}")
        return self._url

    def _has_newest_tables(self) -> bool:
        columns = self._connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'public'"
        )
        if set(columns) != _COLUMNS:
            return False
        (version,) = self._connection.execute("SELECT max(version) FROM schema_version").fetchone()
        return version == len(schema.STEPS)

    def _end_other_connections(self) -> None:
        self._connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    def end_waiting_connections(self) -> int:
        """End the connections that wait for a lock; return their number."""
        ended = self._connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        )
        return len(ended.fetchall())

    @contextmanager
    def locked(self, table: str) -> Iterator[None]:
        """Let nobody else write to the table."""
        with self._connect() as another, another.transaction():
            another.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
            yield

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server: `immediate` is a crash, `fast` ends the connections in order."""
        self._connection.close()
        self._run(self._programs / "pg_ctl", "stop", "-D", self._data, "-m", mode)
        self._process.wait(30)

    @contextmanager
    def away(self, mode: str) -> Iterator[None]:
        """Stop the server, and start it again at the end of the block."""
        self.stop(mode)
        try:
            yield
        finally:
            self.start()

    def remove(self) -> None:
        """Stop the server and remove its files."""
        self.stop()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _connect(self) -> psycopg.Connection:
        address = f"host=127.0.0.1 port={self.port} user={_OWNER} dbname=postgres"
        return psycopg.connect(address, autocommit=True)

    def _run(self, *command: object) -> None:
        subprocess.run(
            [*self._prefix, *map(str, command)],
            check=True,
            capture_output=True,
            cwd=self._directory,
        )

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                self._connect().close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(0.05)
