"""Wait for an effect of another thread or process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

_LOOK_EVERY_S = 0.01


def eventually(condition: Callable[[], Found], timeout_s: float = 30.0) -> Found:
    """Return the condition's value as soon as it is true; AssertionError after the timeout."""
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < deadline, f"the condition is still false after {timeout_s} s"
        time.sleep(_LOOK_EVERY_S)
    return found
