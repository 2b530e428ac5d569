"""Rate limits of client addresses over HTTP, without a network."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from dash_app.app import create_app
from dash_app.config import Config


def new_sessions(config: Config, *addresses: str) -> list[Any]:
    """Return one answer to a new session for each address, which a proxy reports."""
    server = create_app(config).server
    answers = [
        server.test_client().post("/api/v1/sessions", json={}, headers={"X-Forwarded-For": address})
        for address in addresses
    ]
    server.extensions["sessions"].close()
    return answers


def test_request_above_the_limit_is_429_with_retry_after(config: Config) -> None:
    limited = dataclasses.replace(config, sessions_per_minute=1)
    first, second = new_sessions(limited, "203.0.113.1", "203.0.113.1")
    assert (first.status_code, second.status_code) == (201, 429)
    error = second.get_json()["error"]
    assert error["code"] == "too_many"
    assert "at most 1 new sessions a minute" in error["message"]
    assert 1 <= int(second.headers["Retry-After"]) <= 60


@pytest.mark.parametrize(("proxies", "statuses"), [(0, [201, 429]), (1, [201, 201])])
def test_forwarded_address_counts_only_from_a_trusted_proxy(
    config: Config, proxies: int, statuses: list[int]
) -> None:
    settings = dataclasses.replace(config, sessions_per_minute=1, proxies=proxies)
    answers = new_sessions(settings, "203.0.113.1", "203.0.113.2")
    assert [answer.status_code for answer in answers] == statuses


@pytest.mark.parametrize(
    ("settings", "rates"),
    [
        ({}, (None, None)),
        ({"host": "::1"}, (None, None)),
        ({"host": "0.0.0.0"}, (60, 100_000)),
        ({"proxies": 1}, (60, 100_000)),
        ({"sessions_per_minute": 7}, (7, None)),
        ({"host": "0.0.0.0", "sessions_per_minute": 0}, (None, 100_000)),
    ],
)
def test_limits_are_off_on_loopback_unless_set(settings: dict, rates: tuple) -> None:
    config = dataclasses.replace(Config(), **settings)
    assert (config.session_rate, config.point_rate) == rates
