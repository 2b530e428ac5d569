"""Real processes: waitress and gunicorn, endpoints of both pages, live events, shutdowns."""

from __future__ import annotations

import dataclasses
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from dash_app.app import create_app
from dash_app.config import Config
from testbed.crash import crash_round
from testbed.page_requests import PageRequests
from testbed.serving import Server, gunicorn, stream, waitress
from tests.waiting import eventually

CLICKS = [-0.71, 0.42, -0.65, 0.38, -0.7]
TEN_THOUSAND = 10_000
"""Points of the longest example."""


@pytest.fixture(scope="module", params=[waitress, gunicorn], ids=lambda start: start.__name__)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    """waitress, and gunicorn with two workers: two requests may reach two processes."""
    server = request.param(tmp_path_factory.mktemp("data"), GMM_THREADS="16")
    yield server
    server.kill()


def test_session_is_the_same_in_every_worker(served: Server) -> None:
    address = served.new_session(n_components=2)
    for i in range(20):
        status, session = served.request("POST", f"{address}/points", {"x": [i / 10]})
        assert (status, session["n_points"], session["revision"]) == (200, i + 1, i + 1)
    for i in range(4):
        assert served.request("POST", f"{address}/undo")[1]["n_points"] == 19 - i
    for _ in range(4):
        status, session = served.request("GET", address)
        assert (session["n_points"], session["can_redo"]) == (16, True)
    status, run = served.request("POST", f"{address}/train")
    assert (status, run["status"], run["n_points"]) == (200, "done", 16)
    training = {"run": run["id"], "method": "em", "converged": True}
    for _ in range(4):
        assert served.request("GET", address)[1]["scratch"] == {**run["model"], **training}
    assert served.request("GET", f"{address}/points")[1]["x"] == [i / 10 for i in range(16)]


