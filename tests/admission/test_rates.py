"""Rate limits of client addresses."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from dash_app.admission import rates
from dash_app.admission.client import Client
from dash_app.admission.rates import Rate
from dash_app.errors import RateError
from tests.admission.clients import asking


def test_each_address_has_its_own_limit() -> None:
    rate = Rate(2, "sessions")
    for address in ("203.0.113.1", "203.0.113.2"):
        with asking(Client(address)):
            rate.take()
            rate.take()
            with pytest.raises(RateError, match="at most 2 sessions a minute") as caught:
                rate.take()
            assert caught.value.retry_after_s is not None
            assert 1 <= caught.value.retry_after_s <= 30


def test_refused_request_takes_no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    rate = Rate(60, "points")
    now = 1000.0
    monkeypatch.setattr("dash_app.admission.rates.time.monotonic", lambda: now)
    with asking(Client("203.0.113.1")):
        rate.take(50)
        for _ in range(3):
            with pytest.raises(RateError):
                rate.take(20)
        now += 10.0
        rate.take(20)
        now += 60.0
        rate.take(1000)  # an amount above the limit counts as the limit


def test_ipv6_addresses_of_one_network_are_one_client() -> None:
    rate = Rate(1, "sessions")
    with asking(Client("2001:db8::1")):
        rate.take()
    with asking(Client("2001:db8::2")), pytest.raises(RateError):
        rate.take()
    with asking(Client("2001:db8:0:1::1")):
        rate.take()


def test_nothing_is_refused_without_a_limit_or_a_client() -> None:
    with asking(Client("203.0.113.1")):
        for _ in range(100):
            Rate(None, "sessions").take()
    rate = Rate(1, "sessions")
    for _ in range(100):
        rate.take()


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(rates, "time", found)
    return found


def granted(rate: Rate, address: str, wanted: int) -> int:
    """Take one token at a time; return how many were granted."""
    n_granted = 0
    with asking(Client(address)):
        for _ in range(wanted):
            try:
                rate.take()
            except RateError:
                continue
            n_granted += 1
    return n_granted


def test_tokens_of_one_minute_are_the_most_that_gather(clock: Clock) -> None:
    rate = Rate(3, "sessions")
    assert granted(rate, "203.0.113.1", 5) == 3
    clock.now += 600.0
    assert granted(rate, "203.0.113.1", 5) == 3


def test_refusal_says_when_there_are_enough_tokens(clock: Clock) -> None:
    rate = Rate(60, "points")
    with asking(Client("203.0.113.1")):
        rate.take(55)
        with pytest.raises(RateError) as caught:
            rate.take(20)
        assert caught.value.retry_after_s == 15
        clock.now += 15.0
        rate.take(20)


def test_address_used_least_recently_is_forgotten_first(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "_MAX_ADDRESSES", 2)
    rate = Rate(1, "sessions")
    assert granted(rate, "203.0.113.1", 1) == 1
    assert granted(rate, "203.0.113.2", 1) == 1
    assert granted(rate, "203.0.113.1", 1) == 0
    assert granted(rate, "203.0.113.3", 1) == 1
    assert granted(rate, "203.0.113.1", 1) == 0
    assert granted(rate, "203.0.113.2", 1) == 1  # forgotten, so it begins anew


@pytest.fixture
def switching() -> Iterator[None]:
    """Threads that take turns as often as Python can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_threads_together_get_the_tokens_of_one_minute(clock: Clock, switching: None) -> None:
    rate = Rate(1000, "points")
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda _: granted(rate, "203.0.113.1", 500), range(8))
    assert sum(found) == 1000


def test_address_that_is_no_ip_address_is_a_client_too() -> None:
    rate = Rate(1, "sessions")
    assert granted(rate, "unix:", 2) == 1
    assert granted(rate, "", 2) == 1
