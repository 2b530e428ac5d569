"""What the browser can ask, and what it is answered, without a browser."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from dash_app.errors import BusyError, RateError, StoreBusyError, StoreError
from dash_app.sessions import Sessions
from dash_app.ui.commands import follow, look, perform
from dash_app.ui.examples import EXAMPLES
from tests.waiting import eventually


@pytest.fixture
def session_id(sessions: Sessions) -> str:
    return str(look(sessions, {"id": None})["view"]["id"])


def ask(sessions: Sessions, session_id: str, kind: str, **more: Any) -> Any:
    key = f"key-of-{kind}-{more}".replace(" ", "")
    answer = perform(sessions, session_id, {"kind": kind, "key": key, **more})
    return json.loads(json.dumps(answer, allow_nan=False))


def followed(sessions: Sessions, session_id: str, run_id: str, status: str) -> Any:
    """Follow a run until it has ended, in this status; returns the last answer."""

    def ended() -> Any:
        answer = follow(sessions, session_id, {"run": run_id})
        return answer if answer["run"]["status"] != "running" else None

    answer = eventually(ended)
    assert answer["run"]["status"] == status
    return answer


def test_add_answers_with_the_model_and_its_key(sessions: Sessions, session_id: str) -> None:
    answer = ask(sessions, session_id, "add", x=[-0.5, 0.5])
    assert answer["key"].startswith("key-of-add")
    view = answer["view"]
    assert view["n_points"] == 2
    assert view["online"]["means"] == sessions.view(session_id).online.mixture.means.tolist()
    assert view["scratch"] is None
    assert view["comparison"] is None


def test_a_command_that_comes_twice_is_carried_out_once(
    sessions: Sessions, session_id: str
) -> None:
    for kind, more in (("add", {"x": [0.1]}), ("add", {"x": [0.2]}), ("remove", {"x": [0.1]})):
        first = ask(sessions, session_id, kind, **more)
        assert ask(sessions, session_id, kind, **more)["view"] == first["view"]
    assert ask(sessions, session_id, "undo")["points"] == [0.1, 0.2]
    assert ask(sessions, session_id, "undo")["points"] == [0.1, 0.2]


def test_the_first_points_are_kept_with_the_settings_of_now(
    sessions: Sessions, session_id: str
) -> None:
    for x in (0.1, 0.2, 0.3, 0.4):
        ask(sessions, session_id, "add", x=[x])
    ask(sessions, session_id, "remove", x=[0.1])
    ask(sessions, session_id, "configure", settings={"n_components": 4, "capacity": 16})
    kept = ask(sessions, session_id, "keep", n_points=2)
    assert kept["points"] == [0.2, 0.3]
    assert (kept["view"]["n_components"], kept["view"]["capacity"]) == (4, 16)
    assert ask(sessions, session_id, "keep", n_points=2)["points"] == [0.2, 0.3]
    assert "at most 2 points" in ask(sessions, session_id, "keep", n_points=3)["error"]["message"]
    for wrong in (-1, 1.5, "1"):
        refused = ask(sessions, session_id, "keep", n_points=wrong)
        assert refused["error"]["field"] == "n_points"
    assert ask(sessions, session_id, "undo")["points"] == [0.2, 0.3, 0.4]


def test_train_answers_with_the_run_and_the_difference(sessions: Sessions, session_id: str) -> None:
    ask(sessions, session_id, "add", x=[-0.5, -0.4, 0.5])
    run_id = ask(sessions, session_id, "train", method="em", epochs=200)["run"]["id"]
    answer = followed(sessions, session_id, run_id, "done")
    run = answer["run"]
    assert run["losses"][-1] == pytest.approx(answer["view"]["scratch"]["loss"])
    comparison = answer["view"]["comparison"]
    assert comparison["current"] is True
    assert comparison["total_variation"] == pytest.approx(0, abs=0.01)


def test_model_from_scratch_is_old_after_a_change_and_current_after_its_undo(
    sessions: Sessions, session_id: str
) -> None:
    ask(sessions, session_id, "add", x=[-0.5, -0.4, 0.5])
    sessions.trainings.train(session_id)
    changed = ask(sessions, session_id, "add", x=[0.0])
    assert changed["view"]["comparison"]["current"] is False
    assert ask(sessions, session_id, "undo")["view"]["comparison"]["current"] is True


def test_configure_sets_the_settings_and_clear_removes_the_points(
    sessions: Sessions, session_id: str
) -> None:
    ask(sessions, session_id, "add", x=[0.1])
    view = ask(sessions, session_id, "configure", settings={"n_components": 2, "half_life": 20})[
        "view"
    ]
    assert (view["n_components"], view["half_life"]) == (2, 20)
    view = ask(sessions, session_id, "clear")["view"]
    assert (view["n_points"], view["online"]) == (0, None)


@pytest.mark.usefixtures("no_rests")
@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_example_is_played_in_order_with_its_settings(
    sessions: Sessions, session_id: str, name: str
) -> None:
    answer = ask(sessions, session_id, "play", name=name)
    example = EXAMPLES[name]
    points = example.points()
    assert points == example.points()
    assert answer["view"]["n_components"] == example.n_components
    assert example.axis[0] < np.median(points) < example.axis[1]
    eventually(lambda: sessions.view(session_id).n_points == len(points))
    assert sessions.points(session_id).tolist() == points


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ({"kind": "add", "x": []}, "at least 1"),
        ({"kind": "remove", "x": [7.0]}, "active"),
        ({"kind": "undo"}, "undo"),
        ({"kind": "train", "method": "em", "epochs": 0}, "epochs"),
        ({"kind": "configure", "settings": {"n_components": 0}}, "n_components"),
        ({"kind": "conquer"}, "conquer"),
    ],
)
def test_refusal_is_answered_and_changes_nothing(
    sessions: Sessions, session_id: str, command: dict[str, Any], words: str
) -> None:
    answer = ask(sessions, session_id, **command)
    assert words in answer["error"]["message"]
    assert sessions.view(session_id).revision == 0


def test_lost_session_is_told_and_a_new_one_made(sessions: Sessions) -> None:
    assert ask(sessions, "of another store", "add", x=[0.1])["gone"] is True
    assert look(sessions, {"id": "of another store"})["view"]["n_points"] == 0


def test_look_brings_points_in_order(sessions: Sessions, session_id: str) -> None:
    for x in (0.3, -0.2):
        ask(sessions, session_id, "add", x=[x])
    seen = look(sessions, {"id": session_id})
    assert seen["points"] == [0.3, -0.2]


def test_follow_stops_a_run_and_refuses_an_unknown_one(sessions: Sessions, session_id: str) -> None:
    ask(sessions, session_id, "add", x=[-0.5, -0.4, 0.5])
    run = ask(sessions, session_id, "train", method="adam", epochs=100_000)["run"]
    assert run["status"] == "running"
    follow(sessions, session_id, {"run": run["id"], "stop": True})
    followed(sessions, session_id, run["id"], "cancelled")
    assert sessions.view(session_id).scratch is None
    assert "error" in follow(sessions, session_id, {"run": "of nobody"})


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (BusyError("all places are taken"), "busy"),
        (StoreBusyError("another program holds it"), "busy"),
        (RateError("too many", 7), "rate"),
        (StoreError("its disk is full"), "store"),
    ],
)
def test_what_fails_for_a_while_is_to_be_asked_again(
    sessions: Sessions,
    session_id: str,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    reason: str,
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    run = (
        ask(sessions, session_id, "add", x=[0.1])
        and ask(sessions, session_id, "train", method="em", epochs=9)["run"]
    )
    with monkeypatch.context() as patched:
        patched.setattr(sessions, "add", fails)
        patched.setattr(sessions, "view", fails)
        patched.setattr(sessions.trainings, "cancel", fails)
        answers = [
            ask(sessions, session_id, "add", x=[0.5]),
            look(sessions, {"id": session_id}),
            follow(sessions, session_id, {"run": run["id"], "stop": True}),
        ]
    for answer in answers:
        assert "error" not in answer
        assert answer["again"]["reason"] == reason
        assert answer["again"]["after_ms"] == (
            7000 if reason == "rate" else pytest.approx(1500, abs=500)
        )
    assert answers[1]["asked"] == session_id
    assert answers[2]["asked"] == {"run": run["id"], "stop": True}
    assert ask(sessions, session_id, "add", x=[0.5])["view"]["n_points"] == 2


def test_answer_has_a_histogram_of_many_points(
    sessions: Sessions, session_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dash_app.ui.view.MAX_POINTS", 4)
    ask(sessions, session_id, "add", x=[0.0, 1.0, 1.0, 4.0])
    asked = {"id": session_id}
    assert look(sessions, asked)["points"] == [0.0, 1.0, 1.0, 4.0]
    ask(sessions, session_id, "add", x=[0.5])
    seen = look(sessions, asked)
    assert seen["points"] is None
    histogram = seen["histogram"]
    assert (histogram["edges"][0], histogram["edges"][-1]) == (0.0, 4.0)
    assert sum(histogram["counts"]) == 5
    assert len(histogram["edges"]) == len(histogram["counts"]) + 1 <= 257
    ask(sessions, session_id, "add", x=[0.6])
    assert ask(sessions, session_id, "undo")["histogram"] == histogram


def test_play_answers_at_once_and_ten_thousand_points_come_in_thirty_increments(
    sessions: Sessions, session_id: str
) -> None:
    answer = ask(sessions, session_id, "play", name="ten-thousand")
    assert answer["view"]["example"] == "ten-thousand"
    assert answer["view"]["n_points"] == len(answer["points"]) < 10_000
    assert answer["view"]["playing"]["total"] == 10_000
    paused = ask(sessions, session_id, "pause")["view"]["playing"]
    assert paused["status"] in ("playing", "paused")
    assert ask(sessions, session_id, "resume")["view"]["example"] == "ten-thousand"
    eventually(lambda: sessions.view(session_id).n_points == 10_000)
    assert len(sessions.operations(session_id)) == 31
    assert look(sessions, {"id": session_id})["view"]["playing"] is None
    assert ask(sessions, session_id, "resume")["view"]["playing"] is None
    assert ask(sessions, session_id, "pause")["view"]["playing"] is None
    assert ask(sessions, session_id, "stop")["view"]["n_points"] == 10_000
    assert ask(sessions, session_id, "undo")["points"] == []
