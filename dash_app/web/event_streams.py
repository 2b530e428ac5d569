"""Answers with server-sent events: one place for each stream, and its end with the client."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack

from flask import Response, request

from dash_app.errors import StoreError, with_cause
from dash_app.web import error_handlers

_log = logging.getLogger(__name__)

_RETRY_AFTER_S = 2
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


def answer(
    place: AbstractContextManager[bool],
    max_streams: int,
    events: Callable[[Callable[[], bool]], Iterator[str]],
) -> Response:
    """Return the stream of `events`, or 503 if there is no place for it.

    Parameters
    ----------
    place : held while the stream is open; False if `max_streams` streams are open
    events : called with a function that says whether the client has gone
    """
    stack = ExitStack()
    if not stack.enter_context(place):
        message = (
            f"expected at most {max_streams} event streams at once, got one more; poll instead"
        )
        busy = error_handlers.answer(503, "too_many_streams", message)
        busy.headers["Retry-After"] = str(_RETRY_AFTER_S)
        return busy
    # waitress reports a lost client; with other servers the next heartbeat fails
    has_gone = request.environ.get("waitress.client_disconnected", lambda: False)
    response = Response(_until_a_failure(events(has_gone)), headers=_HEADERS)
    response.content_type = "text/event-stream; charset=utf-8"
    response.call_on_close(stack.close)
    return response


def _until_a_failure(events: Iterator[str]) -> Iterator[str]:
    """Yield the events; where the store fails, the stream ends, and its client asks again."""
    try:
        yield from events
    except StoreError as error:
        _log.warning("an event stream ended: %s", with_cause(error))
