"""Models of the API's answers, with examples and units."""

from __future__ import annotations

from typing import Any, Optional

from pydantic import Field

from dash_app.web.model import Model

_ID = "f1a2c0de5e55104b8d1f6a7c9e3b2d40"
_RUN = "9f86d081884c7d65"
_WHEN = "2026-01-31T12:00:00.000Z"


class ErrorDetail(Model):
    """Details of an error."""

    code: str = Field(description="machine-readable code", examples=["out_of_range"])
    message: str = Field(
        description='sentence of the form "expected ..., got ..."',
        examples=["expected 1 <= n_components <= 50, got 0"],
    )
    field: Optional[str] = Field(description="name of the invalid value", examples=["n_components"])


class ErrorAnswer(Model):
    """An error answer. The session has not changed."""

    error: ErrorDetail


class ModelAnswer(Model):
    """A trained mixture; components sorted by mean."""

    number: int = Field(description="1, 2, ... within the session", examples=[12])
    kind: str = Field(pattern="^(online|scratch)$", examples=["online"])
    n_components: int = Field(description="length of the lists", examples=[2])
    weights: list[float] = Field(description="mixing weights, sum 1", examples=[[0.4, 0.6]])
    means: list[float] = Field(description="data units", examples=[[-0.7, 0.4]])
    variances: list[float] = Field(description="data units squared", examples=[[0.01, 0.04]])
    stds: list[float] = Field(description="standard deviations, data units", examples=[[0.1, 0.2]])
    loss: float = Field(
        description="penalised negative log-likelihood, which trainings minimise, nats per point; "
        "with a half-life a mean weighted by how much each point still counts",
        examples=[0.61],
    )
    mean_nll: float = Field(
        description="mean negative log-likelihood, nats per point, weighted as the loss; may be "
        "negative",
        examples=[0.52],
    )
    n_points: int = Field(description="number of points of the training", examples=[17])
    revision: int = Field(description="revision of the session at the training", examples=[17])
    time_s: float = Field(description="wall seconds of the training", examples=[0.004])
    created_at: str = Field(description="ISO 8601, UTC", examples=[_WHEN])


class OnlineAnswer(ModelAnswer):
    """The current online model."""

    n_atoms: int = Field(description="atoms of the learner's summary now", examples=[17])
    exact: bool = Field(
        description="whether the summary has merged no values; if it has, loss and mean_nll are "
        "upper bounds",
        examples=[True],
    )


class ScratchAnswer(ModelAnswer):
    """The newest model from scratch."""

    run: str = Field(description="id of its training", examples=[_RUN])
    method: str = Field(examples=["em"])
    converged: bool = Field(description="whether the training ended by itself", examples=[True])


class MixtureAnswer(Model):
    """A mixture; components sorted by mean."""

    weights: list[float] = Field(description="mixing weights, sum 1", examples=[[0.5, 0.5]])
    means: list[float] = Field(description="data units, ascending", examples=[[-0.5, 0.5]])
    variances: list[float] = Field(description="data units squared", examples=[[0.01, 0.02]])


class SessionAnswer(Model):
    """The current state of a session."""

    id: str = Field(description="the session's id; it gives access to the session", examples=[_ID])
    n_components: int = Field(description="number of components", examples=[2])
    half_life: Optional[float] = Field(
        description="new points after which an old point counts half", examples=[None]
    )
    prior_weight: float = Field(description="pseudo-observations", examples=[1.0])
    seed: int = Field(
        description="of what is random: scikit-learn's starts, a shuffled order, the folds",
        examples=[0],
    )
    capacity: int = Field(
        description="largest number of atoms of the online learner's summary", examples=[256]
    )
    n_points: int = Field(description="number of active points", examples=[17])
    example: Optional[str] = Field(
        description="name of the example that the points come from", examples=[None]
    )
    truth: Optional[MixtureAnswer] = Field(
        description="density that all points are drawn from; null where it is not known, as it is "
        "for points of one's own",
        examples=[None],
    )
    revision: int = Field(description="number of operations in the log", examples=[17])
    can_undo: bool
    can_redo: bool
    online: Optional[OnlineAnswer] = Field(description="the online model; null without points")
    scratch: Optional[ScratchAnswer] = Field(
        description="the newest model from scratch since the last clear; null before the first"
    )
    created_at: str = Field(description="ISO 8601, UTC", examples=[_WHEN])


