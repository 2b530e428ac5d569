"""Models of the API's requests and responses, with examples and units."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Optional, cast

from pydantic import BaseModel, ConfigDict, FailFast, Field, model_validator

from dash_app.learning.points import DEFAULT_CAPACITY, MAX_MAGNITUDE
from dash_app.web import fields

_ID = "f1a2c0de5e55104b8d1f6a7c9e3b2d40"
_RUN = "9f86d081884c7d65"
_WHEN = "2026-01-31T12:00:00.000Z"


class _Described(BaseModel):
    """A model that caches its schema: flask-openapi3 reads it at every request."""

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the JSON schema; the caller must not change it."""
        return super().model_json_schema(*args, **kwargs) if args or kwargs else _schema(cls)


@cache
def _schema(model: type[_Described]) -> dict[str, Any]:
    return super(_Described, model).model_json_schema()


class Model(_Described):
    """Base of all models except headers; an unknown name is an error."""

    model_config = ConfigDict(extra="forbid")


def with_example(example: dict[str, Any], *, required: bool = True) -> ConfigDict:
    """Return the configuration of a request's model, with an example for the specification."""
    config = ConfigDict(extra="forbid", json_schema_extra={"examples": [example]})
    # flask-openapi3 reads this entry; pydantic ignores it
    return cast(ConfigDict, {**config, "openapi_extra": {"example": example, "required": required}})


# ---------------------------------------------------------------------- requests


def _left_out() -> Any:
    """Return None, for a value that is left out; a factory's value is not in the schema."""
    return None


class SessionPath(Model):
    """Path of a session."""

    session_id: fields.SessionId = Field(
        description="the session's id: 128 random bits; it gives access to the session",
        json_schema_extra={"example": _ID},
    )


class RunPath(SessionPath):
    """Path of a training run."""

    run_id: fields.RunId = Field(description="the run's id", json_schema_extra={"example": _RUN})


class OnceHeader(_Described):
    """Idempotency key: a request with a key is carried out once, however often it arrives."""

    # not Optional: the specification would allow null, and a header has no null
    idempotency_key: fields.Key = Field(
        default_factory=_left_out,
        alias="Idempotency-Key",
        description="any text chosen by the client; a repeated request with the same key "
        "changes nothing and returns the current session",
        json_schema_extra={"example": "click-17"},
    )


class NewSessionHeader(_Described):
    """Idempotency key: a request with a key creates one session, however often it arrives."""

    idempotency_key: str = Field(
        default_factory=_left_out,
        alias="Idempotency-Key",
        min_length=16,
        max_length=fields.MAX_KEY_LENGTH,
        pattern=fields.KEY_PATTERN,
        description="random text chosen by the client, such as a UUID; keep it secret: any client "
        "that sends it gets the same session",
        json_schema_extra={"example": "8c0b4f7e-5f0a-4d0e-9a55-0c6f3e1d2b7a"},
    )


class _BodyOptional(Model):
    """An optional body; without it every value has its default."""

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_default(cls, value: Any) -> Any:
        # flask-openapi3 passes None for an empty body
        return {} if value is None else value


class NewSession(_BodyOptional):
    """Settings of a new session; each has a default."""

    model_config = with_example({"n_components": 3, "half_life": None, "seed": 0}, required=False)

    n_components: fields.Components = Field(3, description="number of components")
    half_life: Optional[fields.HalfLife] = Field(
        None,
        description="new points after which an old point counts half; null: points keep their "
        "weight",
    )
    prior_weight: fields.PriorWeight = Field(
        1.0, description="pseudo-observations for each component's variance"
    )
    seed: fields.Seed = Field(
        0, description="of what is random: scikit-learn's starts, a shuffled order, the folds"
    )
    capacity: fields.Capacity = Field(
        DEFAULT_CAPACITY, description="largest number of atoms of the online learner's summary"
    )


