"""Other orders over the API."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from dash_app.admission import client as asking
from dash_app.api_orders import OrdersAnswer
from dash_app.config import Config
from dash_app.errors import BudgetError, BusyError
from dash_app.learning import FitResult, fit_from_scratch, orders
from dash_app.learning.mixture import Array
from dash_app.learning.orders import ORDERS, ends_by_order
from dash_app.sessions import Sessions
from dash_app.store import Store

SESSIONS = "/api/v1/sessions"
PARTS = [[-0.6, -0.5, 0.52], [-0.55], [0.5, 0.6, 0.45], [-0.45], [0.55, -0.52]]


@pytest.fixture
def url(client: FlaskClient) -> str:
    """The address of a session with five increments."""
    address: str = client.post(
        SESSIONS, json={"n_components": 2, "seed": 3, "capacity": 16}
    ).headers["Location"]
    for x in PARTS:
        client.post(f"{address}/points", json={"x": x})
    return address


def test_it_holds_the_ends_of_the_sessions_increments(client: FlaskClient, url: str) -> None:
    answer = client.get(f"{url}/orders?learner=gradient&n_shuffles=2&seed=5")
    assert answer.status_code == 200
    OrdersAnswer.model_validate(answer.json)
    parts = [np.array(part) for part in PARTS]
    settings: dict[str, Any] = {"seed": 3, "capacity": 16, "n_shuffles": 2, "shuffle_seed": 5}
    expected = ends_by_order(parts, "gradient", 2, **settings)
    assert [each["order"] for each in answer.json["orders"]] == list(ORDERS)
    assert [each["seed"] for each in answer.json["shuffles"]] == [6, 7]
    ends = zip(answer.json["orders"] + answer.json["shuffles"], expected.orders + expected.shuffles)
    for told, end in ends:
        assert told["means"] == end.mixture.means.tolist()
        assert told["tv_to_scratch"] == end.tv_to_scratch
        assert told["n_touched"] == end.n_touched
    assert answer.json["scratch"] == expected.scratch.to_dict()
    assert (answer.json["n_points"], answer.json["n_steps"]) == (10, 5)
    assert (answer.json["learner"], answer.json["revision"]) == ("gradient", 5)


def test_by_default_the_online_learner_is_asked(client: FlaskClient, url: str) -> None:
    found = client.get(f"{url}/orders").json
    assert found["learner"] == "summary"
    assert len(found["shuffles"]) == 10


def test_parts_of_one_dialog_have_one_fit_from_scratch(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = sessions.create(n_components=2).id
    sessions.add(session_id, [-0.6, -0.5, 0.52, 0.5])
    fits = []

    def counted(points: Array, *arguments: Any, **settings: Any) -> FitResult:
        fits.append(points.size)
        return fit_from_scratch(points, *arguments, **settings)

    monkeypatch.setattr(orders, "fit_from_scratch", counted)
    ends = [
        sessions.orders.of(session_id, "gradient", 0, part=slice(k, k + 1)).ends for k in range(3)
    ]
    assert fits == [4]
    assert ends[0].scratch == ends[2].scratch
    sessions.add(session_id, [0.1])
    later = sessions.orders.of(session_id, "gradient", 0, part=slice(1)).ends
    assert fits == [4, 5]
    sessions.configure(session_id, n_components=1)
    assert sessions.orders.of(session_id, "gradient", 0).ends.scratch.n_components == 1
    assert later.scratch.n_components == 2


def test_undone_points_are_left_out(client: FlaskClient, url: str) -> None:
    client.post(f"{url}/undo")
    assert client.get(f"{url}/orders?n_shuffles=0").json["n_points"] == 8


def test_more_than_200_increments_are_divided(client: FlaskClient) -> None:
    address = client.post(SESSIONS, json={"n_components": 1}).headers["Location"]
    for x in np.linspace(-1, 1, 201):
        client.post(f"{address}/points", json={"x": [x]})
    found = client.get(f"{address}/orders?learner=stepwise_em&n_shuffles=0").json
    assert found["n_points"] == 201
    assert found["n_steps"] <= 200


def test_a_timeline_can_have_one_cluster_after_the_other(client: FlaskClient, url: str) -> None:
    answer = client.post(f"{url}/timelines", json={"learners": ["scratch"], "order": "clusters"})
    events = client.get(f"{answer.headers['Location']}/events").get_data(as_text=True)
    assert events.rstrip().splitlines()[-3] == "event: done"
    records = client.get(answer.headers["Location"]).json["records"]
    assert [each["n_points"] for each in records] == [3, 4, 7, 8, 10]
    assert max(records[1]["means"]) < 0  # five points are left of zero


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("learner=nobody", "learner"),
        ("n_shuffles=-1", "n_shuffles"),
        ("n_shuffles=51", "n_shuffles"),
        ("seed=-1", "seed"),
        ("order=sorted", "order"),
    ],
)
def test_invalid_queries_name_the_field(
    client: FlaskClient, url: str, query: str, field: str
) -> None:
    answer = client.get(f"{url}/orders?{query}")
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field)


def test_with_one_point_or_a_half_life_it_is_refused(client: FlaskClient) -> None:
    for settings, word in (({}, "at least 2 points"), ({"half_life": 20}, "half-life")):
        address = client.post(SESSIONS, json=settings).headers["Location"]
        client.post(f"{address}/points", json={"x": [0.1]})  # it has one order
        answer = client.get(f"{address}/orders")
        assert answer.status_code == 409
        assert word in answer.json["error"]["message"]


def test_a_half_life_of_earlier_is_refused_if_a_point_came_with_it(client: FlaskClient) -> None:
    address = client.post("/api/v1/sessions", json={"half_life": 20}).headers["Location"]
    client.patch(address, json={"half_life": None})
    client.post(f"{address}/points", json={"x": [0.1, 0.2]})
    assert client.get(f"{address}/orders").status_code < 300
    client.patch(address, json={"half_life": 20})
    client.post(f"{address}/points", json={"x": [0.3]})
    client.patch(address, json={"half_life": None})
    answer = client.get(f"{address}/orders")
    assert answer.status_code == 409
    assert "no point that came while one was set" in answer.json["error"]["message"]


def test_an_unknown_session_is_not_found(client: FlaskClient) -> None:
    answer = client.get(f"{SESSIONS}/{'0' * 32}/orders")
    assert answer.json["error"]["code"] == "session_not_found"


def test_it_ends_when_the_client_is_gone(sessions: Sessions) -> None:
    session = sessions.create(n_components=3).id
    for x in np.linspace(-1, 1, 30):
        sessions.add(session, [x])
    n_asked = 0

    def has_gone() -> bool:
        nonlocal n_asked
        n_asked += 1
        return n_asked > 20

    asking.current.set(asking.Client("", has_gone))
    try:
        with pytest.raises(BusyError, match="disconnected"):
            sessions.orders.of(session, "scratch")
    finally:
        asking.current.set(None)
    assert n_asked == 21
    assert sessions.orders.of(session, "stepwise_em", 0).n_steps == 30  # its slot is free again


def test_it_ends_when_its_time_is_up(sessions: Sessions, config: Config) -> None:
    session = sessions.create(n_components=3).id
    for x in np.linspace(-1, 1, 12):
        sessions.add(session, [x])
    hasty = Sessions(Store(config.store_url), dataclasses.replace(config, max_run_s=0.01))
    try:
        with pytest.raises(BudgetError, match="take fewer shuffles"):
            hasty.orders.of(session, "scratch")
    finally:
        hasty.close()
