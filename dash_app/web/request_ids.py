"""An id for each request: the caller's where it is short and plain, else a new one."""

from __future__ import annotations

import re
import secrets

from flask import Flask, Response, request

from dash_app.logs import request_id

HEADER = "X-Request-Id"
_TOKEN = re.compile(r"[A-Za-z0-9._-]{1,64}")


def register(server: Flask) -> None:
    """Give each request its id, and send it back. To be called first: others log with it."""

    def begin() -> None:
        came = request.headers.get(HEADER, "")
        # not forgotten at the end: an event stream is still sent then, by the same thread
        request_id.set(came if _TOKEN.fullmatch(came) else secrets.token_hex(8))

    def tell(response: Response) -> Response:
        response.headers[HEADER] = request_id.get()
        return response

    server.before_request(begin)
    server.after_request(tell)
