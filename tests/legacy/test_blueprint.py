"""The endpoints at the root, called as the provided page and similar clients call them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from numpy.typing import ArrayLike

from dash_app.learning import Mixture, compare, fit_from_scratch
from testbed.streams import read_column
from tests.legacy.legacy_requests import TWO_CLUMPS, body, error, post


def _mixture(answer: dict[str, Any]) -> Mixture:
    return Mixture(np.array(answer["pi"]), np.array(answer["mu"]), np.array(answer["sigma"]))


def _distance_to_best(answer: dict[str, Any], points: ArrayLike, n_components: int) -> float:
    best = fit_from_scratch(points, n_components).mixture
    return compare(_mixture(answer), best).total_variation


# ------------------------------------------------------------------ training


def test_answer_to_the_provided_request_has_every_field(client: FlaskClient) -> None:
    answer = post(client, "/train?n_components=2&epochs=200", TWO_CLUMPS)
    assert set(answer) == {
        *("pi", "mu", "sigma", "std", "mode", "n_points", "n_new", "loss", "time", "session"),
    }
    assert answer["mode"] == "online"
    assert (answer["n_points"], answer["n_new"]) == (8, 8)
    assert 0 < answer["time"] < 5
    assert sum(answer["pi"]) == pytest.approx(1.0)
    assert answer["mu"] == pytest.approx([-0.5875, 0.4275], abs=0.01)
    assert answer["sigma"] == pytest.approx(np.square(answer["std"]))
    log_likelihood = _mixture(answer).mean_log_likelihood(TWO_CLUMPS)
    assert answer["loss"] == pytest.approx(-log_likelihood, abs=1e-6)
    assert _distance_to_best(answer, TWO_CLUMPS, 2) < 0.001


def test_only_the_new_end_of_a_longer_list_is_trained(client: FlaskClient) -> None:
    post(client, "/train?n_components=2", TWO_CLUMPS[:5])
    answer = post(client, "/train?n_components=2", TWO_CLUMPS)
    assert (answer["n_points"], answer["n_new"]) == (8, 3)
    assert _distance_to_best(answer, TWO_CLUMPS, 2) < 0.02


def test_points_come_back_in_the_form_in_which_they_are_sent(client: FlaskClient) -> None:
    assert client.get("/points").json == {"coordinates": [], "n_components": None}
    post(client, "/train?n_components=3", TWO_CLUMPS)
    answer = client.get("/points").json
    assert answer == {**body(TWO_CLUMPS), "n_components": 3}
    again = client.post("/update?n_components=3", json={"coordinates": answer["coordinates"]})
    assert again.json["n_new"] == 0
    client.post("/clear")
    assert client.get("/points").json["coordinates"] == []


def test_the_same_list_again_trains_nothing(client: FlaskClient, server: Flask) -> None:
    first = post(client, "/train?n_components=2", TWO_CLUMPS)
    sessions = server.extensions["sessions"]
    revision = sessions.view(first["session"]).revision
    again = post(client, "/update?n_components=2", TWO_CLUMPS)
    assert (again["n_new"], again["time"]) == (0, 0.0)
    assert again["mu"] == first["mu"]
    assert sessions.view(first["session"]).revision == revision


@pytest.mark.parametrize(
    "points",
    [[0.7], TWO_CLUMPS[:4], [*TWO_CLUMPS[:3], 0.9], TWO_CLUMPS[::-1]],
    ids=["cleared and one", "shorter", "another in the middle", "another order"],
)
def test_list_that_does_not_continue_the_last_one_starts_a_new_model(
    client: FlaskClient, points: list[float]
) -> None:
    first = post(client, "/train?n_components=2", TWO_CLUMPS)
    answer = post(client, "/train?n_components=2", points)
    assert answer["session"] == first["session"]
    assert (answer["n_points"], answer["n_new"]) == (len(points), len(points))
    assert _distance_to_best(answer, points, 2) < 0.02


def test_number_of_components_may_change_between_two_requests(client: FlaskClient) -> None:
    post(client, "/train?n_components=2", TWO_CLUMPS)
    more = post(client, "/train?n_components=3", TWO_CLUMPS)
    assert (len(more["mu"]), more["n_new"]) == (3, 0)
    assert more["time"] > 0
    fewer = post(client, "/train?n_components=2", [*TWO_CLUMPS, 0.5])
    assert (len(fewer["mu"]), fewer["n_new"]) == (2, 1)
    assert _distance_to_best(fewer, [*TWO_CLUMPS, 0.5], 2) < 0.02


def test_update_ignores_retrain_and_is_online(client: FlaskClient) -> None:
    assert post(client, "/update?n_components=2&retrain=1", TWO_CLUMPS)["mode"] == "online"


@pytest.mark.parametrize("path", ["/train?n_components=2&retrain=1", "/retrain?n_components=2"])
def test_list_is_trained_from_scratch(client: FlaskClient, path: str) -> None:
    answer = post(client, path, TWO_CLUMPS)
    assert (answer["mode"], answer["n_points"], answer["n_new"]) == ("scratch", 8, 8)
    assert answer["time"] > 0
    assert _distance_to_best(answer, TWO_CLUMPS, 2) < 1e-6


def test_retrain_without_a_body_uses_the_active_points(client: FlaskClient) -> None:
    post(client, "/update?n_components=2", TWO_CLUMPS)
    for path, n_components in (("/retrain", 2), ("/retrain?n_components=3&epochs=500", 3)):
        answer = client.post(path).get_json()
        assert (answer["mode"], answer["n_points"], answer["n_new"]) == ("scratch", 8, 0)
        assert _distance_to_best(answer, TWO_CLUMPS, n_components) < 1e-6


def test_online_training_continues_after_training_from_scratch(client: FlaskClient) -> None:
    post(client, "/train?n_components=2&retrain=1", TWO_CLUMPS)
    answer = post(client, "/train?n_components=2&retrain=0", [*TWO_CLUMPS, 0.1])
    assert (answer["mode"], answer["n_new"]) == ("online", 1)


def test_epochs_of_the_query_limit_the_training_from_scratch(
    client: FlaskClient, server: Flask
) -> None:
    answer = post(client, "/train?n_components=2&epochs=1&retrain=1", TWO_CLUMPS)
    trained = server.extensions["sessions"].operations(answer["session"])[-1]
    assert (trained.kind, trained.change.detail["epochs"]) == ("train", 1)
    assert len(answer["mu"]) == 2


def test_query_has_defaults(client: FlaskClient) -> None:
    assert len(post(client, "/train", TWO_CLUMPS)["mu"]) == 2
    post(client, "/train?n_components=4", TWO_CLUMPS)
    assert len(post(client, "/update", [*TWO_CLUMPS, 0.0])["mu"]) == 4


def test_parameters_returns_the_newest_model_without_training(client: FlaskClient) -> None:
    online = post(client, "/update?n_components=2", TWO_CLUMPS)
    current = client.get("/parameters").get_json()
    assert (current["mu"], current["mode"], current["n_new"]) == (online["mu"], "online", 0)
    scratch = client.post("/retrain").get_json()
    current = client.get("/parameters").get_json()
    assert (current["mu"], current["mode"]) == (scratch["mu"], "scratch")
    post(client, "/update?n_components=2", [*TWO_CLUMPS, 0.9])
    current = client.get("/parameters").get_json()
    assert (current["n_points"], current["mode"]) == (9, "online")


def test_parameters_are_those_of_a_model_of_the_active_points(client: FlaskClient) -> None:
    session = (
        f"/api/v1/sessions/{post(client, '/train?n_components=2', [1.0, 2.0, 3.0])['session']}"
    )
    client.delete(f"{session}/points", json={"x": [3.0]})
    client.post(f"{session}/points", json={"x": [9.0]})
    assert client.post("/retrain").get_json()["mode"] == "scratch"
    assert client.get("/parameters").get_json()["mode"] == "scratch"
    for _ in range(2):
        client.post(f"{session}/undo")
    found = client.get("/parameters").get_json()
    assert (found["mode"], max(found["mu"]) < 3.1) == ("online", True)
    client.patch(session, json={"n_components": 4})
    client.post("/retrain")
    client.post(f"{session}/undo")
    assert len(client.get("/parameters").get_json()["mu"]) == 2


def test_clear_removes_points_and_model(client: FlaskClient) -> None:
    post(client, "/train?n_components=2", TWO_CLUMPS)
    response = client.post("/clear")
    assert (response.status_code, response.get_json()) == (200, {"status": "cleared"})
    assert client.get("/parameters").status_code == 422
    assert client.post("/retrain").status_code == 422
    assert post(client, "/train?n_components=2", TWO_CLUMPS)["n_new"] == 8


def test_clear_without_a_session_creates_none(client: FlaskClient) -> None:
    response = client.post("/clear")
    assert response.get_json() == {"status": "cleared"}
    assert "Set-Cookie" not in response.headers


# ------------------------------------------------------------------ hard cases

PAGE_PIXEL = 2 / 1200


@pytest.mark.parametrize(
    "points",
    [
        [0.0],
        [-1.0],
        [0.99],
        [0.3149],
        [0.125, 0.125 + PAGE_PIXEL],
        [-0.4] * 6,
        [-0.4] * 6 + [-0.4 + PAGE_PIXEL],
        [0.1, 0.2],
    ],
    ids=str,
)
@pytest.mark.parametrize("n_components", [2, 10])
def test_few_points_give_a_curve_that_the_page_can_draw(
    client: FlaskClient, points: list[float], n_components: int
) -> None:
    answer = post(client, f"/train?n_components={n_components}&epochs=200", points)
    x = np.arange(-100, 100) / 100
    density = np.zeros(x.size)
    for weight, mean, variance in zip(answer["pi"], answer["mu"], answer["sigma"]):
        density += (
            weight / np.sqrt(2 * np.pi * variance) * np.exp(-((x - mean) ** 2) / 2 / variance)
        )
    assert np.isfinite(density).all()
    assert density.max() > density.min()


@pytest.mark.parametrize(
    "points",
    [
        [*np.linspace(-0.7, -0.5, 8), *np.linspace(0.3, 0.6, 8)],
        [*np.linspace(0.3, 0.6, 8), *np.linspace(-0.7, -0.5, 8)],
        np.column_stack([np.linspace(c - 0.08, c + 0.08, 7) for c in (-0.7, 0.05, 0.6)]).ravel(),
    ],
    ids=["left then right", "right then left", "three in alternation"],
)
@pytest.mark.parametrize("n_components", [3, 5])
def test_points_one_by_one_are_fitted_as_well_as_from_scratch(
    client: FlaskClient, points: list[float], n_components: int
) -> None:
    points = np.round(points, 4)
    for n in range(1, len(points) + 1):
        answer = post(client, f"/update?n_components={n_components}", points[:n])
        assert answer["n_new"] == 1
    scratch = fit_from_scratch(points, n_components)
    tie = abs(scratch.objective - _objective(answer, points)) < 1e-4
    assert tie or compare(_mixture(answer), scratch.mixture).total_variation < 0.02


def _objective(answer: dict[str, Any], points: ArrayLike) -> float:
    x, mixture = np.asarray(points), _mixture(answer)
    s2 = x.var() / (2 * mixture.n_components) ** 2
    penalty = 0.5 * np.sum(np.log(mixture.variances) + s2 / mixture.variances)
    return float((mixture.log_density(x).sum() - penalty) / x.size)


@pytest.mark.parametrize(
    ("name", "n_components", "means"),
    [
        ("old_faithful_eruptions.csv", 2, [2.02, 4.27]),
        ("galaxy_velocities.csv", 3, [9710, 21_400, 33_000]),
    ],
)
@pytest.mark.parametrize("on_the_axis", [False, True])
def test_real_data_are_fitted_as_well_as_from_scratch(
    client: FlaskClient, name: str, n_components: int, means: list[float], on_the_axis: bool
) -> None:
    x = read_column(name)
    expected = np.array(means)
    if on_the_axis:
        middle, half = (x.max() + x.min()) / 2, (x.max() - x.min()) / 1.8
        x, expected = (x - middle) / half, (expected - middle) / half
    tenth = 0.02 * (expected[-1] - expected[0])
    for n in (1, 10, x.size // 2, x.size):
        online = post(client, f"/train?n_components={n_components}", x[:n])
    scratch = post(client, f"/train?n_components={n_components}&retrain=1", x)
    for answer in (online, scratch):
        assert answer["mu"] == pytest.approx(expected, abs=tenth)
        assert _distance_to_best(answer, x, n_components) < 0.02


# ------------------------------------------------------------------ refusals

REFUSALS: dict[str, tuple[str, dict[str, Any], int, str, str | None]] = {
    "no json": ("/train", {"data": "x=1"}, 415, "not_json", None),
    "text": ("/train", {"data": "{}", "content_type": "text/plain"}, 415, "not_json", None),
    "nothing": ("/train", {}, 415, "not_json", None),
    "malformed": (
        "/train",
        {"data": "{", "content_type": "application/json"},
        400,
        "malformed",
        None,
    ),
    "empty": ("/train", {"data": "", "content_type": "application/json"}, 400, "malformed", None),
    "malformed retrain": (
        "/retrain",
        {"data": "{", "content_type": "application/json"},
        400,
        "malformed",
        None,
    ),
    "too large": (
        "/train",
        {"data": b" " * (17 * 2**20), "content_type": "application/json"},
        413,
        "too_large",
        None,
    ),
    "no list": ("/train", {"json": {}}, 422, "not_a_list_of_numbers", "coordinates"),
    "no point": ("/train", {"json": body([])}, 422, "empty", "coordinates"),
    "no point to update": ("/update", {"json": body([])}, 422, "empty", "coordinates"),
    "a string": (
        "/update",
        {"json": {"coordinates": [{"x": "1"}]}},
        422,
        "not_a_list_of_numbers",
        "coordinates[0].x",
    ),
    "NaN": (
        "/update",
        {"data": '{"coordinates": [{"x": NaN}]}', "content_type": "application/json"},
        422,
        "not_finite",
        "coordinates[0].x",
    ),
    "far off": ("/train", {"json": body([1e200])}, 422, "out_of_range", "coordinates[0].x"),
    "components": (
        "/train?n_components=51",
        {"json": body([0.1])},
        422,
        "out_of_range",
        "n_components",
    ),
    "epochs": ("/retrain?epochs=0", {"json": body([0.1])}, 422, "out_of_range", "epochs"),
    "retrain": ("/train?retrain=2", {"json": body([0.1])}, 422, "out_of_range", "retrain"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_names_its_reason_and_changes_nothing(
    client: FlaskClient, server: Flask, name: str
) -> None:
    path, request, status, code, field = REFUSALS[name]
    session = post(client, "/train?n_components=2", TWO_CLUMPS)["session"]
    sessions = server.extensions["sessions"]
    before = sessions.view(session)
    response = client.post(path, **request)
    assert response.status_code == status
    refusal = error(response)
    assert (refusal["code"], refusal["field"]) == (code, field)
    assert "expected" in refusal["message"]
    assert sessions.view(session) == before


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refused_first_request_leaves_no_session(client: FlaskClient, name: str) -> None:
    path, request, status, _, _ = REFUSALS[name]
    response = client.post(path, **request)
    assert response.status_code == status
    assert "Set-Cookie" not in response.headers
    assert client.get("/parameters").status_code == 422


@pytest.mark.parametrize("path", ["/retrain", "/parameters"])
def test_request_without_points_is_refused(client: FlaskClient, path: str) -> None:
    response = client.get(path) if path == "/parameters" else client.post(path)
    assert response.status_code == 422
    assert error(response)["message"] == "expected at least one point, got none"


@pytest.mark.parametrize("path", ["/train", "/update", "/retrain", "/clear"])
def test_wrong_http_method_is_refused_as_json(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 405
    assert error(response)["code"] == "method_not_allowed"
    assert "POST" in response.headers["Allow"]
