"""The exercise's endpoints, as the API's documentation describes them."""

from __future__ import annotations

from typing import Any

from dash_app.learning.points import MAX_COMPONENTS, MAX_MAGNITUDE
from dash_app.records.runs import MAX_EPOCHS
from dash_app.web.documentation import error_responses
from legacy.wire import DEFAULT_EPOCHS

TAG = "exercise"
ABOUT = (
    "What the page of the exercise asks for: all points, each time. A signed cookie names the "
    "session, or the header X-Session. In this browser it is the session of /legacy/."
)

_NUMBER = {"type": "number", "minimum": -MAX_MAGNITUDE, "maximum": MAX_MAGNITUDE}
_POINTS = {
    "type": "object",
    "required": ["coordinates"],
    "properties": {
        "coordinates": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["x"],
                "properties": {"x": _NUMBER, "y": _NUMBER},
            },
        }
    },
}
_CLICKS = {"coordinates": [{"x": -0.71, "y": 0}, {"x": -0.62, "y": 0}, {"x": 0.42, "y": 0}]}
_LIST = {"type": "array", "items": {"type": "number"}}
_PARAMETERS = {
    "type": "object",
    "required": [
        "pi",
        "mu",
        "sigma",
        "std",
        "mode",
        "n_points",
        "n_new",
        "loss",
        "time",
        "session",
    ],
    "properties": {
        "pi": {**_LIST, "description": "mixing weights"},
        "mu": {**_LIST, "description": "means, data units"},
        "sigma": {**_LIST, "description": "VARIANCES, data units squared"},
        "std": {**_LIST, "description": "standard deviations, at least 1e-3, data units"},
        "mode": {"enum": ["online", "scratch"]},
        "n_points": {"type": "integer", "description": "number of points of the session"},
        "n_new": {"type": "integer", "description": "number of points that are new"},
        "loss": {"type": "number", "description": "mean negative log-likelihood, nats per point"},
        "time": {"type": "number", "description": "duration of the training, seconds"},
        "session": {"type": "string", "description": "the session's id"},
    },
}
_TRAINED = {
    "pi": [0.6666666666666666, 0.33333333333333326],
    "mu": [-0.665, 0.42000000000000004],
    "sigma": [0.006828240740740741, 0.008217361111111111],
    "std": [0.08263316973673913, 0.09064966139545758],
    "mode": "online",
    "n_points": 3,
    "n_new": 3,
    "loss": -0.8081735701913595,
    "time": 0.026739590000033786,
    "session": "7a0c6320cd058bfbf5943bbeff41a2bd",
}


def paths() -> dict[str, Any]:
    """Return the path items of an OpenAPI specification."""
    n_components = _whole(
        "n_components", MAX_COMPONENTS, "number of components; default: no change"
    )
    epochs = _whole(
        "epochs",
        MAX_EPOCHS,
        f"bound of the steps from scratch; default {DEFAULT_EPOCHS}",
    )
    retrain = _whole("retrain", 1, "1: train from scratch instead of online", low=0)
    ignored = _whole("retrain", 1, "without effect here", low=0)
    settings = [n_components, epochs]
    return {
        "/train": {
            "post": _training(
                "Train online on a list of all points, or from scratch with `retrain=1`.",
                [*settings, retrain],
            )
        },
        "/update": {
            "post": _training("Train online on a list of all points.", [*settings, ignored])
        },
        "/retrain": {
            "post": _training(
                "Train from scratch; without a body, on the points of the session.",
                [*settings, ignored],
                body_required=False,
            )
        },
        "/parameters": {
            "get": _operation(
                "Return the newest parameters without training.",
                _PARAMETERS,
                _TRAINED,
                (404, 422, 503),
            )
        },
        "/points": {
            "get": _operation(
                "Return all points, in the form in which a page sends them.",
                {"type": "object", "required": ["coordinates", "n_components"]},
                {**_CLICKS, "n_components": 2},
                (404, 422, 503),
            )
        },
        "/clear": {
            "post": _operation(
                "Remove the points and models.",
                {"type": "object"},
                {"status": "cleared"},
                (403, 404, 422, 503),
            )
        },
    }


def _training(
    summary: str, parameters: list[dict[str, Any]], *, body_required: bool = True
) -> dict[str, Any]:
    body = {"application/json": {"schema": _POINTS, "example": _CLICKS}}
    return {
        **_operation(summary, _PARAMETERS, _TRAINED, (400, 403, 404, 409, 413, 415, 422, 429, 503)),
        "parameters": parameters,
        "requestBody": {"content": body, "required": body_required},
    }


def _operation(
    summary: str, schema: dict[str, Any], example: dict[str, Any], errors: tuple[int, ...]
) -> dict[str, Any]:
    answer = {"application/json": {"schema": schema, "example": example}}
    refusals = {str(status): each for status, each in error_responses(421, *errors).items()}
    return {
        "tags": [TAG],
        "summary": summary,
        "responses": {"200": {"description": "OK", "content": answer}, **refusals},
    }


def _whole(name: str, high: int, description: str, *, low: int = 1) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": low, "maximum": high}
    return {"name": name, "in": "query", "schema": schema, "description": description}
