"""JSON for the page, in addition to the documents of the API. The browser computes the curves.

Losses are -J, the penalised negative log-likelihood, in nats per point.
"""

from __future__ import annotations

from typing import Any

from dash_app.documents import difference_document, playing_document, session_document
from dash_app.errors import GMMError, RateError, StoreBusyError, StoreError
from dash_app.learning.histogram import Histogram
from dash_app.sessions import Sessions, SessionView

Json = dict[str, Any]

MAX_POINTS = 5_000
"""Most points that an answer lists; beyond, single points cannot be told apart on a plot."""


def view_json(sessions: Sessions, view: SessionView) -> Json:
    """Return the current session, with the difference between its models."""
    difference = difference_document(sessions.models.difference(view))
    playing = playing_document(sessions.plays.playing(view))
    return {**session_document(view), "comparison": difference, "playing": playing}


def whole_json(sessions: Sessions, session_id: str) -> Json:
    """Return the current session and its points in order of arrival; a histogram of very many."""
    view, points = sessions.whole(session_id, most=MAX_POINTS)
    seen: Json = {"view": view_json(sessions, view)}
    if isinstance(points, Histogram):
        counted = {"edges": points.edges.tolist(), "counts": points.counts.tolist()}
        return {**seen, "points": None, "histogram": counted}
    return {**seen, "points": points.tolist()}


def refusal_json(error: GMMError) -> Json:
    """Return what the page makes of a request that was not carried out.

    `again` where the error passes by itself: the page keeps the request and repeats it later.
    `error` where it does not: the page shows it beside its field and goes on.
    """
    if error.retry_after_s is None:
        return {"error": {"message": str(error), "field": error.field}}
    if isinstance(error, StoreError) and not isinstance(error, StoreBusyError):
        reason = "store"
    else:
        reason = "rate" if isinstance(error, RateError) else "busy"
    after_ms = 1000 * error.retry_after_s
    return {"again": {"reason": reason, "message": str(error), "after_ms": after_ms}}
