"""The REST API under /api/v1. Each endpoint reads a model, calls one use-case, returns a document.

The specification is at /openapi/openapi.json. An interactive page is at /openapi.
"""

# flask-openapi3's decorators have no types that mypy could follow
# mypy: allow-untyped-decorators
from __future__ import annotations

from typing import Optional

from flask import Response, current_app, jsonify, request
from flask_openapi3 import APIBlueprint, OpenAPI, Tag

from dash_app.api_answers import (
    ComparisonAnswer,
    DensityAnswer,
    ErrorAnswer,
    HealthAnswer,
    ModelAnswer,
    ModelsAnswer,
    OperationsAnswer,
    PointsAnswer,
    RunAnswer,
    SessionAnswer,
)
from dash_app.api_requests import (
    DensityQuery,
    LogQuery,
    ModelQuery,
    NewSession,
    NewSessionHeader,
    NoValues,
    OnceHeader,
    PageQuery,
    Points,
    PointsQuery,
    RunPath,
    SessionChange,
    SessionPath,
    Training,
    Undo,
)
from dash_app.documents import (
    comparison_document,
    model_document,
    operation_document,
    run_document,
    session_document,
)
from dash_app.learning import Mixture
from dash_app.learning.grid import component_positions, grid
from dash_app.learning.mixture import Array
from dash_app.records.runs import ALIVE
from dash_app.sessions import Sessions
from dash_app.web import bodies
from dash_app.web.documentation import error_responses
from dash_app.web.signing import derived_id

VALIDATION_MODEL = ErrorAnswer
PREFIX = "/api/v1"

_REACH_STDS = 4.0
"""Default range of a density, in standard deviations beyond the outermost components."""
_BODY_OPTIONAL = {"create_session", "train", "undo", "redo", "clear", "cancel_run"}

_SESSIONS = Tag(name="sessions", description="One person's points, settings and models.")
_POINTS = Tag(name="points", description="Each change trains the online model at once.")
_MODELS = Tag(name="models", description="Results of the trainings.")
_SERVER = Tag(name="server", description="Health of the server.")


_api = APIBlueprint(
    "api",
    __name__,
    url_prefix=PREFIX,
    abp_responses=error_responses(),
)


def register(server: OpenAPI, sessions: Sessions) -> None:
    """Add the API to the server; `server.extensions` must have the sessions."""
    assert server.extensions["sessions"] is sessions
    server.register_api(_api)

    answers = {200: HealthAnswer, **error_responses(421, 503)}

    @server.get("/healthz", tags=[_SERVER], responses=answers)
    def health() -> Response:
        """Check that the server is up and reaches its store."""
        sessions.store.ping()
        return jsonify(status="ok")

    @server.get("/readyz", tags=[_SERVER], responses=answers)
    def readiness() -> Response:
        """Answer if the server accepts new work: it reaches its store and is not stopping."""
        sessions.check_accepts_work()
        return jsonify(status="ok")


def _sessions() -> Sessions:
    found: Sessions = current_app.extensions["sessions"]
    return found


@_api.before_request
def _check_body() -> Optional[Response]:
    """Refuse a body that is not a JSON object; endpoints without a body ignore it."""
    endpoint = (request.endpoint or "").rpartition(".")[2]
    if endpoint not in _WITH_BODY:
        return None
    return bodies.check_object(optional=endpoint in _BODY_OPTIONAL)


_WITH_BODY = {*_BODY_OPTIONAL, "change_session", "add_points", "remove_points"}


# ---------------------------------------------------------------------- sessions


@_api.post("/sessions", tags=[_SESSIONS], responses={201: SessionAnswer})
def create_session(
    header: NewSessionHeader, body: NewSession
) -> tuple[Response, int, dict[str, str]]:
    """Create a session. A repeated request with the same key returns the same session."""
    key = header.idempotency_key
    session_id = derived_id(current_app.secret_key, key) if key else None
    view = _sessions().create(**body.model_dump(), session_id=session_id)
    return jsonify(session_document(view)), 201, {"Location": f"{PREFIX}/sessions/{view.id}"}


