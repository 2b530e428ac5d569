"""Examples that the server plays: a thread appends their increments, one after the other.

The log says how far an example is, so any process can go on after a pause. The store says whether
it is played or paused. The thread ends where an undo, a clear or another example takes it away.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Optional

from dash_app.database.play_table import PAUSED, PLAYING, PlayRecord
from dash_app.errors import BusyError, GMMError, RefusedError, StoreError
from dash_app.journal import history
from dash_app.journal.live import Live
from dash_app.journal.operation_log import Once, OperationLog
from dash_app.journal.views import SessionView, view_of
from dash_app.journal.watch import Watch
from dash_app.learning.mixture import Array, Mixture
from dash_app.records.operations import ADD, CLEAR, Change, Played, short
from dash_app.store import Store
from dash_app.training.threads import started

_log = logging.getLogger(__name__)

INTERVAL_S = 0.05
"""Time between two increments of an example."""

MAX_PLAYS = 16
"""Examples that a process plays at once; each takes a few percent of a processor."""

_CLOSE_TIMEOUT_S = 4.0
"""Longest wait for all threads when the server stops."""


@dataclass(frozen=True, eq=False)
class Script:
    """What is played: points in order, the size of an increment, and the settings.

    `truth` is the density that the points are drawn from, where it is known.
    """

    name: str
    points: Array
    increment: int
    n_components: int
    half_life: Optional[float]
    truth: Optional[Mixture] = None


@dataclass(frozen=True)
class Playing:
    """The progress of an example, in points."""

    name: str
    done: int
    total: int
    status: str


class Plays:
    """Plays examples, for one process."""

    def __init__(
        self,
        operations: OperationLog,
        store: Store,
        watch: Watch,
        start_heartbeats: Callable[[], None],
    ) -> None:
        self._operations = operations
        self._table = store.plays
        self._watch = watch
        self._start_heartbeats = start_heartbeats
        self._threads: dict[str, threading.Thread] = {}  # by token
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def playing(self, view: SessionView) -> Optional[Playing]:
        """Return the progress of the example that is played or paused in a view."""
        return self._progress(view.id, view.example)

    def is_played(self, live: Live) -> bool:
        """Return whether the session's example is played now; False during a pause."""
        playing = self._progress(live.record.id, live.state.example)
        return playing is not None and playing.status == PLAYING

    def check_not_played(self, live: Live, n_points: int) -> None:
        """Raise RefusedError while the session's example is played: it would go on."""
        if self.is_played(live):
            raise RefusedError(
                f"expected no example that is played, to go back to {n_points} points; pause or "
                "stop it first"
            )

    def play(
        self, session_id: str, script: Script, *, idempotency_key: Optional[str] = None
    ) -> SessionView:
        """Clear the session, take the example's settings, and add its points one increment a step.

        It returns at once; a thread adds the points. Clicks in between are added in between.

        Raises
        ------
        SessionNotFoundError
        BusyError : too many examples are played; nothing has changed
        """
        self._start_heartbeats()
        self._check_free()
        wanted = {"n_components": script.n_components, "half_life": script.half_life}
        once = Once.of(idempotency_key, Change(CLEAR, detail={"example": script.name}))

        def plan(live: Live) -> list[Change]:
            return [history.begun(live, script.name, script.points.size, wanted, script.truth)]

        view = self._operations.append(session_id, plan, once=once)
        example = view.example
        # a repeated request finds the example that the first one began
        if example is not None and example.name == script.name and example.done == 0:
            row = self._table.get(session_id)
            if row is None or row.start != example.start:
                self._begin(session_id, script, example.start)
        return view

    def pause(self, session_id: str) -> SessionView:
        """Pause the example that is played; it may have ended just before."""
        view = self._operations.read(session_id, view_of)
        if self.playing(view) is not None:
            self._table.pause(session_id)
        self._watch.changed(session_id)
        return view

    def resume(self, session_id: str, script: Script) -> SessionView:
        """Play on after a pause; another tab may have stopped the example just before."""
        view = self._operations.read(session_id, view_of)
        self._start_heartbeats()
        playing = self.playing(view)
        if view.example is not None and playing is not None and playing.status == PAUSED:
            self._check_free()
            self._begin(session_id, script, view.example.start)
        self._watch.changed(session_id)
        return view

    def stop(self, session_id: str) -> SessionView:
        """Stop the example that is played or paused; the points that were added stay."""
        view = self._operations.read(session_id, view_of)
        self._table.remove(session_id)
        self._watch.changed(session_id)
        return view

    def heartbeat(self, now: float) -> None:
        """Write the heartbeats of this process's threads."""
        with self._lock:
            tokens = list(self._threads)
        if tokens:
            self._table.heartbeat(tokens, now)

    def halt(self) -> None:
        """Tell the threads to end, without waiting for them."""
        self._stop.set()

    def close(self) -> None:
        """End the threads and wait for them."""
        self.halt()
        deadline = time.monotonic() + _CLOSE_TIMEOUT_S
        with self._lock:
            threads = list(self._threads.values())
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _progress(self, session_id: str, example: Optional[Played]) -> Optional[Playing]:
        """Return the progress of the session's example; None if it is not played or paused."""
        if example is None or example.done >= example.total:
            return None
        row = self._table.get(session_id)
        if row is None or row.start != example.start:
            return None
        return Playing(example.name, example.done, example.total, row.status)

    def _check_free(self) -> None:
        with self._lock:
            if len(self._threads) >= MAX_PLAYS or self._stop.is_set():
                raise BusyError(
                    f"expected at most {MAX_PLAYS} examples that are played at once, got one "
                    "more; try again later"
                )

    def _begin(self, session_id: str, script: Script, start: int) -> None:
        token = secrets.token_hex(8)
        self._table.put(PlayRecord(session_id, token, start, PLAYING, time.time()))
        with self._lock:
            self._threads[token] = started(
                f"play {token}", self._play, session_id, token, script, start
            )

    def _play(self, session_id: str, token: str, script: Script, start: int) -> None:
        try:
            due = time.monotonic()
            while not self._stop.wait(max(0.0, due - time.monotonic())):
                due = max(due + INTERVAL_S, time.monotonic())
                try:
                    row = self._table.get(session_id)
                    if row is None or row.token != token or row.status != PLAYING:
                        break
                    if not self._step(session_id, script, start):
                        break
                except (BusyError, StoreError):
                    continue  # other work has the processor, or the store is away: try again
        except GMMError as error:
            _log.warning("session %s: example stopped: %s", short(session_id), error)
        except Exception:  # noqa: BLE001 - the example must end in the store after any error
            _log.exception("session %s: example stopped", short(session_id))
        finally:
            self._end(session_id, token)

    def _step(self, session_id: str, script: Script, start: int) -> bool:
        """Append the next increment; return whether there are more."""

        def plan(live: Live) -> list[Change]:
            example = live.state.example
            if example is None or example.start != start or example.done >= example.total:
                return []
            increment = script.points[example.done :][: script.increment]
            return [Change(ADD, increment, {"play": start})] if increment.size else []

        example = self._operations.append(session_id, plan).example
        return example is not None and example.start == start and example.done < example.total

    def _end(self, session_id: str, token: str) -> None:
        with self._lock:
            del self._threads[token]
        try:
            self._table.remove(session_id, token)
        except Exception as error:  # noqa: BLE001 - the maintenance removes the row later
            _log.warning("session %s: end of an example not written: %s", short(session_id), error)
        self._watch.changed(session_id)
