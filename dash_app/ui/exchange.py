"""The requests of the page's hot path, as plain JSON over HTTP.

They are no callbacks of Dash: its script takes some 40 ms of a page of this size before a request
and as long after the answer, which is more than a click may take.
"""

from __future__ import annotations

import logging

from flask import Flask, Response, jsonify, request

from dash_app.errors import GMMError
from dash_app.sessions import Sessions
from dash_app.ui import command_models as models
from dash_app.ui import commands

_log = logging.getLogger(__name__)


def register_exchange(server: Flask, sessions: Sessions) -> None:
    """Add the three addresses; what is not such a request is refused with a 4xx."""

    def perform() -> Response:
        sent = models.read(models.Sent, request.get_json())
        try:
            return jsonify(commands.perform(sessions, sent.session, sent.value))
        except GMMError:
            raise
        except Exception:  # noqa: BLE001  # a 500 would be sent again; the page shows this answer
            _log.exception("a command failed")
            message = "The server failed; see its log. Nothing was changed."
            return jsonify(error={"message": message, "field": None})

    def follow() -> Response:
        sent = models.read(models.Sent, request.get_json())
        return jsonify(commands.follow(sessions, sent.session, sent.value))

    def look() -> Response:
        return jsonify(commands.look(sessions, request.get_json()))

    for view in (perform, follow, look):
        name = view.__name__
        server.add_url_rule(f"/page/{name}", f"page_{name}", view, methods=["POST"])
