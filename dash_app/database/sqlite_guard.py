"""What can happen to the file of an SQLite store, noticed and said in one sentence.

A file that is removed or replaced while it is open goes on taking writes that nobody will ever
read: its device and inode are compared at each write. A lock that another program holds makes
writers wait: the first one for long, the next ones shortly until one succeeds, so that they do not
use up the threads that serve readers.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional

from dash_app.errors import StoreBusyError, StoreError

BUSY_TIMEOUT_MS = 5_000
"""How long a writer waits for another one, which holds the file for 0.2 ms or so."""

_LOCKED_TIMEOUT_MS = 200
"""How long a writer waits after one has waited for `BUSY_TIMEOUT_MS` in vain."""

OPTIONAL_TIMEOUT_MS = 20
"""How long a write waits that may as well be left out."""

_CHECK_FOR_S = 2.0
_INSTRUCTIONS_A_LOOK = 100_000

_DAMAGED = ("file is not a database", "database disk image is malformed")
_LOCKED = ("database is locked", "database table is locked")
_REASONS = {
    "database or disk is full": "its disk is full; make room and try again",
    "attempt to write a readonly database": "it, or its directory, may not be written",
    "unable to open database file": "it, or its directory, may not be opened",
    "disk I/O error": "its disk failed",
}


class SqliteGuard:
    """The condition of one database file, for every connection of this process to it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: Optional[tuple[int, int]] = None
        self._damage: Optional[str] = None
        self._locked = False

    def opened(self) -> None:
        """Note which file is open; from now on it must be found at its path."""
        self._opened = _identity(os.stat(self._path))

    def check(self) -> None:
        """Raise StoreError where the file is not the one that was opened, or is damaged."""
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

    @contextmanager
    def writing(self, connection: Any, *, optional: bool = False) -> Iterator[None]:
        """Check the file, and bound the time for which the driver's connection waits for it.

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
        except Exception as error:
            if wait_ms == BUSY_TIMEOUT_MS and _is_locked(error):
                self._locked = True
            raise
        finally:
            if wait_ms != BUSY_TIMEOUT_MS:
                connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")

    def explained(self, error: BaseException) -> Optional[StoreError]:
        """Return the driver's error as one of ours; None where it is about a statement."""
        message = str(error)
        if message.startswith(_DAMAGED):
            self._damage = (
                f"the store {self._path} is damaged ({message}): it is left as it is; "
                "start the server on a copy from before, or recover it with sqlite3's .recover"
            )
            return StoreError(self._damage)
        if message.startswith(_LOCKED):
            return StoreBusyError(
                f"another program holds the store {self._path}: nothing was changed; try again"
            )
        reason = next((_REASONS[text] for text in _REASONS if message.startswith(text)), None)
        if reason is None:
            return None
        return StoreError(f"the store {self._path} cannot be used, nothing was changed: {reason}")

    def examine(self, connection: Any) -> bool:
        """Look through the file for damage, for two seconds; returns whether all was seen.

        The driver's error is raised where it cannot even be read.

        Raises
        ------
        StoreError : it is damaged
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
