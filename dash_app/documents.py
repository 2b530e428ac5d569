"""JSON documents of the API's answers and events."""

from __future__ import annotations

from math import isfinite
from typing import Any, Optional

from dash_app.journal.differences import Difference
from dash_app.journal.recent import changes_since
from dash_app.journal.views import ModelComparison, SessionView
from dash_app.learning import Record
from dash_app.learning.orders import End
from dash_app.records.operations import Operation
from dash_app.records.versions import ModelVersion
from dash_app.timestamps import timestamp
from dash_app.training.orders import Ordered
from dash_app.training.plays import Playing
from dash_app.training.selections import Selected
from dash_app.training.timelines import Timeline
from dash_app.training.trainings import Run

Document = dict[str, Any]


def model_document(version: ModelVersion) -> Document:
    """Return a model version with derived values."""
    values = version.to_dict()
    return {
        "number": values["number"],
        "kind": values["kind"],
        "n_components": version.mixture.n_components,
        **values["mixture"],
        "stds": version.mixture.stds.tolist(),
        "loss": version.loss,
        **{name: values[name] for name in ("mean_nll", "n_points", "revision", "time_s")},
        "created_at": timestamp(version.created_at),
    }


def _optional_model(version: Optional[ModelVersion]) -> Optional[Document]:
    return None if version is None else model_document(version)


def session_document(view: SessionView) -> Document:
    """Return a session with both of its current models."""
    online, scratch = _optional_model(view.online), _optional_model(view.scratch)
    if online is not None:
        online.update(n_atoms=view.n_atoms, exact=view.exact)
    if scratch is not None and view.training is not None:
        of = view.training
        scratch.update(run=of.run, method=of.method, converged=of.converged)
    return {
        "id": view.id,
        "n_components": view.n_components,
        "half_life": view.half_life,
        "prior_weight": view.prior_weight,
        "seed": view.seed,
        "capacity": view.capacity,
        "n_points": view.n_points,
        "example": None if view.example is None else view.example.name,
        "truth": None if view.truth is None else view.truth.to_dict(),
        "revision": view.revision,
        "can_undo": view.can_undo,
        "can_redo": view.can_redo,
        "online": online,
        "scratch": scratch,
        "created_at": timestamp(view.created_at),
    }


def run_document(run: Run) -> Document:
    """Return a training run with its losses."""
    return {
        "id": run.id,
        "serial": run.serial,
        "status": run.status,
        "n_before": run.n_before,
        "method": run.method,
        "epochs": run.epochs,
        "n_iter": run.n_iter,
        "loss": run.loss,
        "losses": run.losses.tolist(),
        "revision": run.revision,
        "n_points": run.n_points,
        "model": _optional_model(run.version),
        "error": run.error,
        "created_at": timestamp(run.created_at),
        "finished_at": None if run.finished_at is None else timestamp(run.finished_at),
    }


def operation_document(operation: Operation, x_limit: int) -> Document:
    """Return one line of the log, with at most `x_limit` of its points."""
    change = operation.change
    return {
        "seq": operation.seq,
        "kind": change.kind,
        "x": None if change.points is None else change.points[:x_limit].tolist(),
        "n_x": None if change.points is None else change.points.size,
        "detail": dict(change.detail),
        "n_points": operation.n_points,
        "model": None if operation.version is None else operation.version.number,
        "created_at": timestamp(operation.created_at),
    }


def difference_document(difference: Optional[Difference]) -> Optional[Document]:
    """Return the difference between the current models of a session; None unless both exist."""
    return None if difference is None else vars(difference).copy()


def playing_document(playing: Optional[Playing]) -> Optional[Document]:
    """Return the progress of an example, in points; None where none is played."""
    return None if playing is None else vars(playing).copy()


def changes_document(view: SessionView, since: int) -> Optional[list[Document]]:
    """Return the added and removed points since a revision; None where they do not suffice."""
    changes = changes_since(view.changes, since, view.revision)
    if changes is None:
        return None
    return [
        {
            "kind": each.kind,
            "x": [] if each.points is None else each.points.tolist(),
            "revision": each.revision,
            "n_points": 0 if each.online is None else each.online.n_points,
            "loss": None if each.online is None else each.online.loss,
        }
        for each in changes
    ]


def comparison_document(comparison: ModelComparison) -> Document:
    """Return the difference between the two current models."""
    difference = comparison.difference
    return {
        "total_variation": difference.total_variation,
        "jensen_shannon": difference.jensen_shannon,
        "integrated_squared_error": difference.integrated_squared_error,
        "log_likelihood_gap": _finite(difference.log_likelihood_gap),
        "online": model_document(comparison.online),
        "scratch": model_document(comparison.scratch),
    }


def timeline_document(made: Timeline, after: int = 0) -> Document:
    """Return a timeline with its records so far but the first `after`."""
    records = made.records(after)
    return {
        "id": made.request.id,
        "status": made.status,
        "learners": list(made.request.learners),
        "order": made.request.order,
        "seed": made.request.seed,
        "n_components": made.request.n_components,
        "n_points": made.n_points,
        "n_steps": made.n_steps,
        "error": made.error,
        "records": [record_document(each) for each in records],
    }


def selection_document(selected: Selected) -> Document:
    """Return the criteria for each number of components."""
    return {
        **vars(selected.selection),
        "revision": selected.revision,
        "time_s": selected.time_s,
    }


def orders_document(ordered: Ordered) -> Document:
    """Return where a learner ended after each order of the points."""
    ends = ordered.ends
    return {
        "learner": ordered.learner,
        "n_components": ordered.n_components,
        "n_points": ordered.n_points,
        "n_steps": ordered.n_steps,
        "scratch": ends.scratch.to_dict(),
        "orders": [_end_document(each) for each in ends.orders],
        "shuffles": [_end_document(each) for each in ends.shuffles],
        "revision": ordered.revision,
        "time_s": ordered.time_s,
    }


def _end_document(end: End) -> Document:
    return {
        "order": end.order,
        "seed": end.seed,
        **end.mixture.to_dict(),
        "tv_to_scratch": end.tv_to_scratch,
        "n_touched": end.n_touched,
    }


def record_document(record: Record) -> Document:
    """Return one learner after one increment."""
    return {
        "learner": record.learner,
        "n_points": record.n_points,
        **record.mixture.to_dict(),
        "objective": _finite(record.objective),
        "mean_nll": _finite(record.mean_nll),
        "tv_to_scratch": record.tv_to_scratch,
        "tv_to_truth": record.tv_to_truth,
        "held_out_nll": _finite(record.held_out_nll),
        "time_s": record.time_s,
        "n_touched": record.n_touched,
    }


def _finite(value: Optional[float]) -> Optional[float]:
    """Return None for a loss beyond the largest number: JSON has no infinity."""
    return value if value is not None and isfinite(value) else None
