"""Requests that wait: their places, their time limit, and what ends a wait early."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from dash_app.admission.client import Client
from dash_app.admission.waits import Waits
from dash_app.errors import BusyError
from tests.admission.clients import asking
from tests.waiting import eventually

CLIENT = Client("203.0.113.1")


def never(seconds: float) -> bool:
    """An attempt that fails after so many seconds, at most a moment of them."""
    threading.Event().wait(min(seconds, 0.001))
    return False


def test_place_is_taken_while_the_block_runs_and_then_free_again() -> None:
    waits = Waits(1, 60.0)
    for _ in range(3):
        with asking(CLIENT), waits.place():
            assert waits.n_taken == 1
            with pytest.raises(BusyError, match="at most 1 requests to wait"), waits.place():
                pass
    assert waits.n_taken == 0


def test_place_is_free_again_after_an_error() -> None:
    waits = Waits(1, 60.0)
    for _ in range(2):
        with asking(CLIENT), pytest.raises(ZeroDivisionError), waits.place():
            raise ZeroDivisionError
    assert waits.n_taken == 0


def test_threads_of_the_server_take_no_place() -> None:
    waits = Waits(0, 60.0)
    with waits.place():
        assert waits.n_taken == 0
    with asking(CLIENT), pytest.raises(BusyError), waits.place():
        pass


@pytest.fixture
def switching() -> Iterator[None]:
    """Threads that take turns as often as Python can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_threads_count_their_places_together(switching: None) -> None:
    waits = Waits(1000, 60.0)

    def take() -> None:
        with asking(CLIENT):
            for _ in range(1000):
                with waits.place():
                    pass

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(take) for _ in range(8)]:
            done.result()
    assert waits.n_taken == 0


def test_wait_of_a_request_ends_at_the_time_limit_with_its_place() -> None:
    waits = Waits(1, 0.05)
    for _ in range(2):
        with asking(CLIENT), pytest.raises(BusyError, match=r"expected luck within 0\.05 s"):
            waits.until(never, "luck")
    assert waits.n_taken == 0


def test_wait_takes_a_place_only_if_it_has_to_wait() -> None:
    waits = Waits(0, 60.0)
    with asking(CLIENT):
        waits.until(lambda _: True, "luck")
        with pytest.raises(BusyError, match="at most 0 requests"):
            waits.until(never, "luck")


def test_wait_of_the_server_has_no_time_limit() -> None:
    waits = Waits(1, 0.0)
    tries = iter([False] * 5 + [True])
    waits.until(lambda _: next(tries), "luck")
    assert list(tries) == []


def test_wait_of_a_client_that_has_gone_ends() -> None:
    waits = Waits(1, 60.0)
    with asking(Client("203.0.113.1", lambda: True)), pytest.raises(BusyError, match="disconn"):
        waits.until(never, "luck")
    assert waits.n_taken == 0


def test_stop_ends_the_waits_of_requests_now_and_later() -> None:
    waits = Waits(2, 60.0)
    with ThreadPoolExecutor(1) as pool:

        def wait() -> None:
            with asking(CLIENT):
                waits.until(never, "luck")

        waiting = pool.submit(wait)
        eventually(lambda: waits.n_taken == 1)
        waits.stop()
        with pytest.raises(BusyError, match="stops"):
            waiting.result(30)
    with asking(CLIENT), pytest.raises(BusyError, match="stops"), waits.place():
        pass
    with pytest.raises(BusyError, match="stops"):
        waits.check()


def test_brief_wait_raises_nothing() -> None:
    waits = Waits(1, 60.0)
    with asking(CLIENT):
        started = time.monotonic()
        waits.briefly(never, 0.05)
        assert time.monotonic() - started < 30.0
        with waits.place():
            waits.briefly(never, 60.0)  # without a place it does not wait
        assert time.monotonic() - started < 30.0
    tries = iter([False, False, True])
    waits.briefly(lambda _: next(tries), 60.0)
    assert list(tries) == []
