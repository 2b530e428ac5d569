"""Training from scratch in background threads: turns, progress, cancellation, replacement.

The state of a run is in the store: any process can read and cancel any run. Events within this
process only save time. A run has its own thread from the start, and works while its turn has a
slot.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Optional

from dash_app.admission.turns import Turn, Turns
from dash_app.database.run_table import RunTable, SerialTakenError
from dash_app.errors import BusyError, CancelledError, ConflictError, GMMError, StoreError
from dash_app.journal.operation_log import used_otherwise
from dash_app.journal.watch import Watch
from dash_app.learning import FitResult, fit_from_scratch
from dash_app.learning.mixture import Array
from dash_app.records.operations import short
from dash_app.records.runs import CANCELLED, DONE, FAILED, QUEUED, RUNNING, RunRecord
from dash_app.training.reporter import Reporter
from dash_app.training.threads import started
from dash_app.training.warm_up import warm_up

_log = logging.getLogger(__name__)

METHODS = ("em", "adam")

DEFECT = "the training failed; see the log"
"""Error of a run after an unexpected exception; the details are in the log."""

_START_ATTEMPTS = 20
_CLOSE_TIMEOUT_S = 2.0
"""Longest wait for the threads of all runs when the server stops."""


@dataclass(frozen=True, eq=False)
class Job:
    """Input of a run, fixed at its start; later changes of the session do not affect it."""

    session_id: str
    points: Array
    weights: Optional[Array]
    n_components: int
    prior_weight: float
    method: str
    epochs: int
    revision: int
    era: int
    n_points: int


@dataclass(eq=False)
class _Local:
    """A run in this process: it works while `turn` has a slot; `ended` is set at its end."""

    turn: Turn
    queued: bool = False
    thread: Optional[threading.Thread] = None
    ended: threading.Event = field(default_factory=threading.Event)


Publish = Callable[[Job, str, FitResult, float], None]


class Runs:
    """The trainings of this process.

    Parameters
    ----------
    turns : Turns, shared with the online trainings
    max_runs : int, maximum number of queued and running runs
    max_work_s : float, maximum working time of a run, seconds
    """

    def __init__(
        self,
        table: RunTable,
        watch: Watch,
        publish: Publish,
        turns: Turns,
        *,
        max_runs: int,
        max_work_s: float,
    ) -> None:
        self._table = table
        self._watch = watch
        self._publish = publish
        self._turns = turns
        self._max_runs = max_runs
        self._max_work_s = max_work_s
        self._locals: dict[str, _Local] = {}
        self._lock = threading.Lock()
        self._ended: Counter[tuple[str, str]] = Counter()
        self._unwritten: dict[str, tuple[str, Optional[str], float]] = {}

    def counts(self) -> tuple[Counter[tuple[str, str]], int, int]:
        """Return this process's runs: those ended by (method, status); running; queued."""
        with self._lock:
            n_queued = sum(each.queued for each in self._locals.values())
            return self._ended.copy(), len(self._locals) - n_queued, n_queued

    def start(self, job: Job, idempotency_key: Optional[str] = None) -> str:
        """Start a run and cancel the other runs of the session; return its id.

        A queued run is cancelled before it begins.
        """
        run_id = secrets.token_hex(8)
        local = self._admit(job.session_id, run_id)
        try:
            known = self._insert(job, run_id, local, idempotency_key)
        except BaseException:
            self._dismiss(run_id, local)
            raise
        if known is not None:
            self._dismiss(run_id, local)
            return known
        with self._lock:
            replaced = [
                each.turn
                for each in self._locals.values()
                if each.turn.owner == job.session_id and each is not local
            ]
        for turn in replaced:
            self._turns.cancel(turn)
        try:
            local.thread = started(f"run {run_id}", self._train, job, run_id, local)
        except BusyError as error:
            self._dismiss(run_id, local)
            self._end(run_id, FAILED, str(error))
            raise
        return run_id

    def _admit(self, session_id: str, run_id: str) -> _Local:
        with self._lock:
            n_others = sum(
                not each.turn.cancelled and each.turn.owner != session_id
                for each in self._locals.values()
            )
            if n_others >= self._max_runs:
                raise BusyError(
                    f"expected at most {self._max_runs} trainings from scratch under way or "
                    "waiting, got one more; try again later"
                )
            local = self._locals[run_id] = _Local(self._turns.enter(session_id))
        return local

    def _dismiss(self, run_id: str, local: _Local) -> None:
        with self._lock:
            self._locals.pop(run_id, None)
        self._turns.leave(local.turn)

    def _insert(
        self, job: Job, run_id: str, local: _Local, idempotency_key: Optional[str]
    ) -> Optional[str]:
        """Insert the run; return the id of the same run with this key, if there is one already.

        Raises
        ------
        RefusedError : the key is that of another run
        """
        for _ in range(_START_ATTEMPTS):
            local.queued = not local.turn.holds
            status = QUEUED if local.queued else RUNNING
            try:
                self._table.start(self._record(job, run_id, status, idempotency_key))
            except SerialTakenError:
                if idempotency_key is not None:
                    other = self._table.by_key(job.session_id, idempotency_key)
                    if other is not None:
                        if (other.method, other.epochs) != (job.method, job.epochs):
                            raise used_otherwise(idempotency_key) from None
                        return other.id
            else:
                return None
        raise ConflictError(f"session {short(job.session_id)}: too many runs started at once")

    def wait(self, run_id: str, timeout_s: float) -> bool:
        """Wait at most `timeout_s` for the run's end; return whether it has ended.

        A run of another process counts as ended.
        """
        local = self._locals.get(run_id)
        return local is None or local.ended.wait(timeout_s)

    def cancel(self, session_id: str, run_id: str) -> None:
        """Ask the run to stop, in any process."""
        self._table.request_cancel(session_id, run_id)
        local = self._locals.get(run_id)
        if local is not None:
            self._turns.cancel(local.turn)

    def heartbeat(self, now: float) -> None:
        """Write the heartbeats of this process's runs, and stop the runs that were cancelled.

        The ends that the store has refused come first.
        """
        self._write_ends()
        with self._lock:
            # a run without a thread may not be in the store yet
            mine = {name: each for name, each in self._locals.items() if each.thread is not None}
        if mine:
            for run_id in self._table.heartbeat(list(mine), now):
                self._turns.cancel(mine[run_id].turn)

    def stop(self) -> None:
        """Tell every run of this process to end, without waiting."""
        with self._lock:
            mine = list(self._locals.values())
        for local in mine:
            self._turns.cancel(local.turn)

    def close(self) -> None:
        """Stop every run of this process and wait until they have ended, but not for ever.

        A run that is busy with what cannot be interrupted is recorded as cancelled: its thread ends
        with the process.
        """
        self.stop()
        with self._lock:
            threads = {name: each.thread for name, each in self._locals.items() if each.thread}
        deadline = time.monotonic() + _CLOSE_TIMEOUT_S
        for run_id, thread in threads.items():
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                self._end(run_id, CANCELLED)

    def _record(
        self, job: Job, run_id: str, status: str, idempotency_key: Optional[str]
    ) -> RunRecord:
        now = time.time()
        return RunRecord(
            id=run_id,
            session_id=job.session_id,
            serial=self._table.last_serial(job.session_id) + 1,
            status=status,
            method=job.method,
            epochs=job.epochs,
            n_iter=0,
            loss=None,
            n_points=job.n_points,
            revision=job.revision,
            seq=None,
            error=None,
            cancel_requested=False,
            heartbeat_at=now,
            created_at=now,
            finished_at=None,
            idempotency_key=idempotency_key,
        )

    def _train(self, job: Job, run_id: str, local: _Local) -> None:
        turn = local.turn
        reporter = Reporter(
            self._table, self._watch, job.session_id, run_id, self._turns, turn, self._max_work_s
        )
        name = f"session {short(job.session_id)}: run {run_id}"
        status = FAILED
        try:
            self._turns.wait(turn)
            reporter.check()
            if local.queued:
                self._begin(job.session_id, run_id, local)
            result = fit(job, reporter)
            reporter.flush()
            reporter.check()
            time_s = turn.worked_s
            # release the slot before locking the session: its holder may wait for the slot
            self._turns.leave(turn)
            self._publish(job, run_id, result, time_s)
            status = DONE
            _log.info("%s: %s took %.3f s, %d steps", name, job.method, time_s, result.n_iter)
        except CancelledError:
            status = CANCELLED
            _log.info("%s: cancelled", name)
            self._end(run_id, CANCELLED)
        except GMMError as error:
            _log.warning("%s: failed: %s", name, error)
            self._end(run_id, FAILED, str(error))
        except Exception:  # noqa: BLE001 - the run must end in the store after any error
            _log.exception("%s: failed", name)
            self._end(run_id, FAILED, DEFECT)
        finally:
            with self._lock:
                self._ended[job.method, status] += 1
            self._dismiss(run_id, local)
            local.ended.set()
            self._watch.changed(job.session_id)

    def _end(self, run_id: str, status: str, error: Optional[str] = None) -> None:
        """Write the end of a run; where the store fails, the heartbeat writes it later."""
        with self._lock:
            self._unwritten[run_id] = (status, error, time.time())
        with contextlib.suppress(StoreError):
            self._write_ends()

    def _write_ends(self) -> None:
        with self._lock:
            unwritten = dict(self._unwritten)
        for run_id, (status, error, ended_at) in unwritten.items():
            self._table.end(run_id, status, error, ended_at)
            self._unwritten.pop(run_id, None)

    def _begin(self, session_id: str, run_id: str, local: _Local) -> None:
        """Mark the run as running, and wake the listeners of the sessions queued behind it."""
        with contextlib.suppress(StoreError):  # the first report that succeeds marks it too
            self._table.begin(run_id, time.time())
        local.queued = False
        with self._lock:
            behind = [each.turn.owner for each in self._locals.values() if each.queued]
        for owner in (session_id, *behind):
            self._watch.changed(str(owner))


def fit(job: Job, reporter: Reporter) -> FitResult:
    """Train from scratch with the job's method."""
    if job.method == "em":
        return fit_from_scratch(
            job.points,
            job.n_components,
            prior_weight=job.prior_weight,
            max_iter=job.epochs,
            on_iteration=reporter,
            on_step=reporter.take_turns,
            weights=job.weights,
        )
    reporter.wait_for(warm_up())
    from dash_app.learning.adam import fit_adam  # imports torch, which is slow

    return fit_adam(
        job.points,
        job.n_components,
        epochs=job.epochs,
        prior_weight=job.prior_weight,
        weights=job.weights,
        on_epoch=reporter,
    )
