"""The number of components in the REST API: criteria for 1, 2, ... components."""

# flask-openapi3's decorators have no types that mypy could follow
# mypy: allow-untyped-decorators
from __future__ import annotations

from typing import Optional

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, OpenAPI, Tag
from pydantic import Field

from dash_app.api import PREFIX
from dash_app.api_requests import SessionPath
from dash_app.documents import selection_document
from dash_app.sessions import Sessions
from dash_app.web import documentation
from dash_app.web.model import Model

_SELECTION = Tag(name="selection", description="How many components the points ask for.")


class BestAnswer(Model):
    """The number of components where each criterion is least."""

    bic: int = Field(description="by BIC", examples=[3])
    aic: int = Field(description="by AIC", examples=[4])
    icl: int = Field(description="by ICL", examples=[2])
    held_out: int = Field(description="by the loss of held-out points", examples=[4])


class SelectionAnswer(Model):
    """Criteria for 1, 2, ... components; all lists have the same length. Lower is better."""

    n_components: list[int] = Field(
        description="1, 2, ...; at most 10, at most (n + 1) / 3 for n points, and at most the "
        "number of atoms",
        examples=[[1, 2, 3]],
    )
    bic: list[float] = Field(
        description="-2 log L + log n (3 K - 1), nats times 2, over all points",
        examples=[[851.5, 588.0, 585.9]],
    )
    aic: list[float] = Field(
        description="-2 log L + 2 (3 K - 1), nats times 2, over all points",
        examples=[[844.3, 570.0, 557.1]],
    )
    icl: list[float] = Field(
        description="BIC and twice the entropy of the responsibilities, over all points",
        examples=[[851.5, 591.6, 654.9]],
    )
    held_out: list[float] = Field(
        description="mean negative log-likelihood of held-out points in 5 folds, nats per point",
        examples=[[1.556, 1.048, 1.028]],
    )
    held_out_se: list[float] = Field(
        description="standard error of the difference of `held_out` to its least value, nats per "
        "point; 0 there",
        examples=[[0.062, 0.021, 0.015]],
    )
    best: BestAnswer = Field(description="the number of components that each criterion takes")
    within_se: int = Field(
        description="fewest components whose `held_out` exceeds the least one by at most one "
        "standard error",
        examples=[3],
    )
    reason: Optional[str] = Field(
        description="one sentence that says why the criteria disagree; null where they agree",
        examples=["AIC takes 4 and BIC 3: a further component costs 6 in AIC and 16.8 in BIC."],
    )
    n_points: int = Field(description="number of active points", examples=[272])
    revision: int = Field(description="revision of the session", examples=[272])
    time_s: float = Field(description="wall seconds of the computation", examples=[0.2])


def register(server: OpenAPI, sessions: Sessions) -> None:
    """Add the selection to the server."""
    api = APIBlueprint(
        "selection", __name__, url_prefix=PREFIX, abp_responses=documentation.error_responses()
    )

    @api.get(
        "/sessions/<session_id>/selection", tags=[_SELECTION], responses={200: SelectionAnswer}
    )
    def get_selection(path: SessionPath) -> Response:
        """Compare numbers of components by BIC, AIC, ICL and held-out loss.

        It reads the summary of the online learner. A session with a half-life is
        refused, also if one was set only while some of the points came.
        """
        return jsonify(selection_document(sessions.selections.of(path.session_id)))

    server.register_api(api)
