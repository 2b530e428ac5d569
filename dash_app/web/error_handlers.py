"""Error handlers: every error answer over HTTP, for every front end, is a JSON document.

{"error": {"code": "out_of_range", "message": "expected ..., got ...", "field": "n_components"}}
"""

from __future__ import annotations

import json
import logging
import re
from typing import Any, Optional

from dash.exceptions import DashException, DependencyException, InvalidResourceError
from flask import Flask, Response, jsonify, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from dash_app import errors
from dash_app.web import fields
from dash_app.web.json_text import StructureError

_log = logging.getLogger(__name__)

_ID_IN_PATH = re.compile(r"(?<=/sessions/)([^/]{1,8})[^/]*")

STATUS: dict[type[errors.GMMError], tuple[int, str]] = {
    errors.EmptyDataError: (422, "empty"),
    errors.NonFiniteError: (422, "not_finite"),
    errors.OutOfRangeError: (422, "out_of_range"),
    errors.ShapeError: (422, "not_a_list_of_numbers"),
    errors.UnknownPointError: (409, "unknown_point"),
    errors.DataError: (422, "unusable"),
    errors.StateError: (422, "unreadable_state"),
    errors.RefusedError: (409, "refused"),
    errors.ConflictError: (409, "conflict"),
    errors.SessionNotFoundError: (404, "session_not_found"),
    errors.RunNotFoundError: (404, "run_not_found"),
    errors.TimelineNotFoundError: (404, "timeline_not_found"),
    errors.BudgetError: (422, "over_budget"),
    errors.RateError: (429, "too_many"),
    errors.BusyError: (503, "busy"),
    errors.StoreError: (503, "store_unavailable"),
}
"""Status and code by class; the first entry in the exception's MRO applies."""

_HTTP_CODES = {
    400: "malformed",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "not_json",
}

_NAMES_ON_THE_WIRE = {"points": "x"}


def answer(status: int, code: str, message: str, field: Optional[str] = None) -> Response:
    """Return an error as JSON."""
    response: Response = jsonify(error={"code": code, "message": message, "field": field})
    response.status_code = status
    return response


def of_error(error: errors.GMMError) -> Response:
    """Return the answer to an exception of the project."""
    kinds = (kind for kind in type(error).__mro__ if kind in STATUS)
    status, code = STATUS.get(next(kinds, errors.GMMError), (500, "internal"))
    if status >= 500:
        level = logging.INFO if isinstance(error, errors.BusyError) else logging.ERROR
        _log.log(level, "%s %s: %s", request.method, _logged_path(), errors.with_cause(error))
    field = error.field
    if request.path.startswith("/api/"):
        field = _NAMES_ON_THE_WIRE.get(field or "", field)
    response = answer(status, code, str(error), field)
    if error.retry_after_s is not None:
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def of_validation(error: ValidationError) -> Response:
    """Return the answer to a request that does not fit its model; it names the first fault."""
    place, message = fields.fault(error)
    if place and place[0] in ("session_id", "run_id", "timeline_id"):
        kind = place[0].split("_")[0]
        got = fields.shown(error.errors(include_url=False)[0]["input"])
        return answer(404, f"{kind}_not_found", f"expected the id of a {kind}, got {got}")
    return answer(422, "invalid", message, ".".join(place) or None)


def register(server: Flask) -> None:
    """Register the error handlers on the server."""
    server.register_error_handler(errors.GMMError, of_error)
    server.register_error_handler(HTTPException, _of_http)
    server.register_error_handler(DependencyException, _of_unknown_file)
    server.register_error_handler(InvalidResourceError, _of_unknown_file)
    server.register_error_handler(Exception, _of_defect)


def _of_http(error: HTTPException) -> Any:
    original = error.get_response()
    if original.status_code < 400 or original.mimetype == "application/json":
        return original
    status = error.code or 500
    code = _HTTP_CODES.get(status, str(error.name).lower().replace(" ", "_"))
    response = answer(status, code, _http_message(status, error))
    for name in ("Allow", "Retry-After"):
        if name in original.headers:
            response.headers[name] = original.headers[name]
    return response


def _http_message(status: int, error: HTTPException) -> str:
    if status == 400:
        return _malformed(error)
    if status == 404:
        return f"expected a known address, got {request.path}"
    if status == 405:
        allowed = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
        return f"expected a method of {allowed} at {request.path}, got {request.method}"
    if status == 413:
        return f"expected at most {request.max_content_length} bytes, got more"
    if status == 415:
        came = request.content_type or "none"
        return f"expected the content type application/json, got {came[:60]}"
    return error.description or str(error.name)


def _malformed(error: HTTPException) -> str:
    reason: Optional[BaseException] = error
    while reason is not None and not isinstance(reason, ValueError):
        reason = reason.__cause__ or reason.__context__
    if isinstance(reason, StructureError):
        return str(reason)
    if isinstance(reason, json.JSONDecodeError) and not reason.doc.strip():
        return "expected a body of JSON, got an empty one"
    unread = "expected a body of JSON, got one that cannot be read"
    return unread if reason is None else f"{unread}: {str(reason)[:200]}"


def _of_unknown_file(_error: DashException) -> Response:
    return answer(404, "not_found", f"expected a known address, got {request.path}")


def _of_defect(_error: Exception) -> Response:
    _log.exception("%s %s failed", request.method, _logged_path())
    return answer(500, "internal", "the server failed at this request; its log says why")


def _logged_path() -> str:
    return _ID_IN_PATH.sub(r"\1", request.path)  # a whole session id gives access
