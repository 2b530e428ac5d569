"""Convert records to database rows and back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import sqlalchemy as sa

from dash_app.errors import StateError
from dash_app.learning.mixture import Array, Mixture
from dash_app.records.operations import TRAIN, Change, Operation, SessionRecord, Settings
from dash_app.records.versions import ONLINE, SCRATCH, ModelVersion


def floats_to_bytes(values: Array) -> bytes:
    """Return the values as little-endian float64."""
    return values.astype("<f8").tobytes()


def floats_from_bytes(body: bytes) -> Array:
    """Return the values that `floats_to_bytes` encoded; read-only."""
    return np.frombuffer(body, "<f8").astype(np.float64, copy=False)


def mixture_to_bytes(mixture: Mixture) -> bytes:
    """Return the weights, means and variances in this order, as little-endian float64."""
    parts = (mixture.weights, mixture.means, mixture.variances)
    return b"".join([part.astype("<f8").tobytes() for part in parts])


def mixture_from_bytes(body: bytes) -> Mixture:
    """Return the mixture that `mixture_to_bytes` encoded.

    Examples
    --------
    >>> one = Mixture(np.array([1.0]), np.array([0.1]), np.array([0.2]))
    >>> mixture_from_bytes(mixture_to_bytes(one)) == one
    True
    """
    values = np.frombuffer(body, "<f8").astype(np.float64)
    if values.size == 0 or values.size % 3:
        raise StateError(f"expected three lists of one length, got {values.size} numbers")
    weights, means, variances = values.reshape(3, -1)
    return Mixture(weights, means, variances)


def session_row(record: SessionRecord) -> dict[str, Any]:
    """Return the record as a row."""
    return {
        "id": record.id,
        "n_components": record.settings.n_components,
        "half_life": record.settings.half_life,
        "prior_weight": record.settings.prior_weight,
        "seed": record.settings.seed,
        "capacity": record.settings.capacity,
        "created_at": record.created_at,
        "touched_at": record.touched_at,
    }


def session_record(row: sa.Row[Any]) -> SessionRecord:
    """Return the row as a record."""
    settings = Settings(row.n_components, row.half_life, row.prior_weight, row.seed, row.capacity)
    return SessionRecord(row.id, settings, row.created_at, row.touched_at)


def operation_row(session_id: str, operation: Operation) -> dict[str, Any]:
    """Return the operation as a row."""
    change, version = operation.change, operation.version
    return {
        "session_id": session_id,
        "seq": operation.seq,
        "kind": change.kind,
        "parent": operation.parent,
        "head": operation.head,
        "tip": operation.tip,
        "n_models": operation.n_models,
        "n_points": operation.n_points,
        "era": operation.era,
        "created_at": operation.created_at,
        "points": None if change.points is None else floats_to_bytes(change.points),
        "detail": json.dumps(dict(change.detail)) if change.detail else None,
        "idempotency_key": operation.idempotency_key,
        "mixture": None if version is None else mixture_to_bytes(version.mixture),
        "objective": None if version is None else version.objective,
        "mean_nll": None if version is None else version.mean_nll,
        "model_points": None if version is None else version.n_points,
        "model_revision": None if version is None else version.revision,
        "time_s": None if version is None else version.time_s,
    }


def operation(row: sa.Row[Any]) -> Operation:
    """Return the row as an operation."""
    points = None if row.points is None else floats_from_bytes(row.points)
    return Operation(
        seq=row.seq,
        change=Change(row.kind, points, json.loads(row.detail) if row.detail else {}),
        parent=row.parent,
        head=row.head,
        tip=row.tip,
        n_models=row.n_models,
        n_points=row.n_points,
        era=row.era,
        created_at=row.created_at,
        version=None if row.mixture is None else model_version(row),
        idempotency_key=row.idempotency_key,
    )


def model_version(row: sa.Row[Any]) -> ModelVersion:
    """Return the model version stored in an operation's row."""
    return ModelVersion(
        number=row.n_models,
        kind=SCRATCH if row.kind == TRAIN else ONLINE,
        mixture=mixture_from_bytes(row.mixture),
        objective=row.objective,
        mean_nll=row.mean_nll,
        n_points=row.model_points,
        revision=row.model_revision,
        time_s=row.time_s,
        created_at=row.created_at,
    )
