"""An overloaded server process: it keeps its limits, serves other requests and stops quickly."""

from __future__ import annotations

import http.client
import itertools
import json
import random
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from dash_app.config import Config
from dash_app.sessions import Sessions
from dash_app.store import Store
from testbed.serving import LastingServer, Server, stream, waitress
from tests.waiting import eventually

LONG = {"method": "adam", "epochs": 100_000, "wait_s": 0}
STOP_S = 10.0
"""Upper bound of a stop, seconds: about 1 alone, more if both processors are busy."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LastingServer]:
    """A server with 10 threads, at most 24 connections and two streams."""
    settings = {"GMM_THREADS": "10", "GMM_MAX_CONNECTIONS": "24"}
    held = LastingServer(lambda: waitress(tmp_path_factory.mktemp("data"), **settings))
    yield held
    held.kill()


@pytest.fixture
def served(small: LastingServer) -> Server:
    """The small server, which runs."""
    return small.running()


def normal_points(n_points: int, seed: int) -> list[float]:
    source = random.Random(seed)
    return [source.gauss(source.choice([-2.0, 0.0, 3.0]), 0.3) for _ in range(n_points)]


def new_session(server: Server, **settings: Any) -> str:
    """Return the address of a session with two points."""
    address = server.new_session(**settings)
    status, answer = server.request("POST", f"{address}/points", {"x": [-1.0, 1.0]})
    assert status == 200, answer
    return address


def test_short_training_overtakes_long_ones(served: Server) -> None:
    runs = []
    for _ in range(10):
        address = new_session(served)
        status, run = served.request("POST", f"{address}/train", LONG)
        assert (status, run["status"] in ("queued", "running")) == (202, True)
        runs.append(f"{address}/runs/{run['id']}")
    # until torch is loaded they leave their slots anyway
    eventually(lambda: any(served.request("GET", run)[1]["n_iter"] for run in runs))
    status, run = served.request("POST", f"{new_session(served)}/train", {"wait_s": 20})
    assert (status, run["status"]) == (200, "done")
    for run in runs:  # the next test has the server, too
        assert served.request("POST", f"{run}/cancel")[0] == 200


def test_waiting_requests_are_limited_and_leave_threads_free(served: Server) -> None:
    answers: list[tuple[int, dict[str, Any], str]] = []
    body = json.dumps({"coordinates": [{"x": x, "y": 0} for x in normal_points(300, 1)]})

    def retrain() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/train?n_components=30&epochs=9999&retrain=1", body, headers)
        answer = connection.getresponse()
        answers.append((answer.status, json.loads(answer.read()), answer.headers["Retry-After"]))
        connection.close()

    threads = [threading.Thread(target=retrain) for _ in range(16)]
    for thread in threads:
        thread.start()
    started = time.monotonic()
    assert served.request("GET", "/healthz")[0] == 200
    assert time.monotonic() - started < 10.0
    for thread in threads:
        thread.join()
    refused = [each for each in answers if each[0] == 503]
    assert sorted({status for status, _, _ in answers}) == [200, 503]
    assert {(error["error"]["code"], retry_after) for _, error, retry_after in refused} == {
        ("busy", "2")
    }


def test_stream_above_the_limit_is_refused_until_another_is_closed(served: Server) -> None:
    address = served.new_session()
    with stream(served, address):
        with stream(served, address) as second:
            with stream(served, address) as third:
                assert third.answer.status == 503
                assert int(third.answer.headers["Retry-After"]) >= 1
                error = json.loads(third.answer.read())["error"]
                assert error["code"] == "too_many_streams"
                assert "expected at most 2 event streams" in error["message"]
            assert served.request("GET", "/healthz")[0] == 200
            second.until("revision")

        def is_admitted() -> bool:
            with stream(served, address) as another:
                return bool(another.answer.status == 200)

        eventually(is_admitted)


def test_new_connection_replaces_an_idle_one(served: Server) -> None:
    with ExitStack() as held:
        for _ in range(60):
            connection = socket.create_connection(("127.0.0.1", served.port), timeout=20)
            held.enter_context(connection).sendall(b"GET / HTTP/1.1\r\n")
        assert served.request("GET", "/healthz") == (200, {"status": "ok"})


def test_stop_under_load_is_quick_and_loses_nothing(served: Server) -> None:
    # the last test of the module: another one would have to start the server again
    seconds, acknowledged = stop_under_load(served)
    assert seconds < STOP_S
    config = Config(data_dir=served.data_dir)
    sessions = Sessions(Store(config.store_url), config)
    for address, points in acknowledged.items():
        held = sessions.points(address.rpartition("/")[2]).tolist()
        assert held[: len(points)] == points
    sessions.close()


def stop_under_load(server: Server, load_s: float = 0.5) -> tuple[float, dict[str, list[float]]]:
    """Return the seconds from SIGTERM to the end, and each session's acknowledged points.

    Clients send large increments for `load_s` seconds before; this is load, not a wait.
    """
    for _ in range(2):
        server.request("POST", f"{new_session(server)}/train", LONG)
    acknowledged: dict[str, list[float]] = {}
    answered = threading.Semaphore(0)

    def write(address: str, seed: int) -> None:
        try:
            for n_points in itertools.chain([5], itertools.repeat(1000)):
                points = normal_points(n_points, seed)
                status, _ = server.request("POST", f"{address}/points", {"x": points})
                if status != 200:
                    return
                acknowledged[address] = acknowledged.get(address, []) + points
                answered.release()
        except (OSError, http.client.HTTPException, ValueError):
            return  # the server has stopped

    threads = [
        threading.Thread(target=write, args=(server.new_session(n_components=50), seed))
        for seed in range(4)
    ]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert answered.acquire(timeout=30)
    time.sleep(load_s)
    started = time.monotonic()
    code, output = server.stop(signal.SIGTERM)
    seconds = time.monotonic() - started
    for thread in threads:
        thread.join()
    assert code == 0, output
    assert "Traceback" not in output
    return seconds, acknowledged
