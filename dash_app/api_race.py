"""The race of a session in the REST API: learners side by side, live, as server-sent events."""

# flask-openapi3's decorators have no types that mypy could follow
# mypy: allow-untyped-decorators
from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, OpenAPI, Tag
from pydantic import Field

from dash_app.api import PREFIX
from dash_app.api_requests import SessionPath
from dash_app.documents import record_document
from dash_app.errors import CancelledError, SessionNotFoundError
from dash_app.journal.watch import HEARTBEAT_S, Watch
from dash_app.learning import LEARNERS
from dash_app.sessions import Sessions
from dash_app.training.races import Event, Follower, Told
from dash_app.web import documentation, event_streams
from dash_app.web.model import Model

TURN_S = 1.0
"""Longest wait for a turn to train after which a comment is sent, to detect a lost connection."""

ANSWER_FIRST_S = 0.005
"""Delay of a stream after a change, to answer the request of the change first."""

_ANY = f"({'|'.join(LEARNERS)})"
_STREAM = {
    "description": "the stream; it does not end by itself",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}


class RaceQuery(Model):
    """Which learners run."""

    learners: str = Field(
        "summary,scratch",
        pattern=f"^{_ANY}(,{_ANY})*$",
        max_length=500,
        description="names, separated by commas; scratch always runs along",
        json_schema_extra={"example": "summary,scratch,gradient"},
    )


def register(server: OpenAPI, sessions: Sessions, *, max_streams: int) -> None:
    """Add the races to the server, at most `max_streams` event streams at once."""
    api = APIBlueprint(
        "race", __name__, url_prefix=PREFIX, abp_responses=documentation.error_responses()
    )

    @api.get(
        "/sessions/<session_id>/race",
        tags=[Tag(name="race", description="Learners side by side, live.")],
        responses={200: _STREAM},
    )
    def get_race(path: SessionPath, query: RaceQuery) -> Response:
        """Train learners along the session's points, and follow the session as it changes.

        Events: `keep` (the records of the first `n_steps` steps stay, all later ones are of no use;
        it comes first, and after each change of the past), `record` (a learner after a step, as in
        a timeline), `current` (all learners are told all steps of the revision), `refused` (no race
        for the session as it is now; it goes on once the session changes), `gone`. Each increment
        is a step; a longer stream than 200 steps is divided anew.
        """
        follower = sessions.races.follow(path.session_id, query.learners.split(","))
        place = sessions.watch.listener(path.session_id, max_streams)
        events = partial(_stream, path.session_id, follower, sessions.watch)
        return event_streams.answer(place, max_streams, events)

    server.register_api(api)


def _stream(
    session_id: str, follower: Follower, watch: Watch, has_gone: Callable[[], bool]
) -> Iterator[str]:
    def has_ended() -> bool:
        return watch.closed or has_gone()

    def check() -> None:
        if has_ended():
            raise CancelledError("nobody reads the race any more")

    yield ": welcome\n\n"
    known, sent_at = -1, time.monotonic()
    while not has_ended():
        seen = watch.count(session_id)
        try:
            events = follower.look(anew=seen != known)
        except SessionNotFoundError:
            yield _text("gone", {"id": session_id})
            return
        if events:
            yield "".join(map(_event, events))
            sent_at = time.monotonic()
        known = seen
        if follower.has_work:
            try:
                if not follower.compute(TURN_S, check):
                    yield ": alive\n\n"
            except CancelledError:
                return
            continue
        # a training from scratch changes the session thirty times a second, and is no news here
        has_changed = watch.wait_for_change(session_id, seen, has_gone)
        if has_changed and time.monotonic() - sent_at < HEARTBEAT_S:
            time.sleep(ANSWER_FIRST_S)
        else:
            yield ": alive\n\n"
            sent_at = time.monotonic()


def _event(event: Event) -> str:
    if isinstance(event, Told):
        return _text("record", {"step": event.step, **record_document(event.record)})
    return _text(type(event).__name__.lower(), event._asdict())


def _text(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"
