"""The operation log: every use-case reads a session and appends to it here.

Any number of threads and processes may work on one store. An append carries the sequence number
that it expects. If that number is taken, the session reads the new operations and the append is
tried again. Locks and the cache only save work.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Optional, TypeVar

from dash_app.admission.effort import Effort
from dash_app.admission.waits import Waits
from dash_app.database.single_insert import RowTakenError
from dash_app.errors import (
    BudgetError,
    BusyError,
    ConflictError,
    RefusedError,
    SessionNotFoundError,
    StoreError,
)
from dash_app.journal.fold import work_of
from dash_app.journal.history import History
from dash_app.journal.live import Live, LiveSessions, RecentStates
from dash_app.journal.views import SessionView, view_of
from dash_app.journal.watch import Watch
from dash_app.learning.search import OnStep
from dash_app.records.operations import (
    Change,
    Operation,
    SessionRecord,
    Snapshot,
    note_of,
    short,
)
from dash_app.records.runs import RunRecord
from dash_app.records.versions import ModelVersion
from dash_app.store import Store

_log = logging.getLogger(__name__)

_ATTEMPTS = 50
"""Attempts of an append before it fails with ConflictError."""

_TOUCH_EVERY_S = 3600.0
"""Seconds between two writes of a session's last use; expiry counts in days."""

T = TypeVar("T")
Plan = Callable[[Live], Sequence[Change]]


@dataclass(frozen=True)
class Once:
    """A request with an idempotency key: it is carried out once, however often it arrives."""

    key: str
    request: Change

    @classmethod
    def of(cls, key: Optional[str], request: Change) -> Optional[Once]:
        """Return None without a key: the request is then carried out each time."""
        return None if key is None else cls(key, request)


def used_otherwise(key: str) -> RefusedError:
    """Return the error of an idempotency key that was used for another request."""
    return RefusedError(f"expected a new Idempotency-Key, got {key!r}, used for another request")


@dataclass(frozen=True)
class Finish:
    """A run from scratch that ends with the append, and its model."""

    run_id: str
    version: ModelVersion


