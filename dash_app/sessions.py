"""The use-cases of a session, for every front end.

A session is its operation log (see `records.operations`). Each use-case reads the log or appends to
it. When a use-case returns without an error, its change is on disk.
"""

from __future__ import annotations

import logging
import secrets
import time
from typing import Any, Optional, Union

import numpy as np
from numpy.typing import ArrayLike

from dash_app.admission.effort import Effort, Task
from dash_app.admission.rates import Rate
from dash_app.admission.turns import Turns, n_processors
from dash_app.admission.waits import Waits
from dash_app.config import Config
from dash_app.errors import SessionNotFoundError
from dash_app.journal import history
from dash_app.journal.fold import check_removable, initial_state
from dash_app.journal.live import Live
from dash_app.journal.models import Models
from dash_app.journal.operation_log import Once, OperationLog
from dash_app.journal.views import SessionView, Synchronised, view_of
from dash_app.journal.watch import Watch
from dash_app.learning.histogram import Histogram, histogram_of
from dash_app.learning.mixture import Array
from dash_app.learning.points import (
    DEFAULT_CAPACITY,
    as_points,
    check_capacity,
    check_n_components,
)
from dash_app.records.operations import (
    ADD,
    CLEAR,
    CONFIGURE,
    REDO,
    REMOVE,
    ROOT,
    UNDO,
    Change,
    Operation,
    SessionRecord,
    Settings,
    short,
)
from dash_app.store import Store
from dash_app.training.maintenance import Maintenance
from dash_app.training.orders import Orders
from dash_app.training.plays import Plays
from dash_app.training.races import Races
from dash_app.training.selections import Selections
from dash_app.training.timelines import Timelines
from dash_app.training.trainings import Trainings
from dash_app.work import Work

__all__ = ["UNSET", "SessionView", "Sessions", "Synchronised"]

_log = logging.getLogger(__name__)


class _Unset:
    """Default of a setting that should not change; None is a valid value."""


UNSET = _Unset()


