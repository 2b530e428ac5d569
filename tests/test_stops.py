"""The end of a server process, by an interrupt and by a crash: nothing acknowledged is lost.

`test_overload.py` sends SIGTERM.
"""

from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from dash_app.app import create_app
from dash_app.config import Config
from dash_app.training import maintenance
from testbed.crash import crash_round
from testbed.page_requests import PageRequests
from testbed.serving import LastingServer, Server, gunicorn, stream
from tests.waiting import eventually

CLICKS = [-0.71, 0.42, -0.65, 0.38, -0.7]
TEN_THOUSAND = 10_000
"""Points of the longest example."""


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
    lasting: LastingServer, created_again: Callable[[Path], FlaskClient]
) -> None:
    """It trains, streams and plays an example as SIGINT comes.

    Its log tells the id of a request, and of no session more than eight characters.
    """
    server = lasting.running()
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
    assert code == 0
    assert "stopped" in output.splitlines()
    assert "Traceback" not in output
    lines = [json.loads(each) for each in output.splitlines() if each.startswith("{")]
    created = [each for each in lines if "created" in each["message"]]
    (line,) = (each for each in created if session["id"][:8] in each["message"])
    assert line["request"] == "abc-1"
    assert session["id"] not in output
    assert str(CLICKS[0]) not in output

    client = created_again(server.data_dir)
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


def test_server_whose_output_nobody_reads_any_more_serves_and_ends_without_a_word(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-m", "dash_app", "--port", "0", "--data-dir", str(tmp_path)]
    started = subprocess.Popen(
        [*command, "--log-level", "WARNING"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert started.stdout is not None
        address = started.stdout.readline().split()[-1].decode()
        started.stdout.close()  # as `head -1` does
        with urllib.request.urlopen(f"{address}healthz", timeout=30) as health:
            assert health.status == 200
        started.terminate()
        _, said = started.communicate(timeout=60)
    finally:
        started.kill()
    assert (started.returncode, said) == (141, b"")


def looked_at(client: FlaskClient, session_id: str) -> Any:
    """Return the session as the page sees it."""
    return client.post("/page/look", json={"id": session_id}).json["view"]


def test_kill_loses_no_acknowledged_point_and_ends_the_example_that_is_played(
    lasting: LastingServer,
    created_again: Callable[[Path], FlaskClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Kill -9 while 8 clients write; `benchmarks.http` does this a hundred times."""
    # the server that comes after it knows from the heartbeats that nobody plays; usual are 8 s
    monkeypatch.setattr(maintenance, "PLAY_SILENCE_S", 1.5)
    monkeypatch.setattr(maintenance, "_HEARTBEAT_EVERY_S", 0.3)
    played: list[str] = []

    def play(server: Server) -> None:
        page = PageRequests(server.port)
        played.append(str(page.look()["view"]["id"]))
        page.perform(played[0], "play", name="ten-thousand")
        page.close()

    server = lasting.running()
    found = crash_round(server, n_clients=8, after=200, before_kill=play)
    assert found.n_acknowledged >= 200
    assert (found.n_lost, found.n_doubled, found.n_disordered) == (0, 0, 0)

    (session_id,) = played
    client = created_again(server.data_dir)
    seen = looked_at(client, session_id)
    assert (seen["playing"]["status"], seen["n_points"] < TEN_THOUSAND) == ("playing", True)
    eventually(lambda: looked_at(client, session_id)["playing"] is None)
    command = {"kind": "undo", "key": "one-of-the-test"}
    answer = client.post("/page/perform", json={"session": session_id, "value": command}).json
    assert answer["view"]["example"] is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_gunicorn_does_not_wait_for_open_streams(number: int, tmp_path: Path) -> None:
    server = gunicorn(tmp_path, GMM_THREADS="16")
    try:
        address = server.new_session()
        with ExitStack() as opened:
            for _ in range(4):  # more than one worker
                opened.enter_context(stream(server, address)).until("revision")
            code, said = server.stop(number, timeout_s=15)  # gunicorn kills its workers after 30 s
        assert code == 0
        assert "Traceback" not in said
    finally:
        server.kill()