class OperationLog:
    """Reads and extends the logs of all sessions of one store, for one process."""

    def __init__(
        self, store: Store, watch: Watch, effort: Effort, waits: Waits, cache_sessions: int
    ) -> None:
        self._store = store
        self._watch = watch
        self.history = History(store)
        self._effort = effort
        self._live = LiveSessions(self.history.load, cache_sessions, waits)
        self._appended: Counter[str] = Counter()
        self._appended_lock = threading.Lock()

    @property
    def n_live(self) -> int:
        """Sessions in memory."""
        return len(self._live)

    def appended(self) -> Counter[str]:
        """Return how many operations of each kind this process has appended."""
        with self._appended_lock:
            return self._appended.copy()

    def create(self, record: SessionRecord) -> bool:
        """Create the session; return False if it exists already.

        Raises
        ------
        RefusedError : a session of that id exists with other settings
        """
        try:
            self._store.create_session(record)
        except StoreError:
            known = self._store.session(record.id)
            if known is None:
                raise
            if known.settings != record.settings:
                # the message omits the settings: this client may not have created the session
                raise RefusedError(
                    "expected the settings with which this key created a session, got others"
                ) from None
            return False
        return True

    def read(self, session_id: str, question: Callable[[Live], T]) -> T:
        """Bring the session up to date and return `question(session)`.

        Raises
        ------
        SessionNotFoundError, and any exception of `question`
        """
        with self._live.hold(session_id) as live:
            self._refresh(live)
            answer = question(live)
        self._touch(live)
        return answer

    def append(
        self,
        session_id: str,
        plan: Plan,
        *,
        once: Optional[Once] = None,
        fresh: bool = True,
        finish: Optional[Finish] = None,
    ) -> SessionView:
        """Append the changes that `plan` returns, all or none; they are on disk on return.

        Parameters
        ----------
        plan : called again if another process appended first; its exceptions change nothing
        fresh : whether to read the changes of other processes before the plan. If not, they are
            read when the sequence number is taken

        Raises
        ------
        SessionNotFoundError, ConflictError
        BudgetError : the training takes too long
        BusyError : too many requests wait, the wait was too long, or the server stops
        CancelledError : the run to finish was cancelled
        RefusedError : the key was used for another request
        """
        for _ in range(_ATTEMPTS):
            with self._live.hold(session_id) as live:
                if fresh or self._live.contended(session_id):
                    self._refresh(live)
                if once is not None and self._is_done(session_id, once):
                    self._refresh(live)
                    return view_of(live)
                changes = plan(live)
                if not changes and not fresh and self._refresh(live):
                    continue  # the session was out of date: plan again
                if not changes and once is not None:
                    changes = [note_of(once.request)]
                with self._effort.of(work_of(live.state, changes)) as on_step:
                    done = self._try(live, changes, once, finish, on_step)
                if done:
                    view = view_of(live)
                    break
        else:
            raise ConflictError(
                f"session {short(session_id)}: other processes wrote first in {_ATTEMPTS} attempts"
            )
        if changes:
            self._watch.changed(session_id)
            with self._appended_lock:
                self._appended.update(change.kind for change in changes)
        self._touch(live)
        return view

    def check(self, session_id: str) -> None:
        """Raise SessionNotFoundError if there is no such session."""
        if self._store.revision(session_id) is None:
            raise SessionNotFoundError(f"expected the id of a session, got {session_id!r}")

    def forget(self, session_id: str) -> None:
        """Remove a deleted session from memory and wake its listeners."""
        self._live.forget(session_id)
        self._watch.changed(session_id)

    def _try(
        self,
        live: Live,
        changes: Sequence[Change],
        once: Optional[Once],
        finish: Optional[Finish],
        on_step: OnStep,
    ) -> bool:
        """Return whether the changes are in the log; if not, read those of other processes."""
        operations: list[Operation] = []
        snapshots: list[Snapshot] = []
        session_id = live.record.id
        version = None if finish is None else finish.version
        key = None if once is None else once.key
        before = live.copied()
        try:
            for change in changes:
                operation, kept = self.history.extend(
                    live, change, time.time(), version, key, on_step
                )
                operations.append(operation)
                snapshots += [] if kept is None else [kept]
            if operations:
                run_id = None if finish is None else finish.run_id
                self._store.append(session_id, operations, snapshots, finish_run=run_id)
        except RowTakenError:
            _log.info("session %s: another process wrote first, trying again", short(session_id))
            live.become(before)
            live.recent = RecentStates()  # it may contain nodes that are not in the log
            self._refresh(live)
            self._live.met_another_process(session_id)
            return False
        except (BudgetError, BusyError):  # the training was stopped: restore the state before it
            live.become(before)
            live.recent = RecentStates()
            raise
        except BaseException:
            live.stale = True  # it may be half changed
            raise
        return True

    def _refresh(self, live: Live) -> bool:
        """Apply the operations of other processes; return whether there were any."""
        session_id = live.record.id
        try:
            behind = self.history.catch_up(live)
        except SessionNotFoundError:
            self._live.forget(session_id)
            raise
        except BaseException:
            live.stale = True
            raise
        if behind:
            self._live.met_another_process(session_id)
        return behind

    def _is_done(self, session_id: str, once: Once) -> bool:
        known = self._store.use_of_key(session_id, once.key)
        if known is None:
            return False
        if isinstance(known, RunRecord) or not known.change.answers(once.request):
            raise used_otherwise(once.key)
        return True

    def _touch(self, live: Live) -> None:
        now = time.time()
        if now - live.touched_at > _TOUCH_EVERY_S:
            try:
                self._store.touch(live.record.id, now)
            except StoreError as error:
                _log.info("session %s: last use not written: %s", short(live.record.id), error)
            else:
                live.touched_at = now
