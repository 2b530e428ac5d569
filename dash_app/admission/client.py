"""The client of the request that this thread serves."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Optional


def _never_gone() -> bool:
    return False


@dataclass(frozen=True)
class Client:
    """The remote address of a request, and a test of whether its connection was closed."""

    address: str
    has_gone: Callable[[], bool] = _never_gone


current: ContextVar[Optional[Client]] = ContextVar("client", default=None)
"""None in the server's own threads."""
