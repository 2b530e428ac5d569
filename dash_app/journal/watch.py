"""Who waits for news of which session. Wakes local listeners at once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Watch:
    """A counter and a condition for each watched session: a change wakes nobody else."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._conditions: dict[str, threading.Condition] = {}
        self._listeners: Counter[str] = Counter()
        self._news: Counter[str] = Counter()
        self.closed = False

    def changed(self, session_id: str) -> None:
        """Wake whoever listens to the session."""
        with self._lock:
            if session_id in self._listeners:
                self._news[session_id] += 1
                self._conditions[session_id].notify_all()

    def close(self) -> None:
        """Wake everybody for good."""
        with self._lock:
            self.closed = True
            for condition in self._conditions.values():
                condition.notify_all()

    @contextmanager
    def listener(self, session_id: str, at_most: int) -> Iterator[bool]:
        """Listen to a session; gives False where `at_most` listeners are there already."""
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
        """Return how much news there was of a session that is listened to."""
        with self._lock:
            return self._news[session_id]

    def wait(self, session_id: str, seen: int, timeout_s: float) -> int:
        """Wait for news beyond `seen`, or the timeout, or the end; returns the count then.

        For listeners of the session only.
        """
        with self._lock:
            self._conditions[session_id].wait_for(
                lambda: self.closed or self._news[session_id] > seen, timeout_s
            )
            return self._news[session_id]

    def watched(self) -> list[str]:
        """Return the sessions that somebody listens to."""
        with self._lock:
            return list(self._listeners)

    def _leave(self, session_id: str) -> None:
        with self._lock:
            self._listeners[session_id] -= 1
            if self._listeners[session_id] == 0:
                del self._listeners[session_id]
                del self._news[session_id]
                del self._conditions[session_id]