@_api.get("/sessions/<session_id>", tags=[_SESSIONS], responses={200: SessionAnswer})
def get_session(path: SessionPath) -> Response:
    """Return the session with its current models."""
    return jsonify(session_document(_sessions().view(path.session_id)))


@_api.patch("/sessions/<session_id>", tags=[_SESSIONS], responses={200: SessionAnswer})
def change_session(path: SessionPath, header: OnceHeader, body: SessionChange) -> Response:
    """Change the number of components, the half-life or the capacity.

    A new number of components retrains the online model on its summary of the points. A new
    capacity builds the summary again from all points.
    """
    named = body.model_dump(include=body.model_fields_set)
    view = _sessions().configure(path.session_id, **named, idempotency_key=header.idempotency_key)
    return jsonify(session_document(view))


@_api.delete("/sessions/<session_id>", tags=[_SESSIONS], responses={204: None})
def delete_session(path: SessionPath) -> tuple[str, int]:
    """Delete the session with all its points, models and history.

    An operator can restore it for a day. Then it is removed for good.
    """
    _sessions().delete(path.session_id)
    return "", 204


# ---------------------------------------------------------------------- points


@_api.post("/sessions/<session_id>/points", tags=[_POINTS], responses={200: SessionAnswer})
def add_points(path: SessionPath, header: OnceHeader, body: Points) -> Response:
    """Add an increment and train the online model on it. It is on disk before the answer."""
    view = _sessions().add(path.session_id, body.x, idempotency_key=header.idempotency_key)
    return jsonify(session_document(view))


@_api.get("/sessions/<session_id>/points", tags=[_POINTS], responses={200: PointsAnswer})
def get_points(path: SessionPath, query: PointsQuery) -> Response:
    """Return a page of the active points in order of arrival, and the number of all."""
    points = _sessions().points(path.session_id)
    page = points[query.offset : query.offset + query.limit]
    return jsonify(x=page.tolist(), offset=query.offset, n_points=points.size)


@_api.delete("/sessions/<session_id>/points", tags=[_POINTS], responses={200: SessionAnswer})
def remove_points(path: SessionPath, header: OnceHeader, body: Points) -> Response:
    """Remove the last occurrence of each point.

    It is refused with a half-life, and if any of the points came while one was set.
    """
    view = _sessions().remove(path.session_id, body.x, idempotency_key=header.idempotency_key)
    return jsonify(session_document(view))


@_api.post("/sessions/<session_id>/undo", tags=[_POINTS], responses={200: SessionAnswer})
def undo(path: SessionPath, header: OnceHeader, body: Undo) -> Response:
    """Undo the last change of points or settings. A training from scratch stays.

    With `n_points` one undo goes back to the newest earlier state with that many points; one redo
    takes it back.
    """
    view = _sessions().undo(
        path.session_id, n_points=body.n_points, idempotency_key=header.idempotency_key
    )
    return jsonify(session_document(view))


@_api.post("/sessions/<session_id>/redo", tags=[_POINTS], responses={200: SessionAnswer})
def redo(path: SessionPath, header: OnceHeader, body: NoValues) -> Response:
    """Redo the last undone change."""
    view = _sessions().redo(path.session_id, idempotency_key=header.idempotency_key)
    return jsonify(session_document(view))


@_api.post("/sessions/<session_id>/clear", tags=[_POINTS], responses={200: SessionAnswer})
def clear(path: SessionPath, header: OnceHeader, body: NoValues) -> Response:
    """Remove the points and models; the settings and the log stay."""
    view = _sessions().clear(path.session_id, idempotency_key=header.idempotency_key)
    return jsonify(session_document(view))


# ---------------------------------------------------------------------- models


