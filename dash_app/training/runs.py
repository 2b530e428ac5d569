"""Training from scratch in worker threads: progress, cancellation, replacement.

All of it passes through the store, so that any process can show and cancel any run. Events in
this process only save the way.
"""

from __future__ import annotations

import logging
import math
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Optional

import numpy as np

from dash_app.database.run_table import RunTable, SerialTakenError
from dash_app.errors import CancelledError, ConflictError, GMMError
from dash_app.journal.watch import Watch
from dash_app.learning import FitResult, fit_from_scratch
from dash_app.learning.mixture import Array
from dash_app.records.operations import short
from dash_app.records.runs import CANCELLED, FAILED, RUNNING, RunRecord
from dash_app.training.warm_up import warm_up

_log = logging.getLogger(__name__)

METHODS = ("em", "adam")

_REPORT_EVERY_S = 0.03
"""Progress goes to the store at most so often; event streams send at most 30 a second."""

_MAX_THREADS = 8
_START_ATTEMPTS = 20
_CLOSE_TIMEOUT_S = 5.0


@dataclass(frozen=True, eq=False)
class Job:
    """What a run trains on: fixed when it is asked for, whatever the session does meanwhile."""

    session_id: str
    points: Array
    weights: Optional[Array]
    n_components: int
    prior_weight: float
    seed: int
    method: str
    epochs: int
    revision: int
    era: int
    n_points: int


@dataclass(eq=False)
class _Local:
    """A run in this process: `stop` tells it to end, `ended` tells the others that it did."""

    session_id: str
    stop: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)


Publish = Callable[[Job, str, FitResult, float], None]


class Runs:
    """The training threads of this process."""

    def __init__(self, table: RunTable, watch: Watch, publish: Publish) -> None:
        self._table = table
        self._watch = watch
        self._publish = publish
        self._locals: dict[str, _Local] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(_MAX_THREADS, thread_name_prefix="training")

    def start(self, job: Job, idempotency_key: Optional[str] = None) -> str:
        """Start a run in place of those that the session has running; returns its id."""
        run_id = secrets.token_hex(8)
        local = _Local(job.session_id)
        for _ in range(_START_ATTEMPTS):
            try:
                self._table.start(self._record(job, run_id, idempotency_key))
                break
            except SerialTakenError:
                if idempotency_key is not None:
                    other = self._table.by_key(job.session_id, idempotency_key)
                    if other is not None:
                        return other.id
        else:
            raise ConflictError(f"session {short(job.session_id)}: too many runs began at once")
        with self._lock:
            for each in self._locals.values():
                if each.session_id == job.session_id:
                    each.stop.set()
            self._locals[run_id] = local
        self._pool.submit(self._train, job, run_id, local)
        return run_id

    def wait(self, run_id: str, timeout_s: Optional[float]) -> None:
        """Return when the run, if it is one of this process, has ended, or after the timeout."""
        local = self._locals.get(run_id)
        if local is not None:
            local.ended.wait(timeout_s)

    def cancel(self, session_id: str, run_id: str) -> None:
        """Ask the run to stop, wherever it runs."""
        self._table.request_cancel(session_id, run_id)
        local = self._locals.get(run_id)
        if local is not None:
            local.stop.set()

    def heartbeat(self, now: float) -> None:
        """Tell the store that this process's runs are alive, and stop those it wants stopped."""
        with self._lock:
            mine = dict(self._locals)
        if mine:
            for run_id in self._table.heartbeat(list(mine), now):
                mine[run_id].stop.set()

    def close(self) -> None:
        """Stop every run of this process and wait until they have."""
        with self._lock:
            mine = list(self._locals.values())
        for local in mine:
            local.stop.set()
        deadline = time.monotonic() + _CLOSE_TIMEOUT_S
        for local in mine:
            local.ended.wait(max(0.0, deadline - time.monotonic()))
        self._pool.shutdown(wait=False)

    def _record(self, job: Job, run_id: str, idempotency_key: Optional[str]) -> RunRecord:
        now = time.time()
        return RunRecord(
            id=run_id,
            session_id=job.session_id,
            serial=self._table.last_serial(job.session_id) + 1,
            status=RUNNING,
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
        reporter = _Reporter(self._table, self._watch, job.session_id, run_id, local.stop)
        name = f"session {short(job.session_id)}: run {run_id}"
        try:
            reporter.check()
            started = time.perf_counter()
            result = fit(job, reporter)
            time_s = time.perf_counter() - started
            reporter.flush()
            reporter.check()
            self._publish(job, run_id, result, time_s)
            _log.info("%s: %s took %.3f s, %d steps", name, job.method, time_s, result.n_iter)
        except CancelledError:
            _log.info("%s: cancelled", name)
            self._table.end(run_id, CANCELLED, None, time.time())
        except GMMError as error:
            _log.warning("%s: failed: %s", name, error)
            self._table.end(run_id, FAILED, str(error), time.time())
        except Exception:  # noqa: BLE001 - the thread's last resort: the run must not seem alive
            _log.exception("%s: failed", name)
            self._table.end(run_id, FAILED, "the training failed; see the log", time.time())
        finally:
            with self._lock:
                self._locals.pop(run_id, None)
            local.ended.set()
            self._watch.changed(job.session_id)


def fit(job: Job, on_iteration: Callable[[int, float], None]) -> FitResult:
    """Train from scratch by the job's method."""
    if job.method == "em":
        return fit_from_scratch(
            job.points,
            job.n_components,
            seed=job.seed,
            prior_weight=job.prior_weight,
            max_iter=job.epochs,
            on_iteration=on_iteration,
            weights=job.weights,
        )
    warm_up().join()
    from dash_app.learning.adam import fit_adam  # torch, only when asked for

    return fit_adam(
        job.points,
        job.n_components,
        epochs=job.epochs,
        prior_weight=job.prior_weight,
        weights=job.weights,
        on_epoch=on_iteration,
    )


class _Reporter:
    """Called after each iteration: gathers losses for the store, raises when told to stop."""

    def __init__(
        self,
        table: RunTable,
        watch: Watch,
        session_id: str,
        run_id: str,
        stop: threading.Event,
    ) -> None:
        self._table = table
        self._watch = watch
        self._session_id = session_id
        self._run_id = run_id
        self._stop = stop
        self._first = 1
        self._losses: list[float] = []
        self._reported_at = -math.inf  # the first loss goes out at once

    def __call__(self, _iteration: int, loss: float) -> None:
        self._losses.append(loss)
        self.check()
        if time.monotonic() - self._reported_at >= _REPORT_EVERY_S:
            self.flush()

    def check(self) -> None:
        """Raise CancelledError where the run is to stop."""
        if self._stop.is_set():
            raise CancelledError(f"the run {self._run_id} was cancelled")

    def flush(self) -> None:
        """Hand the losses gathered to the store."""
        if self._losses:
            losses = np.array(self._losses)
            if self._table.report(self._run_id, self._first, losses, time.time()):
                self._stop.set()
            self._first += losses.size
            self._losses.clear()
            self._watch.changed(self._session_id)
        self._reported_at = time.monotonic()
