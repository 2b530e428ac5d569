"""What a stream tells another tab after each change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dash_app.events import Feed, Position
from dash_app.sessions import Sessions


@pytest.fixture
def session_id(sessions: Sessions) -> str:
    found = sessions.create(n_components=2).id
    sessions.add(found, [-1.0, 1.0])
    return found


def following(sessions: Sessions, session_id: str, revision: int) -> Feed:
    """Return the feed of a stream that resumes after a revision."""
    return Feed(sessions, session_id, Position(revision, 0, 0, True))


def told(feed: Feed) -> Any:
    event = feed.next()
    assert event is not None
    assert event.name == "revision"
    return event.data


@pytest.mark.any_store
def test_new_stream_tells_the_session_and_no_changes(sessions: Sessions, session_id: str) -> None:
    feed = Feed(sessions, session_id, None)
    news = told(feed)
    assert (news["revision"], news["since"], news["changes"]) == (1, -1, None)
    assert feed.next() is None


@pytest.mark.any_store
@pytest.mark.parametrize("position", [Position(5, 0, 0, True), Position(1, 9, 1, True)])
def test_a_stream_begins_anew_where_its_position_was_lost_with_a_backup(
    sessions: Sessions, session_id: str, position: Position
) -> None:
    feed = Feed(sessions, session_id, position)
    assert told(feed)["since"] == -1
    sessions.add(session_id, [0.5])
    assert told(feed)["revision"] == 2
    run = sessions.trainings.train(session_id)
    names = [event.name for event in iter(feed.next, None)]
    assert {"started", "done"} <= set(names), run


@pytest.mark.parametrize("elsewhere", [False, True])
def test_changes_are_those_since_the_event_before(
    sessions: Sessions,
    another_process: Callable[[], Sessions],
    session_id: str,
    elsewhere: bool,
) -> None:
    watching = another_process() if elsewhere else sessions
    feed = Feed(watching, session_id, None)
    told(feed)
    first = sessions.add(session_id, [0.5]).online
    sessions.configure(session_id, half_life=None, n_components=2)  # changes nothing
    second = sessions.remove(session_id, [1.0]).online
    assert first is not None
    assert second is not None
    news = told(feed)
    assert news["since"] == 1
    assert news["changes"] == [
        {"kind": "add", "x": [0.5], "revision": 2, "n_points": 3, "loss": first.loss},
        {"kind": "remove", "x": [1.0], "revision": 3, "n_points": 2, "loss": second.loss},
    ]
    sessions.configure(session_id, n_components=3)
    news = told(feed)
    assert (news["since"], news["changes"], news["n_components"]) == (3, [], 3)


@pytest.mark.any_store
def test_training_changes_the_comparison_and_no_points(sessions: Sessions, session_id: str) -> None:
    feed = Feed(sessions, session_id, None)
    assert told(feed)["comparison"] is None
    sessions.trainings.train(session_id)
    events = [event for event in iter(feed.next, None) if event.name == "revision"]
    news = events[-1].data
    assert news["changes"] == []
    assert news["comparison"]["current"] is True
    assert sessions.models.difference(sessions.view(session_id)) is not None


@pytest.mark.any_store
@pytest.mark.parametrize("use_case", ["undo", "clear"])
def test_what_is_no_list_of_points_is_to_be_looked_at(
    sessions: Sessions, session_id: str, use_case: str
) -> None:
    sessions.add(session_id, [0.5])
    feed = following(sessions, session_id, 1)
    getattr(sessions, use_case)(session_id)
    assert told(feed)["changes"] is None
    sessions.add(session_id, [0.7])
    assert [change["x"] for change in told(feed)["changes"]] == [[0.7]]


def test_many_points_and_old_changes_are_to_be_looked_at(
    sessions: Sessions, another_process: Callable[[], Sessions], session_id: str
) -> None:
    sessions.add(session_id, [0.25] * 600)
    assert told(following(sessions, session_id, 1))["changes"] is not None
    sessions.add(session_id, [0.25] * 401)
    assert told(following(sessions, session_id, 1))["changes"] is None
    assert told(following(sessions, session_id, 2))["changes"] is not None
    sessions.add(session_id, [0.25] * 1001)
    assert told(following(sessions, session_id, 3))["changes"] is None
    # a process that loads the session knows none of its last operations
    assert told(following(another_process(), session_id, 3))["changes"] is None
