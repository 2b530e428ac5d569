"""Timelines in the REST API: learners side by side along the stream of a session's points.

A timeline can be followed by its events, or polled by `after`.
"""

# flask-openapi3's decorators have no types that mypy could follow
# mypy: allow-untyped-decorators
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated, Any, Literal, Optional

from flask import Response, jsonify, request
from flask_openapi3 import APIBlueprint, OpenAPI, Tag
from pydantic import Field

from dash_app.api import PREFIX
from dash_app.api_requests import NoValues, SessionPath
from dash_app.documents import record_document, timeline_document
from dash_app.journal.watch import Watch
from dash_app.learning import LEARNERS
from dash_app.sessions import Sessions
from dash_app.training.timelines import Timeline
from dash_app.web import bodies, documentation, event_streams, fields
from dash_app.web.model import Model, with_example

HEARTBEAT_S = 1.0
"""Time without an event after which a comment is sent, to detect a lost connection."""

_TIMELINES = Tag(name="timelines", description="Learners side by side on the same stream.")
_ADDRESS = "/sessions/<session_id>/timelines"
_ID = "45-3-arrival-0-summary-scratch"
_STREAM = {
    "description": "the stream; it ends with the timeline",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}


_Name = Annotated[str, Field(pattern=f"^({'|'.join(LEARNERS)})$")]


class NewTimeline(Model):
    """Which learners are compared, and on what order of the points."""

    model_config = with_example({"learners": ["summary", "scratch"], "order": "arrival"})

    learners: list[_Name] = Field(
        ["summary", "scratch"],
        min_length=1,
        max_length=len(LEARNERS),
        description="names, each once",
        json_schema_extra={"uniqueItems": True},
    )
    order: Literal["arrival", "sorted", "reversed", "clusters", "shuffled"] = Field(
        "arrival", description="order in which the learners get the points"
    )
    seed: Optional[fields.Seed] = Field(
        None,
        description="of the shuffled order and of the learners; default: that of the session",
        examples=[0],
    )
    n_components: Optional[fields.Components] = Field(
        None, description="default: that of the session", examples=[3]
    )


class TimelinePath(SessionPath):
    """Path of a timeline."""

    timeline_id: fields.TimelineId = Field(
        description="the timeline's id; it says what the timeline is made of",
        json_schema_extra={"example": _ID},
    )


class TimelineQuery(Model):
    """Which records to return."""

    after: int = Field(0, ge=0, le=1_000_000, description="leave out this many of the first")


class RecordAnswer(Model):
    """One learner after one increment."""

    learner: str = Field(examples=["summary"])
    n_points: int = Field(description="points so far", examples=[45])
    weights: list[float] = Field(examples=[[0.5, 0.5]])
    means: list[float] = Field(description="data units, ascending", examples=[[-0.5, 0.5]])
    variances: list[float] = Field(description="data units squared", examples=[[0.01, 0.02]])
    objective: Optional[float] = Field(
        description="J on all points so far, nats per point; null if all of them are equal, or if "
        "it is too large for a number",
        examples=[0.31],
    )
    mean_nll: Optional[float] = Field(
        description="mean negative log-likelihood of all points so far, nats; null if it is too "
        "large for a number",
        examples=[-0.28],
    )
    tv_to_scratch: float = Field(
        description="total variation to the fit from scratch to the same points, 0 to 1",
        examples=[0.004],
    )
    tv_to_truth: Optional[float] = Field(
        description="total variation to the density that the points are drawn from; null if it is "
        "not known",
        examples=[0.08],
    )
    held_out_nll: Optional[float] = Field(
        description="mean negative log-likelihood of 1,000 fresh points of that density, nats",
        examples=[0.31],
    )
    time_s: float = Field(description="time of the update, seconds", examples=[0.0012])
    n_touched: int = Field(
        description="points or atoms that the updates have read so far", examples=[1035]
    )


