"""PostgreSQL is stopped and started again while the application serves."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import pytest
from flask.testing import FlaskClient
from postgres import PostgresServer  # tests/server/postgres.py

from dash_app.config import Config
from tests.waiting import eventually

SESSIONS = "/api/v1/sessions"
EXERCISE = "/train?n_components=2&epochs=9"


@pytest.fixture
def database(postgres: Optional[PostgresServer]) -> PostgresServer:
    """The database server; a test that stops it starts it again."""
    if postgres is None:
        pytest.skip("no PostgreSQL here: install the package postgresql to run this test")
    return postgres


@pytest.fixture
def config(database: PostgresServer, tmp_path: Path) -> Config:
    """Settings with an empty store."""
    url = database.cleared()
    return dataclasses.replace(
        Config(), data_dir=tmp_path / "data", database_url=url, log_level="WARNING"
    )


def new_session(client: FlaskClient) -> str:
    """Return the address of a session with one point."""
    address = f"{SESSIONS}/{client.post(SESSIONS, json={}).json['id']}"
    assert client.post(f"{address}/points", json={"x": [0.1]}).status_code == 200
    return address


def coordinates(*points: float) -> dict[str, Any]:
    return {"coordinates": [{"x": x, "y": 0} for x in points]}


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_requests_are_refused_for_the_time_without_a_store_and_change_nothing(
    served: FlaskClient, database: PostgresServer, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    address = new_session(served)
    page_session = {"X-Session": served.post(EXERCISE, json=coordinates(0.1)).json["session"]}
    with database.away(mode):
        answers = [
            served.get("/healthz"),
            served.get(address),
            served.post(SESSIONS, json={}),
            served.post(f"{address}/points", json={"x": [0.2]}),
            served.post(f"{address}/points", json={"x": [0.3]}, headers={"Idempotency-Key": "a"}),
            served.post(f"{address}/train", json={}),
            served.delete(address),
            served.post(EXERCISE, json=coordinates(0.1, 0.2), headers=page_session),
        ]
        asked = served.post("/page/look", json={"id": address.rpartition("/")[2]}).json
    for answer in answers:
        assert answer.status_code == 503, answer.json
        assert answer.headers["Retry-After"] == "1"
        message = "the store cannot be used now; try again"  # nothing of the driver
        assert answer.json["error"] == {
            "code": "store_unavailable",
            "message": message,
            "field": None,
        }
    assert asked["again"] == {"reason": "store", "message": message, "after_ms": 1000}
    refused = [each for each in caplog.records if each.name.endswith("error_handlers")]
    assert len(refused) == len(answers)  # a line for each, and no traceback
    assert all("connection" in each.getMessage() and not each.exc_info for each in refused)

    # none of the connections from before is used
    again = served.post(f"{address}/points", json={"x": [0.3]}, headers={"Idempotency-Key": "a"})
    assert again.status_code == 200
    assert served.get(f"{address}/points").json["x"] == [0.1, 0.3]
    after = served.post(EXERCISE, json=coordinates(0.1, 0.2), headers=page_session)
    assert after.json["n_new"] == 1


def test_connection_that_is_lost_within_an_insert_is_told_in_one_line(
    served: FlaskClient, database: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    address = new_session(served)
    answers: list[int] = []
    click = threading.Thread(
        target=lambda: answers.append(served.post(f"{address}/points", json={"x": [1]}).status_code)
    )
    with database.locked("operations"):
        click.start()
        eventually(database.end_waiting_connections)
        click.join()
    assert answers == [503]
    (line,) = caplog.records
    assert line.getMessage().endswith("(terminating connection due to administrator command)")
    assert line.exc_info is None
    assert served.post(f"{address}/points", json={"x": [1]}).json["n_points"] == 2


def test_stream_ends_without_a_store_and_another_one_goes_on(
    served: FlaskClient, database: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    address = new_session(served)
    watch = served.application.extensions["sessions"].watch

    def follow(position: str = "") -> Iterator[str]:
        answer = served.get(f"{address}/events", headers={"Last-Event-ID": position})
        assert answer.status_code == 200
        return (chunk.decode() for chunk in answer.response)

    events = follow()
    assert next(events) == ": welcome\n\n"
    position = next(events).partition("id: ")[2].partition("\n")[0]
    with database.away("fast"):
        watch.changed(address.rpartition("/")[2])
        assert list(events) == []
        assert served.get(f"{address}/events").status_code == 503
    assert "an event stream ended: the store cannot be used now" in caplog.text
    assert served.post(f"{address}/points", json={"x": [0.2]}).status_code == 200
    events = follow(position)
    assert next(events) == ": welcome\n\n"
    assert '"changes":[{"kind":"add","x":[0.2],' in next(events)
