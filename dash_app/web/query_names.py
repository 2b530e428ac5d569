"""Refuse a name in a query that is there twice, or that the endpoint does not have.

The names are those of the OpenAPI specification. A model of the query refuses an unknown name too,
but most endpoints have none; of two values it would see the first alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Optional

from flask import Flask, Response, request

from dash_app.web import error_handlers, fields

_PROBES = ("/healthz", "/readyz")
"""They take any name: a probe may add one so that no cache answers it."""


def register(server: Flask, specification: Callable[[], dict[str, Any]]) -> None:
    """Check the query of each request to an endpoint of the specification."""

    @cache
    def known() -> dict[tuple[str, str], set[str]]:
        return _names(specification())

    def check() -> Optional[Response]:
        if not request.query_string or request.url_rule is None:
            return None
        method = "GET" if request.method == "HEAD" else request.method
        path = re.sub(r"<(\w+)>", r"{\1}", request.url_rule.rule)
        names = None if path in _PROBES else known().get((method, path))
        if names is None:
            return None
        for name, values in request.args.lists():
            if name not in names:
                message = f"expected no value of this name, got {fields.shown(values[0])}"
                return error_handlers.answer(422, "invalid", message, name)
            if len(values) > 1:
                message = f"expected one value of this name, got {fields.shown(values)}"
                return error_handlers.answer(422, "invalid", message, name)
        return None

    server.before_request(check)


def _names(specification: dict[str, Any]) -> dict[tuple[str, str], set[str]]:
    """Return the names of each operation's query, by method and path."""
    return {
        (method.upper(), path): {
            each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"
        }
        for path, item in specification["paths"].items()
        for method, operation in item.items()
    }
