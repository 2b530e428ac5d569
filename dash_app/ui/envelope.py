"""Check the JSON that Dash's renderer sends, before Dash runs a callback of the server.

Dash finds some faults only after the callback has run: a training, say. The answer would be a 500.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash
from flask import Flask, request

from dash_app.errors import ShapeError

Json = dict[str, Any]


def register_envelope(app: dash.Dash, server: Flask) -> None:
    """Reject malformed callback requests."""
    address = f"{app.config.requests_pathname_prefix}_dash-update-component"

    def check_request() -> None:
        if request.method == "POST" and request.path == address:
            check(app.callback_map, request.get_json())

    server.before_request(check_request)


def check(callbacks: Mapping[str, Json], body: Any) -> None:
    """Raise ShapeError unless the body calls a callback with exactly its inputs and state.

    Parameters
    ----------
    callbacks : Dash's callback map, by output
    body : JSON of the request
    """
    if not isinstance(body, dict):
        raise ShapeError("expected an object that names a callback, got none")
    output = body.get("output")
    if not isinstance(output, str):
        raise ShapeError("expected the output of a callback of the server", "output")
    callback = callbacks.get(output, {})
    if "callback" not in callback:  # a clientside callback has none
        raise ShapeError("expected the output of a callback of the server", "output")
    if not callback["no_output"]:
        written = output.strip(".").split("...") if output.startswith("..") else [output]
        places = body.get("outputs")
        _check_places("outputs", places if output.startswith("..") else [places], written)
    taken = {part: [_name(place) for place in callback[part]] for part in ("inputs", "state")}
    for part, names in taken.items():
        _check_places(part, body.get(part, []), names)
    changed = body.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(name in taken["inputs"] for name in changed):
        raise ShapeError(f"expected names of {taken['inputs']}", "changedPropIds")


def _check_places(part: str, places: Any, names: list[str]) -> None:
    if not isinstance(places, list) or [_name(place) for place in places] != names:
        raise ShapeError(f"expected id and property of {', '.join(names) or 'nothing'}", part)


def _name(place: Any) -> str:
    """Return "id.property"; "" for a malformed place."""
    if not isinstance(place, dict):
        return ""
    name, attribute = place.get("id"), place.get("property")
    is_text = isinstance(name, str) and isinstance(attribute, str)
    return f"{name}.{attribute}" if is_text else ""
