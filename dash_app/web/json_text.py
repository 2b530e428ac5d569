"""Parse JSON of a request, with limits on its form and without blocking other requests.

Python's parser is one call into C that holds the GIL to its end: 16 MB block every other thread for
0.25 s. If the parser calls a Python function for each number, other threads run within 10 ms.
Parsing then takes up to twice as long, so only large bodies use these hooks. They are parsed one
after the other: several at once would take the processor from everyone else.
"""

from __future__ import annotations

import json
import threading
from contextlib import nullcontext
from typing import Any, Union

from flask.json.provider import DefaultJSONProvider

MAX_DEPTH = 32
"""Maximum levels of lists and objects; recursion over deeper values may exhaust the stack."""

MAX_KEYS = 1000
"""Maximum names in one object; no request has more than 20, and each unknown one is a fault."""

LARGE_BYTES = 2**17
"""Size above which the hooks are used; a smaller body is parsed within 5 ms."""

_TOO_DEEP = f"expected JSON nested at most {MAX_DEPTH} deep, got a deeper one"
_ONE_LARGE = threading.Lock()


class StructureError(ValueError):
    """The JSON has too many levels, or an object of it has too many names or one of them twice."""


class JSONProvider(DefaultJSONProvider):
    """Flask's JSON provider; `parse` reads the bodies, and its errors become a 400."""

    def loads(self, s: Union[str, bytes], **kwargs: Any) -> Any:
        """Return the value of a request's body."""
        return parse(s)


def parse(text: Union[str, bytes]) -> Any:
    """Return the value of a JSON text.

    Raises
    ------
    ValueError : the text is not JSON
    StructureError : it has more levels than `MAX_DEPTH`, or an object of it has more names than
        `MAX_KEYS` or the same name twice

    Examples
    --------
    >>> parse(b'{"x": [1]}')
    {'x': [1]}
    >>> parse("[" * 33 + "]" * 33)
    Traceback (most recent call last):
    ...
    dash_app.web.json_text.StructureError: expected JSON nested at most 32 deep, got a deeper one
    """
    is_large = len(text) > LARGE_BYTES
    hooks: dict[str, Any] = {"object_pairs_hook": _read_object}
    if is_large:
        hooks.update(parse_float=_read_float, parse_int=_read_int)
    try:
        with _ONE_LARGE if is_large else nullcontext():
            value = json.loads(text, **hooks)
            _check_depth(value)
    except RecursionError:
        raise StructureError(_TOO_DEEP) from None
    return value


def _check_depth(value: Any) -> None:
    level = [value] if isinstance(value, (list, dict)) else []
    for _ in range(MAX_DEPTH):
        level = [
            child
            for each in level
            for child in (each.values() if isinstance(each, dict) else each)
            if isinstance(child, (list, dict))
        ]
        if not level:
            return
    raise StructureError(_TOO_DEEP)


def _read_float(digits: str) -> float:
    return float(digits)


def _read_int(digits: str) -> int:
    return int(digits)


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values, n_names = dict(pairs), len(pairs)
    if len(values) == n_names <= MAX_KEYS:
        return values
    if n_names > MAX_KEYS:
        raise StructureError(f"expected at most {MAX_KEYS:,} names in an object, got {n_names:,}")
    names = [name for name, _ in pairs]
    twice = next(name for name in names if names.count(name) > 1)
    raise StructureError(f"expected each name once in an object, got {twice[:60]!r} twice")
