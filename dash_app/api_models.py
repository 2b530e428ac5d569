"""The API's requests and responses, as models with examples and units."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Optional, cast

from flask import request
from pydantic import BaseModel, ConfigDict, FailFast, Field, model_validator

from dash_app.learning.points import MAX_MAGNITUDE
from dash_app.web import fields

_ID = "f1a2c0de5e55104b8d1f6a7c9e3b2d40"
_RUN = "9f86d081884c7d65"
_WHEN = "2026-01-31T12:00:00.000Z"


class _Described(BaseModel):
    """A model whose schema is computed once: flask-openapi3 asks for it at every request."""

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the JSON schema; not to be changed by the caller."""
        return super().model_json_schema(*args, **kwargs) if args or kwargs else _schema(cls)


@cache
def _schema(model: type[_Described]) -> dict[str, Any]:
    return super(_Described, model).model_json_schema()


class Model(_Described):
    """Base of all but headers: a name that is not known is an error."""

    model_config = ConfigDict(extra="forbid")


def _example(example: dict[str, Any], *, required: bool = True) -> ConfigDict:
    config = ConfigDict(extra="forbid", json_schema_extra={"examples": [example]})
    # an entry of flask-openapi3's own, which pydantic hands through
    return cast(ConfigDict, {**config, "openapi_extra": {"example": example, "required": required}})


# ---------------------------------------------------------------------- requests


class SessionPath(Model):
    """Where a session is."""

    session_id: fields.SessionId = Field(
        description="the session's id: 128 random bits, the only key to it",
        json_schema_extra={"example": _ID},
    )


class RunPath(SessionPath):
    """Where a training run is."""

    run_id: fields.RunId = Field(description="the run's id", json_schema_extra={"example": _RUN})


class OnceHeader(_Described):
    """A request with a key is carried out once, however often it arrives."""

    idempotency_key: Optional[fields.Key] = Field(
        None,
        alias="Idempotency-Key",
        description="any text of the client's own; the same request with the same key again "
        "changes nothing and answers the session as it stands",
        json_schema_extra={"example": "click-17"},
    )


class NewSessionHeader(_Described):
    """A key with which a session is made once, however often the request arrives."""

    # no Optional: the specification would allow null, which a header spells as a text of 4
    idempotency_key: str = Field(
        "",
        alias="Idempotency-Key",
        min_length=16,
        max_length=fields.MAX_KEY_LENGTH,
        pattern=fields.KEY_PATTERN,
        description="random text of the client's own, such as a UUID: whoever sends it again gets "
        "the same session, so it is as good as the session's id",
        json_schema_extra={"example": "8c0b4f7e-5f0a-4d0e-9a55-0c6f3e1d2b7a"},
    )


class _BodyOptional(Model):
    """A body that may be left out: every value then has its default."""

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_default(cls, value: Any) -> Any:
        # flask-openapi3 hands on None for an empty body; JSON null is text of its own
        return {} if value is None and not request.data else value


class NewSession(_BodyOptional):
    """Settings of a new session; each has a default."""

    model_config = _example({"n_components": 3, "half_life": None, "seed": 0}, required=False)

    n_components: fields.Components = Field(3, description="number of components")
    half_life: Optional[fields.HalfLife] = Field(
        None,
        description="new points after which an old one counts half; null: nothing is forgotten",
    )
    prior_weight: fields.PriorWeight = Field(
        1.0, description="pseudo-observations of each component's variance"
    )
    seed: fields.Seed = Field(0, description="of the random starts")


class SessionChange(Model):
    """New settings; what is not named stays as it is."""

    model_config = _example({"n_components": 4})

    n_components: fields.Components = Field(
        1, description="number of components; left out: as it is"
    )
    half_life: Optional[fields.HalfLife] = Field(
        None,
        description="new points after which an old one counts half, from the next increment on; "
        "null: nothing is forgotten",
    )


class Points(Model):
    """An increment, or the points to take back."""

    model_config = _example({"x": [-0.71, 0.42]})

    # the first fault is enough: a million of them would take seconds to describe
    x: Annotated[list[fields.Point], FailFast()] = Field(
        min_length=1, description="points in order of arrival, data units, |x| <= 1e150"
    )


class Training(_BodyOptional):
    """How to train from scratch."""

    model_config = _example({"method": "em", "epochs": 200, "wait_s": 2.0}, required=False)

    method: fields.Method = Field(
        "em", description="em: expectation-maximisation and Newton; adam: gradient steps"
    )
    epochs: fields.Epochs = Field(
        200,
        description="most passes over the points; a converged fit stops earlier",
    )
    wait_s: fields.Finite = Field(
        2.0, ge=0, le=60, description="how long to wait for the end before a 202, seconds"
    )


class ModelQuery(Model):
    """Which of the two models."""

    model: str = Field(
        "online", pattern="^(online|scratch)$", description="online, or the newest from scratch"
    )


