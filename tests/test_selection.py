"""The number of components over the API."""

from __future__ import annotations

import numpy as np
import pytest
from flask.testing import FlaskClient

from dash_app.api_selection import SelectionAnswer
from dash_app.learning import WeightedSummary
from dash_app.learning.selection import select_n_components
from dash_app.sessions import Sessions

SESSIONS = "/api/v1/sessions"


def session_of(client: FlaskClient, points: list[float], **settings: object) -> str:
    address: str = client.post(SESSIONS, json=settings).headers["Location"]
    if points:
        client.post(f"{address}/points", json={"x": points})
    return address


def three_groups() -> list[float]:
    rng = np.random.default_rng(5)
    points = rng.normal(np.array([0.0, 10.0, 20.0]), size=(20, 3))
    return rng.permutation(points.ravel()).tolist()


def test_it_holds_the_criteria_of_the_summary(client: FlaskClient) -> None:
    points = three_groups()
    answer = client.get(f"{session_of(client, points, seed=3)}/selection")
    assert answer.status_code == 200
    SelectionAnswer.model_validate(answer.json)
    expected = select_n_components(WeightedSummary(1024).with_points(np.array(points)), seed=3)
    assert answer.json["n_components"] == list(range(1, 11))
    assert answer.json["bic"] == list(expected.bic)
    assert answer.json["held_out"] == list(expected.held_out)
    assert answer.json["best"] == expected.best
    assert answer.json["best"]["bic"] == 3
    assert answer.json["reason"] == expected.reason
    assert (answer.json["n_points"], answer.json["revision"]) == (60, 1)


def test_it_changes_nothing(client: FlaskClient) -> None:
    address = session_of(client, three_groups())
    before = client.get(address).json
    client.get(f"{address}/selection")
    assert client.get(address).json == before


@pytest.mark.parametrize(
    ("points", "settings", "word"),
    [
        ([], {}, "at least 5 points, got 0"),
        ([0.1, 0.2, 0.3], {}, "at least 5 points, got 3"),
        ([0.3] * 6, {}, "6 equal ones"),
        ([0.1, 0.2, 0.3, 0.5, 0.8], {"half_life": 20}, "half-life"),
    ],
)
def test_sessions_that_cannot_answer_are_refused(
    client: FlaskClient, points: list[float], settings: dict[str, object], word: str
) -> None:
    answer = client.get(f"{session_of(client, points, **settings)}/selection")
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "refused")
    assert word in answer.json["error"]["message"]


def test_a_half_life_of_the_past_is_refused_too(client: FlaskClient) -> None:
    address = session_of(client, three_groups(), half_life=20)
    client.patch(address, json={"half_life": None})
    answer = client.get(f"{address}/selection")
    assert answer.status_code == 409
    assert "no point that came while one was set" in answer.json["error"]["message"]
    client.post(f"{address}/clear")
    client.post(f"{address}/points", json={"x": three_groups()})
    assert client.get(f"{address}/selection").status_code == 200  # the setting came and went


def test_removed_points_do_not_count(client: FlaskClient) -> None:
    points = three_groups()
    address = session_of(client, points)
    client.delete(f"{address}/points", json={"x": points[:4]})
    assert client.get(f"{address}/selection").json["n_points"] == 56


def test_an_unknown_session_is_not_found(client: FlaskClient) -> None:
    answer = client.get(f"{SESSIONS}/{'0' * 32}/selection")
    assert answer.json["error"]["code"] == "session_not_found"


def test_it_ends_when_the_server_stops(sessions: Sessions) -> None:
    session = sessions.create(n_components=3).id
    sessions.add(session, three_groups())
    sessions.close()
    with pytest.raises(Exception, match="stops"):
        sessions.selections.of(session)
