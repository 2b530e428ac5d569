"""Training runs from scratch, as the database stores them for all processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

MAX_EPOCHS = 100_000
"""Maximum number of passes of a training from scratch."""

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"

ALIVE = (QUEUED, RUNNING)
"""Statuses of a run that has not ended."""


@dataclass(frozen=True)
class RunRecord:
    """One training run, as of its last report.

    Times are seconds since 1970; `loss` is -J in nats per point.
    """

    id: str
    session_id: str
    serial: int
    status: str
    method: str
    epochs: int
    n_iter: int
    loss: Optional[float]
    n_points: int
    revision: int
    seq: Optional[int]
    error: Optional[str]
    cancel_requested: bool
    heartbeat_at: float
    created_at: float
    finished_at: Optional[float]
    idempotency_key: Optional[str]
