"""JSON from outside: read with a bound on its depth, and without stopping other requests.

Python's parser is one call into C, which holds the interpreter's lock to its end: 16 MB stop every
other thread for 0.25 s. Where it calls a Python function for each number, other threads get their
turn within 10 ms. Parsing then takes up to twice as long, so it is done for large bodies only.
"""

from __future__ import annotations

import json
from typing import Any, Union

from flask.json.provider import DefaultJSONProvider

MAX_DEPTH = 32
"""Levels of lists and objects. Deeper values exhaust Python's stack wherever they are walked."""

LARGE_BYTES = 2**17
"""A smaller body is read within 5 ms."""


class DepthError(ValueError):
    """JSON of too many levels."""


class JSONProvider(DefaultJSONProvider):
    """Flask's JSON; a request's body is read by `parse`, and one that it refuses is a 400."""

    def loads(self, s: Union[str, bytes], **kwargs: Any) -> Any:
        """Return the value of a request's body."""
        return parse(s)


def parse(text: Union[str, bytes]) -> Any:
    """Return the value of a JSON text.

    Raises
    ------
    ValueError : text that is not JSON; DepthError where it is nested deeper than `MAX_DEPTH`

    Examples
    --------
    >>> parse(b'{"x": [1]}')
    {'x': [1]}
    >>> parse("[" * 33 + "]" * 33)
    Traceback (most recent call last):
    ...
    dash_app.web.json_text.DepthError: expected JSON nested at most 32 deep, got a deeper one
    """
    hooks: dict[str, Any] = {}
    if len(text) > LARGE_BYTES:
        hooks = {"parse_float": _read_float, "parse_int": _read_int}
    try:
        value = json.loads(text, **hooks)
        too_deep = _is_deep(value)
    except RecursionError:
        too_deep = True
    if too_deep:
        raise DepthError(f"expected JSON nested at most {MAX_DEPTH} deep, got a deeper one")
    return value


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        containers = [each for each in level if isinstance(each, (list, dict))]
        if not containers:
            return False
        level = [
            child
            for each in containers
            for child in (each.values() if isinstance(each, dict) else each)
        ]
    return True


def _read_float(digits: str) -> float:
    return float(digits)


def _read_int(digits: str) -> int:
    return int(digits)
