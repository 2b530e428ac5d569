"""What no page of ours sends to the dialogs and the story is refused; the server has no fault."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dash_app.sessions import Sessions
from dash_app.ui import ids
from testbed.dash_envelope import callback_of, envelope

ENDS = {"weights": [1.0], "means": [0.0], "variances": [1.0], "tv_to_scratch": 0.1, "n_touched": 3}
TASK = {"of": "a,1", "learner": "summary", "n_ends": 1, "axis": [-1.0, 1.0]}
TOLD = {"step": 0, "done": False, "kept": False, "online": None}


@pytest.fixture
def session_id(server: Flask) -> str:
    sessions: Sessions = server.extensions["sessions"]
    made = sessions.create(n_components=1).id
    sessions.add(made, [-0.4, 0.1, 0.3])
    return made


def send(client: FlaskClient, body: Any) -> Any:
    return client.post("/_dash-update-component", json=body)


def call(client: FlaskClient, output_id: str, *values: Any) -> Any:
    return send(client, envelope(callback_of(client, output_id), *values))


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("outputs", []),
        ("outputs", None),
        ("outputs", {"id": "session", "property": "data"}),
        ("output", "nobody.data"),
        ("output", None),
        ("output", ["orders-results.data"]),
        ("inputs", []),
        ("inputs", [[]]),
        ("inputs", 7),
        ("inputs", [{"id": "orders-task", "property": 1, "value": TASK}]),
        ("state", [{}]),
        ("state", None),
        ("changedPropIds", 1),
        ("changedPropIds", [{}]),
    ],
)
def test_malformed_envelope_is_refused(
    client: FlaskClient, session_id: str, part: str, value: Any
) -> None:
    body = envelope(callback_of(client, ids.ORDERS_RESULTS), TASK, None, session_id)
    answer = send(client, {**body, part: value})
    assert answer.status_code == 422
    assert answer.json["error"]["field"] == part


@pytest.mark.parametrize("body", [7, [], "add"])
def test_body_that_is_no_envelope_is_refused(client: FlaskClient, body: Any) -> None:
    assert send(client, body).status_code == 422


def test_the_pages_own_values_are_taken(client: FlaskClient, session_id: str) -> None:
    trained = call(client, ids.ORDERS_RESULTS, TASK, None, session_id)
    assert trained.status_code == 200
    results = trained.json["response"][ids.ORDERS_RESULTS]["data"]
    assert call(client, ids.ORDERS_CHART, results, "summary").status_code == 200
    again = call(client, ids.ORDERS_RESULTS, {**TASK, "learner": "warm_em"}, results, session_id)
    assert set(again.json["response"][ids.ORDERS_RESULTS]["data"]["by"]) == {"summary", "warm_em"}
    assert call(client, ids.STORY_TEXT, TOLD).status_code == 200
    assert call(client, ids.SELECTION_NOTE, "a,1", session_id).status_code == 200


def test_ends_that_come_in_parts_are_those_that_come_at_once(
    client: FlaskClient, session_id: str
) -> None:
    def results(*parts: int) -> Any:
        found = None
        for n_ends in parts:
            task = {**TASK, "n_ends": n_ends}
            answer = call(client, ids.ORDERS_RESULTS, task, found, session_id)
            found = answer.json["response"][ids.ORDERS_RESULTS]["data"]
        ends = found["by"]["summary"]
        return ends["orders"], ends["shuffles"], ends["left"]

    assert results(1, 3, 4, 100) == results(100)
    assert results(1, 3, 4)[2] == 7


def results_with(**change: Any) -> Any:
    ends = [{**ENDS, "order": order, **change} for order in ("arrival", "sorted", "reversed")]
    ends += [{**ENDS, "order": order, **change} for order in ("clusters", "shuffled")]
    of = {"learner": "summary", "n_points": 3, "n_components": 1}
    found = {**of, "orders": ends, "shuffles": []}
    return {"of": "a,1", "axis": [-1.0, 1.0], "by": {"summary": found}}


@pytest.mark.parametrize(
    "task",
    [
        None,
        7,
        [],
        {},
        {**TASK, "learner": "nobody"},
        {**TASK, "learner": []},
        {**TASK, "axis": [1]},
        {**TASK, "n_ends": 0},
    ],
)
def test_malformed_task_is_refused(client: FlaskClient, session_id: str, task: Any) -> None:
    assert call(client, ids.ORDERS_RESULTS, task, None, session_id).status_code == 422


@pytest.mark.parametrize(
    "results",
    [
        *(7, [], {}, "x", {**results_with(), "axis": None}, {**results_with(), "by": []}),
        {**results_with(), "by": {"nobody": {"error": "x"}}},
        {**results_with(), "by": {"summary": {"error": "x", "orders": 5, "shuffles": []}}},
        *(results_with(order="none"), results_with(weights=[]), results_with(weights=[0.2])),
        *(results_with(variances=[0.0]), results_with(means=["a"]), results_with(means=[1, 2])),
        *(results_with(tv_to_scratch=None), results_with(n_touched="x")),
    ],
)
def test_malformed_results_are_refused(client: FlaskClient, session_id: str, results: Any) -> None:
    assert call(client, ids.ORDERS_CHART, results, "summary").status_code == 422


@pytest.mark.parametrize("learner", [None, 7, [], {}, "nobody"])
def test_chart_of_an_unknown_learner_is_empty(client: FlaskClient, learner: Any) -> None:
    assert call(client, ids.ORDERS_CHART, results_with(), learner).status_code == 200


@pytest.mark.parametrize(
    "told",
    [
        *(None, 7, [], {}, {**TOLD, "step": "x"}, {**TOLD, "step": -1}, {**TOLD, "done": True}),
        *({**TOLD, "online": 7}, {**TOLD, "online": {"n_points": 1}}),
        {**TOLD, "done": True, "records": {"gradient": {}}, "first": {}, "mean": 0, "last_mean": 0},
    ],
)
def test_malformed_story_is_refused(client: FlaskClient, told: Any) -> None:
    assert call(client, ids.STORY_TEXT, told).status_code == 422


@pytest.mark.parametrize("wrong", [None, 7, [], {}, "a\0b", "f" * 32])
def test_session_that_does_not_exist_is_told(client: FlaskClient, wrong: Any) -> None:
    answer = call(client, ids.SELECTION_NOTE, "a,1", wrong)
    assert "expected" in answer.json["response"][ids.SELECTION_NOTE]["children"]
    trained = call(client, ids.ORDERS_RESULTS, TASK, None, wrong).json
    assert "expected" in trained["response"][ids.ORDERS_RESULTS]["data"]["by"]["summary"]["error"]