class TimelineAnswer(Model):
    """A timeline and its records so far."""

    id: str = Field(examples=[_ID])
    status: str = Field(pattern="^(queued|running|done|failed|cancelled)$", examples=["done"])
    learners: list[str] = Field(examples=[["summary", "scratch"]])
    order: str = Field(examples=["arrival"])
    seed: int = Field(examples=[0])
    n_components: int = Field(examples=[3])
    n_points: int = Field(description="points in all", examples=[45])
    n_steps: int = Field(
        description="increments in all, at most 200; each gives one record a learner", examples=[45]
    )
    error: Optional[str] = Field(description="reason of a failed timeline", examples=[None])
    records: list[RecordAnswer] = Field(description="increment by increment")


def register(server: OpenAPI, sessions: Sessions, *, max_streams: int) -> None:
    """Add the timelines to the server, at most `max_streams` event streams at once."""
    timelines = sessions.timelines
    api = APIBlueprint(
        "timelines", __name__, url_prefix=PREFIX, abp_responses=documentation.error_responses()
    )
    api.before_request(_check_body)

    @api.post(
        _ADDRESS,
        tags=[_TIMELINES],
        responses={202: TimelineAnswer},
    )
    def create_timeline(
        path: SessionPath, body: NewTimeline
    ) -> tuple[Response, int, dict[str, str]]:
        """Train learners along the active points, in the background.

        The same request gives the same timeline. Another timeline of the session that is still
        being made is cancelled.
        """
        made = timelines.start(
            path.session_id, body.learners, body.order, body.seed, body.n_components
        )
        location = f"{PREFIX}/sessions/{path.session_id}/timelines/{made.request.id}"
        return jsonify(timeline_document(made)), 202, {"Location": location}

    @api.get(
        f"{_ADDRESS}/<timeline_id>",
        tags=[_TIMELINES],
        responses={200: TimelineAnswer},
    )
    def get_timeline(path: TimelinePath, query: TimelineQuery) -> Response:
        """Return the timeline; it is made again if the server does not have it any more.

        A cancelled or failed one stays so until a `POST` asks for it again.
        """
        made = timelines.get(path.session_id, path.timeline_id)
        return jsonify(timeline_document(made, query.after))

    @api.post(
        f"{_ADDRESS}/<timeline_id>/cancel",
        tags=[_TIMELINES],
        responses={200: TimelineAnswer},
    )
    def cancel_timeline(path: TimelinePath, body: NoValues) -> Response:
        """Stop a timeline; a timeline that has ended does not change."""
        return jsonify(timeline_document(timelines.cancel(path.session_id, path.timeline_id)))

    @api.get(
        f"{_ADDRESS}/<timeline_id>/events",
        tags=[_TIMELINES],
        responses={200: _STREAM},
    )
    def get_timeline_events(path: TimelinePath) -> Response:
        """Follow a timeline: a `record` for each learner and increment, then the last status.

        With `Last-Event-ID` a new stream resumes after that record.
        """
        made = timelines.get(path.session_id, path.timeline_id)
        n_seen = _n_seen(made, request.headers.get("Last-Event-ID", ""))
        place = sessions.watch.listener(path.session_id, max_streams)
        return event_streams.answer(
            place, max_streams, partial(_stream, made, n_seen, sessions.watch)
        )

    server.register_api(api)


def _check_body() -> Optional[Response]:
    if request.endpoint not in ("timelines.create_timeline", "timelines.cancel_timeline"):
        return None
    return bodies.check_object(optional=request.endpoint == "timelines.cancel_timeline")


def _n_seen(made: Timeline, last_id: str) -> int:
    """Return the number of records up to an event's id; 0 for any other text."""
    found = int(last_id[:9]) if last_id.isascii() and last_id.isdigit() else 0
    return found if found <= made.n_steps * len(made.request.learners) else 0


def _stream(
    made: Timeline, n_sent: int, watch: Watch, has_gone: Callable[[], bool]
) -> Iterator[str]:
    while not (watch.closed or has_gone()):
        if not made.wait(n_sent, HEARTBEAT_S):
            yield ": alive\n\n"
            continue
        ended = made.has_ended  # before the records are read: none can follow
        for record in made.records(n_sent):
            n_sent += 1
            yield _event("record", n_sent, record_document(record))
        if ended:
            yield _event(made.status, n_sent, {"n_records": n_sent, "error": made.error})
            return


def _event(name: str, number: int, data: dict[str, Any]) -> str:
    return f"event: {name}\nid: {number}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"
