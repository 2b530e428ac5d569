"""The API: the use and the errors of every endpoint."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import BaseModel

from dash_app import api_answers as answers
from dash_app.learning import OnlineGaussianMixture
from dash_app.sessions import Sessions
from tests.waiting import eventually

CLICKS = [-0.71, 0.42, -0.65, 0.38, -0.7]
SESSIONS = "/api/v1/sessions"
NOBODY = f"{SESSIONS}/{'0' * 32}"


@pytest.fixture
def session(client: FlaskClient) -> str:
    """The address of a session with points."""
    made = client.post(SESSIONS, json={"n_components": 2})
    address: str = made.headers["Location"]
    client.post(f"{address}/points", json={"x": CLICKS})
    return address


def checked(answer: Any, model: type[BaseModel], status: int = 200) -> Any:
    """Check the answer against its documented model; return its JSON."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.mimetype == "application/json"
    model.model_validate(answer.json)
    return answer.json


def refused(answer: Any, status: int, code: str, field: Any = None) -> str:
    """Check the status, code and field of an error; return its message."""
    found = checked(answer, answers.ErrorAnswer, status)["error"]
    assert (found["code"], found["field"]) == (code, field), found
    message: str = found["message"]
    return message


def test_session_from_creation_to_deletion(client: FlaskClient) -> None:
    made = client.post(SESSIONS, json={"n_components": 2, "seed": 3})
    session = checked(made, answers.SessionAnswer, 201)
    address = made.headers["Location"]
    assert address == f"{SESSIONS}/{session['id']}"
    added = checked(client.post(f"{address}/points", json={"x": CLICKS}), answers.SessionAnswer)
    learner = OnlineGaussianMixture(2, seed=3).partial_fit(CLICKS)
    assert added["online"]["means"] == learner.mixture.means.tolist()
    assert added["online"]["loss"] == -learner.objective
    assert (added["n_points"], added["revision"]) == (5, 1)
    assert checked(client.get(f"{address}/points"), answers.PointsAnswer) == {
        "x": CLICKS,
        "offset": 0,
        "n_points": 5,
    }
    removed = client.delete(f"{address}/points", json={"x": [0.38]})
    assert checked(removed, answers.SessionAnswer)["n_points"] == 4
    assert checked(client.post(f"{address}/undo"), answers.SessionAnswer)["n_points"] == 5
    assert checked(client.post(f"{address}/redo"), answers.SessionAnswer)["n_points"] == 4
    back = client.post(f"{address}/undo", json={"n_points": 0})
    assert checked(back, answers.SessionAnswer)["n_points"] == 0
    assert client.post(f"{address}/undo", json={"n_points": 3}).status_code == 409
    assert client.post(f"{address}/undo", json={"n_points": -1}).status_code == 422
    assert client.post(f"{address}/undo", data="x", content_type="text/plain").status_code == 415
    assert checked(client.post(f"{address}/redo"), answers.SessionAnswer)["n_points"] == 4
    patched = client.patch(address, json={"n_components": 3, "half_life": 20.5})
    assert checked(patched, answers.SessionAnswer)["half_life"] == 20.5
    assert checked(client.patch(address, json={}), answers.SessionAnswer)["half_life"] == 20.5
    forgot = checked(client.patch(address, json={"half_life": None}), answers.SessionAnswer)
    assert (forgot["half_life"], forgot["n_components"]) == (None, 3)
    log = checked(client.get(f"{address}/operations"), answers.OperationsAnswer)["operations"]
    moves = ["undo", "redo", "undo", "redo"]
    kinds = ["add", "remove", *moves, "configure", "configure"]
    assert [each["kind"] for each in log] == kinds
    assert checked(client.post(f"{address}/clear"), answers.SessionAnswer)["n_points"] == 0
    gone = client.delete(address)
    assert (gone.status_code, gone.data) == (204, b"")
    refused(client.get(address), 404, "session_not_found")


