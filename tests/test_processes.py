"""Real processes: waitress and gunicorn, sessions in several workers, live events."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from testbed.page_requests import PageRequests
from testbed.serving import LastingServer, Server, gunicorn, stream
from tests.waiting import eventually

CLICKS = [-0.71, 0.42, -0.65, 0.38, -0.7]
TEN_THOUSAND = 10_000
"""Points of the longest example."""


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LastingServer]:
    """gunicorn with two workers."""
    held = LastingServer(lambda: gunicorn(tmp_path_factory.mktemp("data"), GMM_THREADS="16"))
    yield held
    held.kill()


@pytest.fixture(scope="module", params=["lasting", "workers"], ids=["waitress", "gunicorn"])
def served(request: pytest.FixtureRequest) -> Server:
    """waitress, and gunicorn with two workers: two requests may reach two processes."""
    held: LastingServer = request.getfixturevalue(request.param)
    return held.running()


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
