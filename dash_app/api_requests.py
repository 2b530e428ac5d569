"""Models of the API's requests, with bounds, examples and units."""

from __future__ import annotations

from typing import Annotated, Any, Optional

from pydantic import FailFast, Field, model_validator

from dash_app.learning.points import DEFAULT_CAPACITY, MAX_MAGNITUDE
from dash_app.web import fields
from dash_app.web.model import Described, Model, with_example


def _left_out() -> Any:
    """Return None, for a value that is left out; a factory's value is not in the schema."""
    return None


class SessionPath(Model):
    """Path of a session."""

    session_id: fields.SessionId = Field(
        description="the session's id: 128 random bits; it gives access to the session",
        json_schema_extra={"example": "f1a2c0de5e55104b8d1f6a7c9e3b2d40"},
    )


class RunPath(SessionPath):
    """Path of a training run."""

    run_id: fields.RunId = Field(
        description="the run's id", json_schema_extra={"example": "9f86d081884c7d65"}
    )


class OnceHeader(Described):
    """Idempotency key: a request with a key is carried out once, however often it arrives."""

    # not Optional: the specification would allow null, and a header has no null
    idempotency_key: fields.Key = Field(
        default_factory=_left_out,
        alias="Idempotency-Key",
        description="any text chosen by the client; a repeated request with the same key "
        "changes nothing and returns the current session",
        json_schema_extra={"example": "click-17"},
    )


class NewSessionHeader(Described):
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
