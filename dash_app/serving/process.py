"""A server process: waitress on its own port, with a shutdown that loses no data."""

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
from dash_app.errors import SettingError
from dash_app.serving.starting import answered_while_compiling

if TYPE_CHECKING:
    from flask import Flask

_log = logging.getLogger(__name__)

FILES_OF_A_THREAD = 3
"""Open files of an SQLite connection: the database, its log and the index of the log."""

FILES_BESIDE = 128
"""Other open files: libraries, the listener, large bodies in temporary files."""

FEWEST_CONNECTIONS = 64
"""Connections that are allowed even if the file limit is too low for them."""

FEWEST_FILES = 256
"""Open files without which no server starts: 400 connections at once, a third of them event
streams, opened 148. Where none is left, accept() fails again and again, and nobody is served."""

_OBJECTS_BETWEEN_COLLECTIONS = 10_000
"""New objects between two collections while the application is loaded; usual are 700 or 2,000."""

_THREADS_END_S = 0.5
"""Longest wait for the threads at the end of the process. The close of the sessions has waited for
those that write; one that is left is busy with what nothing interrupts, such as loading torch."""


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises
    ------
    SettingError : the port is taken or not allowed, or the host is no address of this machine
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # with SO_REUSEADDR two servers may both bind, but only one can listen
        listener.listen(1024)
    except (OSError, TypeError, UnicodeError) as error:  # the latter two: the host is not a name
        listener.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingError(
            f"expected an address and a port to listen on, got {host}:{port}: {reason}; choose "
            "others with --host and --port"
        ) from error
    return listener


def address_of(host: str, listener: socket.socket) -> str:
    """Return the address that a browser of this machine opens."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listener.getsockname()[1]}"


def serve(load: Callable[[], Flask], listener: socket.socket, config: Config) -> None:
    """Load the application and serve it until SIGINT or SIGTERM.

    The shutdown ends trainings and streams and closes the store. The signal handlers are set here,
    because a shell starts background jobs with SIGINT ignored.

    Raises
    ------
    SettingError : the process may open too few files, or start too few threads
    """
    max_connections = _affordable_connections(config)
    with _ended_by_interrupts(), answered_while_compiling(listener), _few_collections():
        application = load()
    # after the load: waitress may be missing, and the load reports that
    from dash_app.serving.connections import ConnectionServer

    # the loaded modules stay: a garbage collection over them would stop every thread for 0.1 s
    gc.freeze()
    sessions = application.extensions["sessions"]
    server = ConnectionServer(
        application,
        listener,
        threads=config.threads,
        max_connections=max_connections,
        max_body_bytes=config.max_body_bytes,
    )
    sessions.start()
    try:
        # stop streams and trainings first: waitress waits for their threads
        with _stopped_by_signals(sessions.stop):
            server.run()
    finally:
        sessions.close()
        server.close()
        _leave_no_thread()


def stop_before_exit(stop: Callable[[], None]) -> None:
    """Call `stop` at each signal at which another server, such as gunicorn, ends this process.

    gunicorn waits for its requests. An open event stream would hold it for 30 s, and then it would
    be killed. `stop` has its own thread, because the signal may interrupt one that holds its locks.
    """
    if threading.current_thread() is not threading.main_thread():
        return  # only the main thread may set handlers
    for number in (signal.SIGTERM, signal.SIGINT, getattr(signal, "SIGQUIT", signal.SIGTERM)):
        usual = signal.getsignal(number)
        if callable(usual) and usual is not signal.default_int_handler:
            signal.signal(number, _preceded(usual, stop))


def _preceded(
    usual: Callable[[int, Optional[FrameType]], object], stop: Callable[[], None]
) -> Callable[[int, Optional[FrameType]], object]:
    def handle(number: int, frame: Optional[FrameType]) -> object:
        threading.Thread(target=stop, name="stop", daemon=True).start()
        return usual(number, frame)

    return handle


@contextlib.contextmanager
def _few_collections() -> Iterator[None]:
    """Collect garbage less often: what a load creates mostly stays.

    Of the 4.3 s of a load 0.7 s were collections; 0.3 s are left. Without any a compilation would
    keep its garbage.
    """
    usual = gc.get_threshold()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _leave_no_thread() -> None:
    """Wait for all threads; if one does not end, exit without freeing the interpreter.

    A thread inside compiled code or an import crashes the process while the interpreter frees its
    libraries. Every acknowledged change is on disk, so nothing is lost.
    """
    deadline = time.monotonic() + _THREADS_END_S
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                _log.info("thread %s still runs; the process ends anyway", thread.name)
                atexit.register(os._exit, 0)
                return


def see_to_open_files(config: Config) -> int:
    """Raise the limit of open files if needed; return it.

    Raises
    ------
    SettingError : the process may open too few files
    """
    wanted = config.max_connections + _files_beside(config)
    allowed = _raise_file_limit(max(FEWEST_FILES, wanted))
    if allowed < FEWEST_FILES:
        raise SettingError(
            f"expected a process that may open {FEWEST_FILES} files or more, got {allowed}; raise "
            "the limit: ulimit -n"
        )
    return allowed


def _files_beside(config: Config) -> int:
    return FILES_BESIDE + FILES_OF_A_THREAD * config.threads


def _affordable_connections(config: Config) -> int:
    allowed = see_to_open_files(config)
    beside = _files_beside(config)
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
def _ended_by_interrupts() -> Iterator[None]:
    """Let SIGINT end the process as SIGTERM does: nothing is served yet.

    A KeyboardInterrupt may come up in a finalizer of the compiler, where it is ignored.
    """
    usual = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)


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
