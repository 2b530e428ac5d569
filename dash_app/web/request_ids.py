"""An id for each request: the client's if it is short and plain, otherwise a new one."""

from __future__ import annotations

import re
import secrets

from flask import Flask, Response, request

from dash_app.logs import request_id

HEADER = "X-Request-Id"
_TOKEN = re.compile(r"[A-Za-z0-9._-]{1,64}")


def chosen(came: str) -> str:
    """Return the id of a request that came with this one, or with an empty text."""
    return came if _TOKEN.fullmatch(came) else secrets.token_hex(8)


def register(server: Flask) -> None:
    """Give each request an id and return it. Call this first: other handlers log with the id."""

    def begin() -> None:
        # not cleared after the request: the same thread then still sends an event stream
        request_id.set(chosen(request.headers.get(HEADER, "")))

    def tell(response: Response) -> Response:
        response.headers[HEADER] = request_id.get()
        return response

    server.before_request(begin)
    server.after_request(tell)