def test_points_of_concurrent_clients_are_kept_once_and_in_order(served: Server) -> None:
    address = served.new_session(n_components=1)
    n_clients, n_each = 4, 8

    def write(client: int) -> None:
        for i in range(n_each):
            status, answer = served.request(
                "POST",
                f"{address}/points",
                {"x": [client * 100 + i]},
                {"Idempotency-Key": f"{client}-{i}"},
            )
            assert status == 200, answer

    threads = [threading.Thread(target=write, args=(client,)) for client in range(n_clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    x = served.request("GET", f"{address}/points")[1]["x"]
    for client in range(n_clients):
        own = [each for each in x if each // 100 == client]
        assert own == [client * 100 + i for i in range(n_each)]


def test_stream_sends_changes_and_training_at_once(served: Server) -> None:
    address = served.new_session(n_components=2)
    with stream(served, address) as tab:
        assert tab.answer.status == 200
        assert tab.answer.headers["Content-Type"].startswith("text/event-stream")
        assert tab.answer.headers["Cache-Control"] == "no-cache"
        assert tab.answer.headers["X-Accel-Buffering"] == "no"
        assert tab.until("revision")[0]["data"]["revision"] == 0
        for i in range(1, 6):
            served.request("POST", f"{address}/points", {"x": [i / 10]})
            # a worker notifies its own streams at once; the other worker polls
            added_at = time.monotonic()
            event = tab.until("revision")[-1]
            assert time.monotonic() - added_at < 3.0
            assert event["data"]["n_points"] == i
            assert event["data"]["online"]["n_points"] == i
        status, run = served.request("POST", f"{address}/train", {"method": "em"})
        assert status == 200
        received = tab.until("done")
        if received[-1]["data"]["model"]["number"] != run["model"]["number"]:
            raise AssertionError("the event has another model than the run")
        progress = [each["data"] for each in received if each["event"] == "progress"]
        assert [loss for each in progress for loss in each["losses"]] == run["losses"]
        assert progress[-1]["iteration"] == run["n_iter"]
        assert progress[-1]["loss"] == run["loss"]


def test_stream_resumes_after_its_last_event(served: Server) -> None:
    address = served.new_session(n_components=2)
    with stream(served, address) as tab:
        tab.until("revision")
        served.request("POST", f"{address}/points", {"x": CLICKS})
        last = tab.until("revision")[-1]
    run = served.request("POST", f"{address}/train", {"method": "em"})[1]
    with stream(served, address, last["id"]) as tab:
        received = tab.until("done")
    names = [each["event"] for each in received if each["event"] != "revision"]
    assert names[0] == "started"
    assert set(names[1:-1]) == {"progress"}
    losses = [
        loss for each in received if "losses" in each["data"] for loss in each["data"]["losses"]
    ]
    assert losses == run["losses"]
    with stream(served, address, received[-1]["id"]) as tab:
        served.request("POST", f"{address}/points", {"x": [1.0]})
        assert [each["event"] for each in tab.until("revision")] in (
            ["revision"],
            ["revision", "revision"],
        )


def test_stream_of_a_deleted_session_ends(served: Server) -> None:
    address = served.new_session()
    with stream(served, address) as tab:
        tab.until("revision")
        served.request("DELETE", address)
        assert tab.until("gone")
        assert list(tab.events()) == []


def test_streams_send_at_most_thirty_a_second(served: Server) -> None:
    address = served.new_session(n_components=1)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            served.request("POST", f"{address}/points", {"x": [1.0, 2.0]})

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    with stream(served, address) as tab:
        tab.until("revision")
        started, n_events, revision = time.monotonic(), 0, -1
        for event in tab.events():
            if "data" in event:
                n_events += 1
                assert event["data"]["revision"] > revision  # in order, none twice
                revision = event["data"]["revision"]
            if time.monotonic() - started > 1.0:
                break
    stop.set()
    for writer in writers:
        writer.join()
    assert 3 <= n_events <= 33


def test_any_worker_pauses_and_resumes_what_another_one_plays(served: Server) -> None:
    # each connection may be served by another worker
    pages = [PageRequests(served.port) for _ in range(4)]
    try:
        session_id = str(pages[0].look()["view"]["id"])
        pages[0].perform(session_id, "play", name="ten-thousand")
        for page in pages[1:]:
            paused: Any = page.perform(session_id, "pause")
            if "error" in paused:  # it has ended already, on a fast machine
                break
            assert page.perform(session_id, "resume")["view"]["example"] == "ten-thousand"
        eventually(lambda: pages[1].look(session_id)["view"]["n_points"] == TEN_THOUSAND)
        for page in pages:
            seen = page.look(session_id)
            assert seen["view"]["playing"] is None
            assert sum(seen["histogram"]["counts"]) == TEN_THOUSAND
    finally:
        for page in pages:
            page.close()


@pytest.fixture
def created_again() -> Iterator[Callable[[Path], FlaskClient]]:
    """Return a function that opens the data of an ended server process and returns a client."""
    with ExitStack() as opened:

        def create(data_dir: Path) -> FlaskClient:
            server = create_app(dataclasses.replace(Config(), data_dir=data_dir)).server
            opened.callback(server.extensions["sessions"].close)
            client: FlaskClient = server.test_client()
            return client

        yield create


def test_interrupted_server_ends_cleanly_and_keeps_its_sessions_for_the_next(
    tmp_path: Path, created_again: Callable[[Path], FlaskClient]
) -> None:
    """It trains, streams and plays an example as SIGINT comes; `test_overload.py` sends SIGTERM.

    Its log tells the id of a request, and of no session more than eight characters.
    """
    server = waitress(tmp_path, GMM_LOG_FORMAT="json")
    try:
        headers = {"X-Request-Id": "abc-1"}
        _, session = server.request("POST", "/api/v1/sessions", {"n_components": 2}, headers)
        address = f"/api/v1/sessions/{session['id']}"
        server.request("POST", f"{address}/points", {"x": CLICKS})
        on_page = "/train?n_components=2&epochs=200"
        coordinates = [{"x": x, "y": 0} for x in CLICKS]
        _, before = server.request("POST", on_page, {"coordinates": coordinates[:3]})
        body = {"method": "adam", "epochs": 100_000, "wait_s": 0}
        status, run = server.request("POST", f"{address}/train", body)
        assert (status, run["status"]) == (202, "running")
        page = PageRequests(server.port)
        played = str(page.look()["view"]["id"])
        with stream(server, address) as tab:
            tab.until("revision")
            page.perform(played, "play", name="ten-thousand")
            code, output = server.stop(signal.SIGINT)
        page.close()
    finally:
        server.kill()
    assert code == 0
    assert "stopped" in output.splitlines()
    assert "Traceback" not in output
    lines = [json.loads(each) for each in output.splitlines() if each.startswith("{")]
    created = [each for each in lines if "created" in each["message"]]
    (line,) = (each for each in created if session["id"][:8] in each["message"])
    assert line["request"] == "abc-1"
    assert session["id"] not in output
    assert str(CLICKS[0]) not in output

    client = created_again(tmp_path)
    assert client.get(address).json["n_points"] == 5
    assert client.get(f"{address}/runs/{run['id']}").json["status"] == "cancelled"
    seen = looked_at(client, played)
    assert (seen["example"], seen["playing"]) == ("ten-thousand", None)
    assert seen["n_points"] < TEN_THOUSAND
    assert before["n_new"] == 3
    after = client.post(
        on_page, json={"coordinates": coordinates}, headers={"X-Session": before["session"]}
    )
    assert (after.json["n_new"], after.json["session"]) == (2, before["session"])


def looked_at(client: FlaskClient, session_id: str) -> Any:
    """Return the session as the page sees it."""
    return client.post("/page/look", json={"id": session_id}).json["view"]


def test_kill_loses_no_acknowledged_point_and_ends_the_example_that_is_played(
    tmp_path: Path, created_again: Callable[[Path], FlaskClient]
) -> None:
    """Kill -9 while 8 clients write; `benchmarks.http` does this a hundred times."""
    played: list[str] = []

    def play(server: Server) -> None:
        page = PageRequests(server.port)
        played.append(str(page.look()["view"]["id"]))
        page.perform(played[0], "play", name="ten-thousand")
        page.close()

    found = crash_round(tmp_path, n_clients=8, after=200, before_kill=play)
    assert found.n_acknowledged >= 200
    assert (found.n_lost, found.n_doubled, found.n_disordered) == (0, 0, 0)

    (session_id,) = played
    client = created_again(tmp_path)
    seen = looked_at(client, session_id)
    assert (seen["playing"]["status"], seen["n_points"] < TEN_THOUSAND) == ("playing", True)
    eventually(lambda: looked_at(client, session_id)["playing"] is None)
    command = {"kind": "undo", "key": "one-of-the-test"}
    answer = client.post("/page/perform", json={"session": session_id, "value": command}).json
    assert answer["view"]["example"] is None
