"""A session through the API, and answers checked against their documented models."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from pydantic import BaseModel

from dash_app import api_answers as answers

CLICKS = [-0.71, 0.42, -0.65, 0.38, -0.7]
SESSIONS = "/api/v1/sessions"
NOBODY = f"{SESSIONS}/{'0' * 32}"


def session_with_points(client: FlaskClient) -> str:
    """Create a session of two components with the points CLICKS; return its address."""
    made = client.post(SESSIONS, json={"n_components": 2})
    address: str = made.headers["Location"]
    client.post(f"{address}/points", json={"x": CLICKS})
    return address


def checked(answer: Any, model: type[BaseModel], status: int = 200) -> Any:
    """Check the answer against its documented model; return its JSON."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.mimetype == "application/json"
    model.model_validate(answer.json)
    return answer.json


def refused(answer: Any, status: int, code: str, field: Any = None) -> str:
    """Check the status, code and field of an error; return its message."""
    found = checked(answer, answers.ErrorAnswer, status)["error"]
    assert (found["code"], found["field"]) == (code, field), found
    message: str = found["message"]
    return message
