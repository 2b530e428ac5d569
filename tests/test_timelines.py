"""Timelines over the API: made in the background, followed, cancelled, made again from the log."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import dash
import numpy as np
import pytest
from flask.testing import FlaskClient

from dash_app.admission import turns
from dash_app.learning import OnlineGaussianMixture, fit_from_scratch, timeline
from dash_app.sessions import Sessions
from dash_app.training import timelines
from tests.waiting import eventually

SLOW = {"learners": ["scratch"], "n_components": 12}
POINTS = [[-0.6, -0.5], [-0.55], [0.5, 0.6, 0.45], [0.1]]


@pytest.fixture
def url(client: FlaskClient) -> str:
    """The address of the timelines of a new session."""
    return new_session(client)


def new_session(client: FlaskClient) -> str:
    """Make a session with four increments; return the address of its timelines."""
    session = client.post("/api/v1/sessions", json={"n_components": 2}).json["id"]
    for x in POINTS:
        client.post(f"/api/v1/sessions/{session}/points", json={"x": x})
    return f"/api/v1/sessions/{session}/timelines"


def ended(client: FlaskClient, address: str) -> dict[str, Any]:
    """The timeline once it has ended."""

    def look() -> Any:
        found = client.get(address).json
        return found if found["status"] not in ("queued", "running") else None

    found: dict[str, Any] = eventually(look)
    return found


def test_it_holds_the_records_of_the_sessions_increments(client: FlaskClient, url: str) -> None:
    answer = client.post(url, json={"learners": ["stepwise_em", "scratch"]})
    assert answer.status_code == 202
    found = ended(client, answer.headers["Location"])
    assert (found["status"], found["n_steps"], found["n_points"]) == ("done", 4, 7)
    expected = list(timeline(POINTS, ["stepwise_em", "scratch"], 2))
    assert len(found["records"]) == len(expected)
    for record, other in zip(found["records"], expected):
        assert record["learner"] == other.learner
        assert record["means"] == other.mixture.means.tolist()
        assert record["tv_to_scratch"] == other.tv_to_scratch
        assert record["n_touched"] == other.n_touched


def test_other_orders_have_the_same_points_and_the_same_increments(
    client: FlaskClient, url: str
) -> None:
    whole = np.concatenate(POINTS)
    for order, first in (("sorted", [-0.6, -0.55]), ("reversed", [0.6, 0.5])):
        answer = client.post(url, json={"learners": ["scratch"], "order": order})
        records = ended(client, answer.headers["Location"])["records"]
        assert records[0]["means"] == fit_from_scratch(first, 2).mixture.means.tolist()
        assert [each["n_points"] for each in records] == [2, 3, 6, 7]
        assert np.allclose(records[-1]["means"], fit_from_scratch(whole, 2).mixture.means)


def test_a_seed_shuffles_the_same_way_each_time(client: FlaskClient, url: str) -> None:
    body = {"learners": ["stepwise_em"], "order": "shuffled"}

    def means(seed: int) -> Any:
        answer = client.post(url, json={**body, "seed": seed})
        return ended(client, answer.headers["Location"])["records"][0]["means"]

    assert means(1) == means(1)
    assert len({tuple(means(seed)) for seed in range(5)}) > 1


def test_its_settings_are_those_of_the_session(client: FlaskClient) -> None:
    settings = {"n_components": 2, "seed": 2**63 - 1, "capacity": 16, "prior_weight": 20.0}
    learner = OnlineGaussianMixture(**settings)
    session = client.post("/api/v1/sessions", json=settings).json["id"]
    address = f"/api/v1/sessions/{session}"
    for x in np.linspace(-1, 1, 20):
        client.post(f"{address}/points", json={"x": [x]})
        learner.partial_fit([x])
    made = client.post(f"{address}/timelines", json={"learners": ["summary"]})
    assert made.json["seed"] == settings["seed"]
    client.patch(address, json={"capacity": 64})  # the timeline is of the state before
    found = ended(client, made.headers["Location"])
    assert found["records"][-1]["n_touched"] < sum(range(1, 21))
    assert found["records"][-1]["tv_to_truth"] is None
    assert found["records"][-1]["variances"] == learner.mixture.variances.tolist()


def test_undone_points_are_left_out_and_the_old_timeline_stays(
    client: FlaskClient, url: str
) -> None:
    before = client.post(url, json={"learners": ["scratch"]}).headers["Location"]
    first = ended(client, before)
    client.post(url.replace("timelines", "undo"))
    after = client.post(url, json={"learners": ["scratch"]}).headers["Location"]
    assert ended(client, after)["n_points"] == 6
    assert client.get(before).json == first


def test_another_process_makes_the_same_timeline_from_its_id(
    app: dash.Dash, sessions: Sessions
) -> None:
    client = app.server.test_client()
    url = new_session(client)
    address = client.post(url, json={"learners": ["scratch"]}).headers["Location"]
    found = ended(client, address)
    session_id, timeline_id = address.split("/")[4], found["id"]
    made = sessions.timelines.get(session_id, timeline_id)
    eventually(lambda: made.has_ended)
    assert [each.mixture.means.tolist() for each in made.records()] == [
        each["means"] for each in found["records"]
    ]


def test_records_can_be_read_from_where_the_reader_stands(client: FlaskClient, url: str) -> None:
    address = client.post(url, json={"learners": ["scratch"]}).headers["Location"]
    whole = ended(client, address)["records"]
    assert client.get(f"{address}?after=3").json["records"] == whole[3:]
    assert client.get(f"{address}?after=99").json["records"] == []


def test_events_tell_each_record_and_the_end(client: FlaskClient, url: str) -> None:
    address = client.post(url, json={}).headers["Location"]
    text = client.get(f"{address}/events").get_data(as_text=True)  # ends by itself
    events = [part.splitlines() for part in text.split("\n\n") if part.startswith("event")]
    assert [lines[0] for lines in events] == ["event: record"] * 8 + ["event: done"]
    told = [json.loads(lines[2].removeprefix("data: ")) for lines in events[:-1]]
    assert told == client.get(address).json["records"]


def test_events_resume_after_the_last_one(client: FlaskClient, url: str) -> None:
    address = client.post(url, json={}).headers["Location"]
    ended(client, address)
    for last, first in (("3", 4), ("0", 1), ("x", 1), ("²", 1), ("9", 1), ("9" * 30, 1)):
        answer = client.get(f"{address}/events", headers={"Last-Event-ID": last})
        lines = answer.get_data(as_text=True).splitlines()
        ids = [int(line.removeprefix("id: ")) for line in lines if line.startswith("id: ")]
        assert ids == [*range(first, 9), 8], last
    answer = client.get(f"{address}/events", headers={"Last-Event-ID": "8"})
    assert answer.get_data(as_text=True).startswith("event: done\nid: 8\n")


def test_a_timeline_can_be_cancelled_and_started_again(client: FlaskClient, url: str) -> None:
    for x in np.linspace(-1, 1, 40):
        client.post(url.replace("timelines", "points"), json={"x": [x]})
    address = client.post(url, json=SLOW).headers["Location"]
    client.post(f"{address}/cancel")
    stopped = eventually(lambda: _with_status(client, url, address, "cancelled"))
    assert len(stopped["records"]) < 44
    assert client.get(address).json == stopped
    assert "event: cancelled" in client.get(f"{address}/events").get_data(as_text=True)
    assert client.post(url, json=SLOW).json["status"] in ("queued", "running")
    client.post(f"{address}/cancel")
    assert client.post(url, json=SLOW).json["status"] in ("queued", "running")
    _until(client, address, "running")
    client.post(f"{address}/cancel")


def test_log_lines_name_session_and_timeline(
    client: FlaskClient, url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", timelines.__name__)
    address = client.post(url, json={}).headers["Location"]
    _until(client, address, "done")
    monkeypatch.setattr(timelines.Race, "record", lambda *_: 1 / 0)
    _until(client, client.post(url, json={"seed": 9}).headers["Location"], "failed")
    session = url.split("/")[-2][:8]
    for seed, end in ((0, "took"), (9, "failed")):
        start = f"session {session}: timeline 4-2-arrival-{seed}-summary-scratch: {end}"
        eventually(lambda start=start: any(each.startswith(start) for each in caplog.messages))


def test_a_failed_timeline_stays_failed_until_it_is_asked_for(
    client: FlaskClient, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(timelines.Race, "record", lambda *_: 1 / 0)
        address = client.post(url, json={}).headers["Location"]
        failed = _until(client, address, "failed")
    assert client.get(address).json == failed
    client.post(url, json={})
    _until(client, address, "done")


def test_reading_two_forgotten_timelines_of_a_session_cancels_neither(
    client: FlaskClient, url: str
) -> None:
    for x in np.linspace(-1, 1, 15):
        client.post(url.replace("timelines", "points"), json={"x": [x]})
    bodies = (SLOW, {"learners": ["scratch"], "n_components": 11})
    addresses = [client.post(url, json=body).headers["Location"] for body in bodies]
    for address in addresses:
        client.post(f"{address}/cancel")
        _until(client, address, "cancelled")
    _forget(client)
    for address in addresses * 2:
        assert client.get(address).json["status"] in ("queued", "running")
    for address in addresses:
        _until(client, address, "done")


def test_reads_start_few_timelines_of_a_session(client: FlaskClient, url: str) -> None:
    for x in np.linspace(-1, 1, 60):
        client.post(url.replace("timelines", "points"), json={"x": [x]})
    address = client.post(url, json=SLOW).headers["Location"]
    others = [address.replace("-12-arrival", f"-{k}-arrival") for k in range(13, 18)]
    answers = [client.get(other) for other in others]
    assert answers[0].status_code == 200
    assert (answers[-1].status_code, answers[-1].json["error"]["code"]) == (503, "busy")
    for other in (address, *others):
        client.post(f"{other}/cancel")


def test_a_cancel_with_a_value_is_refused(client: FlaskClient, url: str) -> None:
    address = client.post(url, json=SLOW).headers["Location"]
    assert client.post(f"{address}/cancel", json={"seed": 1}).status_code == 422
    assert (
        client.post(f"{address}/cancel", data="x=1", content_type="text/plain").status_code == 415
    )
    assert client.post(f"{address}/cancel", json={}).status_code == 200


def _with_status(client: FlaskClient, url: str, address: str, status: str) -> Any:
    found = client.post(f"{address}/cancel").json
    return found if found["status"] == status else None


def _until(client: FlaskClient, address: str, status: str) -> Any:
    def look() -> Any:
        found = client.get(address).json
        assert found["status"] in ("queued", "running", status)
        return found if found["status"] == status else None

    return eventually(look)


def _forget(client: FlaskClient) -> None:
    """Let the server forget its timelines, as after a restart."""
    sessions: Sessions = client.application.extensions["sessions"]
    sessions.timelines._kept.clear()


def test_a_newer_timeline_of_a_session_replaces_one_under_way(
    client: FlaskClient, url: str
) -> None:
    for x in np.linspace(-1, 1, 40):
        client.post(url.replace("timelines", "points"), json={"x": [x]})
    slow = client.post(url, json=SLOW).headers["Location"]
    quick = client.post(url, json={"learners": ["stepwise_em"]}).headers["Location"]
    assert ended(client, quick)["status"] == "done"
    assert _with_status(client, url, slow, "cancelled")


def test_stopping_ends_what_is_under_way(sessions: Sessions) -> None:
    session = sessions.create(n_components=3).id
    for x in np.linspace(-1, 1, 60):
        sessions.add(session, [x])
    made = sessions.timelines.start(session, ["scratch"], "arrival", 0, 12)
    eventually(lambda: made.records())
    before = threading.active_count()
    started = time.monotonic()
    sessions.timelines.close()
    assert made.status == "cancelled"
    assert time.monotonic() - started < 5.0
    assert threading.active_count() < before


def test_threads_that_do_not_end_are_waited_for_together(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timelines, "_CLOSE_TIMEOUT_S", 0.4)
    may_end = threading.Event()
    busy = {("session", str(k)): threading.Thread(target=may_end.wait) for k in range(4)}
    for thread in busy.values():
        thread.start()
    sessions.timelines._threads.update(busy)
    started = time.monotonic()
    sessions.timelines.close()
    assert 0.3 < time.monotonic() - started < 1.2
    may_end.set()


def test_a_deleted_session_s_timeline_ends(sessions: Sessions) -> None:
    made = []
    for _ in range(2):
        session = sessions.create(n_components=3).id
        for x in np.linspace(-1, 1, 60):
            sessions.add(session, [x])
        made.append(sessions.timelines.start(session, ["scratch"], "arrival", 0, 12))
    sessions.delete(made[0].request.session_id)
    eventually(lambda: made[0].status == "cancelled")
    assert made[1].status != "cancelled"


def test_a_timeline_pauses_within_a_fit(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "SLICE_S", 0.0)
    session = sessions.create(n_components=3).id
    sessions.add(session, np.linspace(-1, 1, 60))
    paused = []
    real = turns.Turns.pause

    def pause(slots: turns.Turns, turn: turns.Turn) -> None:
        paused.append(len(made.records()))
        real(slots, turn)

    others = [sessions.timelines._turns.enter(k) for k in range(turns.n_processors())]
    made = sessions.timelines.start(session, ["scratch"], "clusters", 0, 3)
    monkeypatch.setattr(turns.Turns, "pause", pause)
    for each in others:
        sessions.timelines._turns.leave(each)
    waiting = [sessions.timelines._turns.enter(k) for k in range(turns.n_processors())]
    eventually(lambda: paused)
    for each in waiting:
        sessions.timelines._turns.leave(each)
    eventually(lambda: made.status == "done")
    assert paused[0] == 0  # before the first record


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"learners": []}, 422, "learners"),
        ({"learners": ["nobody"]}, 422, "learners.0"),
        ({"learners": ["scratch", "scratch"]}, 422, "learners"),
        ({"order": "by name"}, 422, "order"),
        ({"seed": -1}, 422, "seed"),
        ({"seed": 1.5}, 422, "seed"),
        ({"n_components": 51}, 422, "n_components"),
        ({"speed": 1}, 422, "speed"),
        ([], 422, None),
    ],
)
def test_invalid_requests_name_the_field(
    client: FlaskClient, url: str, body: Any, status: int, field: str
) -> None:
    answer = client.post(url, json=body)
    assert answer.status_code == status
    assert answer.json["error"]["field"] == field


def test_what_is_not_json_is_refused(client: FlaskClient, url: str) -> None:
    assert client.post(url, data="{", content_type="application/json").status_code == 400
    assert client.post(url, data="x=1", content_type="text/plain").status_code == 415


def test_without_points_or_with_a_half_life_there_is_no_timeline(client: FlaskClient) -> None:
    for settings, word in (({}, "point"), ({"half_life": 20}, "half-life")):
        session = client.post("/api/v1/sessions", json=settings).json["id"]
        address = f"/api/v1/sessions/{session}"
        if settings:
            client.post(f"{address}/points", json={"x": [0.1]})
        answer = client.post(f"{address}/timelines", json={})
        assert answer.status_code == 409
        assert word in answer.json["error"]["message"]


def test_a_half_life_of_earlier_is_refused_if_a_point_came_with_it(client: FlaskClient) -> None:
    address = client.post("/api/v1/sessions", json={"half_life": 20}).headers["Location"]
    client.patch(address, json={"half_life": None})
    client.post(f"{address}/points", json={"x": [0.1, 0.2]})
    assert client.post(f"{address}/timelines", json={}).status_code < 300
    client.patch(address, json={"half_life": 20})
    client.post(f"{address}/points", json={"x": [0.3]})
    client.patch(address, json={"half_life": None})
    answer = client.post(f"{address}/timelines", json={})
    assert answer.status_code == 409
    assert "no point that came while one was set" in answer.json["error"]["message"]


@pytest.mark.parametrize(
    "name",
    [
        *("nonsense", "UP", "a" * 301, "0-3-arrival-0-nobody", "9999-2-arrival-0-scratch"),
        *("1-2-up-0-scratch", "1-0-arrival-0-scratch", "1-51-arrival-0-scratch"),
        *("01-2-arrival-0-scratch", "1-2-arrival-00-scratch", "1-2-arrival-0-scratch-scratch"),
    ],
)
def test_an_id_that_names_nothing_is_not_found(client: FlaskClient, url: str, name: str) -> None:
    for answer in (
        client.get(f"{url}/{name}"),
        client.get(f"{url}/{name}/events"),
        client.post(f"{url}/{name}/cancel"),
    ):
        assert (answer.status_code, answer.json["error"]["code"]) == (404, "timeline_not_found")


def test_an_unknown_session_is_not_found(client: FlaskClient) -> None:
    answer = client.post(f"/api/v1/sessions/{'0' * 32}/timelines", json={})
    assert answer.json["error"]["code"] == "session_not_found"
