"""Files for their owner's eyes alone: a session's id is its only key, and the store holds all."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

_log = logging.getLogger(__name__)

_OF_OTHERS = 0o077
_OURS = ("sessions.sqlite3", "signing.key", ".signing.key")


def make_directory(path: Path) -> None:
    """Make the directory, mode 0700; one of ours that others may enter is closed to them.

    A directory that holds other things too is not ours to close: a line in the log says so.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _open_to_others(path):
        return
    if all(name.startswith(_OURS) for name in os.listdir(path)):
        _close(path)
    else:
        _log.warning("%s can be read by others and holds other files too: left as it is", path)


def make_file(path: Path) -> None:
    """Make the file, empty and mode 0600, where there is none."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def close_to_others(path: Path) -> None:
    """Take away what group and others may do with the file, if there is one."""
    try:
        if _open_to_others(path):
            _close(path)
    except FileNotFoundError:
        _log.debug("%s is not there", path)


def _open_to_others(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & _OF_OTHERS)


def _close(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    try:
        path.chmod(mode & ~_OF_OTHERS)
    except PermissionError:
        _log.warning("%s is open to others (mode %o) and not ours to close", path, mode)
        return
    _log.warning("%s was open to others (mode %o): closed to them", path, mode)
