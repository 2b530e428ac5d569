"""The endpoints of the provided page, at the root, and the page itself.

The provided page sends all its points with each request and has no session id. A signed cookie
gives each browser its own session, created at the first training. A client without cookies sends
the `session` of an answer in the header `X-Session`. `dash_app.web.error_handlers` answers errors.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Optional, TypeVar

from flask import Blueprint, Response, current_app, g, request, send_from_directory
from itsdangerous import BadSignature, Signer
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from dash_app.errors import (
    BudgetError,
    EmptyDataError,
    GMMError,
    RefusedError,
    SessionNotFoundError,
    SettingError,
)
from dash_app.records.operations import short
from dash_app.records.versions import ModelVersion
from dash_app.sessions import Sessions, SessionView
from dash_app.training.runs import DEFECT
from dash_app.web import bodies
from dash_app.web.fields import SESSION_ID_PATTERN, shown
from legacy import wire

_log = logging.getLogger(__name__)

OWN_FRONTEND = Path(__file__).resolve().parent
DEFAULT_N_COMPONENTS = 2
"""Default number of components of a new session; also the start of the page's slider."""

_COOKIE_SALT = "legacy-session"
_COOKIE_MAX_AGE_S = 365 * 24 * 3600

T = TypeVar("T")


def create_blueprint(
    sessions: Sessions,
    *,
    assets: Path,
    frontend: Optional[Path] = None,
    cookie_name: str = "gmm_session",
    page_path: str = "/legacy/",
) -> Blueprint:
    """Return a blueprint with the endpoints and the page, to register at the root.

    Parameters
    ----------
    sessions : Sessions
    assets : directory with density.js, which our own page shares with the Dash page
    frontend : directory with index.html and static/, served instead of our own page
    cookie_name : str, specific to the data directory, because all ports share cookies
    page_path : str, path of the page, with a trailing slash

    Raises
    ------
    SettingError : if the frontend has no index.html
    """
    blueprint = Blueprint("legacy", __name__)
    if frontend is None:
        _add_shared_script(blueprint, assets, page_path)
    _add_page(blueprint, OWN_FRONTEND if frontend is None else frontend.resolve(), page_path)
    _add_endpoints(blueprint, _Endpoints(sessions, cookie_name))
    return blueprint


def _add_shared_script(blueprint: Blueprint, assets: Path, page_path: str) -> None:
    @blueprint.get(f"{page_path}static/density.js")
    def density() -> Response:
        return send_from_directory(assets, "density.js")


def _add_page(blueprint: Blueprint, frontend: Path, page_path: str) -> None:
    if not (frontend / "index.html").is_file():
        raise SettingError(
            f"expected a directory with index.html and static/, got {frontend}",
            "GMM_LEGACY_FRONTEND",
        )

    @blueprint.get(page_path)
    def page() -> Response:
        return send_from_directory(frontend, "index.html")

    @blueprint.get(f"{page_path}static/<path:name>")
    def static(name: str) -> Response:
        return send_from_directory(frontend / "static", name)


def _add_endpoints(blueprint: Blueprint, endpoints: _Endpoints) -> None:
    blueprint.add_url_rule("/train", view_func=endpoints.train, methods=["POST"])
    blueprint.add_url_rule("/update", view_func=endpoints.update, methods=["POST"])
    blueprint.add_url_rule("/retrain", view_func=endpoints.retrain, methods=["POST"])
    blueprint.add_url_rule("/clear", view_func=endpoints.clear, methods=["POST"])
    blueprint.add_url_rule("/parameters", view_func=endpoints.parameters, methods=["GET"])
    blueprint.add_url_rule("/points", view_func=endpoints.points, methods=["GET"])


