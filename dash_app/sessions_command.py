"""`python -m dash_app sessions list|export ID|import FILE|delete ID|restore ID`."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dash_app.config import Config
from dash_app.errors import SessionNotFoundError, StateError, StoreError
from dash_app.timestamps import timestamp

if TYPE_CHECKING:
    from dash_app.store import Store


def add_sessions_command(commands: Any, settings: argparse.ArgumentParser) -> None:
    """Add the command and its sub-commands to a parser."""
    parser = commands.add_parser(
        "sessions", help="list, export, import, delete or restore sessions"
    )
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")

    def action(name: str, function: Any, text: str) -> argparse.ArgumentParser:
        found: argparse.ArgumentParser = actions.add_parser(name, help=text, parents=[settings])
        found.set_defaults(command=partial(_written, function))
        return found

    chosen = action("list", list_sessions, "print id, operations, points and last use of each")
    chosen.add_argument(
        "--deleted", action="store_true", help="list the deleted sessions that can be restored"
    )
    chosen = action("export", export_session, "write one JSON document to stdout, or to a file")
    chosen.add_argument("session_id", metavar="ID")
    chosen.add_argument("-o", "--output", type=Path, metavar="FILE")
    chosen = action("import", import_session, "import an exported document; - reads stdin")
    chosen.add_argument("file", metavar="FILE")
    chosen = action("delete", delete_session, "delete a session; it can be restored for a day")
    chosen.add_argument("session_id", metavar="ID")
    chosen = action("restore", restore_session, "restore a deleted or expired session")
    chosen.add_argument("session_id", metavar="ID")


def _written(command: Callable[..., int], config: Config, **options: Any) -> int:
    """Run a command, with all of its output written."""
    try:
        code = command(config, **options)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        discard_output()
        raise StoreError(f"expected an output that can be written, got {error}") from error
    return code


def discard_output() -> None:
    """Discard what is still buffered: it would fail again when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def list_sessions(config: Config, deleted: bool) -> int:
    """Print every session, or every deleted one with the time of its deletion.

    Raises
    ------
    StoreError : the store cannot be read, or is damaged; what could be read is printed
    """
    store = _opened(config)
    if deleted:
        for record, deleted_at in store.trash.sessions():
            sys.stdout.write(f"{record.id}  deleted {timestamp(deleted_at)}\n")
        store.close()
        return 0
    for record in store.sessions():
        last = store.last(record.id)
        seq, n_points = (0, 0) if last is None else (last.seq, last.n_points)
        used = timestamp(record.touched_at)
        sys.stdout.write(f"{record.id}  {seq:>8} operations  {n_points:>8} points  {used}\n")
    store.examine()  # after the list: a file that is damaged elsewhere can still be listed
    store.close()
    return 0


def export_session(config: Config, session_id: str, output: Any) -> int:
    """Write the session as one JSON document."""
    store = _opened(config)
    _check_id(session_id)
    from dash_app.transfer import session_document

    text = json.dumps(session_document.exported(store, session_id))
    store.close()
    if output is None:
        sys.stdout.write(text + "\n")
        return 0
    try:
        _write(output, text + "\n")
    except OSError as error:
        raise StoreError(f"expected a file that can be written, got {output}: {error}") from error
    return 0


def _write(file: Path, text: str) -> None:
    """Write the file. If that fails, an earlier file of that name is as it was."""
    if file.exists() and not file.is_file():  # a device or a pipe
        file.write_text(text, encoding="utf-8")
        return
    file = file.resolve()  # a link stays one
    part = file.with_name(f"{file.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def import_session(config: Config, file: str) -> int:
    """Import a session that another instance exported."""
    store = _opened(config, create=True)
    from dash_app.transfer import session_document
    from dash_app.web import json_text

    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        document = json_text.parse(text)
    except (OSError, ValueError) as error:
        raise StateError(f"expected an exported session in {file}: {error}") from error
    session_id = session_document.imported(store, document)
    store.close()
    sys.stdout.write(f"{session_id}\n")
    return 0


def delete_session(config: Config, session_id: str) -> int:
    """Delete the session."""
    store = _opened(config)
    _check_id(session_id)
    found = store.trash.throw_away(session_id, time.time())
    store.close()
    if not found:
        raise SessionNotFoundError(f"expected the id of a session, got {session_id!r}")
    return 0


def restore_session(config: Config, session_id: str) -> int:
    """Restore a deleted session."""
    store = _opened(config)
    found = store.trash.take_back(session_id, time.time())
    store.close()
    if not found:
        raise SessionNotFoundError(f"expected the id of a deleted session, got {session_id!r}")
    return 0


def _opened(config: Config, *, create: bool = False) -> Store:
    # imported only by a command, because it loads the learner. It comes before other imports of the
    # learner: a missing SQLAlchemy is then reported at once
    from dash_app.store import Store

    return Store(config.store_url, create=create)


def _check_id(session_id: str) -> None:
    """Raise SessionNotFoundError for a malformed id, such as undecodable bytes."""
    from dash_app.web.fields import SESSION_ID_PATTERN

    if not re.fullmatch(SESSION_ID_PATTERN, session_id):
        raise SessionNotFoundError(f"expected the id of a session, got {session_id!r}")
