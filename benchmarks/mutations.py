"""Seeded mutations that make valid JSON, bytes or text wrong in one or a few places."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

_DEEP = 100_000
NASTY: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 1.5, 2**31, 2**63, 2**64, -(2**63) - 1, 10**400),
    *(1e-320, 1e150, 1.1e150, -1e308, 1e308, float("nan"), float("inf"), -float("inf")),
    *("", "1", "a\0b", "\0", "\ud800", "é", "../..", "k" * 300, "NaN", "\r\nX: y", "\u202e"),
    *([], {}, [[]], [None], [True], ["1"], [1e999], [[1.0]], {"": 0}, {"a\0": 1}, [0.5] * 300),
)


def nested(depth: int) -> Any:
    """Return lists nested `depth` deep."""
    value: Any = []
    for _ in range(depth - 1):
        value = [value]
    return value


def mutated(rng: random.Random, value: Any, times: int) -> Any:
    """Return a copy of a JSON value with `times` random changes."""
    holder = [copy.deepcopy(value)]
    for _ in range(times):
        _mutate_place(rng, holder)
    return holder[0]


def _mutate_place(rng: random.Random, holder: Any) -> None:
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = rng.choice(keys)
        inner = holder[key]
        if not (isinstance(inner, (dict, list)) and inner) or rng.random() < 0.15:
            break
        holder = inner
    kind = rng.random()
    if kind < 0.55:
        holder[key] = _nasty(rng)
    elif kind < 0.70 and type(inner) in (int, float) and abs(inner) < 1e300:
        holder[key] = inner + rng.choice((-1, 1, 0.5, 1e-9))
    elif kind < 0.85:
        if isinstance(holder, dict) or len(holder) > 1:
            del holder[key]
    elif isinstance(holder, dict):
        holder[rng.choice(("extra", "", "a\0", "__class__", *map(str, keys)))] = _nasty(rng)
    else:
        holder.insert(
            rng.randrange(len(holder) + 1), rng.choice((_nasty(rng), copy.deepcopy(inner)))
        )


def _nasty(rng: random.Random) -> Any:
    if rng.random() < 0.05:
        return nested(rng.choice((5, 31, 40, 200)))
    return copy.deepcopy(rng.choice(NASTY))  # the value may itself be mutated later


def as_text(rng: random.Random, value: Any) -> bytes:
    """Return JSON as bytes, in one of several encodings, sometimes damaged."""
    text = json.dumps(value)
    if rng.random() < 0.05 and text.startswith("{") and len(text) > 2:
        text = text[:-1] + "," + text[1:]  # every key twice
    kind = rng.random()
    if kind < 0.80:
        return text.encode()
    if kind < 0.84:
        return text.encode(rng.choice(("utf-16", "utf-32", "utf-8-sig", "utf-16-le")))
    return damaged(rng, text.encode())


def damaged(rng: random.Random, body: bytes) -> bytes:
    """Return the bytes with random damage."""
    at = rng.randrange(len(body) + 1)
    return rng.choice(
        (
            b"",
            body[:at],
            body[:at] + bytes([rng.randrange(256)]) + body[at + 1 :],
            body[:at] + bytes(rng.randrange(256) for _ in range(8)) + body[at:],
            b"[" * _DEEP + b"]" * _DEEP,
            b'{"x":' * _DEEP + b"1" + b"}" * _DEEP,
            b"[" * _DEEP,
            b"9" * 5000,
            b"\xff\xfe\x00\x00",
            b"\x1f\x8b" + body,
            b"null",
        )
    )
