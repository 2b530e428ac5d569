"""Races of sessions: learners side by side, which follow the session as it changes.

A race is not stored: any process makes it from the log. Streams compute it, record by record, and
streams of one session share it. Before each sending a stream sees whether the session has changed.
So a change is followed after the records under way.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Optional, Union
from weakref import WeakValueDictionary

from dash_app.admission.turns import Turns
from dash_app.config import Config
from dash_app.errors import BudgetError, OutOfRangeError, RefusedError
from dash_app.journal.live import Live
from dash_app.journal.operation_log import OperationLog
from dash_app.learning import LEARNERS, Record
from dash_app.learning.race import REFERENCE, Race, Step, divided
from dash_app.learning.search import OnStep
from dash_app.records.operations import SessionRecord, Settings
from dash_app.store import Store
from dash_app.training.stream import check_work, stream_at, unequal_weights

_N_KEPT = 16
"""Races kept in memory without a stream, per process; one of 200 steps and 8 learners takes some
2 MB, and up to 20 MB for each learner that keeps responsibilities of 50 components."""


_BATCH_S = 0.03
"""Seconds of work after which the records so far are sent; each sending costs the browser 15 ms."""


class Keep(NamedTuple):
    """The records of the first `n_steps` steps stay; later ones are of no use."""

    n_steps: int
    revision: int


class Told(NamedTuple):
    """A record of a step, counted from 0."""

    step: int
    record: Record


class Current(NamedTuple):
    """All learners are told all steps of the revision."""

    revision: int
    n_steps: int


class Refused(NamedTuple):
    """There is no race for the session as it is now."""

    message: str


Event = Union[Keep, Told, Current, Refused]


class _Shared:
    """A race of one session with one setting; `lock` guards the other attributes.

    Attributes
    ----------
    node, revision : int, the state of the session that the steps are of
    refused : str, why there is no race of that state; empty where there is one
    worked_s : float, seconds of work since all learners were told all steps
    """

    def __init__(self, settings: Settings) -> None:
        self.lock = threading.Lock()
        self.race = Race(
            settings.n_components,
            seed=settings.seed,
            prior_weight=settings.prior_weight,
            capacity=settings.capacity,
        )
        self.node = -1
        self.revision = -1
        self.refused = ""
        self.worked_s = 0.0


@dataclass(frozen=True)
class _Now:
    """The state of a session."""

    record: SessionRecord
    settings: Settings
    node: int
    revision: int

    @classmethod
    def of(cls, live: Live) -> _Now:
        return cls(live.record, live.state.settings, live.state.node, live.seq)


class Races:
    """The races of one process."""

    def __init__(
        self, operations: OperationLog, store: Store, turns: Turns, config: Config
    ) -> None:
        self._operations = operations
        self._store = store
        self.turns = turns
        self.max_work = config.max_run_work
        self.max_work_s = config.max_run_s
        self._lock = threading.Lock()
        self._recent: OrderedDict[tuple[str, Settings], _Shared] = OrderedDict()
        self._in_use: WeakValueDictionary[tuple[str, Settings], _Shared] = WeakValueDictionary()

    def follow(self, session_id: str, learners: Sequence[str]) -> Follower:
        """Return what follows the race of these learners.

        Raises
        ------
        SessionNotFoundError
        OutOfRangeError : a learner is not known
        """
        self._operations.check(session_id)
        unknown = [name for name in learners if name not in LEARNERS]
        if unknown:
            raise OutOfRangeError(
                f"expected learners of {', '.join(LEARNERS)}, got {unknown}", "learners"
            )
        return Follower(self, session_id, tuple(dict.fromkeys([REFERENCE, *learners])))

    def now(self, session_id: str) -> _Now:
        """Return the state of the session."""
        return self._operations.read(session_id, _Now.of)

    def shared(self, now: _Now) -> _Shared:
        """Return the session's race with its present settings."""
        key = (now.record.id, now.settings)
        with self._lock:
            found = self._in_use.get(key)
            if found is None:
                found = self._in_use[key] = _Shared(now.settings)
            self._recent[key] = found
            self._recent.move_to_end(key)
            if len(self._recent) > _N_KEPT:
                self._recent.popitem(last=False)
            return found

    def bring_up_to_date(self, shared: _Shared, now: _Now) -> None:
        """Let the race follow the session; the caller has the lock. No learner is told anything.

        Raises
        ------
        RefusedError : a half-life (see `EQUAL_WEIGHTS`)
        """
        # another stream may have seen a newer state
        if now.revision > shared.revision:
            if now.node != shared.node:
                self._follow(shared, now)
            shared.node, shared.revision = now.node, now.revision
        if shared.refused:
            raise RefusedError(shared.refused)

    def _follow(self, shared: _Shared, now: _Now) -> None:
        # with a half-life the log, which may be long, tells no more
        has_half_life = now.settings.half_life is not None
        stream = None if has_half_life else stream_at(self._store, now.record, now.node)
        if stream is None or stream.faded:
            shared.refused = unequal_weights("race")
            return
        shared.race.follow(divided(stream.increments))
        shared.refused, shared.worked_s = "", 0.0


