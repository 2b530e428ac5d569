"""Models of the browser's commands and questions, with the field types of the API."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Annotated, Any, Literal, Optional, TypeVar, Union

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    RootModel,
    ValidationError,
)

from dash_app.errors import SessionNotFoundError, ShapeError
from dash_app.learning.points import DEFAULT_CAPACITY
from dash_app.ui.examples import EXAMPLES
from dash_app.web import fields

T = TypeVar("T", bound=BaseModel)


class _Command(BaseModel):
    """Base of all commands. The server ignores `whole`."""

    model_config = ConfigDict(extra="forbid")

    key: fields.Key
    whole: Optional[bool] = None


class Points(_Command):
    """Points to add or to remove."""

    kind: Literal["add", "remove"]
    x: Annotated[list[fields.Point], FailFast()] = Field(min_length=1)


class Step(_Command):
    """A command without a value."""

    kind: Literal["undo", "redo", "clear", "pause", "resume", "stop"]


class Keep(_Command):
    """The removal of all points but the first ones."""

    kind: Literal["keep"]
    n_points: fields.Count


class Settings(BaseModel):
    """New settings; omitted settings do not change."""

    model_config = ConfigDict(extra="forbid")

    n_components: fields.Components = 1
    half_life: Optional[fields.HalfLife] = None
    capacity: fields.Capacity = DEFAULT_CAPACITY


class Configure(_Command):
    """A change of settings."""

    kind: Literal["configure"]
    settings: Settings


def among(names: Collection[str]) -> AfterValidator:
    """Return the check that a text is one of `names`."""

    def check(name: str) -> str:
        if name not in names:
            raise ValueError(f"expected one of {', '.join(names)}")
        return name

    return AfterValidator(check)


class Play(_Command):
    """An example, whose points the server adds."""

    kind: Literal["play"]
    name: Annotated[str, among(EXAMPLES)]


class Train(_Command):
    """A training from scratch."""

    kind: Literal["train"]
    method: fields.Method
    epochs: fields.Epochs


Command = Union[Points, Step, Keep, Configure, Play, Train]


class _AnyCommand(RootModel[Command]):
    """Any command; its kind selects the model."""

    root: Command = Field(discriminator="kind")


class Keyed(BaseModel):
    """The key of a command; every answer names it."""

    key: fields.Key


class Sent(BaseModel):
    """What the page sends about a session; both parts are checked where they are used."""

    model_config = ConfigDict(extra="forbid")

    session: Any
    value: Any


class Question(BaseModel):
    """A question about a run, with a request to stop it."""

    model_config = ConfigDict(extra="forbid")

    run: str
    stop: bool = False


class Look(BaseModel):
    """A question about a session; null asks for a new session."""

    model_config = ConfigDict(extra="forbid")

    id: Optional[str] = None


def read_command(value: Any) -> Command:
    """Return the command; raises pydantic's ValidationError for an invalid one."""
    return _AnyCommand.model_validate(value).root


def read(model: type[T], value: Any) -> T:
    """Return the value as a model; raises ShapeError for an invalid one."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        place, message = fields.fault(error)
        raise ShapeError(message, ".".join(place) or None) from error


def session_id_of(value: Any) -> str:
    """Return the id; raises SessionNotFoundError for a malformed one."""
    if isinstance(value, str) and re.fullmatch(fields.SESSION_ID_PATTERN, value):
        return value
    raise SessionNotFoundError(f"expected the id of a session, got {fields.shown(value)}")
