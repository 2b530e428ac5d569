"""Examples that a real server plays: several workers, a stop, a crash."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from testbed.page_requests import PageRequests
from testbed.serving import gunicorn, waitress
from tests.waiting import eventually

N_POINTS = 10_000


def session_of(page: PageRequests) -> str:
    return str(page.look()["view"]["id"])


def test_any_worker_pauses_and_resumes_what_another_one_plays(tmp_path: Path) -> None:
    server = gunicorn(tmp_path)
    # each connection may be served by another worker
    pages = [PageRequests(server.port) for _ in range(4)]
    try:
        session_id = session_of(pages[0])
        pages[0].perform(session_id, "play", name="ten-thousand")
        for page in pages[1:]:
            paused: Any = page.perform(session_id, "pause")
            if "error" in paused:  # it has ended already, on a fast machine
                break
            assert page.perform(session_id, "resume")["view"]["example"] == "ten-thousand"
        eventually(lambda: pages[1].look(session_id)["view"]["n_points"] == N_POINTS)
        for page in pages:
            seen = page.look(session_id)
            assert (seen["view"]["playing"], sum(seen["histogram"]["counts"])) == (None, N_POINTS)
    finally:
        for page in pages:
            page.close()
        server.kill()


def test_server_stops_at_once_while_it_plays_and_its_crash_ends_the_example(tmp_path: Path) -> None:
    server = waitress(tmp_path)
    page = PageRequests(server.port)
    session_id = session_of(page)
    page.perform(session_id, "play", name="ten-thousand")
    started = time.monotonic()
    code, _ = server.stop()
    assert (code, time.monotonic() - started < 5.0) == (0, True)
    page.close()
    server = waitress(tmp_path)
    page = PageRequests(server.port)
    try:
        seen = page.look(session_id)["view"]
        assert (seen["playing"], seen["n_points"] < N_POINTS) == (None, True)
        page.perform(session_id, "play", name="ten-thousand")
        server.kill()
        page.close()
        server = waitress(tmp_path)
        page = PageRequests(server.port)
        eventually(lambda: page.look(session_id)["view"]["playing"] is None)
        assert page.perform(session_id, "undo")["view"]["example"] == "ten-thousand"
    finally:
        page.close()
        server.kill()