class PointsAnswer(Model):
    """A page of the active points."""

    x: list[float] = Field(description="in order of arrival, data units", examples=[[-0.71, 0.42]])
    offset: int = Field(description="number of points before them", examples=[0])
    n_points: int = Field(description="number of all active points", examples=[2])


class RunAnswer(Model):
    """The current state of a training from scratch."""

    id: str = Field(examples=[_RUN])
    serial: int = Field(description="1, 2, ... within the session", examples=[1])
    status: str = Field(pattern="^(queued|running|done|failed|cancelled)$", examples=["done"])
    n_before: Optional[int] = Field(
        description="number of earlier queued trainings; null unless queued", examples=[None]
    )
    method: str = Field(examples=["em"])
    epochs: int = Field(description="passes of Adam, bound of the steps of EM", examples=[200])
    n_iter: int = Field(description="passes so far", examples=[9])
    loss: Optional[float] = Field(
        description="after the last pass, nats per point; weighted as the loss of a model",
        examples=[0.6],
    )
    losses: list[float] = Field(
        description="loss after each pass, nats per point", examples=[[0.9, 0.7, 0.6]]
    )
    revision: int = Field(description="revision of the session at its start", examples=[17])
    n_points: int = Field(description="number of points it trains on", examples=[17])
    model: Optional[ModelAnswer] = Field(description="the result of a done run")
    error: Optional[str] = Field(description="the reason of a failed run", examples=[None])
    created_at: str = Field(description="ISO 8601, UTC", examples=[_WHEN])
    finished_at: Optional[str] = Field(description="ISO 8601, UTC", examples=[_WHEN])


class ComparisonAnswer(Model):
    """The difference between the online model and the model from scratch."""

    total_variation: float = Field(description="total variation distance, 0 to 1", examples=[0.012])
    jensen_shannon: float = Field(description="nats, 0 to log 2", examples=[0.0003])
    integrated_squared_error: float = Field(description="1 / data units", examples=[0.0011])
    log_likelihood_gap: Optional[float] = Field(
        description="mean log-likelihood, online minus from scratch, nats per point; with a "
        "half-life a mean weighted by how much each point still counts; null if it is too large "
        "for a number",
        examples=[-0.0004],
    )
    online: ModelAnswer
    scratch: ModelAnswer


class DensityAnswer(Model):
    """A model's density."""

    x: list[float] = Field(description="positions, ascending, data units", examples=[[-1.0, 1.0]])
    density: list[float] = Field(description="1 / data units", examples=[[0.31, 0.12]])


class ModelsAnswer(Model):
    """A page of the model versions, oldest first."""

    models: list[ModelAnswer]
    n_models: int = Field(description="number of all model versions", examples=[17])


class OperationAnswer(Model):
    """One line of the log."""

    seq: int = Field(description="1, 2, ... without a gap", examples=[17])
    kind: str = Field(
        pattern="^(add|remove|configure|clear|train|undo|redo|note)$", examples=["add"]
    )
    x: Optional[list[float]] = Field(
        description="points added or removed, at most `x_limit` of them, data units",
        examples=[[0.42]],
    )
    n_x: Optional[int] = Field(description="number of points added or removed", examples=[1])
    detail: dict[str, Any] = Field(
        description="new settings; facts of a training; target of an undo; request of a note",
        examples=[{}],
    )
    n_points: int = Field(description="active points after the operation", examples=[17])
    model: Optional[int] = Field(description="number of the trained model", examples=[17])
    created_at: str = Field(description="ISO 8601, UTC", examples=[_WHEN])


class OperationsAnswer(Model):
    """A page of the log, oldest first."""

    operations: list[OperationAnswer]
    n_operations: int = Field(description="number of all operations", examples=[17])


class HealthAnswer(Model):
    """The server is up and reaches its store."""

    status: str = Field(examples=["ok"])
