"""Examples that the server plays: progress, pause, stop, undo, clear, clicks in between."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Optional

import numpy as np
import pytest

from dash_app.config import Config
from dash_app.errors import BusyError, StoreError
from dash_app.events import Feed
from dash_app.journal import fold
from dash_app.sessions import Sessions, SessionView
from dash_app.store import Store
from dash_app.training import plays
from dash_app.training.plays import Playing, Script
from dash_app.transfer import session_document
from tests.waiting import eventually

POINTS = np.random.default_rng(4).normal(size=40)
SCRIPT = Script("two-clumps", POINTS, increment=2, n_components=2, half_life=20.0)
OWN = {"n_components": 4, "half_life": None, "capacity": 64}


@pytest.fixture
def session_id(sessions: Sessions) -> str:
    """A session with points and settings of its own."""
    found = sessions.create(n_components=4, capacity=64).id
    sessions.add(found, [3.0, 4.0, 5.0])
    return found


@pytest.fixture
def short_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let examples rest for less than the usual 0.05 s between their increments."""
    monkeypatch.setattr("dash_app.training.plays.INTERVAL_S", 0.025)


def settings(view: SessionView) -> dict[str, Any]:
    return {name: getattr(view, name) for name in OWN}


def playing(sessions: Sessions, session_id: str) -> Optional[Playing]:
    return sessions.plays.playing(sessions.view(session_id))


def played(sessions: Sessions, session_id: str, n_points: int = POINTS.size) -> SessionView:
    """Wait until so many points of the example are there."""

    def enough() -> Optional[SessionView]:
        view = sessions.view(session_id)
        return view if view.example is not None and view.example.done >= n_points else None

    return eventually(enough)


