"""Threads of work in the background."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread

from dash_app.errors import BusyError


def started(name: str, work: Callable[..., None], *arguments: object) -> Thread:
    """Return a thread that does the work.

    Raises
    ------
    BusyError : the process may not start another thread
    """
    thread = Thread(target=work, args=arguments, name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        raise BusyError(
            f"expected a process that may start another thread: {error}; try again later"
        ) from error
    return thread
