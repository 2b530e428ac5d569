"""Encode nested dicts of numbers and arrays as bytes, bit for bit and without pickle.

The bytes are the length of a JSON header (8 bytes, little-endian), the header, and the data of
the arrays. In the header an array is {"__array__": [dtype, shape, offset]}. numpy's .npz does the
same in a zip archive; it takes twenty times as long for a small learner.
"""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np

from dash_app.errors import StateError

_ARRAY = "__array__"
_LENGTH_BYTES = 8
_DTYPE = re.compile("[<|][biuf][1248]")
_KINDS = "biuf"  # booleans and numbers; no objects


def to_bytes(value: Any) -> bytes:
    """Return the bytes of nested dicts and lists of None, bool, int, float, str and arrays."""
    arrays: list[bytes] = []
    offset = 0

    def plain(item: Any) -> Any:
        nonlocal offset
        if isinstance(item, np.ndarray):
            if item.dtype.kind not in _KINDS:
                raise StateError(f"expected an array of numbers, got dtype {item.dtype}")
            body = np.ascontiguousarray(item, item.dtype.newbyteorder("<"))
            entry = {_ARRAY: [body.dtype.str, list(item.shape), offset]}
            arrays.append(body.tobytes())
            offset += body.nbytes
            return entry
        if isinstance(item, np.generic):
            return item.item()
        raise StateError(f"expected plain values, got {type(item).__name__}")

    header = json.dumps(value, default=plain, separators=(",", ":")).encode()
    return b"".join([len(header).to_bytes(_LENGTH_BYTES, "little"), header, *arrays])


def from_bytes(body: bytes) -> Any:
    """Return the value that `to_bytes` encoded; tuples become lists.

    Raises
    ------
    StateError : the bytes do not come from `to_bytes`, or are cut off

    Examples
    --------
    >>> from_bytes(to_bytes({"n": 2, "x": np.array([0.5, -1.0])}))
    {'n': 2, 'x': array([ 0.5, -1. ])}
    """
    start = _LENGTH_BYTES + int.from_bytes(body[:_LENGTH_BYTES], "little")

    def arrays(entry: dict[str, Any]) -> Any:
        if set(entry) != {_ARRAY}:
            return entry
        dtype_name, shape, offset = entry[_ARRAY]
        if not _DTYPE.fullmatch(str(dtype_name)):
            raise StateError(f"expected an array of numbers, got dtype {dtype_name}")
        dtype = np.dtype(str(dtype_name))
        count = int(np.prod(shape, dtype=np.int64))
        flat = np.frombuffer(body, dtype, count, start + offset)
        # a copy: the bytes are read-only, and the learner may write into its arrays
        return flat.reshape(shape).astype(dtype.newbyteorder("="))

    try:
        return json.loads(body[_LENGTH_BYTES:start], object_hook=arrays)
    except StateError:
        raise
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise StateError(f"expected an encoded state, got {len(body)} other bytes") from error
