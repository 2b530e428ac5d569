"""The API: the use of every endpoint."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from dash_app import api_answers as answers
from dash_app.learning import OnlineGaussianMixture
from tests.api_answers import CLICKS, SESSIONS, checked, refused, session_with_points
from tests.waiting import eventually


@pytest.fixture
def session(client: FlaskClient) -> str:
    """The address of a session with points."""
    return session_with_points(client)


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


def test_page_of_the_log_says_how_many_operations_there_are(client: FlaskClient) -> None:
    address = client.post(SESSIONS, json={}).headers["Location"]
    path = f"{address}/operations?limit=2"
    assert client.get(path).json == {"operations": [], "n_operations": 0}
    assert client.get(f"{address}/models").json == {"models": [], "n_models": 0}
    for n_components in (4, 5, 6):
        client.patch(address, json={"n_components": n_components})
    for after, listed in ((0, [1, 2]), (2, [3]), (3, [])):
        page = checked(client.get(f"{path}&after={after}"), answers.OperationsAnswer)
        assert [each["seq"] for each in page["operations"]] == listed
        assert page["n_operations"] == 3


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
    for query, models in (("limit=1", [online]), ("after=1", [run["model"]]), ("after=2", [])):
        found = checked(client.get(f"{session}/models?{query}"), answers.ModelsAnswer)
        assert found == {"models": models, "n_models": 2}


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


@pytest.mark.parametrize("body", [{}, {"json": {}}, {"content_type": "application/json"}])
def test_requests_without_values_take_an_empty_body(
    client: FlaskClient, session: str, body: dict
) -> None:
    run = client.post(f"{session}/train", json={"method": "em"}).json["id"]
    assert client.post(f"{session}/runs/{run}/cancel", **body).status_code == 200
    assert client.post(f"{session}/undo").status_code == 200
    assert client.post(f"{session}/redo", **body).status_code == 200
    assert client.post(f"{session}/clear", **body).json["n_points"] == 0


def test_pages_and_documentation_need_no_other_host(client: FlaskClient) -> None:
    for path in ("/", "/legacy/", "/openapi/", "/openapi/swagger", "/healthz", "/_dash-layout"):
        assert client.get(path).status_code == 200, path
    page = client.get("/openapi/swagger").get_data(as_text=True)
    assert "https://" not in page.replace("https://www.w3.org", "")
