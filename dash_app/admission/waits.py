"""Waiting requests: few enough that threads are left for everybody else."""

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
"""A waiting request looks so often whether its client is gone or the server stops."""


class Waits:
    """At most `limit` requests of this process wait at once, each at most `timeout_s`."""

    def __init__(self, limit: int, timeout_s: float) -> None:
        self._limit = limit
        self._timeout_s = timeout_s
        self._places = threading.BoundedSemaphore(limit)
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Refuse who waits, and who comes: the server ends."""
        self._stopping.set()

    def check(self) -> None:
        """Raise BusyError once the server ends."""
        if self._stopping.is_set():
            raise BusyError("expected a server that goes on, got one that stops; nothing is lost")

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take a place among those who wait.

        Raises
        ------
        BusyError : all places are taken
        """
        if client.current.get() is None:
            yield
            return
        self.check()
        if not self._places.acquire(blocking=False):
            raise BusyError(
                f"expected at most {self._limit} requests to wait at once, got one more; "
                f"try again in {BusyError.retry_after_s} s"
            )
        try:
            yield
        finally:
            self._places.release()

    def until(self, attempt: Callable[[float], bool], what: str) -> None:
        """Wait in a place of one's own until `attempt(seconds)` returns True.

        Raises
        ------
        BusyError : no place, too long, the client has gone, the server ends
        """
        if attempt(0.0):
            return
        with self.place():
            self.patiently(attempt, what)

    def patiently(self, attempt: Callable[[float], bool], what: str) -> None:
        """Wait as `until` does, in a place that the caller has taken."""
        is_request = client.current.get() is not None
        timeout_s = self._timeout_s if is_request else math.inf
        if not self._wait(attempt, timeout_s, what):
            raise BusyError(f"expected {what} within {timeout_s:g} s, it was not there then")

    def briefly(self, attempt: Callable[[float], bool], timeout_s: float) -> None:
        """Wait until `attempt(seconds)` returns True or the time is over; not without a place."""
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
                    raise BusyError(f"the client has gone while it waited for {what}")
            if time.monotonic() >= deadline:
                return False
        return True
