"""The application factory: it creates all parts and connects them."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Optional

import dash
from flask import Flask, Request, Response, request, send_from_directory
from flask.sessions import SessionInterface, SessionMixin
from flask_openapi3 import Info, OpenAPI, Tag
from threadpoolctl import threadpool_limits
from werkzeug.middleware.proxy_fix import ProxyFix

from dash_app import (
    __version__,
    api,
    api_orders,
    api_race,
    api_selection,
    api_timelines,
    events,
    logs,
)
from dash_app.admission import client
from dash_app.config import Config
from dash_app.serving.process import see_to_open_files, stop_before_exit
from dash_app.sessions import Sessions
from dash_app.store import Store
from dash_app.ui.callbacks import register_callbacks
from dash_app.ui.delivery import register_delivery
from dash_app.ui.envelope import register_envelope
from dash_app.ui.exchange import register_exchange
from dash_app.ui.layout import PAGE_TEMPLATE, build_layout
from dash_app.ui.page_script import IGNORED, register_page_script
from dash_app.ui.plotly_bundle import register_plotly
from dash_app.web import (
    documentation,
    error_handlers,
    headers,
    origins,
    query_names,
    request_ids,
)
from dash_app.web.json_text import JSONProvider
from dash_app.web.signing import cookie_name, signing_key
from legacy import description
from legacy.blueprint import create_blueprint

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED_ASSETS = _PACKAGE / "assets"
# a wheel has the assets inside the package, a checkout beside it
ASSETS = _INSTALLED_ASSETS if _INSTALLED_ASSETS.is_dir() else _PACKAGE.parent / "assets"
TITLE = "Online against from scratch: a Gaussian mixture that learns by clicks"
LEGACY_PAGE = "/legacy/"
_CATCH_ALL = "<path:path>"


class NoFlaskSessions(SessionInterface):
    """Disables flask.session, which is unused: reading its cookie would slow down each click."""

    def open_session(self, app: Flask, request: Request) -> None:
        """Return no session."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Save nothing."""


class OnePageDash(dash.Dash):  # type: ignore[misc]  # dash has no types that mypy could follow
    """Dash without its catch-all route: an unknown path is a 404.

    Dash answers any GET with its page, for client-side routes. This page has none, and a mistyped
    API path must not return 200 and HTML.
    """

    def _add_url(
        self, name: str, view_func: Callable[..., Any], methods: Sequence[str] = ("GET",)
    ) -> None:
        if name != _CATCH_ALL:
            super()._add_url(name, view_func, methods)


def create_app(config: Optional[Config] = None) -> dash.Dash:
    """Return the Dash application; `.server` is its Flask application.

    `.server.extensions["sessions"]` is the `Sessions` object. The caller closes it at the end.

    Raises
    ------
    StoreError, SettingError : the store, the data directory or a setting cannot be used
    """
    config = Config.from_environment() if config is None else config
    # one BLAS thread: trainings run in parallel already
    threadpool_limits(1, user_api="blas")
    key = signing_key(config.data_dir)
    store = Store(config.store_url)
    store.examine()
    sessions = Sessions(store, config)
    server = _create_server(config, sessions, key)
    app = OnePageDash(
        "dash_app",
        server=False,
        assets_folder=str(ASSETS),
        assets_ignore=IGNORED,
        external_scripts=[*register_plotly(server), register_page_script(server, ASSETS)],
        title=TITLE,
        update_title=None,
        prevent_initial_callbacks=True,
        suppress_callback_exceptions=True,  # some parts are made when they are needed
    )
    app.init_app(server)
    register_delivery(server)
    app.index_string = PAGE_TEMPLATE
    app.layout = build_layout(config)
    register_callbacks(app, sessions)
    register_exchange(server, sessions)
    register_envelope(app, server)
    own_page = None if config.legacy_frontend is None else LEGACY_PAGE
    headers.register(server, app.csp_hashes, third_party_page=own_page)
    return app


def create_server(config: Optional[Config] = None) -> Flask:
    """Return the WSGI application, for gunicorn: `gunicorn "dash_app.app:create_server()"`."""
    config = Config.from_environment() if config is None else config
    logs.configure(config.log_level, config.log_format)
    see_to_open_files(config)  # gunicorn's worker dies where it cannot open another
    server: Flask = create_app(config).server
    sessions: Sessions = server.extensions["sessions"]
    stop_before_exit(sessions.stop)
    atexit.register(sessions.close)
    return server


def trust_proxies(server: Flask, n: int) -> None:
    """Read the client's address, scheme and host name as the last `n` proxies forward them."""
    if n > 0:
        server.wsgi_app = ProxyFix(server.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]


def _create_server(config: Config, sessions: Sessions, key: bytes) -> OpenAPI:
    server = OpenAPI(
        "dash_app",
        info=Info(
            title="Gaussian mixtures, online and from scratch",
            version=__version__,
            description=documentation.INTRODUCTION,
        ),
        # the default, null, is invalid in an OpenAPI specification
        security_schemes={},
        validation_error_model=api.VALIDATION_MODEL,
        validation_error_callback=error_handlers.of_validation,
        static_folder=None,
    )
    server.secret_key = key
    server.session_interface = NoFlaskSessions()
    server.json = JSONProvider(server)
    server.json.sort_keys = False  # keep the order of the documents
    server.config["OPENAPI_HTML_STRING"] = documentation.PAGE
    server.config["MAX_CONTENT_LENGTH"] = config.max_body_bytes
    server.extensions["sessions"] = sessions
    trust_proxies(server, config.proxies)
    request_ids.register(server)
    if config.metrics:
        from dash_app import metrics  # not loaded where nobody asks for them

        metrics.register(server, sessions)
    origins.register(server, config)
    note_clients(server)
    # start the threads at the first request: they do not survive gunicorn's fork
    server.before_request(sessions.start)
    error_handlers.register(server)
    query_names.register(server, lambda: server.api_doc)
    api.register(server, sessions)
    events.register(server, sessions, max_streams=config.max_streams)
    api_timelines.register(server, sessions, max_streams=config.max_streams)
    api_race.register(server, sessions, max_streams=config.max_streams)
    api_selection.register(server, sessions)
    api_orders.register(server, sessions)
    server.add_url_rule("/favicon.ico", "favicon", _favicon)
    server.register_blueprint(
        create_blueprint(
            sessions,
            assets=ASSETS,
            frontend=config.legacy_frontend,
            cookie_name=cookie_name(config.data_dir),
            page_path=LEGACY_PAGE,
        )
    )
    server.tags.append(Tag(name=description.TAG, description=description.ABOUT))
    server.paths.update(description.paths())
    return server


def note_clients(server: Flask) -> None:
    """Tell the limits whose request a thread serves: threads without a client have no limits."""
    server.before_request(_note_client)
    server.teardown_request(_forget_client)


def _note_client() -> None:
    """Set the client of the request that this thread serves."""
    # waitress reports a lost client; with other servers a wait ends at its timeout
    has_gone = request.environ.get("waitress.client_disconnected", lambda: False)
    client.current.set(client.Client(request.remote_addr or "", has_gone))


def _forget_client(_error: Optional[BaseException]) -> None:
    client.current.set(None)


def _favicon() -> Response:
    """Return the icon; browsers request this path by default and accept SVG."""
    return send_from_directory(ASSETS, "favicon.svg")
