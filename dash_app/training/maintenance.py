"""Maintenance of the store, in one background thread of the process.

The thread detects changes by other processes, writes the heartbeats of its runs and removes expired
sessions. It polls, because every kind of store can be polled. It reads the revisions only while an
event stream is open.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Optional

from dash_app.errors import GMMError, with_cause
from dash_app.journal.watch import Watch
from dash_app.store import Store
from dash_app.training.clock import Silences, SteadyClock
from dash_app.training.plays import Plays
from dash_app.training.runs import Runs

_log = logging.getLogger(__name__)

_TICK_S = 0.1
_HEARTBEAT_EVERY_S = 2.0
_EXPIRE_EVERY_S = 600.0
SILENCE_S = 30.0
"""A run fails if its heartbeat is unchanged for this long."""

PLAY_SILENCE_S = 8.0
"""An example is no longer played if its heartbeat is unchanged for this long."""

_LONGEST_GAP_S = 10.0
"""After a longer gap between two reads of the heartbeats, the silence is measured again."""

_DAY_S = 86400.0
_FIRST_EXPIRY_S = 3600.0
"""Time after the start before anything expires: the clock may be wrong at first."""

_DOUBTFUL_EXPIRY_S = _DAY_S
"""The same, when the clock claims that every session has expired."""

_KEPT_S = _DAY_S
"""Time for which a deleted session can be restored."""


class Maintenance:
    """The maintenance thread, from `start` to `close`."""

    def __init__(
        self, store: Store, watch: Watch, runs: Runs, plays: Plays, ttl_days: float
    ) -> None:
        self._store = store
        self._watch = watch
        self._runs = runs
        self._plays = plays
        self._ttl_s = ttl_days * _DAY_S
        self._stop = threading.Event()
        self._marks: dict[str, object] = {}
        self._due: dict[str, float] = {}
        self._clock = SteadyClock(time.time(), time.monotonic())
        self._used_before = store.last_touch()
        self._silences = Silences(_LONGEST_GAP_S)
        self._silent_plays = Silences(_LONGEST_GAP_S)
        self._doubted = False
        self._trouble: Optional[str] = None
        self._thread = threading.Thread(target=self._work, name="maintenance", daemon=True)
        self._start_lock = threading.Lock()
        self._started = False

    def start(self) -> None:
        """Start the thread; a second call has no effect."""
        if self._started:
            return
        with self._start_lock:
            if not self._started:
                self._thread.start()
                self._started = True

    def close(self) -> None:
        """Stop the thread and wait for its end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def expire(self, wall: float, monotonic: float) -> int:
        """Delete the sessions not used within the time to live; return how many.

        Sessions deleted more than a day ago are purged. Both begin an hour after the start, because
        the clock may be wrong at first.
        """
        if self._clock.lived_s(monotonic) < self._expiry_delay_s(wall, monotonic):
            return 0
        now = self._clock.now(wall, monotonic)
        before = now - self._ttl_s
        untouched = self._store.untouched(before)
        gone = [
            each
            for each in untouched
            if self._store.trash.throw_away(each, now, untouched_since=before)
        ]
        if gone:
            _log.info(
                "deleted %d sessions untouched for %.3g days", len(gone), self._ttl_s / _DAY_S
            )
        n_purged = self._store.trash.purge(now - _KEPT_S)
        if n_purged:
            _log.info("removed %d deleted sessions for good", n_purged)
        return len(gone)

    def _expiry_delay_s(self, wall: float, monotonic: float) -> float:
        """Return the seconds after the start during which nothing expires.

        If every session had already expired at the start, the clock is probably wrong: wait a day.
        """
        started_at = self._clock.now(wall, monotonic) - self._clock.lived_s(monotonic)
        if self._used_before is None or self._used_before >= started_at - self._ttl_s:
            return _FIRST_EXPIRY_S
        if not self._doubted:
            self._doubted = True
            _log.warning(
                "every session had expired at the start: the clock may be wrong, "
                "no session expires for a day"
            )
        return _DOUBTFUL_EXPIRY_S

    def give_up_silent_runs(self, now: float, monotonic: float) -> None:
        """Mark runs as failed whose heartbeat is unchanged for too long: their process died."""
        reason = "the server that trained it has stopped"
        heartbeats = self._store.runs.heartbeats()
        for run_id, beat in self._silences.silent(heartbeats, monotonic, SILENCE_S).items():
            self._store.runs.fail_silent(run_id, beat, reason, now)

    def end_silent_plays(self, monotonic: float) -> None:
        """End the examples whose heartbeat is unchanged for too long: their process died."""
        heartbeats = self._store.plays.heartbeats()
        silent = self._silent_plays.silent(heartbeats, monotonic, PLAY_SILENCE_S)
        for token, beat in silent.items():
            self._store.plays.remove_silent(token, beat)

    def look(self) -> None:
        """Wake the listeners of sessions that another process changed."""
        watched = self._watch.watched()
        told, self._marks = self._marks, {}
        if not watched:
            return
        revisions = self._store.revisions(watched)
        newest = self._store.runs.newest(watched)
        plays = self._store.plays.statuses(watched)
        for session_id in watched:
            mark = (revisions.get(session_id), newest.get(session_id), plays.get(session_id))
            self._marks[session_id] = mark
            if told.get(session_id) != mark:
                self._watch.changed(session_id)

    def _work(self) -> None:
        while not self._stop.wait(_TICK_S):
            try:
                self._round(time.time(), time.monotonic())
            except GMMError as error:
                self._troubled(with_cause(error))
            except Exception as error:  # noqa: BLE001 - a defect; the next round may do better
                self._troubled(f"a round of maintenance failed: {error}", exc_info=error)
            else:
                self._troubled(None)

    def _round(self, now: float, monotonic: float) -> None:
        self.look()
        if self._is_due("heartbeat", _HEARTBEAT_EVERY_S):
            self._store.ping()
            self._runs.heartbeat(now)
            self._plays.heartbeat(now)
            self.give_up_silent_runs(now, monotonic)
            self.end_silent_plays(monotonic)
        elif self._trouble is not None:
            self._store.ping()
        if self._is_due("expire", _EXPIRE_EVERY_S):
            self.expire(now, monotonic)

    def _troubled(self, reason: Optional[str], exc_info: Optional[Exception] = None) -> None:
        """Log a failure once, and its end once: there are ten rounds a second."""
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
