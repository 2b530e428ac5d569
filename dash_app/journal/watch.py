"""Listeners that wait for changes of a session. Changes by this process wake them at once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

HEARTBEAT_S = 10.0
"""Time without a change after which a stream sends a comment, to detect a lost connection."""

LOOK_EVERY_S = 1.0
"""Interval at which a waiting stream checks for a lost client, to free its thread."""


class Watch:
    """A counter and a condition for each watched session; a change wakes only its listeners."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._conditions: dict[str, threading.Condition] = {}
        self._listeners: Counter[str] = Counter()
        self._n_changes: Counter[str] = Counter()
        self.closed = False

    def changed(self, session_id: str) -> None:
        """Wake the listeners of the session."""
        with self._lock:
            if session_id in self._listeners:
                self._n_changes[session_id] += 1
                self._conditions[session_id].notify_all()

    def close(self) -> None:
        """Wake all listeners; later waits return at once."""
        with self._lock:
            self.closed = True
            for condition in self._conditions.values():
                condition.notify_all()

    @contextmanager
    def listener(self, session_id: str, at_most: int) -> Iterator[bool]:
        """Listen to a session; yields False if there are `at_most` listeners already."""
        with self._lock:
            admitted = sum(self._listeners.values()) < at_most
            if admitted:
                self._listeners[session_id] += 1
                self._conditions.setdefault(session_id, threading.Condition(self._lock))
        try:
            yield admitted
        finally:
            if admitted:
                self._leave(session_id)

    def count(self, session_id: str) -> int:
        """Return the number of changes of a watched session since its first listener came."""
        with self._lock:
            return self._n_changes[session_id]

    def wait(self, session_id: str, seen: int, timeout_s: float) -> int:
        """Wait until the count exceeds `seen`, the timeout ends or the watch closes; return it.

        Only a listener of the session may call this.
        """
        with self._lock:
            self._conditions[session_id].wait_for(
                lambda: self.closed or self._n_changes[session_id] > seen, timeout_s
            )
            return self._n_changes[session_id]

    def wait_for_change(self, session_id: str, seen: int, has_gone: Callable[[], bool]) -> bool:
        """Wait for a change, a lost client or the next heartbeat; return whether there is a change.

        Parameters
        ----------
        seen : the count of the changes that the listener knows
        has_gone : whether the client has gone
        """
        heartbeat_at = time.monotonic() + HEARTBEAT_S
        while not (self.closed or has_gone()) and time.monotonic() < heartbeat_at:
            if self.wait(session_id, seen, LOOK_EVERY_S) != seen:
                return True
        return False

    @property
    def n_listeners(self) -> int:
        """Listeners of all sessions."""
        with self._lock:
            return sum(self._listeners.values())

    def watched(self) -> list[str]:
        """Return the sessions that have a listener."""
        with self._lock:
            return list(self._listeners)

    def _leave(self, session_id: str) -> None:
        with self._lock:
            self._listeners[session_id] -= 1
            if self._listeners[session_id] == 0:
                del self._listeners[session_id]
                del self._n_changes[session_id]
                del self._conditions[session_id]