@_api.post(
    "/sessions/<session_id>/train",
    tags=[_MODELS],
    responses={200: RunAnswer, 202: RunAnswer},
)
def train(
    path: SessionPath, header: OnceHeader, body: Training
) -> tuple[Response, int, dict[str, str]]:
    """Train from scratch on all active points. A queued or running training is cancelled.

    The answer is 200 with the ended run. After `wait_s` it is 202 with the queued or running run;
    poll its address or follow the session's events. It is 202 at once if too many requests wait.
    """
    run = _sessions().trainings.train(
        path.session_id,
        method=body.method,
        epochs=body.epochs,
        timeout_s=body.wait_s,
        idempotency_key=header.idempotency_key,
    )
    location = f"{PREFIX}/sessions/{path.session_id}/runs/{run.id}"
    status = 202 if run.status in ALIVE else 200
    return jsonify(run_document(run)), status, {"Location": location}


@_api.get("/sessions/<session_id>/runs/<run_id>", tags=[_MODELS], responses={200: RunAnswer})
def get_run(path: RunPath) -> Response:
    """Return a training from scratch with its losses so far."""
    return jsonify(run_document(_sessions().trainings.run(path.session_id, path.run_id)))


@_api.post(
    "/sessions/<session_id>/runs/<run_id>/cancel",
    tags=[_MODELS],
    responses={200: RunAnswer},
)
def cancel_run(path: RunPath, body: NoValues) -> Response:
    """Stop a training; a training that has ended does not change."""
    return jsonify(run_document(_sessions().trainings.cancel(path.session_id, path.run_id)))


@_api.get("/sessions/<session_id>/parameters", tags=[_MODELS], responses={200: ModelAnswer})
def get_parameters(path: SessionPath, query: ModelQuery) -> Response:
    """Return the current model."""
    return jsonify(model_document(_sessions().models.current(path.session_id, query.model)))


@_api.get("/sessions/<session_id>/comparison", tags=[_MODELS], responses={200: ComparisonAnswer})
def get_comparison(path: SessionPath) -> Response:
    """Compare the online model with the model from scratch."""
    return jsonify(comparison_document(_sessions().models.compare(path.session_id)))


@_api.get("/sessions/<session_id>/density", tags=[_MODELS], responses={200: DensityAnswer})
def get_density(path: SessionPath, query: DensityQuery) -> Response:
    """Return the current model's density; the positions resolve every component."""
    mixture = _sessions().models.current(path.session_id, query.model).mixture
    x = _positions(mixture, query)
    return jsonify(x=x.tolist(), density=mixture.density(x).tolist())


@_api.get("/sessions/<session_id>/models", tags=[_MODELS], responses={200: ModelsAnswer})
def get_models(path: SessionPath, query: PageQuery) -> Response:
    """Return a page of the model versions, oldest first, and the number of all."""
    models = _sessions().models
    versions = models.versions(path.session_id, after=query.after, limit=query.limit)
    _, n_models = models.totals(path.session_id)
    return jsonify(models=[model_document(version) for version in versions], n_models=n_models)


@_api.get(
    "/sessions/<session_id>/operations",
    tags=[_SESSIONS],
    responses={200: OperationsAnswer},
)
def get_operations(path: SessionPath, query: LogQuery) -> Response:
    """Return a page of the operation log, oldest first, and the number of all operations.

    Of a long increment it has the first points.
    """
    found = _sessions().operations(path.session_id, after=query.after, limit=query.limit)
    n_operations, _ = _sessions().models.totals(path.session_id)
    lines = [operation_document(each, query.x_limit) for each in found]
    return jsonify(operations=lines, n_operations=n_operations)


def _positions(mixture: Mixture, query: DensityQuery) -> Array:
    own = component_positions([mixture], _REACH_STDS)
    low = query.low if "low" in query.model_fields_set else float(own[0])
    high = query.high if "high" in query.model_fields_set else float(own[-1])
    low, high = sorted((low, high))
    return grid([mixture], low, high, n_equal=query.n, reach_stds=_REACH_STDS)
