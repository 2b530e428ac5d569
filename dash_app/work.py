"""Counts of the work of one process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dash_app.admission.waits import Waits
from dash_app.journal.operation_log import OperationLog
from dash_app.journal.watch import Watch
from dash_app.training.runs import Runs


@dataclass(frozen=True)
class Work:
    """Counts of one process since its start.

    Attributes
    ----------
    operations : appended to logs, by kind
    trainings : from scratch that ended, by method and status
    n_running, n_queued : trainings from scratch now; n_streams : open event streams
    n_sessions : kept in memory
    n_waiting : requests that wait, for a turn, a training or a session
    """

    operations: Mapping[str, int]
    trainings: Mapping[tuple[str, str], int]
    n_running: int
    n_queued: int
    n_streams: int
    n_sessions: int
    n_waiting: int

    @classmethod
    def of(cls, operations: OperationLog, runs: Runs, watch: Watch, waits: Waits) -> Work:
        """Return what the process of these parts has done and is doing."""
        trainings, n_running, n_queued = runs.counts()
        return cls(
            operations=operations.appended(),
            trainings=trainings,
            n_running=n_running,
            n_queued=n_queued,
            n_streams=watch.n_listeners,
            n_sessions=operations.n_live,
            n_waiting=waits.n_taken,
        )
