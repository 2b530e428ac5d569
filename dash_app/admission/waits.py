"""Limits on waiting requests, to keep threads free for other requests."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dash_app.admission import client
from dash_app.errors import BusyError

_LOOK_EVERY_S = 0.2
"""Interval at which a waiting request checks for a lost client or a stopping server."""


class Waits:
    """At most `limit` requests of this process wait at once, each at most `timeout_s`."""

    def __init__(self, limit: int, timeout_s: float) -> None:
        self._limit = limit
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._n_taken = 0
        self._stopping = threading.Event()

    @property
    def n_taken(self) -> int:
        """Number of places that are taken."""
        return self._n_taken

    def stop(self) -> None:
        """End all waits with BusyError, now and later: the server stops."""
        self._stopping.set()

    def check(self) -> None:
        """Raise BusyError if the server stops."""
        if self._stopping.is_set():
            raise BusyError("expected a running server, got one that stops; nothing is lost")

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take one of the `limit` places.

        Raises
        ------
        BusyError : all places are taken
        """
        if client.current.get() is None:
            yield
            return
        self.check()
        with self._lock:
            if self._n_taken >= self._limit:
                raise BusyError(
                    f"expected at most {self._limit} requests to wait at once, got one more; "
                    f"try again in {BusyError.retry_after_s} s"
                )
            self._n_taken += 1
        try:
            yield
        finally:
            with self._lock:
                self._n_taken -= 1

    def until(self, attempt: Callable[[float], bool], what: str) -> None:
        """Take a place and wait until `attempt(seconds)` returns True.

        Raises
        ------
        BusyError : no place is free, the wait is too long, the client is gone, the server stops
        """
        if attempt(0.0):
            return
        with self.place():
            self.patiently(attempt, what)

    def patiently(self, attempt: Callable[[float], bool], what: str) -> None:
        """Wait as `until` does; the caller already has a place."""
        is_request = client.current.get() is not None
        timeout_s = self._timeout_s if is_request else math.inf
        if not self._wait(attempt, timeout_s, what):
            raise BusyError(f"expected {what} within {timeout_s:g} s, got a timeout")

    def briefly(self, attempt: Callable[[float], bool], timeout_s: float) -> None:
        """Wait until `attempt(seconds)` returns True or the time is up; skip it without a place."""
        if attempt(0.0) or timeout_s <= 0:
            return
        with contextlib.suppress(BusyError), self.place():
            self._wait(attempt, timeout_s, "an answer")

    def _wait(self, attempt: Callable[[float], bool], timeout_s: float, what: str) -> bool:
        asking = client.current.get()
        deadline = time.monotonic() + timeout_s
        while not attempt(min(_LOOK_EVERY_S, max(0.0, deadline - time.monotonic()))):
            if asking is not None:
                self.check()
                if asking.has_gone():
                    raise BusyError(f"the client disconnected while it waited for {what}")
            if time.monotonic() >= deadline:
                return False
        return True