class Follower:
    """A race as one stream has sent it; of one thread."""

    def __init__(self, races: Races, session_id: str, names: tuple[str, ...]) -> None:
        self._races = races
        self._session_id = session_id
        self._names = names
        self._shared: Optional[_Shared] = None
        self._steps: Optional[list[Step]] = None
        self._n_sent = dict.fromkeys(names, 0)
        self._current: Optional[Current] = None
        self._refused: Optional[Refused] = None

    @property
    def has_work(self) -> bool:
        """Whether a record is missing, as of the last look."""
        return self._current is None and self._refused is None

    def look(self, *, anew: bool = True) -> list[Event]:
        """Return what has to be sent now: changes of the session, records of all streams.

        Parameters
        ----------
        anew : bool, read the session first; that takes as long as the update of a quick learner

        Raises
        ------
        SessionNotFoundError
        """
        if not anew and self._refused is not None:
            return []
        now = self._races.now(self._session_id) if anew or self._shared is None else None
        if now is not None:
            self._shared = self._races.shared(now)
        shared = self._shared
        assert shared is not None
        with shared.lock:
            try:
                if now is not None:
                    self._races.bring_up_to_date(shared, now)
                self._check(shared)
            except (RefusedError, OutOfRangeError, BudgetError) as error:
                return self._refuse(str(error))
            self._refused = None
            return [*self._kept(shared), *self._told(shared), *self._end(shared)]

    def compute(self, timeout_s: float, on_step: OnStep = lambda: None) -> bool:
        """Compute records that are missing; return False if there was no turn for them.

        One at least, and further ones within `_BATCH_S`: of quick learners all are sent together.

        Parameters
        ----------
        on_step : called between the parts of a fit; an exception from it ends the work
        """
        shared = self._shared
        assert shared is not None
        turn = self._races.turns.enter(self._session_id)
        try:
            if not self._races.turns.wait(turn, timeout_s):
                return False
            with shared.lock:
                self._compute(shared, on_step)
                shared.worked_s += turn.slice_s
        finally:
            self._races.turns.leave(turn)
        return True

    def _compute(self, shared: _Shared, on_step: OnStep) -> None:
        race, begun = shared.race, time.monotonic()
        while True:
            name = min(self._names, key=race.n_told)
            step = race.n_told(name)
            if step == len(race.steps):
                return
            race.record(step, name, on_step)
            if time.monotonic() - begun >= _BATCH_S:
                return

    def _check(self, shared: _Shared) -> None:
        race = shared.race
        check_work(
            race.steps, race.n_components, len(self._names), self._races.max_work, "learners"
        )
        if shared.worked_s > self._races.max_work_s:
            raise BudgetError(
                f"expected a race that catches up within {self._races.max_work_s:g} s, got one "
                f"that did not after {shared.worked_s:.1f} s; take fewer learners or components"
            )

    def _refuse(self, message: str) -> list[Event]:
        refused, self._current = Refused(message), None
        # the reader drops all records at a refusal
        self._steps = None
        self._n_sent = dict.fromkeys(self._names, 0)
        news: list[Event] = [] if refused == self._refused else [refused]
        self._refused = refused
        return news

    def _kept(self, shared: _Shared) -> list[Event]:
        steps, known = shared.race.steps, self._steps
        self._steps = steps
        n_kept = 0
        for step, other in zip(steps, known or ()):
            if step is not other:
                break
            n_kept += 1
        if known is not None and n_kept == len(known):
            return []
        self._n_sent = {name: min(n, n_kept) for name, n in self._n_sent.items()}
        return [Keep(n_kept, shared.revision)]

    def _told(self, shared: _Shared) -> list[Told]:
        race = shared.race
        news = [
            Told(step, race.record(step, name))
            for name in self._names
            for step in range(self._n_sent[name], race.n_told(name))
        ]
        self._n_sent = {name: race.n_told(name) for name in self._names}
        return sorted(news, key=lambda told: told.step)

    def _end(self, shared: _Shared) -> list[Event]:
        n_steps = len(shared.race.steps)
        if min(self._n_sent.values()) < n_steps:
            self._current = None
            return []
        shared.worked_s = 0.0
        current, known = Current(shared.revision, n_steps), self._current
        self._current = current
        return [] if current == known else [current]
