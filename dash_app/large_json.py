"""JSON of large bodies, read so that other requests are served meanwhile.

Python's parser is one call into C, which holds the interpreter's lock to its end: 16 MB stop every
other thread for 0.25 s. Where it calls a Python function for each number, other threads get their
turn within 10 ms. Parsing then takes up to twice as long, so it is done for large bodies only.
"""

from __future__ import annotations

import json
from typing import Any, Union

from flask.json.provider import DefaultJSONProvider

LARGE_BYTES = 2**17
"""A smaller body is read within 5 ms."""


class JSONProvider(DefaultJSONProvider):
    """Flask's JSON, but for large bodies."""

    def loads(self, s: Union[str, bytes], **kwargs: Any) -> Any:
        """Return what the text or the bytes say."""
        return loads(s, **kwargs)


def loads(text: Union[str, bytes], **kwargs: Any) -> Any:
    """Return what `json.loads` returns.

    Examples
    --------
    >>> loads('{"x": [1, 2.5]}')
    {'x': [1, 2.5]}
    >>> loads(b"[" + b"1, 2.5e3, " * 50_000 + b"0]") == [1, 2500.0] * 50_000 + [0]
    True
    """
    if len(text) > LARGE_BYTES:
        kwargs = {"parse_float": _read_float, "parse_int": _read_int, **kwargs}
    return json.loads(text, **kwargs)


def _read_float(digits: str) -> float:
    return float(digits)


def _read_int(digits: str) -> int:
    return int(digits)
