"""Files that only their owner may read: the store has all session ids, and an id gives access."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

_log = logging.getLogger(__name__)

_OF_OTHERS = 0o077
_OURS = ("sessions.sqlite3", "signing.key", ".signing.key")


def make_directory(path: Path) -> None:
    """Create the directory with mode 0700, or remove the access of other users.

    If the directory has other files too, its mode stays and a warning is logged.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _open_to_others(path):
        return
    if all(name.startswith(_OURS) for name in os.listdir(path)):
        _close(path)
    else:
        _log.warning("%s: other users can read it; not closed, it has other files too", path)


def make_file(path: Path) -> None:
    """Create an empty file with mode 0600 if there is none."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def close_to_others(path: Path) -> None:
    """Remove the access of group and others to the file, if it exists."""
    try:
        if _open_to_others(path):
            _close(path)
    except FileNotFoundError:
        _log.debug("%s does not exist", path)


def _open_to_others(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & _OF_OTHERS)


def _close(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    try:
        path.chmod(mode & ~_OF_OTHERS)
    except PermissionError:
        _log.warning(
            "%s: other users have access (mode %o), not permitted to remove it", path, mode
        )
        return
    _log.warning("%s: removed the access of other users (mode was %o)", path, mode)
