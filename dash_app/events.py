"""Live events of a session, server-sent: GET /api/v1/sessions/{id}/events.

Events are not stored. The position of a stream is the last revision, the last run and its last
iteration that were sent. The stream reads from the store what is newer. Therefore any process can
serve any stream. `Last-Event-ID` is a position, and a new stream resumes from it.
"""

# flask-openapi3's decorators have no types that mypy could follow
# mypy: allow-untyped-decorators
from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Optional

from flask import Response, request
from flask_openapi3 import OpenAPI, Tag

from dash_app.api import PREFIX
from dash_app.api_requests import SessionPath
from dash_app.documents import (
    changes_document,
    difference_document,
    playing_document,
    run_document,
    session_document,
)
from dash_app.errors import SessionNotFoundError
from dash_app.records.runs import ALIVE, CANCELLED, DONE, FAILED, QUEUED, RunRecord
from dash_app.sessions import Sessions
from dash_app.web import event_streams
from dash_app.web.documentation import error_responses

MIN_INTERVAL_S = 1 / 30
"""Shortest time between two events of a stream; changes in between are merged into one event."""

ANSWER_FIRST_S = 0.01
"""Delay of a stream after a change, to answer the request of the change first."""

_ENDED = (DONE, FAILED, CANCELLED)
_DESCRIBED = {
    "description": "the stream; it does not end by itself",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}


@dataclass(frozen=True)
class Position:
    """How far a stream has sent: up to `revision`, and up to `iteration` of the run `serial`.

    Examples
    --------
    >>> Position.read("17-2-40-0")
    Position(revision=17, serial=2, iteration=40, ended=False)
    >>> str(Position.read("17-2-40-1"))
    '17-2-40-1'
    """

    revision: int
    serial: int
    iteration: int
    ended: bool

    def __str__(self) -> str:
        return f"{self.revision}-{self.serial}-{self.iteration}-{int(self.ended)}"

    @classmethod
    def read(cls, text: str) -> Optional[Position]:
        """Return the position of an event's id; None for any other text."""
        parts = text.split("-")
        if len(parts) != 4 or not all(part.isascii() and part.isdigit() for part in parts):
            return None
        # at most nine digits: the store's integers have 32 bits
        revision, serial, iteration, ended = (int(part[:9]) for part in parts)
        return cls(revision, serial, iteration, ended == 1)


@dataclass(frozen=True)
class Event:
    """One event of a stream, and the position of the stream after it."""

    name: str
    data: dict[str, Any]
    position: Position

    def __str__(self) -> str:
        body = json.dumps(self.data, separators=(",", ":"))
        return f"event: {self.name}\nid: {self.position}\ndata: {body}\n\n"


