"""Requests as the provided page sends them, and their answers."""

from __future__ import annotations

from typing import Any

import numpy as np
from flask.testing import FlaskClient
from numpy.typing import ArrayLike
from werkzeug.test import TestResponse

TWO_CLUMPS = [-0.62, 0.41, -0.58, 0.44, -0.6, 0.39, -0.55, 0.47]


def body(points: ArrayLike) -> dict[str, Any]:
    return {"coordinates": [{"x": float(x), "y": 0} for x in np.asarray(points)]}


def post(client: FlaskClient, path: str, points: ArrayLike, **headers: str) -> dict[str, Any]:
    response = client.post(path, json=body(points), headers=headers)
    assert response.status_code == 200, response.get_data(as_text=True)
    answer: dict[str, Any] = response.get_json()
    return answer


def error(response: TestResponse) -> dict[str, Any]:
    body = response.get_json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "field"}
    error: dict[str, Any] = body["error"]
    return error