class Sessions:
    """The sessions of one store, for one process. `close` ends its threads.

    Its own methods change sessions and read their points. The attributes have the other use-cases:
    `models`, `trainings`, `plays`, `timelines`, `races`, `orders` and `selections`.
    """

    def __init__(self, store: Store, config: Config) -> None:
        self.store = store
        self.watch = Watch()
        turns = Turns(n_processors())
        self._waits = Waits(config.max_waiting, config.max_wait_s)
        self._session_rate = Rate(config.session_rate, "new sessions")
        self._point_rate = Rate(config.point_rate, "points")
        effort = Effort(turns, self._waits, Task(config.max_increment_s))
        self._operations = OperationLog(
            store, self.watch, effort, self._waits, config.cache_sessions
        )
        self.models = Models(self._operations, store)
        self.trainings = Trainings(
            self._operations, store, self.watch, turns, self._waits, config, self.start
        )
        self.plays = Plays(self._operations, store, self.watch, self.start)
        self.timelines = Timelines(self._operations, store, turns, config)
        self.races = Races(self._operations, store, turns, config)
        self.orders = Orders(self._operations, store, turns, self._waits, config)
        self.selections = Selections(self._operations, turns, self._waits, config)
        self._maintenance = Maintenance(
            store, self.watch, self.trainings.runs, self.plays, config.session_ttl_days
        )

    def work(self) -> Work:
        """Return what this process has done and is doing."""
        return Work.of(self._operations, self.trainings.runs, self.watch, self._waits)

    def check_accepts_work(self) -> None:
        """Return where a new request can be served.

        Raises
        ------
        BusyError : the server ends
        StoreError : the store cannot be used
        """
        self._waits.check()
        self.store.ping()

    def start(self) -> None:
        """Start the maintenance thread, in the serving process; a second call has no effect."""
        self._maintenance.start()

    def stop(self) -> None:
        """Tell streams, waiting requests and trainings to end, without waiting for them.

        Races end with their streams. Orders and selections ask the waits at each step.
        """
        self.watch.close()
        self._waits.stop()
        self.plays.halt()
        self.trainings.runs.stop()
        self.timelines.stop()

    def close(self) -> None:
        """Stop trainings, event streams and threads, and then close the store."""
        self.stop()
        self.plays.close()
        self.trainings.runs.close()
        self.timelines.close()
        self._maintenance.close()
        self.store.close()

    # ------------------------------------------------------------------ sessions

    def create(
        self,
        *,
        n_components: int = 3,
        half_life: Optional[float] = None,
        prior_weight: float = 1.0,
        seed: int = 0,
        capacity: int = DEFAULT_CAPACITY,
        session_id: Optional[str] = None,
    ) -> SessionView:
        """Create a session; its id of 128 random bits is the only access control.

        With `session_id`, return an existing session of that id and the same settings.

        Raises
        ------
        OutOfRangeError : a setting is out of its range
        RefusedError : a session of that id exists with other settings
        RateError : the client creates too many sessions
        """
        self._session_rate.take()
        capacity = check_capacity(capacity)
        settings = Settings(n_components, half_life, prior_weight, seed, capacity)
        state = initial_state(settings)  # checks the settings
        now = time.time()
        record = SessionRecord(session_id or secrets.token_hex(16), settings, now, now)
        if not self._operations.create(record):
            return self.view(record.id)
        _log.info("session %s: created", short(record.id))
        return view_of(Live(record, state, seq=0, tip=ROOT, n_models=0, training=None))

    def view(self, session_id: str) -> SessionView:
        """Return the current view of the session.

        Raises
        ------
        SessionNotFoundError
        """
        return self._operations.read(session_id, view_of)

    def delete(self, session_id: str) -> None:
        """Delete the session; an operator can restore it for a day.

        Raises
        ------
        SessionNotFoundError
        """
        found = self.store.trash.throw_away(session_id, time.time())
        self._operations.forget(session_id)
        self.timelines.stop(session_id)
        if not found:
            raise SessionNotFoundError(f"expected the id of a session, got {session_id!r}")
        _log.info("session %s: deleted", short(session_id))

    # ------------------------------------------------------------------ changes

    def add(
        self, session_id: str, points: ArrayLike, *, idempotency_key: Optional[str] = None
    ) -> SessionView:
        """Train online on an increment.

        Raises
        ------
        SessionNotFoundError, ConflictError
        EmptyDataError, NonFiniteError, OutOfRangeError, ShapeError : nothing has changed
        RefusedError : the key was used for another request
        BudgetError : the training takes too long; nothing has changed
        BusyError, RateError : nothing has changed; a later attempt may succeed
        """
        x = as_points(points)
        self._point_rate.take(x.size)
        change = Change(ADD, x)
        once = Once.of(idempotency_key, change)
        # an add does not depend on the current state, so it need not be fresh
        return self._operations.append(session_id, lambda _: [change], once=once, fresh=False)

    def remove(
        self, session_id: str, points: ArrayLike, *, idempotency_key: Optional[str] = None
    ) -> SessionView:
        """Remove the last occurrence of each point.

        Raises
        ------
        UnknownPointError : a value is not active, or fewer times than asked for
        RefusedError : a half-life is set, or was set while a point came
        """
        x = as_points(points)
        change = Change(REMOVE, x)

        def plan(live: Live) -> list[Change]:
            check_removable(live.state)
            self._operations.history.active_points(live).positions(x)
            return [change]

        return self._operations.append(session_id, plan, once=Once.of(idempotency_key, change))

    def keep(
        self, session_id: str, n_points: int, *, idempotency_key: Optional[str] = None
    ) -> SessionView:
        """Remove all points but the first ones, in order of arrival. The settings stay.

        One undo takes it back.

        Raises
        ------
        RefusedError : the session has fewer points; a half-life is set, or was set while a point
            came; or an example is played, which would go on
        """

        def plan(live: Live) -> list[Change]:
            check_removable(live.state)
            self.plays.check_not_played(live, n_points)
            return history.kept(self._operations.history.active_points(live).values, n_points)

        once = Once.of(idempotency_key, Change(REMOVE))
        return self._operations.append(session_id, plan, once=once)

    def undo(
        self,
        session_id: str,
        *,
        n_points: Optional[int] = None,
        idempotency_key: Optional[str] = None,
    ) -> SessionView:
        """Undo the last add, remove, configure or clear. A training from scratch stays.

        An example is undone as a whole, with its settings; one that is played stops. What was done
        after its last point so far, as during a pause, is undone by itself. With `n_points` all is
        undone up to the newest earlier state with that many points.

        Raises
        ------
        RefusedError : there is nothing to undo; with `n_points`, no earlier state has that many
            points, or an example is played, which would go on
        """

        def plan(live: Live) -> list[Change]:
            if n_points is None:
                return [history.undo(live, playing=self.plays.is_played(live))]
            self.plays.check_not_played(live, n_points)
            return [history.undo_to(live, self.store, n_points)]

        wanted = {} if n_points is None else {"n_points": n_points}
        once = Once.of(idempotency_key, Change(UNDO, detail=wanted))
        return self._operations.append(session_id, plan, once=once)

    def redo(self, session_id: str, *, idempotency_key: Optional[str] = None) -> SessionView:
        """Redo the last undone operation.

        Raises
        ------
        RefusedError : nothing was undone since the last change
        """
        once = Once.of(idempotency_key, Change(REDO))
        return self._operations.append(
            session_id, lambda live: [history.redo(live, self.store)], once=once
        )

    def clear(self, session_id: str, *, idempotency_key: Optional[str] = None) -> SessionView:
        """Remove the points and both models. Undo restores all of it.

        The settings stay. After an example they are those from before it.
        """
        once = Once.of(idempotency_key, Change(CLEAR))
        return self._operations.append(session_id, history.cleared, once=once)

    def configure(
        self,
        session_id: str,
        *,
        n_components: Optional[int] = None,
        half_life: Union[float, _Unset, None] = UNSET,
        capacity: Optional[int] = None,
        idempotency_key: Optional[str] = None,
    ) -> SessionView:
        """Change the given settings. Half-life None: points keep their weight.

        With another capacity the summary is built again from the log.

        Raises
        ------
        OutOfRangeError
        BudgetError : the training takes too long; nothing has changed
        """
        wanted: dict[str, Any] = {}
        if n_components is not None:
            wanted["n_components"] = check_n_components(n_components)
        if not isinstance(half_life, _Unset):
            initial_state(Settings(1, half_life, 1.0, 0))  # checks it
            wanted["half_life"] = None if half_life is None else float(half_life)
        if capacity is not None:
            wanted["capacity"] = check_capacity(capacity)
        once = Once.of(idempotency_key, Change(CONFIGURE, detail=wanted))
        return self._operations.append(
            session_id, lambda live: history.configured(live, wanted), once=once
        )

    def synchronise(self, session_id: str, points: ArrayLike, *, n_components: int) -> Synchronised:
        """Make this list the points of the session, in one transaction.

        If the list continues the active points, only its new part is learned. Otherwise the
        session is cleared and all of the list is learned.

        Raises
        ------
        EmptyDataError, NonFiniteError, OutOfRangeError, ShapeError : nothing has changed
        BudgetError : the training takes too long; nothing has changed
        BusyError, RateError : nothing has changed; a later attempt may succeed
        """
        x = as_points(points)
        wanted = {"n_components": check_n_components(n_components)}
        n_new = 0

        def plan(live: Live) -> list[Change]:
            nonlocal n_new
            active = self._operations.history.active_points(live).values
            continued = active.size <= x.size and np.array_equal(x[: active.size], active)
            start = active.size if continued else 0
            n_new = x.size - start
            self._point_rate.take(n_new)
            changes = [] if continued else [Change(CLEAR)]
            changes += history.configured(live, wanted)
            return [*changes, Change(ADD, x[start:])] if n_new else changes

        started = time.perf_counter()
        view = self._operations.append(session_id, plan, fresh=False)
        return Synchronised(view, n_new, time.perf_counter() - started)

    # ------------------------------------------------------------------ reading

    def points(self, session_id: str) -> Array:
        """Return the active points in order of arrival, shape (n_points,)."""
        return self._operations.read(session_id, self._points)

    def whole(self, session_id: str, *, most: int) -> tuple[SessionView, Union[Array, Histogram]]:
        """Return the view and the points of one moment; a histogram of more than `most` points."""

        def both(live: Live) -> tuple[SessionView, Union[Array, Histogram]]:
            if live.state.n_points <= most:
                return view_of(live), self._points(live)
            active = self._operations.history.active_points(live)
            return view_of(live), histogram_of(active.values)

        return self._operations.read(session_id, both)

    def operations(
        self, session_id: str, *, after: int = 0, limit: Optional[int] = None
    ) -> list[Operation]:
        """Return at most `limit` operations with numbers above `after`, oldest first."""
        self._operations.check(session_id)
        return self.store.operations(session_id, after=after, limit=limit)

    def _points(self, live: Live) -> Array:
        return np.array(self._operations.history.active_points(live).values)
