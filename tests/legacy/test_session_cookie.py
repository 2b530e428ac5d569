"""How a request names its session: by a signed cookie, or by a header."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient

from dash_app.app import create_app
from dash_app.config import Config
from tests.legacy.legacy_requests import TWO_CLUMPS, body, error, post


def test_each_browser_has_its_own_model(server: Flask) -> None:
    first, second = server.test_client(), server.test_client()
    one = post(first, "/train?n_components=2", TWO_CLUMPS)
    other = post(second, "/train?n_components=3", [0.9, 0.8])
    assert one["session"] != other["session"]
    assert post(first, "/train?n_components=2", [*TWO_CLUMPS, 0.5])["n_new"] == 1
    assert post(second, "/train?n_components=3", [0.9, 0.8, 0.7])["n_points"] == 3


def test_cookie_is_set_once_and_hidden_from_scripts(client: FlaskClient) -> None:
    response = client.post("/train", json=body(TWO_CLUMPS))
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("gmm_session_")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Max-Age=" in cookie
    again = client.post("/train", json=body([*TWO_CLUMPS, 0.2]))
    assert "Set-Cookie" not in again.headers


@pytest.mark.parametrize("forge", [str.upper, lambda value: value.split(".")[0], lambda _: "é"])
def test_forged_cookie_is_ignored(server: Flask, forge: Any) -> None:
    client = server.test_client()
    session = post(client, "/train", TWO_CLUMPS)["session"]
    (cookie,) = client._cookies.values()
    client.set_cookie(cookie.key, forge(cookie.value))
    assert client.get("/parameters").status_code == 422
    assert post(client, "/train", [*TWO_CLUMPS, 0.1])["session"] != session


def test_client_without_cookies_names_its_session_in_a_header(server: Flask) -> None:
    session = post(server.test_client(use_cookies=False), "/train", TWO_CLUMPS)["session"]
    client = server.test_client(use_cookies=False)
    answer = post(client, "/update", [*TWO_CLUMPS, 0.2], **{"X-Session": session})
    assert (answer["session"], answer["n_new"]) == (session, 1)
    held = client.get("/parameters", headers={"X-Session": session})
    assert held.get_json()["n_points"] == 9


@pytest.mark.parametrize("session_id", ["f" * 32, "UP"])
@pytest.mark.parametrize("path", ["/train", "/parameters", "/points", "/retrain", "/clear"])
def test_an_unknown_x_session_is_not_found(client: FlaskClient, path: str, session_id: str) -> None:
    headers = {"X-Session": session_id}
    if path in ("/parameters", "/points"):
        response = client.get(path, headers=headers)
    else:
        response = client.post(path, headers=headers, json=body([0.5]))
    assert response.status_code == 404
    assert error(response)["code"] == "session_not_found"


def test_cookie_of_a_deleted_session_gets_a_new_session(client: FlaskClient, server: Flask) -> None:
    gone = post(client, "/train", TWO_CLUMPS)["session"]
    server.extensions["sessions"].delete(gone)
    assert client.get("/parameters").status_code == 422
    assert client.post("/clear").get_json() == {"status": "cleared"}
    answer = post(client, "/train", [*TWO_CLUMPS, 0.3])
    assert answer["session"] != gone
    assert answer["n_new"] == 9
    assert post(client, "/train", [*TWO_CLUMPS, 0.3])["session"] == answer["session"]


def test_the_session_survives_a_restart_of_the_server(config: Config) -> None:
    cookies: list[Any] = []
    for n_new, points in ((8, TWO_CLUMPS), (1, [*TWO_CLUMPS, 0.4])):
        server = create_app(config).server
        client = server.test_client()
        for cookie in cookies:
            client.set_cookie(cookie.key, cookie.value)
        assert post(client, "/train", points)["n_new"] == n_new
        cookies = list(client._cookies.values())
        server.extensions["sessions"].close()


def test_refused_training_leaves_no_session_that_nobody_knows(config: Config) -> None:
    server = create_app(dataclasses.replace(config, max_increment_s=0.0)).server
    many = np.random.default_rng(0).normal(size=400)
    answer = server.test_client().post("/train?n_components=20", json=body(many))
    assert "learned within 0 s" in error(answer)["message"]
    assert "Set-Cookie" not in answer.headers
    assert server.extensions["sessions"].store.sessions() == []
    server.extensions["sessions"].close()