class _Endpoints:
    """The endpoints: each reads the request, calls one use-case and writes the answer."""

    def __init__(self, sessions: Sessions, cookie_name: str) -> None:
        self._sessions = sessions
        self._cookie_name = cookie_name

    def train(self) -> Response:
        """Train on the list of all points: online, or with `retrain=1` from scratch."""
        query = wire.read_query(request.args)
        points = wire.read_points(_json_body())
        train = self._train_from_scratch if query.from_scratch else self._train_online
        return train(query, points)

    def update(self) -> Response:
        """Train online on the list of all points."""
        query = wire.read_query(request.args)
        return self._train_online(query, wire.read_points(_json_body()))

    def retrain(self) -> Response:
        """Train from scratch on the points in the body; without a body, on the active points."""
        query = wire.read_query(request.args)
        if _body().strip():
            return self._train_from_scratch(query, wire.read_points(_json_body()))
        view = self._held(self._session_id())
        if query.n_components not in (None, view.n_components):
            view = self._sessions.configure(view.id, n_components=query.n_components)
        return self._scratch_answer(view, query.epochs, n_new=0)

    def parameters(self) -> Response:
        """Return the parameters of the newest model that was trained on all active points."""
        view = self._held(self._session_id())
        version, scratch, basis = view.online, view.scratch, view.basis
        if version is not None and scratch is not None and basis is not None and basis.current:
            version = max(version, scratch, key=lambda each: each.number)
        return self._answer(view, version, n_new=0, time_s=version.time_s if version else 0.0)

    def points(self) -> Response:
        """Return the active points in order of arrival, for a page that was loaded again."""
        try:
            view = self._held(self._session_id())
        except EmptyDataError:
            return _json_response(wire.write_points([], None))
        points = self._sessions.points(view.id).tolist()
        return _json_response(wire.write_points(points, view.n_components))

    def clear(self) -> Response:
        """Remove the points and models."""
        try:
            session_id = self._session_id()
            if session_id is not None:
                self._sessions.clear(session_id)
        except SessionNotFoundError:
            if request.headers.get("X-Session"):
                raise
            _log.info("nothing to clear: the session was deleted")
        return _json_response(b'{"status": "cleared"}')

    def _train_online(self, query: wire.Query, points: list[float]) -> Response:
        started_at = time.time()
        view, n_new = self._synchronise(query, points)
        version = view.online
        is_new = version is not None and version.created_at >= started_at
        time_s = version.time_s if version is not None and is_new else 0.0
        return self._answer(view, version, n_new=n_new, time_s=time_s)

    def _train_from_scratch(self, query: wire.Query, points: list[float]) -> Response:
        view, n_new = self._synchronise(query, points)
        return self._scratch_answer(view, query.epochs, n_new=n_new)

    def _synchronise(self, query: wire.Query, points: list[float]) -> tuple[SessionView, int]:
        def bring_up_to_date(session_id: str) -> tuple[SessionView, int]:
            n_components = query.n_components or self._sessions.view(session_id).n_components
            done = self._sessions.synchronise(session_id, points, n_components=n_components)
            return done.view, done.n_new

        return self._in_own_session(bring_up_to_date, query.n_components or DEFAULT_N_COMPONENTS)

    def _scratch_answer(self, view: SessionView, epochs: int, *, n_new: int) -> Response:
        run = self._sessions.trainings.train(view.id, method="em", epochs=epochs)
        if run.status == "cancelled":
            raise RefusedError("a newer training from scratch took the place of this one")
        if run.error is not None and run.error != DEFECT:
            raise BudgetError(run.error)
        if run.version is None:
            raise RuntimeError(
                f"session {short(view.id)}: training from scratch failed: {run.error}"
            )
        return self._answer(view, run.version, n_new=n_new, time_s=run.version.time_s)

    def _answer(
        self, view: SessionView, version: Optional[ModelVersion], *, n_new: int, time_s: float
    ) -> Response:
        if version is None:
            raise wire.no_points()
        body = wire.write_parameters(
            version, session_id=view.id, n_points=view.n_points, n_new=n_new, time_s=time_s
        )
        response = _json_response(body)
        if view.id != self._session_id():
            self._set_cookie(response, view.id)
        return response

    # ------------------------------------------------------------------ whose session

    def _session_id(self) -> Optional[str]:
        if "session_id" not in g:
            g.session_id = _named_session() or self._cookie_session_id()
        session_id: Optional[str] = g.session_id
        return session_id

    def _cookie_session_id(self) -> Optional[str]:
        value = request.cookies.get(self._cookie_name)
        if value is None:
            return None
        try:
            return _signer().unsign(value).decode()
        except (BadSignature, UnicodeDecodeError):
            return None  # not signed by us: ignore it

    def _set_cookie(self, response: Response, session_id: str) -> None:
        response.set_cookie(
            self._cookie_name,
            _signer().sign(session_id).decode(),
            max_age=_COOKIE_MAX_AGE_S,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure,
        )

    def _held(self, session_id: Optional[str]) -> SessionView:
        """Return the caller's session; EmptyDataError if it has no points."""
        try:
            view = None if session_id is None else self._sessions.view(session_id)
        except SessionNotFoundError:
            if request.headers.get("X-Session"):
                raise
            view = None
        if view is None or view.n_points == 0:
            raise wire.no_points()
        return view

    def _in_own_session(self, use_case: Callable[[str], T], n_components: int) -> T:
        """Call the use-case with the caller's session; create one if the cookie has none."""
        session_id = self._session_id()
        if session_id is not None:
            try:
                return use_case(session_id)
            except SessionNotFoundError:
                if request.headers.get("X-Session"):
                    raise
        created = self._sessions.create(n_components=n_components)
        try:
            return use_case(created.id)
        except GMMError:
            with suppress(GMMError):  # the store may be out of reach
                self._sessions.delete(created.id)  # the client never learns its id
            raise


def _named_session() -> Optional[str]:
    """Return the id in `X-Session`; SessionNotFoundError for a malformed one."""
    named = request.headers.get("X-Session")
    if named and not re.fullmatch(SESSION_ID_PATTERN, named):
        raise SessionNotFoundError(f"expected the id of a session, got {shown(named)}")
    return named


def _signer() -> Signer:
    key = current_app.secret_key
    if key is None:
        raise RuntimeError("expected the application to have a secret_key")
    return Signer(key, salt=_COOKIE_SALT)


def _json_body() -> bytes:
    if not bodies.is_json():
        came = request.content_type or "no content type"
        raise UnsupportedMediaType(f"expected application/json, got {came[:100]}")
    return _body()


def _body() -> bytes:
    try:
        return request.get_data()
    except RequestEntityTooLarge as error:
        came = "more" if request.content_length is None else str(request.content_length)
        limit = request.max_content_length
        raise RequestEntityTooLarge(f"expected at most {limit} bytes, got {came}") from error


def _json_response(body: bytes) -> Response:
    response = Response(body, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
