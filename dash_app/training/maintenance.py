"""Maintenance, in one background thread of the process.

It notices the changes of other processes, marks its runs as alive, and removes expired sessions. It
polls, since every store can be polled: one query a tick, and only while somebody listens.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Optional

from dash_app.errors import GMMError
from dash_app.journal.watch import Watch
from dash_app.store import Store
from dash_app.training.clock import Silences, SteadyClock
from dash_app.training.runs import Runs

_log = logging.getLogger(__name__)

_TICK_S = 0.1
_HEARTBEAT_EVERY_S = 2.0
_EXPIRE_EVERY_S = 600.0
SILENCE_S = 30.0
"""A run whose heartbeat has stood still for so long is given up."""

_LONGEST_GAP_S = 10.0
"""A watcher that could not look at the heartbeats for so long waits the whole silence again."""

_DAY_S = 86400.0
_FIRST_EXPIRY_S = 3600.0
_DOUBTFUL_EXPIRY_S = _DAY_S
_KEPT_S = _DAY_S
"""How long a deleted session can be brought back."""


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
        self._clock = SteadyClock(time.time(), time.monotonic())
        self._used_before = store.last_touch()
        self._silences = Silences(_LONGEST_GAP_S)
        self._doubted = False
        self._trouble: Optional[str] = None
        self._thread = threading.Thread(target=self._work, name="maintenance", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End, and wait for it."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def expire(self, wall: float, monotonic: float) -> int:
        """Delete the sessions untouched for the time to live; returns how many.

        What was deleted a day ago is removed for good. Both wait for an hour after the start, so
        that a clock that is wrong at first is set meanwhile.
        """
        if self._clock.lived_s(monotonic) < self._patience_s(wall, monotonic):
            return 0
        now = self._clock.now(wall, monotonic)
        before = now - self._ttl_s
        untouched = self._store.untouched(before)
        gone = [
            each
            for each in untouched
            if self._store.delete_session(each, now, untouched_since=before)
        ]
        if gone:
            _log.info(
                "deleted %d sessions untouched for %.3g days", len(gone), self._ttl_s / _DAY_S
            )
        n_purged = self._store.purge(now - _KEPT_S)
        if n_purged:
            _log.info("removed %d deleted sessions for good", n_purged)
        return len(gone)

    def _patience_s(self, wall: float, monotonic: float) -> float:
        """Return how long nothing expires after the start, in seconds.

        Where this clock says that every session had expired when the process started, the clock
        is the more likely one to be wrong.
        """
        started_at = self._clock.now(wall, monotonic) - self._clock.lived_s(monotonic)
        if self._used_before is None or self._used_before >= started_at - self._ttl_s:
            return _FIRST_EXPIRY_S
        if not self._doubted:
            self._doubted = True
            _log.warning("by this clock every session had expired at the start: none for a day")
        return _DOUBTFUL_EXPIRY_S

    def give_up_silent_runs(self, now: float, monotonic: float) -> None:
        """Mark as failed the runs whose process has died: their heartbeats stand still."""
        reason = "the server that trained it has stopped"
        heartbeats = self._store.runs.heartbeats()
        for run_id, beat in self._silences.silent(heartbeats, monotonic, SILENCE_S).items():
            self._store.runs.fail_silent(run_id, beat, reason, now)

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
            try:
                self._round(time.time(), time.monotonic())
            except GMMError as error:
                self._troubled(str(error))
            except Exception as error:  # noqa: BLE001 - the store may be away; requests say so
                self._troubled(f"a round of maintenance failed: {error}", exc_info=error)
            else:
                self._troubled(None)

    def _round(self, now: float, monotonic: float) -> None:
        self.look()
        if self._is_due("heartbeat", _HEARTBEAT_EVERY_S):
            self._store.ping()
            self._runs.heartbeat(now)
            self.give_up_silent_runs(now, monotonic)
        elif self._trouble is not None:
            self._store.ping()
        if self._is_due("expire", _EXPIRE_EVERY_S):
            self.expire(now, monotonic)

    def _troubled(self, reason: Optional[str], exc_info: Optional[Exception] = None) -> None:
        """Say once what is wrong, and once that it is over: there are ten rounds a second."""
        if reason == self._trouble:
            return
        self._trouble = reason
        if reason is None:
            _log.info("the store can be used again")
        else:
            _log.error("%s", reason, exc_info=exc_info)

    def _is_due(self, duty: str, every_s: float) -> bool:
        now = time.monotonic()
        if self._due.get(duty, 0.0) > now:
            return False
        self._due[duty] = now + every_s
        return True
