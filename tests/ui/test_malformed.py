"""What no page of ours sends: refused with a 4xx or in the answer, and nothing is changed."""

from __future__ import annotations

import json
from typing import Any, Optional

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dash_app.sessions import Sessions

ADD = {"kind": "add", "key": "k1", "x": [0.25]}


@pytest.fixture
def sessions(server: Flask) -> Sessions:
    found: Sessions = server.extensions["sessions"]
    return found


@pytest.fixture
def session_id(sessions: Sessions) -> str:
    return sessions.create(n_components=2).id


def send(client: FlaskClient, command: Any, session_id: Any) -> Any:
    return client.post("/page/perform", json={"session": session_id, "value": command})


def test_a_command_of_the_page_is_carried_out(
    client: FlaskClient, sessions: Sessions, session_id: str
) -> None:
    assert send(client, ADD, session_id).status_code == 200
    assert sessions.view(session_id).n_points == 1


@pytest.mark.parametrize("what", ["perform", "follow", "look"])
@pytest.mark.parametrize("body", [7, [], "add", {"session": None}, {"value": ADD}, {"id": 7}])
def test_body_that_is_no_request_of_the_page_is_refused(
    client: FlaskClient, what: str, body: Any
) -> None:
    answer = client.post(f"/page/{what}", json=body)
    assert answer.status_code == 422
    assert answer.json["error"]["message"].startswith("expected")


WRONG_COMMANDS: list[tuple[Any, Optional[str]]] = [
    # the value, and the field at fault; None: there is no key that an answer could name
    (None, None),
    ([], None),
    ({"kind": "add", "x": [1.0]}, None),
    ({**ADD, "key": 7}, None),
    ({**ADD, "key": ""}, None),
    ({**ADD, "key": "a\0b"}, None),
    ({**ADD, "key": "\ud800"}, None),
    ({**ADD, "key": "k" * 256}, None),
    ({"kind": "add", "key": "k"}, "x"),
    ({**ADD, "x": 1.0}, "x"),
    ({**ADD, "x": [None]}, "0"),
    ({**ADD, "x": [True]}, "0"),
    ({**ADD, "x": [1e151]}, "0"),
    ({**ADD, "x": [10**400]}, "0"),
    ({**ADD, "whole": "yes please"}, "whole"),
    ({"kind": ["add"], "key": "k"}, None),
    ({"kind": "undo", "key": "k", "x": [1.0]}, "x"),
    ({"kind": "configure", "key": "k"}, "settings"),
    ({"kind": "configure", "key": "k", "settings": {"half_life": 1e-320}}, "half_life"),
    ({"kind": "configure", "key": "k", "settings": {"half_life": "5"}}, "half_life"),
    ({"kind": "configure", "key": "k", "settings": {"n_components": 1.5}}, "n_components"),
    ({"kind": "configure", "key": "k", "settings": {"seed": 1}}, "seed"),
    ({"kind": "play", "key": "k", "name": "none"}, "name"),
    ({"kind": "play", "key": "k", "name": {}}, "name"),
    ({"kind": "train", "key": "k", "method": "em", "epochs": 1.5}, "epochs"),
    ({"kind": "train", "key": "k", "method": "em", "epochs": "9"}, "epochs"),
    ({"kind": "train", "key": "k", "method": None, "epochs": 9}, "method"),
]


@pytest.mark.parametrize(("value", "field"), WRONG_COMMANDS)
def test_malformed_command_is_refused_and_changes_nothing(
    client: FlaskClient, sessions: Sessions, session_id: str, value: Any, field: Optional[str]
) -> None:
    answer = send(client, value, session_id)
    assert answer.status_code in (200, 422)
    error = answer.json["error"]
    assert answer.status_code == 200 or field is None
    assert error["message"].startswith("expected")
    assert field is None or error["field"] == field
    assert sessions.view(session_id).revision == 0


@pytest.mark.parametrize("wrong", [None, 7, [], {}, "a\0b", "\ud800", "A" * 32, "é" * 32])
def test_what_cannot_be_an_id_is_a_session_that_is_gone(client: FlaskClient, wrong: Any) -> None:
    assert send(client, ADD, wrong).json == {"key": "k1", "gone": True}


@pytest.mark.parametrize("question", [None, {}, {"run": 7}, {"run": "a\0b"}, {"run": {}}])
def test_question_for_no_run_is_refused(
    client: FlaskClient, session_id: str, question: Any
) -> None:
    answer = client.post("/page/follow", json={"session": session_id, "value": question})
    assert answer.status_code in (200, 422)
    assert answer.json["error"]["message"].startswith("expected")


DEEP = b"[" * 100_000 + b"]" * 100_000


def test_deep_json_is_malformed_everywhere(client: FlaskClient, session_id: str) -> None:
    at = f"/api/v1/sessions/{session_id}"
    for method, path in [
        ("POST", "/api/v1/sessions"),
        ("PATCH", at),
        ("POST", f"{at}/points"),
        ("DELETE", f"{at}/points"),
        ("POST", f"{at}/train"),
        ("POST", "/train"),
        ("POST", "/_dash-update-component"),
        ("POST", "/page/perform"),
        ("POST", "/page/follow"),
        ("POST", "/page/look"),
    ]:
        for text in (DEEP, b'{"x": ' * 33 + b"1" + b"}" * 33):
            answer = client.open(path, method=method, data=text, content_type="application/json")
            assert answer.status_code == 400, (path, text[:10])
            assert "32 deep" in answer.json["error"]["message"]


def test_brackets_in_text_are_no_depth(client: FlaskClient) -> None:
    text = json.dumps({"n_components": 2, "seed": "[{" * 99})
    answer = client.post("/api/v1/sessions", data=text, content_type="application/json")
    assert answer.status_code == 422


@pytest.mark.parametrize("path", ["os/x", "dash/none.js", "dash/../dash.py", "nobody/x.js"])
def test_unknown_file_of_a_component_is_not_found(client: FlaskClient, path: str) -> None:
    answer = client.get(f"/_dash-component-suites/{path}")
    assert answer.status_code == 404
    assert answer.json["error"]["code"] == "not_found"


def test_id_in_the_header_of_the_provided_page_is_checked(client: FlaskClient) -> None:
    answer = client.get("/parameters", headers={"X-Session": "no id"})
    assert answer.status_code == 404
