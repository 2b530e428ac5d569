"""Rate limits of client addresses."""

from __future__ import annotations

import pytest

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
