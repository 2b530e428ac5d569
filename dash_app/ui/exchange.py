"""The requests of the page's hot path, as plain JSON over HTTP.

They are no callbacks of Dash: a round trip through a callback of a bare page takes several times as
long as the server's answer to a click (`benchmarks/page.py` measures both).
"""

from __future__ import annotations

from flask import Flask, Response, jsonify, request

from dash_app.sessions import Sessions
from dash_app.ui import command_models as models
from dash_app.ui import commands


def register_exchange(server: Flask, sessions: Sessions) -> None:
    """Add the three addresses; what is not such a request is refused with a 4xx."""

    def perform() -> Response:
        sent = models.read(models.Sent, request.get_json())
        return jsonify(commands.perform(sessions, sent.session, sent.value))

    def follow() -> Response:
        sent = models.read(models.Sent, request.get_json())
        return jsonify(commands.follow(sessions, sent.session, sent.value))

    def look() -> Response:
        return jsonify(commands.look(sessions, request.get_json()))

    for view in (perform, follow, look):
        name = view.__name__
        server.add_url_rule(f"/page/{name}", f"page_{name}", view, methods=["POST"])
