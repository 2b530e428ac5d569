"""Trainings from scratch of a session: start, read and cancel runs, and publish their results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Optional

from dash_app.admission.turns import Turns
from dash_app.admission.waits import Waits
from dash_app.config import Config
from dash_app.errors import BusyError, OutOfRangeError, RefusedError, RunNotFoundError
from dash_app.journal.live import Live
from dash_app.journal.operation_log import Finish, OperationLog, used_otherwise
from dash_app.journal.watch import Watch
from dash_app.learning import FitResult
from dash_app.learning.mixture import Array
from dash_app.records.operations import TRAIN, Change
from dash_app.records.runs import MAX_EPOCHS, QUEUED, RunRecord
from dash_app.records.versions import SCRATCH, ModelVersion
from dash_app.store import Store
from dash_app.training.runs import METHODS, Job, Runs

EM_EPOCHS = 100
"""Maximum number of epochs counted as the work of EM. Its search visits at most 1,024 atoms; only
its last Newton steps visit all points."""


@dataclass(frozen=True, eq=False)
class Run:
    """The current state of a training run.

    Attributes
    ----------
    serial : int, 1, 2, ... within the session
    status : "queued", "running", "done", "failed" or "cancelled"
    n_before : int, earlier queued runs; None once it has begun
    n_iter : int, iterations so far; `losses` has -J for each, in nats per point
    revision, n_points : the session's revision and number of points at the start of the run
    version : the model of a done run
    error : the reason of a failed run
    created_at, finished_at : seconds since 1970
    """

    id: str
    session_id: str
    serial: int
    status: str
    n_before: Optional[int]
    method: str
    epochs: int
    n_iter: int
    loss: Optional[float]
    losses: Array
    revision: int
    n_points: int
    version: Optional[ModelVersion]
    error: Optional[str]
    created_at: float
    finished_at: Optional[float]


class Trainings:
    """Trains from scratch, and reads and cancels runs, for one process."""

    def __init__(
        self,
        operations: OperationLog,
        store: Store,
        watch: Watch,
        turns: Turns,
        waits: Waits,
        config: Config,
        start_heartbeats: Callable[[], None],
    ) -> None:
        self._operations = operations
        self._store = store
        self._watch = watch
        self._waits = waits
        self._max_work = config.max_run_work
        self._start_heartbeats = start_heartbeats
        self.runs = Runs(
            store.runs,
            watch,
            self._publish,
            turns,
            max_runs=config.max_runs,
            max_work_s=config.max_run_s,
        )

    def train(
        self,
        session_id: str,
        *,
        method: str = "em",
        epochs: int = 200,
        wait: bool = True,
        timeout_s: Optional[float] = None,
        idempotency_key: Optional[str] = None,
    ) -> Run:
        """Train from scratch on all active points, in a background thread.

        A new run cancels the session's queued or running run. With `wait` this returns at the end
        of the run, after `timeout_s`, or at once if too many requests wait. Without `timeout_s`
        the run is cancelled if the caller cannot wait for its end.

        Raises
        ------
        RefusedError : no points
        OutOfRangeError : epochs out of range, or an unknown method
        BusyError : too many requests wait, too many runs are queued, or the wait was too long
        """
        self._start_heartbeats()
        if wait and timeout_s is None:
            with self._waits.place():
                run_id = self._start(session_id, method, epochs, idempotency_key)
                try:
                    ended = partial(self.runs.wait, run_id)
                    self._waits.patiently(ended, "the end of the training")
                except BusyError:
                    self.runs.cancel(session_id, run_id)
                    raise
        else:
            run_id = self._start(session_id, method, epochs, idempotency_key)
            if wait and timeout_s is not None:
                self._waits.briefly(partial(self.runs.wait, run_id), timeout_s)
        return self.run(session_id, run_id)

    def run(self, session_id: str, run_id: str) -> Run:
        """Return the current state of the run.

        Raises
        ------
        RunNotFoundError
        """
        record = self._record(session_id, run_id)
        return Run(
            id=record.id,
            session_id=record.session_id,
            serial=record.serial,
            status=record.status,
            n_before=self.n_before(record),
            method=record.method,
            epochs=record.epochs,
            n_iter=record.n_iter,
            loss=record.loss,
            # a process may have added losses since the row was read
            losses=self._store.runs.losses(record.id)[: record.n_iter],
            revision=record.revision,
            n_points=record.n_points,
            version=self._result(record),
            error=record.error,
            created_at=record.created_at,
            finished_at=record.finished_at,
        )

    def _record(self, session_id: str, run_id: str) -> RunRecord:
        found = self._store.runs.run(session_id, run_id)
        if found is None or self._store.revision(session_id) is None:
            raise RunNotFoundError(f"expected the id of a run of this session, got {run_id!r}")
        return found

    def cancel(self, session_id: str, run_id: str) -> Run:
        """Ask the run to stop; a run that has ended does not change.

        Raises
        ------
        RunNotFoundError
        """
        self._record(session_id, run_id)
        self.runs.cancel(session_id, run_id)
        return self.run(session_id, run_id)

    def last_serial(self, session_id: str) -> int:
        """Return the serial number of the session's newest run; 0 without a run."""
        return self._store.runs.last_serial(session_id)

    def runs_since(self, session_id: str, serial: int) -> list[RunRecord]:
        """Return the runs with that serial number or a later one, without their losses."""
        return self._store.runs.since(session_id, serial)

    def n_before(self, record: RunRecord) -> Optional[int]:
        """Return the number of earlier queued runs; None once the run has begun."""
        return self._store.runs.n_before(record) if record.status == QUEUED else None

    def losses(self, run_id: str, *, after: int = 0) -> Array:
        """Return a run's losses of the iterations above `after`, nats per point."""
        return self._store.runs.losses(run_id, after=after)

    def _start(
        self, session_id: str, method: str, epochs: int, idempotency_key: Optional[str]
    ) -> str:
        """Start a run on the active points, in place of a running one; return its id."""
        if method not in METHODS:
            raise OutOfRangeError(f"expected a method of {METHODS}, got {method!r}", "method")
        if not 1 <= epochs <= MAX_EPOCHS:
            raise OutOfRangeError(f"expected 1 <= epochs <= {MAX_EPOCHS}, got {epochs}", "epochs")
        self._operations.check(session_id)
        if idempotency_key is not None:
            known = self._store.use_of_key(session_id, idempotency_key)
            if isinstance(known, RunRecord) and (known.method, known.epochs) == (method, epochs):
                return known.id
            if known is not None:
                raise used_otherwise(idempotency_key)
        job = self._operations.read(session_id, lambda live: self._job(live, method, epochs))
        run_id = self.runs.start(job, idempotency_key)
        self._watch.changed(session_id)
        return run_id

    def _result(self, record: RunRecord) -> Optional[ModelVersion]:
        if record.seq is None:
            return None
        operation = self._store.operation(record.session_id, record.seq)
        return None if operation is None else operation.version

    def _job(self, live: Live, method: str, epochs: int) -> Job:
        if live.state.n_points == 0:
            raise RefusedError("expected at least one point to train on, got none", "points")
        settings = live.state.settings
        self._check_work(live.state.n_points, settings.n_components, method, epochs)
        points, weights = self._operations.history.active_points(live).weighted()
        return Job(
            session_id=live.record.id,
            points=points,
            weights=weights,
            n_components=settings.n_components,
            prior_weight=settings.prior_weight,
            method=method,
            epochs=epochs,
            revision=live.seq,
            era=live.state.era,
            n_points=live.state.n_points,
        )

    def _check_work(self, n_points: int, n_components: int, method: str, epochs: int) -> None:
        counted = epochs if method == "adam" else min(epochs, EM_EPOCHS)
        work = n_points * n_components * counted
        if work > self._max_work:
            raise OutOfRangeError(
                f"expected points x components x epochs <= {self._max_work:.3g}, got "
                f"{n_points} x {n_components} x {counted} = {work:.3g}",
                "epochs",
            )

    def _publish(self, job: Job, run_id: str, result: FitResult, time_s: float) -> None:
        """Append the result of a run to the log; CancelledError if the run was cancelled."""
        version = ModelVersion(
            number=0,  # number and created_at are set when it is appended
            kind=SCRATCH,
            mixture=result.mixture,
            objective=result.objective,
            mean_nll=result.mean_nll,
            n_points=job.n_points,
            revision=job.revision,
            time_s=time_s,
            created_at=0.0,
        )
        detail = {
            "run": run_id,
            "method": job.method,
            "epochs": job.epochs,
            "n_iter": result.n_iter,
            "converged": bool(result.converged),
            "era": job.era,
        }
        change = Change(TRAIN, detail=detail)
        self._operations.append(
            job.session_id, lambda _: [change], fresh=False, finish=Finish(run_id, version)
        )
