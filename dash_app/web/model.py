"""The base of the API's models: a cached schema, no unknown names, an example."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from pydantic import BaseModel, ConfigDict


class Described(BaseModel):
    """A model that caches its schema: flask-openapi3 reads it at every request."""

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the JSON schema; the caller must not change it."""
        return super().model_json_schema(*args, **kwargs) if args or kwargs else _schema(cls)


@cache
def _schema(model: type[Described]) -> dict[str, Any]:
    return super(Described, model).model_json_schema()


class Model(Described):
    """Base of all models except headers; an unknown name is an error."""

    model_config = ConfigDict(extra="forbid")


def with_example(example: dict[str, Any], *, required: bool = True) -> ConfigDict:
    """Return the configuration of a request's model, with an example for the specification."""
    config = ConfigDict(extra="forbid", json_schema_extra={"examples": [example]})
    # flask-openapi3 reads this entry; pydantic ignores it
    return cast(ConfigDict, {**config, "openapi_extra": {"example": example, "required": required}})
