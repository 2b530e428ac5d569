"""Bodies of the API's requests, checked before a model reads them.

flask-openapi3 would report a body that is not JSON as an invalid value, and would parse a text in
it as JSON once more, without the limits of `json_text`.
"""

from __future__ import annotations

from typing import Optional

from flask import Response, request
from werkzeug.exceptions import UnsupportedMediaType

from dash_app.web import error_handlers, fields


def is_json() -> bool:
    """Whether the body is application/json; Flask's own check takes application/*+json too."""
    return request.mimetype == "application/json"


def check_object(*, optional: bool) -> Optional[Response]:
    """Return the refusal of a body that is not a JSON object, or None; `optional`: may be empty.

    Raises
    ------
    BadRequest, UnsupportedMediaType : the body is not JSON
    """
    if request.method == "OPTIONS":  # it asks for the methods of the address
        return None
    if optional and not request.content_length and not request.data:
        return None
    if not is_json():
        raise UnsupportedMediaType
    value = request.get_json()  # kept for the model
    if isinstance(value, dict):
        return None
    return error_handlers.answer(422, "invalid", f"expected an object, got {fields.shown(value)}")
