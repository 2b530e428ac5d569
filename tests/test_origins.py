"""Requests with a foreign Host header or from a foreign origin are refused."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator
from typing import Optional

import dash
import pytest
from flask.testing import FlaskClient

from dash_app.app import create_app
from dash_app.config import Config
from dash_app.sessions import Sessions
from dash_app.web.origins import own_names
from legacy.__main__ import create_page_server

SESSIONS = "/api/v1/sessions"
COORDINATES = {"coordinates": [{"x": 0.4, "y": 0}]}


@pytest.fixture(scope="module", params=["whole", "page alone"])
def any_client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FlaskClient]:
    """A client of each of the two servers; these tests change no stored data."""
    whole = request.param == "whole"
    config = Config(data_dir=tmp_path_factory.mktemp("data"), log_level="WARNING")
    server = create_app(config).server if whole else create_page_server(config)
    yield server.test_client()
    server.extensions["sessions"].close()


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8050", "127.0.0.1:1", "[::1]:80", "[::1]"]
)
def test_loopback_names_are_served(any_client: FlaskClient, host: str) -> None:
    assert any_client.get("/parameters", headers={"Host": host}).status_code == 422


def test_request_without_a_host_is_served(any_client: FlaskClient) -> None:
    answer = any_client.get("/parameters", environ_overrides={"HTTP_HOST": ""})
    assert answer.status_code == 422  # HTTP/1.0 sends none; no browser does that


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8050",
        "localhost.evil.example",
        "192.168.0.7",
        "[::2]",
        "localhost:80@evil",
        "localhost:80:80",
    ],
)
def test_other_names_are_refused_with_a_message(any_client: FlaskClient, host: str) -> None:
    for method, path in (("GET", "/parameters"), ("POST", "/clear"), ("GET", "/no/such/address")):
        answer = any_client.open(path, method=method, headers={"Host": host})
        assert (answer.status_code, answer.json["error"]["code"]) == (421, "unknown_host")
        assert host in answer.json["error"]["message"]
        assert "GMM_ALLOWED_HOSTS" in answer.json["error"]["message"]


@pytest.mark.parametrize(
    ("listens", "allowed", "host", "served"),
    [
        ("0.0.0.0", "", "192.168.0.7:8050", True),
        ("0.0.0.0", "", "[fe80::1]:8050", True),
        ("::", "", "[fe80::1]:8050", True),
        ("0.0.0.0", "", "localhost", True),
        ("0.0.0.0", "", "mixtures.example", False),
        ("localhost", "", "192.168.0.7", False),
        ("::1", "", "192.168.0.7", False),
        ("mixtures.example", "", "mixtures.example:8050", True),
        ("127.0.0.1", "mixtures.example, other.example:443", "other.example", True),
        ("127.0.0.1", "mixtures.example", "MIXTURES.example.", True),
        ("127.0.0.1", "mixtures.example", "not-mixtures.example", False),
        ("127.0.0.1", "*", "whatever.example", True),
    ],
)
def test_allowed_names_are_served(listens: str, allowed: str, host: str, served: bool) -> None:
    config = dataclasses.replace(Config(), host=listens, allowed_hosts=allowed)
    assert own_names(config)(host) == served


@pytest.mark.parametrize(
    ("site", "origin", "passes"),
    [
        (None, None, True),  # curl
        ("same-origin", "http://localhost", True),
        ("same-origin", "https://public.example", True),  # a proxy with another host name
        ("none", None, True),
        ("same-site", "http://localhost:9999", False),  # another port of this machine
        ("cross-site", "https://evil.example", False),
        ("cross-site", None, False),
        (None, "http://localhost", True),
        (None, "HTTP://LocalHost", True),
        (None, "http://evil-localhost", False),
        (None, "http://localhost:9999", False),
        (None, "http://evil.example", False),
        (None, "null", False),
        (None, "http://[", False),  # Python's parser of addresses raises an error
        (None, "http://localhost]", False),
    ],
)
def test_own_pages_and_clients_other_than_browsers_may_change_data(
    any_client: FlaskClient, site: Optional[str], origin: Optional[str], passes: bool
) -> None:
    headers = {"Sec-Fetch-Site": site, "Origin": origin}
    headers = {name: value for name, value in headers.items() if value is not None}
    any_client.post("/train?n_components=2", json=COORDINATES)
    answer = any_client.post("/clear", headers=headers)
    assert answer.status_code == (200 if passes else 403)
    held = any_client.get("/parameters", headers=headers)  # reading is not refused
    assert held.status_code == (422 if passes else 200)
    if not passes:
        assert answer.json["error"]["code"] == "other_site"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", SESSIONS),
        ("PATCH", f"{SESSIONS}/{'0' * 32}"),
        ("DELETE", f"{SESSIONS}/{'0' * 32}"),
        ("POST", "/_dash-update-component"),
        ("POST", "/page/perform"),
        ("POST", "/page/look"),
        ("POST", "/train"),
        ("PUT", "/train"),
        ("POST", "/no/such/address"),
    ],
)
def test_every_changing_request_is_checked(any_client: FlaskClient, method: str, path: str) -> None:
    answer = any_client.open(path, method=method, json={}, headers={"Sec-Fetch-Site": "same-site"})
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "other_site")


def test_redirect_ignores_the_host_header(config: Config) -> None:
    server = create_app(dataclasses.replace(config, allowed_hosts="*")).server
    client = server.test_client()
    for path in ("/openapi", "/legacy"):
        answer = client.get(f"{path}?a=b", headers={"Host": "evil.example"})
        assert answer.status_code == 308
        assert answer.headers["Location"] == f"{path}/?a=b"
        assert b"evil" not in answer.get_data()
        assert client.get(path, follow_redirects=True).status_code == 200
    server.extensions["sessions"].close()


def test_log_holds_eight_characters_of_an_id(
    app: dash.Dash, caplog: pytest.LogCaptureFixture
) -> None:
    client = app.server.test_client()
    sessions: Sessions = app.server.extensions["sessions"]
    with caplog.at_level(logging.DEBUG):
        session_id = client.post(SESSIONS, json={}).json["id"]
        address = f"{SESSIONS}/{session_id}"
        client.post(f"{address}/points", json={"x": [0.1, 0.2]})
        client.post(f"{address}/train", json={})
        client.delete(address)
        sessions.store.close()
        path = sessions.store._guard._path  # type: ignore[union-attr]
        path.unlink()  # a failed request is logged with its path
        assert client.post(f"{SESSIONS}/{'ab' * 16}/points", json={"x": [0.1]}).status_code == 503
    assert session_id[:8] in caplog.text
    assert session_id[:9] not in caplog.text
    assert "/sessions/abababab/points" in caplog.text
    assert "ab" * 16 not in caplog.text
