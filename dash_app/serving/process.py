"""A server process: a port of its own, waitress on it, and an end that loses nothing."""

from __future__ import annotations

import atexit
import contextlib
import gc
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Optional

from dash_app.config import Config
from dash_app.serving.starting import answered_while_compiling

if TYPE_CHECKING:
    from flask import Flask

_log = logging.getLogger(__name__)

FILES_OF_A_THREAD = 3
"""A connection of SQLite holds the database, its log and the log's index."""

FILES_BESIDE = 128
"""Libraries, the listener, large bodies in temporary files."""

FEWEST_CONNECTIONS = 64

_THREADS_END_S = 2.0


def listen(host: str, port: int) -> Optional[socket.socket]:
    """Return a bound socket, None where the port is taken or not allowed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # two servers that may both bind with SO_REUSEADDR cannot both listen
        listener.listen(1024)
    except OSError as error:
        _log.debug("bind: %s", error)
        listener.close()
        return None
    return listener


def serve(load: Callable[[], Flask], listener: socket.socket, config: Config) -> None:
    """Load the application and serve it until SIGINT or SIGTERM.

    At the end trainings and streams end and the store is closed. The handlers are set here, since
    a shell starts a job in the background with SIGINT ignored.
    """
    with answered_while_compiling(listener):
        application = load()
    from dash_app.serving.connections import ConnectionServer  # after the load: it needs waitress

    # what is loaded now stays: looking through all of it for garbage stops every thread for 0.1 s
    gc.freeze()
    sessions = application.extensions["sessions"]
    server = ConnectionServer(
        application,
        listener,
        threads=config.threads,
        max_connections=_affordable_connections(config),
        max_body_bytes=config.max_body_bytes,
    )
    sessions.start()
    try:
        # streams and trainings first: waitress waits for the threads that serve them
        with _stopped_by_signals(sessions.stop):
            server.run()
    finally:
        sessions.close()
        server.close()
        _leave_no_thread()


def _leave_no_thread() -> None:
    """Wait for the threads that work; where one does not end, exit without tearing down.

    A thread inside compiled code or an import when the interpreter frees its libraries crashes the
    process. All that was acknowledged is on disk, so there is nothing to tear down for.
    """
    deadline = time.monotonic() + _THREADS_END_S
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                _log.info("thread %s goes on; the process ends nevertheless", thread.name)
                atexit.register(os._exit, 0)
                return


def _affordable_connections(config: Config) -> int:
    """Return the connections for which the process may open files, after it asked for more."""
    beside = FILES_BESIDE + FILES_OF_A_THREAD * config.threads
    allowed = _raise_file_limit(config.max_connections + beside)
    if allowed >= config.max_connections + beside:
        return config.max_connections
    affordable = max(FEWEST_CONNECTIONS, allowed - beside)
    _log.warning(
        "%d connections instead of %d: the process may open %d files only (ulimit -n)",
        affordable,
        config.max_connections,
        allowed,
    )
    return affordable


def _raise_file_limit(wanted: int) -> int:
    if os.name != "posix":
        return wanted
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    raised = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
    except (OSError, ValueError) as error:
        _log.debug("setrlimit: %s", error)
        return soft
    return raised


@contextlib.contextmanager
def _stopped_by_signals(on_stop: Callable[[], None]) -> Iterator[None]:
    def stop(_number: int, _frame: Optional[FrameType]) -> None:
        on_stop()
        raise SystemExit

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with contextlib.suppress(SystemExit):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