def test_points_and_long_increments_come_in_pages(client: FlaskClient) -> None:
    address = f"{SESSIONS}/{client.post(SESSIONS, json={}).json['id']}"
    sent = [round(0.001 * i, 3) for i in range(6000)]
    client.post(f"{address}/points", json={"x": sent})
    first = checked(client.get(f"{address}/points"), answers.PointsAnswer)
    assert (first["x"], first["offset"], first["n_points"]) == (sent[:5000], 0, 6000)
    rest = client.get(f"{address}/points?offset=5000&limit=5000").json
    assert (rest["x"], rest["offset"], rest["n_points"]) == (sent[5000:], 5000, 6000)
    assert client.get(f"{address}/points?offset=6000").json["x"] == []
    assert client.get(f"{address}/points?limit=6000").json["x"] == sent
    for query, n in (("", 1000), ("?x_limit=0", 0), ("?x_limit=6000", 6000)):
        answer = checked(client.get(f"{address}/operations{query}"), answers.OperationsAnswer)
        [line] = answer["operations"]
        assert (line["x"], line["n_x"]) == (sent[:n], 6000)
    for query in ("points?limit=0", "points?offset=-1", "operations?x_limit=-1"):
        assert client.get(f"{address}/{query}").status_code == 422


@pytest.mark.parametrize("body", ['{"x": [99]}', '{"n_components": 3}', "{}", None, [], 7, True])
def test_body_that_is_no_object_is_refused(client: FlaskClient, session: str, body: Any) -> None:
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
        assert refused(answer, 422, "invalid") == f"expected an object, got {body!r}"
    assert client.get(session).json == before


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


def test_session_is_created_without_a_body(client: FlaskClient) -> None:
    assert checked(client.post(SESSIONS), answers.SessionAnswer, 201)["n_components"] == 3


def test_training_from_scratch_and_comparison_with_online(
    client: FlaskClient, session: str
) -> None:
    run = checked(client.post(f"{session}/train"), answers.RunAnswer)
    assert run["status"] == "done"
    assert run["losses"][-1] == run["loss"] == min(run["losses"])
    address = f"{session}/runs/{run['id']}"
    assert checked(client.get(address), answers.RunAnswer) == run
    assert checked(client.post(f"{address}/cancel"), answers.RunAnswer) == run
    parameters = client.get(f"{session}/parameters?model=scratch")
    assert checked(parameters, answers.ModelAnswer) == run["model"]
    online = checked(client.get(f"{session}/parameters"), answers.ModelAnswer)
    assert online["kind"] == "online"
    view = checked(client.get(session), answers.SessionAnswer)
    assert view["online"]["exact"]
    of_training = {"run": run["id"], "method": "em", "converged": True}
    assert view["scratch"] == {**run["model"], **of_training}
    comparison = checked(client.get(f"{session}/comparison"), answers.ComparisonAnswer)
    assert comparison["online"] == online
    assert comparison["scratch"] == run["model"]
    assert 0 <= comparison["total_variation"] < 0.05
    found = checked(client.get(f"{session}/models?limit=1"), answers.ModelsAnswer)["models"]
    assert found == [online]
    later = checked(client.get(f"{session}/models?after=1"), answers.ModelsAnswer)["models"]
    assert later == [run["model"]]


def test_long_training_is_accepted_and_can_be_cancelled(client: FlaskClient, session: str) -> None:
    body = {"method": "adam", "epochs": 100_000, "wait_s": 0.0}
    started = client.post(f"{session}/train", json=body)
    run = checked(started, answers.RunAnswer, 202)
    assert run["status"] == "running"
    assert started.headers["Location"] == f"{session}/runs/{run['id']}"
    checked(client.post(f"{started.headers['Location']}/cancel"), answers.RunAnswer)

    def ended() -> Any:
        run = checked(client.get(started.headers["Location"]), answers.RunAnswer)
        return run if run["status"] != "running" else None

    assert eventually(ended)["status"] == "cancelled"


