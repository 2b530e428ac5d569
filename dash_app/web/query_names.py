"""Refuse a name in a query that the endpoint does not have, by the OpenAPI specification.

A model of the query refuses it too, but most endpoints have none.
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
        unknown = [] if names is None else [name for name in request.args if name not in names]
        if not unknown:
            return None
        name, value = unknown[0], request.args[unknown[0]]
        message = f"expected no value of this name, got {fields.shown(value)}"
        return error_handlers.answer(422, "invalid", message, name)

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
