"""Timelines of a session's points, made in background threads.

A timeline is not stored. Its id says what it is made of, so any process can make it again from the
log. Each process keeps its newest timelines in memory.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Optional

from dash_app.admission.turns import Turn, Turns
from dash_app.config import Config
from dash_app.errors import (
    BudgetError,
    BusyError,
    CancelledError,
    GMMError,
    OutOfRangeError,
    RefusedError,
    TimelineNotFoundError,
)
from dash_app.journal.operation_log import OperationLog
from dash_app.learning import LEARNERS, Record
from dash_app.learning.orders import ORDERS, in_order
from dash_app.learning.points import check_n_components, check_seed
from dash_app.learning.race import Race, Step, divided
from dash_app.learning.search import OnStep
from dash_app.records.operations import short
from dash_app.records.runs import CANCELLED, DONE, FAILED, QUEUED, RUNNING
from dash_app.store import Store
from dash_app.training.stream import check_work, stream_at
from dash_app.training.threads import started

_log = logging.getLogger(__name__)

_ID = re.compile(r"(\d{1,9})-(\d{1,2})-([a-z]+)-(\d{1,19})-([a-z_\d]+(?:-[a-z_\d]+)*)")
_N_KEPT = 16
"""Timelines kept in memory, per process; one of 200 steps and 8 learners takes some 2 MB."""

_N_UNDER_WAY = 4
"""Timelines of one session under way up to which a read makes one again: it cancels none."""

_CLOSE_TIMEOUT_S = 3.0
"""Longest wait for the threads of all timelines when the server stops."""

_FAILED = "the timeline failed; see the log"


@dataclass(frozen=True)
class Request:
    """What a timeline is made of.

    Attributes
    ----------
    node : int, the state of the points, see `records.operations`
    order : one of ORDERS
    seed : int, of the shuffled order and of every learner
    learners : keys of `LEARNERS`
    """

    session_id: str
    node: int
    n_components: int
    order: str
    seed: int
    learners: tuple[str, ...]

    @property
    def id(self) -> str:
        """Return the id, from which `of_id` restores the request."""
        return "-".join(
            [str(self.node), str(self.n_components), self.order, str(self.seed), *self.learners]
        )

    @classmethod
    def of_id(cls, session_id: str, text: str) -> Request:
        """Return the request with that id.

        Raises
        ------
        TimelineNotFoundError : the text is not an id
        """
        found = _ID.fullmatch(text)
        if found is None:
            raise TimelineNotFoundError(f"expected the id of a timeline, got {text!r}")
        node, n_components, order, seed, learners = found.groups()
        request = cls(
            session_id, int(node), int(n_components), order, int(seed), tuple(learners.split("-"))
        )
        if request.id != text:
            raise TimelineNotFoundError(f"expected the id {request.id}, got {text}")
        return request


class Timeline:
    """A timeline that is being made, or is complete.

    Attributes
    ----------
    status : "queued", "running", "done", "failed" or "cancelled"
    n_steps : int, increments in all; each gives one record a learner
    n_points : int, points in all
    error : the reason of a failed timeline
    """

    def __init__(self, request: Request, turn: Turn, steps: Sequence[Step]) -> None:
        self.request = request
        self.turn = turn
        self.n_steps = len(steps)
        self.n_points = sum(step.points.size for step in steps)
        self.status = QUEUED
        self.error: Optional[str] = None
        self._records: list[Record] = []
        self._changed = threading.Condition()

    @property
    def has_ended(self) -> bool:
        """Whether no record will follow."""
        return self.status not in (QUEUED, RUNNING)

    @property
    def is_sound(self) -> bool:
        """Whether it is done, or will be: it has not failed and is not cancelled."""
        return self.status == DONE or not (self.has_ended or self.turn.cancelled)

    def records(self, after: int = 0) -> list[Record]:
        """Return the records so far but the first `after`."""
        with self._changed:
            return self._records[after:]

    def wait(self, n_seen: int, timeout_s: float) -> bool:
        """Wait for more than `n_seen` records or the end; return False after the timeout."""
        with self._changed:
            return self._changed.wait_for(
                lambda: len(self._records) > n_seen or self.has_ended, timeout_s
            )

    def put(self, record: Record) -> None:
        """Append a record."""
        with self._changed:
            self.status = RUNNING
            self._records.append(record)
            self._changed.notify_all()

    def end(self, status: str, error: Optional[str] = None) -> None:
        """Set the last status."""
        with self._changed:
            self.status, self.error = status, error
            self._changed.notify_all()


class Timelines:
    """Makes the timelines of this process. Those of one session take turns."""

    def __init__(
        self, operations: OperationLog, store: Store, turns: Turns, config: Config
    ) -> None:
        self._operations = operations
        self._store = store
        self._turns = turns
        self._max_runs = config.max_runs
        self._max_work = config.max_run_work
        self._max_work_s = config.max_run_s
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], Timeline] = OrderedDict()
        self._threads: dict[tuple[str, str], threading.Thread] = {}

    def start(
        self,
        session_id: str,
        learners: Sequence[str],
        order: str,
        seed: Optional[int],
        n_components: Optional[int],
    ) -> Timeline:
        """Return the timeline of the active points; start it unless it is made or being made.

        Without a seed or a number of components it takes those of the session.

        Another timeline of the session that is still being made is cancelled.

        Raises
        ------
        SessionNotFoundError, OutOfRangeError
        RefusedError : no points, or a half-life (see `EQUAL_WEIGHTS`)
        BusyError : too many timelines are being made
        """
        node, settings = self._operations.read(
            session_id, lambda live: (live.state.node, live.state.settings)
        )
        request = Request(
            session_id,
            node,
            n_components or settings.n_components,
            order,
            settings.seed if seed is None else seed,
            tuple(learners),
        )
        return self._made(request, anew=True)

    def get(self, session_id: str, timeline_id: str) -> Timeline:
        """Return the timeline, however it ended; make it again if it is not in memory.

        Others of the session that are being made go on.

        Raises
        ------
        SessionNotFoundError, TimelineNotFoundError, RefusedError, BusyError
        """
        self._operations.check(session_id)
        request = Request.of_id(session_id, timeline_id)
        try:
            return self._made(request, anew=False)
        except OutOfRangeError as error:
            raise TimelineNotFoundError(f"expected the id of a timeline; {error}") from error

    def cancel(self, session_id: str, timeline_id: str) -> Timeline:
        """Stop the timeline, if it is being made.

        Raises
        ------
        SessionNotFoundError, TimelineNotFoundError : this process does not have it
        """
        self._operations.check(session_id)
        with self._lock:
            found = self._kept.get((session_id, timeline_id))
        if found is None:
            raise TimelineNotFoundError("expected a timeline that was started")
        self._turns.cancel(found.turn)
        return found

    def stop(self, session_id: Optional[str] = None) -> None:
        """Tell every timeline, or those of a session, to end, without waiting."""
        with self._lock:
            going = [each for each in self._kept.values() if not each.has_ended]
        for each in going:
            if session_id in (None, each.request.session_id):
                self._turns.cancel(each.turn)

    def close(self) -> None:
        """Stop every timeline and wait for the threads."""
        self.stop()
        deadline = time.monotonic() + _CLOSE_TIMEOUT_S
        with self._lock:
            threads = list(self._threads.values())
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _made(self, request: Request, *, anew: bool) -> Timeline:
        """Return the timeline; make it if it is not in memory.

        With `anew` also make it if it was cancelled or failed, in place of others of the session.
        """
        key = (request.session_id, request.id)
        with self._lock:
            known = self._kept.get(key)
        if known is not None and (known.is_sound or not anew):
            return known
        _check(request)
        race = self._begun(request)
        with self._lock:
            known = self._kept.get(key)  # another thread may have made it in the meantime
            if known is not None and (known.is_sound or not anew):
                return known
            replaced = self._with_room(request, anew=anew)
            made = Timeline(request, self._turns.enter(request.session_id), race.steps)
            try:
                thread = started(f"timeline {request.id}", self._make, key, made, race)
            except BusyError:
                self._turns.leave(made.turn)
                raise
            self._kept[key], self._threads[key] = made, thread
            self._kept.move_to_end(key)
            ended = [name for name, each in self._kept.items() if each.has_ended]
            for name in ended[: max(len(self._kept) - _N_KEPT, 0)]:
                del self._kept[name]
        for each in replaced:
            self._turns.cancel(each.turn)
        return made

    def _with_room(self, request: Request, *, anew: bool) -> list[Timeline]:
        """Return the timelines that the new one replaces; BusyError if too many are under way."""
        under_way = [each for each in self._kept.values() if not each.has_ended]
        own = [each for each in under_way if each.request.session_id == request.session_id]
        n_others = len(under_way) - len(own) if anew else len(under_way)
        if n_others >= self._max_runs:
            raise _busy(f"{self._max_runs} timelines")
        if not anew and len(own) >= _N_UNDER_WAY:
            raise _busy(f"{_N_UNDER_WAY} timelines of a session")
        return own if anew else []

    def _begun(self, request: Request) -> Race:
        """Return the race that the timeline is of, before its first step, in order of arrival."""
        record = self._store.session(request.session_id)
        assert record is not None  # checked by the caller
        try:
            stream = stream_at(self._store, record, request.node)
        except KeyError:
            raise TimelineNotFoundError("expected the id of a timeline of this session") from None
        stream.check_weights("timeline")
        if not stream.increments:
            raise RefusedError("expected at least one point for a timeline, got none", "points")
        steps = divided(stream.increments)
        check_work(steps, request.n_components, len(request.learners), self._max_work, "learners")
        settings = stream.settings
        race = Race(
            request.n_components,
            seed=request.seed,
            prior_weight=settings.prior_weight,
            capacity=settings.capacity,
        )
        race.follow(steps)
        return race

    def _make(self, key: tuple[str, str], made: Timeline, race: Race) -> None:
        request, turn = made.request, made.turn
        name = f"session {short(request.session_id)}: timeline {request.id}"
        try:
            self._turns.wait(turn)
            self._check(turn)
            take_turns = partial(self._take_turns, turn)
            race.follow(_in_order(race.steps, request, take_turns))
            for step in range(made.n_steps):
                for learner in request.learners:
                    made.put(race.record(step, learner, take_turns))
                    take_turns()
            made.end(DONE)
            _log.info("%s: took %.3f s", name, turn.worked_s)
        except CancelledError:
            made.end(CANCELLED)
        except GMMError as error:
            made.end(FAILED, str(error))
        except Exception:  # noqa: BLE001 - the readers must learn of the end after any error
            _log.exception("%s: failed", name)
            made.end(FAILED, _FAILED)
        finally:
            self._turns.leave(turn)
            with self._lock:
                if self._threads.get(key) is threading.current_thread():
                    del self._threads[key]

    def _take_turns(self, turn: Turn) -> None:
        self._check(turn)
        if self._turns.is_due(turn):
            self._turns.pause(turn)
            self._turns.wait(turn)
            self._check(turn)

    def _check(self, turn: Turn) -> None:
        if turn.cancelled:
            raise CancelledError("the timeline was cancelled")
        if turn.worked_s > self._max_work_s:
            raise BudgetError(
                f"expected a timeline of at most {self._max_work_s:g} s, got one that was not done "
                f"after {turn.worked_s:.1f} s; take fewer learners or components"
            )


def _busy(most: str) -> BusyError:
    return BusyError(f"expected at most {most} under way, got one more; try again later")


def _check(request: Request) -> None:
    unknown = [name for name in request.learners if name not in LEARNERS]
    if unknown or len(set(request.learners)) != len(request.learners) or not request.learners:
        expected = ", ".join(LEARNERS)
        raise OutOfRangeError(
            f"expected each learner once, of {expected}; got {list(request.learners)}", "learners"
        )
    if request.order not in ORDERS:
        raise OutOfRangeError(f"expected an order of {ORDERS}, got {request.order!r}", "order")
    check_seed(request.seed)
    check_n_components(request.n_components)


def _in_order(steps: list[Step], request: Request, on_step: OnStep) -> list[Step]:
    if request.order == "arrival":
        return steps
    parts = in_order(
        [each.points for each in steps],
        request.order,
        n_components=request.n_components,
        seed=request.seed,
        on_step=on_step,
    )
    return [Step(part, steps[-1].truth) for part in parts]
