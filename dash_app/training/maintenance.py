"""Maintenance, in one background thread of the process.

It notices the changes of other processes, marks its runs as alive, and removes expired sessions. It
polls, since every store can be polled: one query a tick, and only while somebody listens.
"""

from __future__ import annotations

import logging
import threading
import time

from dash_app.journal.watch import Watch
from dash_app.store import Store
from dash_app.training.runs import Runs

_log = logging.getLogger(__name__)

_TICK_S = 0.1
_HEARTBEAT_EVERY_S = 2.0
_EXPIRE_EVERY_S = 600.0
SILENCE_S = 30.0
"""A run whose process has been silent for so long is given up."""

_DAY_S = 86400.0


class Maintenance:
    """Started with the first session that is used; `close` ends it."""

    def __init__(self, store: Store, watch: Watch, runs: Runs, ttl_days: float) -> None:
        self._store = store
        self._watch = watch
        self._runs = runs
        self._ttl_s = ttl_days * _DAY_S
        self._stop = threading.Event()
        self._marks: dict[str, object] = {}
        self._due: dict[str, float] = {}
        self._thread = threading.Thread(target=self._work, name="maintenance", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End, and wait for it."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def expire(self, now: float) -> int:
        """Remove the sessions untouched for the time to live; returns how many."""
        n_gone = self._store.delete_untouched(now - self._ttl_s)
        if n_gone:
            _log.info("removed %d sessions untouched for %.3g days", n_gone, self._ttl_s / _DAY_S)
        return n_gone

    def give_up_silent_runs(self, now: float) -> None:
        """Mark as failed the runs whose process has died."""
        reason = "the server that trained it has stopped"
        self._store.runs.fail_silent(now - SILENCE_S, reason, now)

    def look(self) -> None:
        """Wake the listeners of sessions that another process has changed."""
        watched = self._watch.watched()
        if not watched:
            self._marks.clear()
            return
        revisions = self._store.revisions(watched)
        newest = self._store.runs.newest(watched)
        for session_id in watched:
            mark = (revisions.get(session_id), newest.get(session_id))
            if self._marks.get(session_id) != mark:
                self._marks[session_id] = mark
                self._watch.changed(session_id)

    def _work(self) -> None:
        while not self._stop.wait(_TICK_S):
            now = time.time()
            try:
                self.look()
                if self._is_due("heartbeat", _HEARTBEAT_EVERY_S):
                    self._runs.heartbeat(now)
                    self.give_up_silent_runs(now)
                if self._is_due("expire", _EXPIRE_EVERY_S):
                    self.expire(now)
            except Exception:  # noqa: BLE001 - the store may be away; requests say so, we go on
                _log.exception("a round of maintenance failed")

    def _is_due(self, duty: str, every_s: float) -> bool:
        now = time.monotonic()
        if self._due.get(duty, 0.0) > now:
            return False
        self._due[duty] = now + every_s
        return True
