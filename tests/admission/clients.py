"""Simulated clients, without HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dash_app.admission import client


@contextmanager
def asking(who: client.Client) -> Iterator[None]:
    """Run the block as a request of this client."""
    token = client.current.set(who)
    try:
        yield
    finally:
        client.current.reset(token)
