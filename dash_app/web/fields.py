"""Types and bounds of input values for all front ends, and the messages for invalid values."""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import Annotated, Any, Optional

from pydantic import BeforeValidator, Field, Strict, ValidationError

from dash_app.learning.points import (
    MAX_CAPACITY,
    MAX_COMPONENTS,
    MAX_HALF_LIFE,
    MAX_MAGNITUDE,
    MIN_CAPACITY,
    MIN_HALF_LIFE,
)
from dash_app.records.runs import MAX_EPOCHS

SESSION_ID_PATTERN = "^[0-9a-f]{32}$"
RUN_ID_PATTERN = "^[0-9a-f]{16}$"
TIMELINE_ID_PATTERN = "^[0-9a-z_-]+$"
KEY_PATTERN = "^[!-~]+$"
"""An idempotency key is printable ASCII: PostgreSQL refuses NUL, but SQLite stores it."""

MAX_KEY_LENGTH = 255


def _whole(value: Any) -> Any:
    # JSON does not distinguish 2.0 from 2
    return int(value) if isinstance(value, float) and value.is_integer() else value


_INTEGRAL = BeforeValidator(_whole)  # must be the last annotation: the schema then has the bounds
Whole = Annotated[int, Strict(), _INTEGRAL]
Finite = Annotated[float, Strict(), Field(allow_inf_nan=False)]

Point = Annotated[float, Strict(), Field(ge=-MAX_MAGNITUDE, le=MAX_MAGNITUDE, allow_inf_nan=False)]
Components = Annotated[int, Strict(), Field(ge=1, le=MAX_COMPONENTS), _INTEGRAL]
Capacity = Annotated[int, Strict(), Field(ge=MIN_CAPACITY, le=MAX_CAPACITY), _INTEGRAL]
Count = Annotated[int, Strict(), Field(ge=0, le=2**31 - 1), _INTEGRAL]
HalfLife = Annotated[Finite, Field(ge=MIN_HALF_LIFE, le=MAX_HALF_LIFE)]
PriorWeight = Annotated[Finite, Field(ge=0, le=1e9)]
Seed = Annotated[int, Strict(), Field(ge=0, le=2**63 - 1), _INTEGRAL]
Epochs = Annotated[int, Strict(), Field(ge=1, le=MAX_EPOCHS), _INTEGRAL]
Method = Annotated[str, Field(pattern="^(em|adam)$")]
SessionId = Annotated[str, Field(pattern=SESSION_ID_PATTERN)]
TimelineId = Annotated[str, Field(min_length=1, max_length=300, pattern=TIMELINE_ID_PATTERN)]
RunId = Annotated[str, Field(pattern=RUN_ID_PATTERN)]
Key = Annotated[str, Field(min_length=1, max_length=MAX_KEY_LENGTH, pattern=KEY_PATTERN)]

_EXPECTED = {
    "missing": "a value",
    "extra_forbidden": "no value of this name",
    "finite_number": "a finite number",
    "float_type": "a number",
    "float_parsing": "a number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number of fewer digits",
    "greater_than": "a number > {gt}",
    "greater_than_equal": "a number >= {ge}",
    "less_than": "a number < {lt}",
    "less_than_equal": "a number <= {le}",
    "too_short": "at least {min_length} of them",
    "too_long": "at most {max_length} of them",
    "string_too_short": "at least {min_length} characters",
    "string_too_long": "at most {max_length} characters",
    "string_type": "text",
    "string_unicode": "text in Unicode",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "dict_type": "an object",
    "list_type": "a list",
    "union_tag_invalid": "a {discriminator} of {expected_tags}",
    "union_tag_not_found": "an object with {discriminator}",
}
"""Wording by pydantic's error type; types that are in no place here keep pydantic's message."""

_FORMS = {
    SESSION_ID_PATTERN: "32 characters of 0 to 9 and a to f",
    RUN_ID_PATTERN: "16 characters of 0 to 9 and a to f",
    TIMELINE_ID_PATTERN: "text of a to z, 0 to 9, _ and -",
    KEY_PATTERN: "printable ASCII without spaces",
}
OTHER_FORM = "text of another form"
_MAX_SHOWN = 60
"""Maximum characters of a value in a message; each entry of a list has more than one."""
_ALTERNATIVES = re.compile(r"\^\((?P<one>[\w|]+)\)(?P<more>\(,\((?P=one)\)\)\*)?\$")
"""Regular expressions of one name of several, or of more names with commas between them."""


def fault(error: ValidationError) -> tuple[list[str], str]:
    """Return the path of the first fault, and a message "expected ..., got ..."."""
    first = error.errors(include_url=False)[0]
    place = [str(part) for part in first["loc"]]
    got = "nothing" if first["type"] == "missing" else shown(first["input"])
    expected = _expected(first["type"], first.get("ctx", {})) or first["msg"]
    return place, f"expected {expected}, got {got}"


def form_of(pattern: str) -> str:
    """Return what a text of this regular expression is, in plain words.

    >>> form_of("^(em|adam)$")
    'em or adam'
    """
    names = _ALTERNATIVES.fullmatch(pattern)
    if names is None:
        return _FORMS.get(pattern, OTHER_FORM)
    one_of = _one_of(names["one"].split("|"))
    return f"names of {one_of.replace('one of ', '')}, with commas" if names["more"] else one_of


def _expected(kind: str, context: dict[str, Any]) -> Optional[str]:
    """Return the wording for an error of pydantic; None for a type that has none."""
    if kind == "string_pattern_mismatch":
        return form_of(context["pattern"])
    if kind == "literal_error":  # "'a', 'b' or 'c'"
        return _one_of(re.split(", | or ", context["expected"].replace("'", "")))
    if kind == "value_error":
        text = str(context["error"])
        return text[len("expected ") :] if text.startswith("expected ") else None
    wording = _EXPECTED.get(kind)
    # a whole bound in all its digits
    bounds = {name: f"{at:g}" for name, at in context.items() if isinstance(at, float)}
    return None if wording is None else wording.format(**{**context, **bounds})


def _one_of(names: list[str]) -> str:
    return " or ".join(names) if len(names) < 3 else f"one of {', '.join(names)}"


def shown(value: Any) -> str:
    """Return a value as text of at most 60 characters, with JSON's words for None and booleans.

    >>> shown({"x": [None, True, "a"]})
    "{'x': [null, true, 'a']}"
    """
    text = _with_words_of_json(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."


def _with_words_of_json(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_with_words_of_json, value[:_MAX_SHOWN]))}]"
    if isinstance(value, dict):
        pairs = islice(value.items(), _MAX_SHOWN)
        return f"{{{', '.join(f'{key!r}: {_with_words_of_json(each)}' for key, each in pairs)}}}"
    return repr(value)
