"""Serve the exercise's page alone, at `/`: `python -m legacy`.

It shares the data directory, and so the sessions, with the whole application.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from flask import Flask

from dash_app import logs
from dash_app.config import Config
from dash_app.errors import GMMError
from dash_app.serving.process import address_of, listen, serve

DEFAULT_PORT = 8000


def create_page_server(config: Config) -> Flask:
    """Return the WSGI application with only the page at `/` and its endpoints."""
    # imported here, because these load the learner: meanwhile the socket answers already
    from dash_app.app import ASSETS, create_app, note_clients, trust_proxies
    from dash_app.web import error_handlers, headers, origins, query_names, request_ids
    from dash_app.web.signing import cookie_name
    from legacy.blueprint import create_blueprint

    whole = create_app(config).server
    server = Flask("legacy", static_folder=None)
    server.secret_key = whole.secret_key
    server.config["MAX_CONTENT_LENGTH"] = whole.config["MAX_CONTENT_LENGTH"]
    server.extensions["sessions"] = whole.extensions["sessions"]
    trust_proxies(server, config.proxies)
    request_ids.register(server)
    error_handlers.register(server)
    origins.register(server, config)
    note_clients(server)
    query_names.register(server, lambda: whole.api_doc)
    headers.register(server, third_party_page=None if config.legacy_frontend is None else "/")
    server.register_blueprint(
        create_blueprint(
            server.extensions["sessions"],
            assets=ASSETS,
            frontend=config.legacy_frontend,
            cookie_name=cookie_name(config.data_dir),
            page_path="/",
        )
    )
    return server


def _arguments(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m legacy", description=__doc__)
    parser.add_argument("--host", help="where to listen (GMM_HOST, 127.0.0.1)")
    parser.add_argument("--port", type=int, help=f"GMM_PORT, or {DEFAULT_PORT}")
    parser.add_argument("--data-dir", type=Path, help="where the sessions are (GMM_DATA_DIR)")
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Serve until Ctrl-C; return the exit status."""
    arguments = _arguments(argv)
    try:
        port = arguments.port
        if port is None and "GMM_PORT" not in os.environ:
            port = DEFAULT_PORT
        config = Config.from_environment(
            host=arguments.host, port=port, data_dir=arguments.data_dir
        )
        logs.configure(config.log_level, config.log_format)
        with listen(config.host, config.port) as listener:
            address = address_of(config.host, listener)
            serve(lambda: _loaded(config, address), listener, config)
    except GMMError as error:
        return _fail(str(error))
    return 0


def _loaded(config: Config, address: str) -> Flask:
    server = create_page_server(config)
    sys.stdout.write(f"The page: {address}/   (Ctrl-C stops)\n")
    sys.stdout.flush()
    return server


def _fail(reason: str) -> int:
    sys.stderr.write(f"{reason}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
