"""The API: the errors of every endpoint."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dash_app.sessions import Sessions
from tests.api_answers import CLICKS, SESSIONS, refused, session_with_points


@pytest.fixture
def session(client: FlaskClient) -> str:
    """The address of a session with points."""
    return session_with_points(client)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ('{"x": [99]}', "'{\"x\": [99]}'"),
        ('{"n_components": 3}', "'{\"n_components\": 3}'"),
        ("{}", "'{}'"),
        (None, "null"),
        ([], "[]"),
        (7, "7"),
        (True, "true"),
        ([None, {"x": False, "y": "None"}], "[null, {'x': false, 'y': 'None'}]"),
        ([1] * 1000, f"[{'1, ' * 18}1,..."),
    ],
)
def test_body_that_is_no_object_is_refused(
    client: FlaskClient, session: str, body: Any, shown: str
) -> None:
    before = client.get(session).json
    timelines = f"{session}/timelines"
    for method, address in (
        *(("post", SESSIONS), ("patch", session), ("post", timelines)),
        *(("post", f"{session}/points"), ("delete", f"{session}/points")),
        *(("post", f"{session}/{name}") for name in ("undo", "redo", "clear", "train")),
        ("post", f"{timelines}/1-2-arrival-0-scratch/cancel"),
    ):
        answer = getattr(client, method)(
            address, data=json.dumps(body), content_type="application/json"
        )
        assert refused(answer, 422, "invalid") == f"expected an object, got {shown}"
    assert client.get(session).json == before


def test_value_in_a_message_has_the_words_of_json(client: FlaskClient, session: str) -> None:
    for n_components, shown in ((None, "null"), (True, "true"), ([False], "[false]")):
        refusal = client.patch(session, json={"n_components": n_components})
        assert refused(refusal, 422, "invalid", "n_components").endswith(f", got {shown}")


def test_unknown_name_in_a_query_is_refused_but_from_a_probe(client: FlaskClient) -> None:
    paths = client.get("/openapi/openapi.json").json["paths"]
    assert len(paths) > 20
    probes = {"/healthz", "/readyz"}
    assert probes < paths.keys()
    for path, item in paths.items():
        if path in probes:
            assert client.get(f"{path}?foo=1").status_code == 200
            continue
        address = re.sub(r"{[a-z_]+}", "0" * 32, path)
        for method in item:
            answer = client.open(f"{address}?foo=1", method=method.upper())
            message = refused(answer, 422, "invalid", "foo")
            assert message == "expected no value of this name, got '1'", (method, path)
    assert client.head(f"/api/v1/sessions/{'0' * 32}?foo=1").status_code == 422
    assert client.get("/favicon.ico?v=2").status_code == 200


def test_name_twice_in_a_query_is_refused(client: FlaskClient, session: str) -> None:
    message = refused(client.get(f"{session}/points?limit=1&limit=2"), 422, "invalid", "limit")
    assert message == "expected one value of this name, got ['1', '2']"
    address = "/train?n_components=2&n_components=3"
    refused(client.post(address, json={"coordinates": [{"x": 1}]}), 422, "invalid", "n_components")


@pytest.mark.parametrize("kind", ["application/vnd.api+json", "text/json", ""])
def test_body_of_another_content_type_is_refused(
    client: FlaskClient, session: str, kind: str
) -> None:
    for address, body in (
        (f"{session}/points", {"x": [1]}),
        (f"{session}/clear", {}),
        (f"{session}/timelines", {}),
        ("/train", {"coordinates": [{"x": 1}]}),
        ("/retrain", {"coordinates": [{"x": 1}]}),
    ):
        answer = client.post(address, data=json.dumps(body), content_type=kind)
        refused(answer, 415, "not_json")
    charset = "Application/JSON; charset=utf-8"
    answer = client.post(f"{session}/points", data='{"x": [1]}', content_type=charset)
    assert answer.json["n_points"] == len(CLICKS) + 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"x": []}', "x"),
        ('{"x": 1.0}', "x"),
        ('{"x": [1.0, "1.5"]}', "x.1"),
        ('{"x": [true]}', "x.0"),
        ('{"x": [null]}', "x.0"),
        ('{"x": [[1.0]]}', "x.0"),
        ('{"x": [NaN]}', "x.0"),
        ('{"x": [1e999]}', "x.0"),
        ('{"x": [-1e151]}', "x.0"),
        (f'{{"x": [1{"0" * 400}]}}', "x.0"),
        ('{"y": [1.0]}', "x"),
        ('{"x": [1.0], "y": 2}', "y"),
        ("[1.0]", None),
        ("null", None),
        ('"x"', None),
    ],
)
def test_unusable_points_are_refused_and_change_nothing(
    client: FlaskClient, session: str, body: str, field: str
) -> None:
    before = client.get(session).json
    for method in ("post", "delete"):
        answer = getattr(client, method)(
            f"{session}/points", data=body, content_type="application/json"
        )
        message = refused(answer, 422, "invalid", field)
        assert message.startswith("expected ")
        assert ", got " in message
    assert client.get(session).json == before


@pytest.mark.parametrize(
    ("settings_", "field"),
    [
        ({"n_components": 0}, "n_components"),
        ({"n_components": 51}, "n_components"),
        ({"n_components": 2.5}, "n_components"),
        ({"n_components": "2"}, "n_components"),
        ({"n_components": True}, "n_components"),
        ({"n_components": None}, "n_components"),
        ({"half_life": 0}, "half_life"),
        ({"half_life": "ten"}, "half_life"),
        ({"components": 3}, "components"),
    ],
)
def test_unusable_settings_are_refused(
    client: FlaskClient, session: str, settings_: dict, field: str
) -> None:
    before = client.get(session).json
    refused(client.post(SESSIONS, json=settings_), 422, "invalid", field)
    refused(client.patch(session, json=settings_), 422, "invalid", field)
    assert client.get(session).json == before


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("train", {"epochs": 0}, "epochs"),
        ("train", {"epochs": 100_001}, "epochs"),
        ("train", {"method": "magic"}, "method"),
        ("train", {"wait_s": 61}, "wait_s"),
    ],
)
def test_unusable_training_is_refused(
    client: FlaskClient, session: str, path: str, body: dict, field: str
) -> None:
    refused(client.post(f"{session}/{path}", json=body), 422, "invalid", field)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("parameters?model=both", "model"),
        ("density?n=1", "n"),
        ("density?n=x", "n"),
        ("density?low=inf", "low"),
        ("models?limit=0", "limit"),
        ("models?limitt=1", "limitt"),
        ("operations?after=-1", "after"),
    ],
)
def test_unusable_query_is_refused(
    client: FlaskClient, session: str, path: str, field: str
) -> None:
    refused(client.get(f"{session}/{path}"), 422, "invalid", field)


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        (
            "post",
            "timelines",
            {"order": "up"},
            "expected one of arrival, sorted, reversed, clusters, shuffled, got 'up'",
        ),
        ("post", "timelines", {"learners": []}, "expected at least 1 of them, got []"),
        ("post", "timelines", {"learners": ["summary"] * 50}, "expected at most "),
        ("post", "timelines", {"learners": ["magic"]}, "expected one of "),
        ("post", "train", {"method": "magic"}, "expected em or adam, got 'magic'"),
        ("post", "train", {"method": 3}, "expected text, got 3"),
        ("get", "parameters?model=both", None, "expected online or scratch, got 'both'"),
        ("get", "orders?learner=magic", None, "expected one of "),
        ("get", "race?learners=magic", None, "expected names of adam, "),
        ("get", f"race?learners={'a' * 501}", None, "expected at most 500 characters, got 'aaa"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_invalid_choice_and_length_are_told_in_plain_words(
    client: FlaskClient, session: str, method: str, path: str, body: Any, message: str
) -> None:
    answer = getattr(client, method)(f"{session}/{path}", json=body)
    assert answer.status_code == 422
    plain = answer.json["error"]["message"]
    assert plain.startswith(message)
    assert not re.search(r"should|Input|\^|\|", plain), plain


@pytest.mark.parametrize("action", ["redo", "clear", "cancel"])
def test_requests_without_values_refuse_unknown_ones(
    client: FlaskClient, session: str, action: str
) -> None:
    run = client.post(f"{session}/train", json={"method": "em"}).json["id"]
    path = f"{session}/runs/{run}/cancel" if action == "cancel" else f"{session}/{action}"
    before = client.get(session).json
    message = refused(client.post(path, json={"n_points": 1}), 422, "invalid", "n_points")
    assert message == "expected no value of this name, got 1"
    for text in ("[]", '""', "null", "3"):
        answer = client.post(path, data=text, content_type="application/json")
        assert answer.status_code == 422
    assert client.post(path, data="{", content_type="application/json").status_code == 400
    assert client.post(path, data="x=1", content_type="text/plain").status_code == 415
    assert client.get(session).json == before


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("short", "expected at least 16 characters, got 'short'"),
        ("k" * 256, "expected at most 255 characters, got 'kkk"),
        ("two words and more", "expected printable ASCII without spaces, got 'two words"),
    ],
    ids=["short", "long", "spaces"],
)
def test_unusable_key_is_told_in_plain_words(client: FlaskClient, key: str, message: str) -> None:
    answer = client.post(SESSIONS, json={}, headers={"Idempotency-Key": key})
    assert refused(answer, 422, "invalid", "Idempotency-Key").startswith(message)


def test_requests_that_do_not_apply_are_refused(client: FlaskClient) -> None:
    session = client.post(SESSIONS).headers["Location"]
    for path in ("undo", "redo"):
        refused(client.post(f"{session}/{path}"), 409, "refused")
    for path in ("parameters", "parameters?model=scratch", "comparison", "density"):
        refused(client.get(f"{session}/{path}"), 409, "refused")
    refused(client.post(f"{session}/train"), 409, "refused", "x")
    removed = client.delete(f"{session}/points", json={"x": [1.0]})
    assert refused(removed, 409, "unknown_point", "x") == "expected an active point, got 1.0"
    client.post(f"{session}/points", json={"x": [1.0, 2.0]})
    removed = client.delete(f"{session}/points", json={"x": [1.0, 1.0]})
    message = refused(removed, 409, "unknown_point", "x")
    assert message == "expected no more copies of 1.0 than the 1 active, got 2"


@pytest.mark.parametrize("method", ["post", "patch", "delete"])
def test_body_that_is_not_json_is_refused(client: FlaskClient, session: str, method: str) -> None:
    address = session if method == "patch" else f"{session}/points"
    send = getattr(client, method)
    refused(send(address, data="{", content_type="application/json"), 400, "malformed")
    refused(send(address, data="", content_type="application/json"), 400, "malformed")
    refused(send(address, data='{"x": [1]}', content_type="text/plain"), 415, "not_json")
    refused(send(address, data='{"x": [1]}'), 415, "not_json")


def test_large_body_is_refused(
    client: FlaskClient, server: Flask, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(server.config, "MAX_CONTENT_LENGTH", 1000)
    answer = client.post(f"{session}/points", json={"x": [0.123456789] * 100})
    assert "1000 bytes" in refused(answer, 413, "too_large")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/points"),
        ("GET", "/points"),
        ("POST", "/undo"),
        ("POST", "/train"),
        ("GET", "/models"),
        ("GET", "/operations"),
        ("GET", "/events"),
        ("GET", "/comparison"),
    ],
)
@pytest.mark.parametrize("session_id", ["0" * 32, "x", "%00", "a" * 5000])
def test_unknown_session_is_not_found(
    client: FlaskClient, method: str, path: str, session_id: str
) -> None:
    body = {"x": [1.0]} if path == "/points" else {}
    sent = None if method == "GET" else body
    answer = client.open(f"{SESSIONS}/{session_id}{path}", method=method, json=sent)
    refused(answer, 404, "session_not_found")


def test_unknown_run_is_not_found(client: FlaskClient, session: str) -> None:
    for run_id in ("0" * 16, "x"):
        refused(client.get(f"{session}/runs/{run_id}"), 404, "run_not_found")
        refused(client.post(f"{session}/runs/{run_id}/cancel"), 404, "run_not_found")


@pytest.mark.parametrize("path", ["/nothing", "/api/v1/nothing", "/index.html", "/a/b/c"])
def test_unknown_address_is_json_404(client: FlaskClient, path: str) -> None:
    assert path in refused(client.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", SESSIONS, {"POST", "OPTIONS"}),
        ("GET", SESSIONS, {"POST", "OPTIONS"}),
        ("GET", "/train", {"POST", "OPTIONS"}),
        ("POST", "/", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/healthz", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_wrong_method_is_405(client: FlaskClient, method: str, path: str, allowed: set) -> None:
    answer = client.open(path, method=method)
    refused(answer, 405, "method_not_allowed")
    assert set(answer.allow) == allowed


def test_options_of_an_address_need_no_body(client: FlaskClient, session: str) -> None:
    for address in (SESSIONS, session, f"{session}/points", f"{session}/timelines", "/train"):
        answer = client.options(address)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        assert "OPTIONS" in answer.allow


def test_internal_error_is_a_500_without_details(
    client: FlaskClient, server: Flask, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions: Sessions = server.extensions["sessions"]
    monkeypatch.setattr(sessions.store, "append", None)
    message = refused(client.post(f"{session}/points", json={"x": [1.0]}), 500, "internal")
    assert "NoneType" not in message
