"""Detect faults of the SQLite file, and explain each in one sentence.

If the file is removed or replaced while it is open, writes go to the old file and are lost. So each
write compares the device and inode of the file at the path with those of the open file. The same
holds for the -wal file, which has the newest changes; SQLite removes it only with the last
connection. If another program locks the file, the first writer waits for long. The next writers
wait briefly until one succeeds, to keep threads free for readers.

The writers of one process take turns: SQLite lets its waiters sleep and try again in no order. Of
350 clients at once that trained, 70 waited 5 s in vain, as if another program held the file.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional

from dash_app.errors import StoreBusyError, StoreError

LOG_SUFFIX = "-wal"
"""Ending of the name of SQLite's write-ahead log."""

BUSY_TIMEOUT_MS = 5_000
"""Longest wait of a writer for the write lock; another writer has it for about 0.2 ms."""

_LOCKED_TIMEOUT_MS = 200
"""Longest wait of a writer after another one has waited `BUSY_TIMEOUT_MS` in vain."""

OPTIONAL_TIMEOUT_MS = 20
"""Longest wait of a write that may be skipped."""

_CHECK_FOR_S = 2.0
"""Longest duration of the integrity check at the start."""

_INSTRUCTIONS_A_LOOK = 100_000
"""SQLite instructions between two looks at the clock."""

_DAMAGED = ("file is not a database", "database disk image is malformed")
_LOCKED = ("database is locked", "database table is locked")
_REASONS = {
    "database or disk is full": "its disk is full; make room and try again",
    "attempt to write a readonly database": "it, or its directory, may not be written",
    "unable to open database file": "it, or its directory, may not be opened",
    "disk I/O error": "its disk failed",
}


class SqliteGuard:
    """Watches one database file, for all connections of this process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log_path = path.with_name(path.name + LOG_SUFFIX)
        self._opened: Optional[tuple[int, int]] = None
        self._opened_log: Optional[tuple[int, int]] = None
        self._connections: set[int] = set()
        self._damage: Optional[str] = None
        self._locked = False
        self._turn = threading.Lock()

    def opened(self) -> None:
        """Remember which file is open; `check` then expects it at its path."""
        self._opened = _identity(os.stat(self._path))

    def connected(self, connection: Any) -> None:
        """Note a new connection; with the first one a new -wal file begins."""
        if not self._connections:
            self._opened_log = None
        self._connections.add(id(connection))

    def disconnected(self, connection: Any) -> None:
        """Note the end of a connection."""
        self._connections.discard(id(connection))

    def disposed(self) -> None:
        """Note the end of all connections."""
        self._connections.clear()

    def check(self) -> None:
        """Raise StoreError if a file was removed, replaced or emptied, or is damaged."""
        if self._damage is not None:
            raise StoreError(self._damage)
        if self._opened is None:
            return
        try:
            found = os.stat(self._path)
        except OSError as error:
            raise StoreError(
                f"the store {self._path} was removed while the server ran ({error.strerror}): "
                "nothing can be kept; put the file back or start the server again"
            ) from error
        if _identity(found) != self._opened:
            raise StoreError(
                f"the store {self._path} was replaced while the server ran: nothing can be kept; "
                "start the server again"
            )
        if found.st_size == 0:
            raise StoreError(f"the store {self._path} was emptied while the server ran")
        self._check_log()

    def _note_log(self) -> None:
        # a file system on which SQLite keeps another kind of journal has no such file
        with contextlib.suppress(OSError):
            self._opened_log = _identity(os.stat(self._log_path))

    def _check_log(self) -> None:
        if self._opened_log is None or not self._connections:
            return
        try:
            found: Optional[tuple[int, int]] = _identity(os.stat(self._log_path))
        except OSError:
            found = None
        if found == self._opened_log or not self._connections:  # or the last one closed just now
            return
        done = "removed" if found is None else "replaced"
        raise StoreError(
            f"the file {self._log_path} was {done} while the server ran: nothing can be kept; stop "
            "the server, which saves what it has acknowledged, and start it again"
        )

    @contextmanager
    def turn(self, *, optional: bool = False) -> Iterator[None]:
        """Wait until no other thread writes; hold this for the whole transaction.

        Raises
        ------
        StoreBusyError : another writer has waited for another program in vain, or the write may be
            skipped and did not get its turn soon
        """
        wait_ms = OPTIONAL_TIMEOUT_MS if optional else _LOCKED_TIMEOUT_MS
        while not self._turn.acquire(timeout=wait_ms / 1000.0):
            if optional or self._locked:
                raise StoreBusyError(self._busy())
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def writing(self, connection: Any, *, optional: bool = False) -> Iterator[None]:
        """Check the file, and limit how long the driver's connection waits for the write lock.

        Raises
        ------
        StoreError : see `check`; nothing was written
        """
        self.check()
        wait_ms = OPTIONAL_TIMEOUT_MS if optional else BUSY_TIMEOUT_MS
        wait_ms = min(wait_ms, _LOCKED_TIMEOUT_MS) if self._locked else wait_ms
        if wait_ms != BUSY_TIMEOUT_MS:
            connection.execute(f"PRAGMA busy_timeout={wait_ms}")
        try:
            yield
            self._locked = False
            if self._opened_log is None:  # the file is there from the first transaction on
                self._note_log()
        except Exception as error:
            if wait_ms == BUSY_TIMEOUT_MS and _is_locked(error):
                self._locked = True
            raise
        finally:
            if wait_ms != BUSY_TIMEOUT_MS:
                connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")

    def explained(self, error: BaseException) -> Optional[StoreError]:
        """Translate an error of the driver; return None if it is not about the file."""
        message = str(error)
        if message.startswith(_DAMAGED):
            self._damage = (
                f"the store {self._path} is damaged ({message}): it is left as it is; "
                "start the server on a copy from before, or recover it with sqlite3's .recover"
            )
            return StoreError(self._damage)
        if message.startswith(_LOCKED):
            return StoreBusyError(self._busy())
        reason = next((_REASONS[text] for text in _REASONS if message.startswith(text)), None)
        if reason is None:
            return None
        return StoreError(f"the store {self._path} cannot be used, nothing was changed: {reason}")

    def _busy(self) -> str:
        return f"another program holds the store {self._path}: nothing was changed; try again"

    def examine(self, connection: Any) -> bool:
        """Check the file for damage, for two seconds; return whether the check was complete.

        If the file cannot be read at all, the driver's error is raised.

        Raises
        ------
        StoreError : the file is damaged
        """
        until = time.monotonic() + _CHECK_FOR_S
        connection.set_progress_handler(lambda: time.monotonic() > until, _INSTRUCTIONS_A_LOOK)
        try:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        except Exception as error:
            if str(error) == "interrupted":
                return False
            raise
        finally:
            connection.set_progress_handler(None, 0)
        if found != "ok":
            damage = self.explained(ValueError(f"{_DAMAGED[1]}: {' '.join(str(found).split())}"))
            assert damage is not None
            raise damage
        return True


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _is_locked(error: BaseException) -> bool:
    return isinstance(error, StoreBusyError) or str(error).startswith(_LOCKED)
