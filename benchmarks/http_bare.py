"""The baseline: a Flask view that parses JSON and answers a given number of bytes.

`python -m benchmarks.http_bare PORT`
"""

from __future__ import annotations

import sys

import waitress
from flask import Flask, Response, jsonify, request

from dash_app.config import Config


def create_server() -> Flask:
    """Return an application with only this view and a health check."""
    server = Flask("bare", static_folder=None)

    @server.post("/bare/<int:n_bytes>")
    def bare(n_bytes: int) -> Response:
        request.get_json()
        return Response(b"x" * n_bytes, mimetype="application/json")

    @server.get("/healthz")
    def health() -> Response:
        return jsonify(status="ok")

    return server


if __name__ == "__main__":
    waitress.serve(
        create_server(), port=int(sys.argv[1]), host="127.0.0.1", threads=Config().threads
    )
