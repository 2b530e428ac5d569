"""A server process: a port of its own, waitress on it, and an end that loses nothing."""

from __future__ import annotations

import contextlib
import gc
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Optional

from dash_app.starting import answered_while_compiling

if TYPE_CHECKING:
    from flask import Flask

_log = logging.getLogger(__name__)


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


def serve(load: Callable[[], Flask], listener: socket.socket, threads: int) -> None:
    """Load the application and serve it until SIGINT or SIGTERM.

    At the end trainings and streams end and the store is closed. The handlers are set here, since
    a shell starts a job in the background with SIGINT ignored.
    """
    with answered_while_compiling(listener):
        application = load()
    from waitress.server import create_server

    # what is loaded now stays: looking through all of it for garbage stops every thread for 0.1 s
    gc.freeze()
    sessions = application.extensions["sessions"]
    server = create_server(application, sockets=[listener], threads=threads, ident=None)
    sessions.start()
    try:
        # streams first: waitress waits for the threads that serve them
        with _stopped_by_signals(sessions.watch.close):
            server.run()
    finally:
        sessions.close()
        server.close()


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