class Feed:
    """The events of a session after a position, one at a time.

    Where the session has not come to the position, since its store was restored from a backup, the
    events begin anew. Revisions and runs alternate: a busy session must not delay the progress of
    its training.
    """

    def __init__(self, sessions: Sessions, session_id: str, position: Optional[Position]) -> None:
        self._sessions = sessions
        self._session_id = session_id
        self.position = self._begin(position)
        self._runs_first = True
        self._play_status: Optional[str] = None
        self._n_before: Optional[int] = None  # last value sent; a resumed stream sends it again

    def next(self) -> Optional[Event]:
        """Return the next event; None without a change.

        Raises
        ------
        SessionNotFoundError : the session was deleted
        """
        turns = (self._of_runs, self._of_session)
        for turn in turns if self._runs_first else turns[::-1]:
            event = turn()
            if event is not None:
                self._runs_first = event.name == "revision"
                self.position = event.position
                return event
        return None

    def _begin(self, position: Optional[Position]) -> Position:
        """Return the position, or that before the current session and a queued or running run."""
        trainings = self._sessions.trainings
        runs = trainings.runs_since(self._session_id, trainings.last_serial(self._session_id))
        last = runs[-1].serial if runs else 0
        revision = self._sessions.view(self._session_id).revision
        if position is not None and position.revision <= revision and position.serial <= last:
            return position
        if not runs:
            return Position(-1, 0, 0, True)
        run = runs[-1]
        if run.status in ALIVE:
            return Position(-1, run.serial - 1, 0, True)
        return Position(-1, run.serial, run.n_iter, True)

    def _of_session(self) -> Optional[Event]:
        view = self._sessions.view(self._session_id)
        playing = self._sessions.plays.playing(view)
        status = None if playing is None else playing.status
        if view.revision <= self.position.revision and status == self._play_status:
            return None
        self._play_status = status
        since = self.position.revision
        news = {
            **session_document(view),
            "comparison": difference_document(self._sessions.models.difference(view)),
            "since": since,
            "playing": playing_document(playing),
            "changes": changes_document(view, since),
        }
        return Event("revision", news, replace(self.position, revision=view.revision))

    def _of_runs(self) -> Optional[Event]:
        at = self.position
        for run in self._sessions.trainings.runs_since(self._session_id, at.serial):
            if run.serial > at.serial:
                data = {"run": run.id, "method": run.method, "epochs": run.epochs}
                data["status"] = run.status
                if run.status == QUEUED:
                    data["n_before"] = self._sessions.trainings.n_before(run)
                self._n_before = None
                begun = replace(at, serial=run.serial, iteration=0, ended=False)
                return Event("started", {**data, "n_points": run.n_points}, begun)
            if at.ended:
                continue
            if run.status == QUEUED:
                return self._queued(run)
            if run.n_iter > at.iteration:
                return self._progress(run)
            return self._end(run) if run.status in _ENDED else None
        return None

    def _queued(self, run: RunRecord) -> Optional[Event]:
        n_before = self._sessions.trainings.n_before(run)
        if n_before == self._n_before:
            return None
        self._n_before = n_before
        return Event("queued", {"run": run.id, "n_before": n_before}, self.position)

    def _progress(self, run: RunRecord) -> Event:
        seen = self.position.iteration
        losses = self._sessions.trainings.losses(run.id, after=seen).tolist()
        iteration = seen + len(losses)
        data = {
            "run": run.id,
            "iteration": iteration,
            "loss": losses[-1],
            "first": seen + 1,
            "losses": losses,
        }
        return Event("progress", data, replace(self.position, iteration=iteration))

    def _end(self, run: RunRecord) -> Event:
        ended = run_document(self._sessions.trainings.run(self._session_id, run.id))
        del ended["losses"]  # the progress events had them
        return Event(run.status, {"run": run.id, **ended}, replace(self.position, ended=True))


def register(server: OpenAPI, sessions: Sessions, *, max_streams: int) -> None:
    """Add the event streams to the server, at most `max_streams` at once."""

    @server.get(
        f"{PREFIX}/sessions/<session_id>/events",
        tags=[Tag(name="events", description="Live.")],
        responses={200: _DESCRIBED, **error_responses(404, 421, 503)},
    )
    def get_events(path: SessionPath) -> Response:
        """Follow the session live, as server-sent events.

        Events: `revision` (the session, the difference of its models as `comparison`, whose `gap`
        is the log-likelihood gap of `GET .../comparison`, or null while the learner's summary has
        merged values, the example that is played as `playing`, and in `changes` the points added
        and removed since the revision `since`; null where these do not tell the whole change),
        `started`, `queued` (the number of earlier trainings), `progress` (iteration; loss in nats
        per point; the losses since the last event), `done`, `failed`, `cancelled` (the run),
        `gone`. A stream sends at most 30 events a second. With `Last-Event-ID` a new stream resumes
        after that event.
        """
        sessions.view(path.session_id)  # 404 before the stream begins
        position = Position.read(request.headers.get("Last-Event-ID", ""))
        feed = Feed(sessions, path.session_id, position)
        place = sessions.watch.listener(path.session_id, max_streams)
        events = partial(_stream, sessions, path.session_id, feed)
        return event_streams.answer(place, max_streams, events)


def _stream(
    sessions: Sessions, session_id: str, feed: Feed, has_gone: Callable[[], bool]
) -> Iterator[str]:
    watch = sessions.watch
    sent_at = 0.0
    yield ": welcome\n\n"
    while not (watch.closed or has_gone()):
        seen = watch.count(session_id)
        try:
            event = feed.next()
        except SessionNotFoundError:
            yield str(Event("gone", {"id": session_id}, feed.position))
            return
        if event is None:
            if watch.wait_for_change(session_id, seen, has_gone):
                time.sleep(ANSWER_FIRST_S)
            else:
                yield ": alive\n\n"
            continue
        time.sleep(max(0.0, sent_at + MIN_INTERVAL_S - time.monotonic()))
        sent_at = time.monotonic()
        yield str(event)
