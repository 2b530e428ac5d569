"""Other orders of a session's points in the REST API."""

# flask-openapi3's decorators have no types that mypy could follow
# mypy: allow-untyped-decorators
from __future__ import annotations

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, OpenAPI, Tag
from pydantic import Field

from dash_app.api import PREFIX
from dash_app.api_answers import MixtureAnswer
from dash_app.api_requests import SessionPath
from dash_app.documents import orders_document
from dash_app.learning import LEARNERS
from dash_app.learning.points import MAX_SEED
from dash_app.sessions import Sessions
from dash_app.training.orders import MAX_SHUFFLES
from dash_app.web import documentation
from dash_app.web.model import Model

_ORDERS = Tag(name="orders", description="Where a learner ends if the points come otherwise.")


class OrdersQuery(Model):
    """Which learner is trained, and on how many shuffles."""

    learner: str = Field(
        "summary", pattern=f"^({'|'.join(LEARNERS)})$", description="the learner's name"
    )
    n_shuffles: int = Field(10, ge=0, le=MAX_SHUFFLES, description="number of further shuffles")
    seed: int = Field(
        0, ge=0, le=MAX_SEED, description="of the first shuffle; the others have the seeds after it"
    )


class EndAnswer(MixtureAnswer):
    """Where the learner ended."""

    order: str = Field(description="order of the points", examples=["sorted"])
    seed: int = Field(description="of the shuffle; without effect on other orders", examples=[0])
    tv_to_scratch: float = Field(
        description="total variation to the fit from scratch, 0 to 1", examples=[0.41]
    )
    n_touched: int = Field(
        description="points or atoms that the updates have read", examples=[1035]
    )


class OrdersAnswer(Model):
    """The ends of one learner after the same points in other orders."""

    learner: str = Field(description="the learner's name", examples=["gradient"])
    n_components: int = Field(description="number of components", examples=[3])
    n_points: int = Field(description="number of points", examples=[45])
    n_steps: int = Field(description="number of increments, at most 200", examples=[45])
    scratch: MixtureAnswer = Field(description="the fit from scratch to all points")
    orders: list[EndAnswer] = Field(
        description="arrival, sorted, reversed, clusters (one after the other) and shuffled"
    )
    shuffles: list[EndAnswer] = Field(description="further shuffles")
    revision: int = Field(description="revision of the session", examples=[45])
    time_s: float = Field(description="wall seconds of the computation", examples=[0.4])


def register(server: OpenAPI, sessions: Sessions) -> None:
    """Add the orders to the server."""
    api = APIBlueprint(
        "orders", __name__, url_prefix=PREFIX, abp_responses=documentation.error_responses()
    )

    @api.get("/sessions/<session_id>/orders", tags=[_ORDERS], responses={200: OrdersAnswer})
    def get_orders(path: SessionPath, query: OrdersQuery) -> Response:
        """Train a learner on the active points in other orders; return where it ends.

        The increments keep their sizes. It may take seconds, and ends if the client disconnects.
        """
        found = sessions.orders.of(path.session_id, query.learner, query.n_shuffles, query.seed)
        return jsonify(orders_document(found))

    server.register_api(api)
