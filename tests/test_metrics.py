"""Metrics for Prometheus: off by default, correct, and without ids."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from dash_app.app import create_app
from dash_app.config import Config
from tests.waiting import eventually

SESSIONS = "/api/v1/sessions"
RULE = "/api/v1/sessions/<session_id>"


@pytest.fixture
def measured(config: Config) -> Iterator[FlaskClient]:
    """A client of an application with metrics."""
    server = create_app(dataclasses.replace(config, metrics=True)).server
    yield server.test_client()
    server.extensions["sessions"].close()


def figures(client: FlaskClient) -> dict[tuple[str, ...], float]:
    """Return each sample's value by its name and the values of its labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.get_data(as_text=True))
        for sample in family.samples
    }


def test_metrics_are_404_without_the_setting(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 404


def test_requests_and_work_are_counted(measured: FlaskClient) -> None:
    session = measured.post(SESSIONS, json={"n_components": 2}).get_json()["id"]
    address = f"{SESSIONS}/{session}"
    for x in ([0.1], [0.2, 0.3], ["none"]):
        measured.post(f"{address}/points", json={"x": x})
    run = measured.post(f"{address}/train", json={"wait_s": 30}).get_json()
    assert run["status"] == "done"
    with measured.get(f"{address}/events", buffered=False) as stream:
        next(iter(stream.response))
        during = figures(measured)
    after = figures(measured)

    assert after["gmm_operations_total", "add"] == 2
    assert after["gmm_operations_total", "train"] == 1
    assert after["gmm_trainings_total", "em", "done"] == 1
    assert (during["gmm_event_streams",], after["gmm_event_streams",]) == (1, 0)
    assert after["gmm_sessions_in_memory",] == 1
    assert after["gmm_trainings_running",] == after["gmm_trainings_queued",] == 0
    assert after["gmm_threads",] >= 1
    points = ("POST", f"{RULE}/points")
    assert after["gmm_http_requests_total", points[0], points[1], "200"] == 2
    assert after["gmm_http_requests_total", points[0], points[1], "422"] == 1
    assert after[("gmm_http_request_duration_seconds_count", *points)] == 3
    assert 0 < after[("gmm_http_request_duration_seconds_sum", *points)] < 60
    assert after["process_resident_memory_bytes",] > 10e6


def test_waiting_requests_are_counted(measured: FlaskClient) -> None:
    address = f"{SESSIONS}/{measured.post(SESSIONS, json={}).get_json()['id']}"
    sessions = measured.application.extensions["sessions"]
    statuses: list[int] = []

    def add() -> None:
        client = measured.application.test_client()
        statuses.append(client.post(f"{address}/points", json={"x": [0.1]}).status_code)

    adder = threading.Thread(target=add)
    with sessions._operations._live.hold(address.rpartition("/")[2]):
        adder.start()
        eventually(lambda: figures(measured)["gmm_requests_waiting",] == 1)
    adder.join()
    assert statuses == [200]
    assert figures(measured)["gmm_requests_waiting",] == 0


def test_no_label_has_text_from_a_client(measured: FlaskClient) -> None:
    session = measured.post(SESSIONS, json={}).get_json()["id"]
    measured.get(f"{SESSIONS}/{session}")
    measured.get("/secret/address")
    measured.open("/healthz", method="BREW")
    measured.get("/healthz", headers={"Host": "evil.example"})
    found = figures(measured)
    assert found["gmm_http_requests_total", "GET", "unmatched", "404"] == 1
    assert found["gmm_http_requests_total", "GET", "/healthz", "421"] == 1
    text = str(found)
    assert not [word for word in (session[:8], "secret", "BREW", "evil") if word in text]


def test_request_under_another_host_name_is_refused(measured: FlaskClient) -> None:
    assert measured.get("/metrics", headers={"Host": "evil.example"}).status_code == 421


def test_two_applications_count_separately(measured: FlaskClient, config: Config) -> None:
    measured.get("/healthz")
    other = create_app(dataclasses.replace(config, metrics=True)).server
    assert ("gmm_http_requests_total", "GET", "/healthz", "200") not in figures(other.test_client())
    other.extensions["sessions"].close()