def test_density_resolves_every_component(client: FlaskClient) -> None:
    address = client.post(SESSIONS, json={"n_components": 2}).headers["Location"]
    # a component far narrower than a step of the grid
    client.post(f"{address}/points", json={"x": [0.0] * 30 + [1000.0] * 3})
    curve = checked(client.get(f"{address}/density?n=20"), answers.DensityAnswer)
    x, density = np.array(curve["x"]), np.array(curve["density"])
    assert (np.diff(x) > 0).all()
    assert np.trapezoid(density, x) == pytest.approx(1.0, abs=0.01)
    ends = checked(client.get(f"{address}/density?low=-2&high=2&n=2"), answers.DensityAnswer)["x"]
    assert (ends[0], ends[-1]) == (-2.0, 2.0)
    turned = checked(client.get(f"{address}/density?low=2&high=-2&n=2"), answers.DensityAnswer)
    assert turned["x"] == ends


def test_repeated_post_with_a_key_adds_nothing_twice(client: FlaskClient, session: str) -> None:
    key = {"Idempotency-Key": "click-1"}
    first = client.post(f"{session}/points", json={"x": [1.0]}, headers=key).json
    assert client.post(f"{session}/points", json={"x": [1.0]}, headers=key).json == first
    assert client.post(f"{session}/points", json={"x": [1.0]}).json["n_points"] == 7
    other = client.post(f"{session}/points", json={"x": [2.0]}, headers=key)
    assert "click-1" in refused(other, 409, "refused")
    run = client.post(f"{session}/train", headers={"Idempotency-Key": "t"}).json
    again = client.post(f"{session}/train", headers={"Idempotency-Key": "t"}).json
    assert again["id"] == run["id"]


def test_repeated_clear_of_an_empty_session_keeps_later_points(client: FlaskClient) -> None:
    address = client.post(SESSIONS, json={}).headers["Location"]
    key = {"Idempotency-Key": "c1"}
    assert client.post(f"{address}/clear", headers=key).json["can_undo"] is False
    client.post(f"{address}/points", json={"x": CLICKS})
    again = checked(client.post(f"{address}/clear", headers=key), answers.SessionAnswer)
    assert again["n_points"] == len(CLICKS)
    log = checked(client.get(f"{address}/operations"), answers.OperationsAnswer)["operations"]
    assert [(each["kind"], each["detail"]) for each in log] == [
        ("note", {"request": "clear"}),
        ("add", {}),
    ]


def test_repeated_creation_with_a_key_creates_one_session(client: FlaskClient) -> None:
    key = {"Idempotency-Key": "a-random-text-of-mine"}
    made = client.post(SESSIONS, json={"seed": 3}, headers=key)
    again = client.post(SESSIONS, json={"seed": 3}, headers=key)
    assert (made.status_code, again.json) == (201, made.json)
    assert client.post(SESSIONS, json={"seed": 3}).json["id"] != made.json["id"]
    other = client.post(SESSIONS, json={"seed": 4}, headers=key)
    assert "seed" not in refused(other, 409, "refused")
    short = client.post(SESSIONS, json={}, headers={"Idempotency-Key": "guessable"})
    assert "16 characters" in refused(short, 422, "invalid", "Idempotency-Key")


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


@pytest.mark.parametrize("body", [{}, {"json": {}}, {"content_type": "application/json"}])
def test_requests_without_values_take_an_empty_body(
    client: FlaskClient, session: str, body: dict
) -> None:
    run = client.post(f"{session}/train", json={"method": "em"}).json["id"]
    assert client.post(f"{session}/runs/{run}/cancel", **body).status_code == 200
    assert client.post(f"{session}/undo").status_code == 200
    assert client.post(f"{session}/redo", **body).status_code == 200
    assert client.post(f"{session}/clear", **body).json["n_points"] == 0


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
    refused(removed, 409, "unknown_point", "x")


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


def test_internal_error_is_a_500_without_details(
    client: FlaskClient, server: Flask, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions: Sessions = server.extensions["sessions"]
    monkeypatch.setattr(sessions.store, "append", None)
    message = refused(client.post(f"{session}/points", json={"x": [1.0]}), 500, "internal")
    assert "NoneType" not in message


def test_pages_and_documentation_need_no_other_host(client: FlaskClient) -> None:
    for path in ("/", "/legacy/", "/openapi/", "/openapi/swagger", "/healthz", "/_dash-layout"):
        assert client.get(path).status_code == 200, path
    page = client.get("/openapi/swagger").get_data(as_text=True)
    assert "https://" not in page.replace("https://www.w3.org", "")