@pytest.mark.any_store
@pytest.mark.usefixtures("short_rests")
def test_example_goes_on_after_a_fault_of_the_store(
    sessions: Sessions,
    session_id: str,
    without_a_store: Callable[[], AbstractContextManager[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refused: list[StoreError] = []
    step = plays.Plays._step

    def watched(*of: Any) -> bool:
        try:
            return step(*of)
        except StoreError as error:
            refused.append(error)
            raise

    monkeypatch.setattr(plays.Plays, "_step", watched)
    sessions.plays.play(session_id, SCRIPT)
    with without_a_store():
        eventually(lambda: len(refused) > 1)
    played(sessions, session_id)
    assert sessions.points(session_id).tolist() == POINTS.tolist()


@pytest.mark.usefixtures("short_rests")
def test_play_adds_all_points_in_increments_and_tells_its_progress(
    sessions: Sessions, session_id: str
) -> None:
    begun = sessions.plays.play(session_id, SCRIPT)
    assert (begun.n_points, begun.n_components, begun.half_life) == (0, 2, 20.0)
    assert sessions.plays.playing(begun) == Playing("two-clumps", 0, 40, "playing")
    view = played(sessions, session_id)
    assert sessions.points(session_id).tolist() == POINTS.tolist()
    assert sessions.plays.playing(view) is None
    assert view.example is not None
    assert view.example.name == "two-clumps"
    sizes = [len(each.change.points) for each in sessions.operations(session_id)[2:]]
    assert sizes == [2] * 20


@pytest.mark.usefixtures("no_rests")
def test_one_undo_takes_back_the_whole_example_and_one_redo_restores_it(
    sessions: Sessions, another_process: Callable[[], Sessions], session_id: str
) -> None:
    before = sessions.view(session_id)
    sessions.plays.play(session_id, SCRIPT)
    after = played(sessions, session_id)
    undone = sessions.undo(session_id)
    assert settings(undone) == OWN
    assert undone.online == before.online
    assert sessions.points(session_id).tolist() == [3.0, 4.0, 5.0]
    redone = another_process().redo(session_id)
    assert (redone.online, redone.example) == (after.online, after.example)
    assert sessions.points(session_id).tolist() == POINTS.tolist()
    assert sessions.undo(session_id).online == before.online


@pytest.mark.any_store
def test_undo_stops_it(sessions: Sessions, session_id: str) -> None:
    sessions.plays.play(session_id, SCRIPT)
    played(sessions, session_id, 4)
    sessions.add(session_id, [9.0])
    assert sessions.undo(session_id).n_points == 3
    eventually(lambda: not sessions.plays._threads)
    view = sessions.view(session_id)
    assert (view.n_points, view.example, sessions.plays.playing(view)) == (3, None, None)


def test_undo_takes_a_click_during_a_pause_by_itself(sessions: Sessions, session_id: str) -> None:
    sessions.plays.play(session_id, SCRIPT)
    played(sessions, session_id, 4)
    sessions.plays.pause(session_id)
    eventually(lambda: not sessions.plays._threads)
    held = sessions.view(session_id).n_points
    sessions.add(session_id, [9.0])
    assert sessions.undo(session_id).n_points == held
    paused = playing(sessions, session_id)
    assert paused is not None
    assert paused.status == "paused"
    sessions.redo(session_id)
    assert sessions.undo(session_id).n_points == held
    assert sessions.undo(session_id).n_points == 3
    assert playing(sessions, session_id) is None


@pytest.mark.any_store
def test_click_in_between_is_added_in_between(sessions: Sessions, session_id: str) -> None:
    sessions.plays.play(session_id, SCRIPT)
    played(sessions, session_id, 4)
    sessions.add(session_id, [9.0])
    played(sessions, session_id)
    points = sessions.points(session_id).tolist()
    assert [x for x in points if x != 9.0] == POINTS.tolist()
    assert 4 <= points.index(9.0) < 40
    sessions.add(session_id, [8.0])
    assert sessions.undo(session_id).n_points == 41  # a click after the example by itself
    assert sessions.undo(session_id).n_points == 3


def test_pause_resume_and_stop(
    sessions: Sessions, another_process: Callable[[], Sessions], session_id: str
) -> None:
    other = another_process()
    sessions.plays.play(session_id, SCRIPT)
    played(sessions, session_id, 2)
    other.plays.pause(session_id)
    eventually(lambda: not sessions.plays._threads)
    paused = playing(sessions, session_id)
    assert paused is not None
    assert paused.status == "paused"
    assert paused.done < 40
    other.plays.resume(session_id, SCRIPT)
    played(sessions, session_id, paused.done + 2)
    sessions.plays.stop(session_id)
    eventually(lambda: not other.plays._threads)
    n_points = sessions.view(session_id).n_points
    assert n_points < 40
    assert playing(other, session_id) is None
    # a person may press the key when it has just ended
    sessions.plays.resume(session_id, SCRIPT)
    sessions.plays.pause(session_id)
    assert playing(sessions, session_id) is None
    assert not sessions.plays._threads
    assert sessions.view(session_id).n_points == n_points


@pytest.mark.usefixtures("no_rests")
@pytest.mark.any_store
def test_clear_restores_the_settings_from_before_all_examples(
    sessions: Sessions, session_id: str
) -> None:
    sessions.plays.play(session_id, SCRIPT)
    played(sessions, session_id)
    sessions.plays.play(session_id, Script("uniform", POINTS[:4], 2, 7, None))
    assert played(sessions, session_id, 4).n_components == 7
    cleared = sessions.clear(session_id)
    assert settings(cleared) == OWN
    assert (cleared.n_points, cleared.example) == (0, None)
    assert sessions.clear(session_id).revision == cleared.revision
    assert sessions.undo(session_id).n_components == 7
    assert sessions.undo(session_id).n_components == 2


@pytest.mark.usefixtures("no_rests")
@pytest.mark.any_store
def test_repeated_request_plays_once(sessions: Sessions, session_id: str) -> None:
    for _ in range(2):
        sessions.plays.play(session_id, SCRIPT, idempotency_key="once")
    played(sessions, session_id)
    sessions.plays.play(session_id, SCRIPT, idempotency_key="once")
    eventually(lambda: not sessions.plays._threads)
    assert sessions.points(session_id).tolist() == POINTS.tolist()


@pytest.mark.any_store
def test_too_many_at_once_are_refused(
    sessions: Sessions, session_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plays, "MAX_PLAYS", 1)
    sessions.plays.play(session_id, SCRIPT)
    other = sessions.create().id
    with pytest.raises(BusyError):
        sessions.plays.play(other, SCRIPT)
    assert sessions.view(other).revision == 0
    sessions.plays.stop(session_id)
    eventually(lambda: not sessions.plays._threads)
    sessions.plays.play(other, SCRIPT)


def test_crash_ends_it(sessions: Sessions, session_id: str) -> None:
    sessions.plays.play(session_id, SCRIPT)
    played(sessions, session_id, 2)
    sessions.plays.pause(session_id)
    eventually(lambda: not sessions.plays._threads)
    sessions._maintenance.close()  # its clock is another one than this test's
    row = sessions.store.plays.get(session_id)
    assert row is not None
    dead = plays.PlayRecord(session_id, "of the dead", row.start, "playing", 1.0)
    sessions.store.plays.put(dead)
    assert playing(sessions, session_id) is not None
    for now in (0.0, 5.0, 9.0):
        sessions._maintenance.end_silent_plays(now)
    assert playing(sessions, session_id) is None


@pytest.mark.any_store
@pytest.mark.usefixtures("short_rests")
def test_streams_tell_increments_and_the_end(sessions: Sessions, session_id: str) -> None:
    feed = Feed(sessions, session_id, None)
    assert feed.next() is not None
    sessions.plays.play(session_id, SCRIPT)
    news: list[Any] = []

    def over() -> bool:
        news.extend(event.data for event in iter(feed.next, None))
        return bool(news) and news[-1]["n_points"] == 40 and news[-1]["playing"] is None

    eventually(over)
    assert news[0]["changes"] is None  # the clear at its beginning
    told = [x for each in news[1:] for change in each["changes"] for x in change["x"]]
    assert told == POINTS.tolist()[40 - len(told) :]
    assert {each["example"] for each in news} == {"two-clumps"}
    sessions.plays.play(session_id, SCRIPT)
    played(sessions, session_id, 2)
    sessions.plays.pause(session_id)
    eventually(lambda: not sessions.plays._threads)
    paused = list(iter(feed.next, None))[-1].data
    assert paused["playing"]["status"] == "paused"
    sessions.plays.stop(session_id)
    stopped = list(iter(feed.next, None))[-1].data
    assert (stopped["playing"], stopped["changes"]) == (None, [])


@pytest.mark.usefixtures("no_rests")
def test_export_has_the_example_and_its_undo(
    sessions: Sessions, session_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fold, "SNAPSHOT_EVERY", 5)
    sessions.plays.play(session_id, SCRIPT)
    played(sessions, session_id)
    for use_case in ("undo", "redo", "undo", "redo"):
        getattr(sessions, use_case)(session_id)
    document = json.loads(json.dumps(session_document.exported(sessions.store, session_id)))
    other = Sessions(Store(f"sqlite:///{tmp_path}/other.sqlite3"), Config(data_dir=tmp_path))
    session_document.imported(other.store, document)
    assert other.view(session_id) == sessions.view(session_id)
    assert other.undo(session_id) == sessions.undo(session_id)
    assert other.redo(session_id).n_points == 40
    assert settings(other.clear(session_id)) == OWN
    other.close()