class DensityQuery(ModelQuery):
    """Where to evaluate the density."""

    low: float = Field(
        cast(float, None),  # left out; in a query there is no null
        ge=-MAX_MAGNITUDE,
        le=MAX_MAGNITUDE,
        allow_inf_nan=False,
        description="one end, data units; default: 4 standard deviations below the model",
    )
    high: float = Field(
        cast(float, None),  # left out; in a query there is no null
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
    """A part of a long list."""

    after: int = Field(0, ge=0, le=2**31 - 1, description="only those with a larger number")
    limit: int = Field(1000, ge=1, le=10_000, description="at most so many")


# ---------------------------------------------------------------------- responses


class ErrorDetail(Model):
    """What was wrong."""

    code: str = Field(description="one word for a program", examples=["out_of_range"])
    message: str = Field(
        description="what was expected and what came",
        examples=["expected 1 <= n_components <= 50, got 0"],
    )
    field: Optional[str] = Field(description="the value at fault", examples=["n_components"])


class ErrorAnswer(Model):
    """Every refusal. The state is as before."""

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
        description="what every training lowers: penalised negative log-likelihood, nats per point",
        examples=[0.61],
    )
    mean_nll: float = Field(
        description="negative log-likelihood, nats per point; may be negative", examples=[0.52]
    )
    n_points: int = Field(description="points it was trained on", examples=[17])
    revision: int = Field(description="the session's revision it was trained at", examples=[17])
    time_s: float = Field(description="wall seconds of the training", examples=[0.004])
    created_at: str = Field(description="ISO 8601, UTC", examples=[_WHEN])


class SessionAnswer(Model):
    """A session as it stands."""

    id: str = Field(description="the only key to the session", examples=[_ID])
    n_components: int = Field(description="number of components", examples=[2])
    half_life: Optional[float] = Field(
        description="new points after which an old one counts half", examples=[None]
    )
    prior_weight: float = Field(description="pseudo-observations", examples=[1.0])
    seed: int = Field(description="of the random starts", examples=[0])
    n_points: int = Field(description="points held", examples=[17])
    revision: int = Field(description="operations so far; grows with each", examples=[17])
    can_undo: bool
    can_redo: bool
    online: Optional[ModelAnswer] = Field(description="trained online; null without points")
    scratch: Optional[ModelAnswer] = Field(
        description="the newest from scratch since the last clear; null before the first"
    )
    created_at: str = Field(description="ISO 8601, UTC", examples=[_WHEN])


class PointsAnswer(Model):
    """The points held."""

    x: list[float] = Field(description="in order of arrival, data units", examples=[[-0.71, 0.42]])


class RunAnswer(Model):
    """A training from scratch as it stands."""

    id: str = Field(examples=[_RUN])
    serial: int = Field(description="1, 2, ... within the session", examples=[1])
    status: str = Field(pattern="^(queued|running|done|failed|cancelled)$", examples=["done"])
    n_before: Optional[int] = Field(
        description="while queued: trainings that come before it; else null", examples=[None]
    )
    method: str = Field(examples=["em"])
    epochs: int = Field(description="most passes", examples=[200])
    n_iter: int = Field(description="passes so far", examples=[9])
    loss: Optional[float] = Field(description="after the last pass, nats per point", examples=[0.6])
    losses: list[float] = Field(
        description="loss after each pass, nats per point", examples=[[0.9, 0.7, 0.6]]
    )
    revision: int = Field(description="the session's revision it trains on", examples=[17])
    n_points: int = Field(description="points it trains on", examples=[17])
    model: Optional[ModelAnswer] = Field(description="the result, once done")
    error: Optional[str] = Field(description="the reason, where it failed", examples=[None])
    created_at: str = Field(description="ISO 8601, UTC", examples=[_WHEN])
    finished_at: Optional[str] = Field(description="ISO 8601, UTC", examples=[_WHEN])


class ComparisonAnswer(Model):
    """How far online is from from-scratch."""

    total_variation: float = Field(
        description="share of the mass that lies elsewhere, 0 to 1", examples=[0.012]
    )
    jensen_shannon: float = Field(description="nats, 0 to log 2", examples=[0.0003])
    integrated_squared_error: float = Field(description="1 / data units", examples=[0.0011])
    log_likelihood_gap: Optional[float] = Field(
        description="mean log-likelihood of online less that of from scratch, nats per point",
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
    kind: str = Field(pattern="^(add|remove|configure|clear|train|undo|redo)$", examples=["add"])
    x: Optional[list[float]] = Field(
        description="points added or taken back, data units", examples=[[0.42]]
    )
    detail: dict[str, Any] = Field(
        description="new settings; facts of a training; the target of an undo", examples=[{}]
    )
    n_points: int = Field(description="points held afterwards", examples=[17])
    model: Optional[int] = Field(description="number of the model it trained", examples=[17])
    created_at: str = Field(description="ISO 8601, UTC", examples=[_WHEN])


class OperationsAnswer(Model):
    """The log, oldest first."""

    operations: list[OperationAnswer]


class HealthAnswer(Model):
    """The server is up and reaches its store."""

    status: str = Field(examples=["ok"])