class SessionChange(Model):
    """New settings; omitted settings do not change."""

    model_config = with_example({"n_components": 4})

    n_components: fields.Components = Field(
        default_factory=_left_out, description="number of components; omitted: no change"
    )
    half_life: Optional[fields.HalfLife] = Field(
        default_factory=_left_out,
        description="new points after which an old point counts half, from the next increment on; "
        "null: points keep their weight; omitted: no change",
    )
    capacity: fields.Capacity = Field(
        default_factory=_left_out,
        description="largest number of atoms of the online learner's summary, which is built again "
        "from all points; omitted: no change",
    )


class Points(Model):
    """Points to add or to remove."""

    model_config = with_example({"x": [-0.71, 0.42]})

    # fail fast: the description of a million faults would take seconds
    x: Annotated[list[fields.Point], FailFast()] = Field(
        min_length=1, description="points in order of arrival, data units, |x| <= 1e150"
    )


class NoValues(_BodyOptional):
    """No values: the body is empty, or an empty object."""

    model_config = with_example({}, required=False)


class Undo(_BodyOptional):
    """How far to undo; without a body, the last change alone."""

    model_config = with_example({"n_points": 17}, required=False)

    n_points: Optional[fields.Count] = Field(
        None,
        description="undo up to the newest earlier state with this many points; null: the last "
        "change alone",
    )


class Training(_BodyOptional):
    """Options of a training from scratch."""

    model_config = with_example({"method": "em", "epochs": 200, "wait_s": 2.0}, required=False)

    method: fields.Method = Field(
        "em", description="em: expectation-maximisation and Newton; adam: gradient steps"
    )
    epochs: fields.Epochs = Field(
        200,
        description="passes of Adam; bound of the steps of EM, which ends when it has converged",
    )
    wait_s: fields.Finite = Field(
        2.0, ge=0, le=60, description="longest wait for the end before a 202, seconds"
    )


class ModelQuery(Model):
    """Choice of the model."""

    model: str = Field(
        "online", pattern="^(online|scratch)$", description="online, or the newest from scratch"
    )


class DensityQuery(ModelQuery):
    """Positions at which the density is evaluated."""

    low: float = Field(
        default_factory=_left_out,
        ge=-MAX_MAGNITUDE,
        le=MAX_MAGNITUDE,
        allow_inf_nan=False,
        description="one end, data units; default: 4 standard deviations below the model",
    )
    high: float = Field(
        default_factory=_left_out,
        ge=-MAX_MAGNITUDE,
        le=MAX_MAGNITUDE,
        allow_inf_nan=False,
        description="the other end, data units; default: 4 standard deviations above the model",
    )
    n: int = Field(
        200,
        ge=2,
        le=10_000,
        description="equal steps; positions within each component are added to them",
    )


class PageQuery(Model):
    """A page of a long list."""

    after: int = Field(0, ge=0, le=2**31 - 1, description="return only entries above this number")
    limit: int = Field(1000, ge=1, le=10_000, description="maximum number of entries")


class LogQuery(PageQuery):
    """A page of the log."""

    x_limit: int = Field(
        1000,
        ge=0,
        le=10_000_000,
        description="maximum number of points of an entry; its `n_x` tells how many there are",
    )


class PointsQuery(Model):
    """A page of the points."""

    offset: int = Field(0, ge=0, le=2**31 - 1, description="number of points to skip")
    limit: int = Field(5000, ge=1, le=1_000_000, description="maximum number of points")


# ---------------------------------------------------------------------- responses


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
    """A mixture, sorted by mean."""

    weights: list[float] = Field(description="sum to 1", examples=[[0.5, 0.5]])
    means: list[float] = Field(description="data units", examples=[[-0.5, 0.5]])
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
    """Model versions, oldest first."""

    models: list[ModelAnswer]


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
    """The log, oldest first."""

    operations: list[OperationAnswer]


class HealthAnswer(Model):
    """The server is up and reaches its store."""

    status: str = Field(examples=["ok"])
