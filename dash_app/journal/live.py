"""Sessions in memory: a bounded cache over the store that drops the least recently used first.

Other processes write to the store, so a cached session may be out of date. An append then fails,
because its sequence number is taken. A read calls `History.catch_up` first. The locks only save
work.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Optional

from dash_app.admission.waits import Waits
from dash_app.journal import fold
from dash_app.journal.active_points import ActivePoints
from dash_app.journal.fold import State
from dash_app.journal.recent import Recent
from dash_app.records.operations import (
    ADD,
    CLEAR,
    REMOVE,
    Change,
    Operation,
    SessionRecord,
)
from dash_app.records.versions import ModelVersion, Training

_N_RECENT = 12
"""States kept for undo, per session; at most 40 kB each."""

_CONTENDED_S = 30.0
"""Seconds for which a session counts as contended after a write by another process."""


class RecentStates:
    """Copies of the last states before the current one: an undo needs no fold."""

    def __init__(self) -> None:
        self._states: OrderedDict[int, State] = OrderedDict()

    def keep(self, state: State) -> None:
        """Keep a copy; drop the oldest one if there are too many."""
        self._states[state.node] = fold.copied(state)
        self._states.move_to_end(state.node)
        if len(self._states) > _N_RECENT:
            self._states.popitem(last=False)

    def at(self, node: int) -> Optional[State]:
        """Return a copy of the state at the node, if it is kept."""
        found = self._states.get(node)
        return None if found is None else fold.copied(found)


@dataclass
class Live:
    """A session in memory, up to the last operation that this process has read.

    Attributes
    ----------
    seq : int, the last operation that was applied
    tip : int, the newest node
    active_points : the points at the head; None until first used
    training : the current model from scratch, with what it was trained on
    changes : the last operations that this process has read
    stale : whether a change failed half-way; the session must then be loaded again
    """

    record: SessionRecord
    state: State
    seq: int
    tip: int
    n_models: int
    training: Optional[Training]
    active_points: Optional[ActivePoints] = None
    changes: tuple[Recent, ...] = ()
    recent: RecentStates = field(default_factory=RecentStates)
    touched_at: float = 0.0
    stale: bool = False

    @property
    def scratch(self) -> Optional[ModelVersion]:
        """The current model from scratch."""
        return None if self.training is None else self.training.version

    def copied(self) -> Live:
        """Return a copy that later changes do not affect."""
        return replace(self, state=fold.copied(self.state), active_points=None)

    def apply_to_points(self, change: Change) -> None:
        """Change the points as an operation has changed the state."""
        if self.active_points is None:
            return
        if change.kind == ADD and change.points is not None:
            self.active_points.add(change.points, self.state.settings.half_life)
        elif change.kind == REMOVE and change.points is not None:
            self.active_points.remove(change.points)
        elif change.kind == CLEAR:
            self.active_points.clear()

    def undo_points(self, target: Operation) -> None:
        """Take out the points of the last increment; after another undo they are read when needed.

        It comes before the undo of the state.
        """
        points, change = self.active_points, target.change
        last = change.points if change.kind == ADD and target.seq == self.state.node else None
        if points is None or last is None or not points.drop_last(last.size):
            self.active_points = None

    def become(self, other: Live) -> None:
        """Replace all attributes by those of another session."""
        self.__dict__.update(vars(other))


class _Entry:
    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.live: Optional[Live] = None
        self.contended_until = 0.0


class LiveSessions:
    """At most `capacity` sessions, each with its own lock."""

    def __init__(self, load: Callable[[str], Live], capacity: int, waits: Waits) -> None:
        self._load = load
        self._waits = waits
        self._capacity = capacity
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def hold(self, session_id: str) -> Iterator[Live]:
        """Lock the session for this thread; load it if it is not in memory.

        Raises
        ------
        BusyError : the lock is taken, and the request may not wait or has waited too long
        """
        entry = self._entry(session_id)
        self._waits.until(
            lambda timeout_s: entry.lock.acquire(timeout=timeout_s),
            "the earlier changes of this session",
        )
        try:
            if entry.live is None or entry.live.stale:
                try:
                    entry.live = self._load(session_id)
                except BaseException:
                    self.forget(session_id)  # no entry for a session that does not exist
                    raise
            yield entry.live
        finally:
            entry.lock.release()

    def met_another_process(self, session_id: str) -> None:
        """Record that another process writes to the session too."""
        self._entry(session_id).contended_until = time.monotonic() + _CONTENDED_S

    def contended(self, session_id: str) -> bool:
        """Whether another process has recently written to the session."""
        return self._entry(session_id).contended_until > time.monotonic()

    def forget(self, session_id: str) -> None:
        """Remove the session from the cache."""
        with self._lock:
            self._entries.pop(session_id, None)

    def __len__(self) -> int:
        return len(self._entries)

    def _entry(self, session_id: str) -> _Entry:
        with self._lock:
            entry = self._entries.get(session_id)
            if entry is None:
                entry = self._entries[session_id] = _Entry()
                if len(self._entries) > self._capacity:
                    # a thread that uses it keeps its own copy; the store detects a conflict
                    self._entries.popitem(last=False)
            else:
                self._entries.move_to_end(session_id)
            return entry
