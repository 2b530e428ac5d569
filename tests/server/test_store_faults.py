"""The store's file is removed, replaced, damaged, locked or read-only; the disk is full."""

from __future__ import annotations

import dataclasses
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

import numpy as np
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from dash_app.app import create_app
from dash_app.command_line import main
from dash_app.config import Config
from dash_app.database import engine, sqlite_guard
from dash_app.errors import StoreError
from dash_app.journal.fold import SNAPSHOT_EVERY
from dash_app.records.operations import SessionRecord, Settings
from dash_app.sessions import Sessions
from dash_app.store import Store

SESSIONS = "/api/v1/sessions"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """SQLite only: PostgreSQL has no single file."""
    return dataclasses.replace(Config(), data_dir=tmp_path / "data", port=0, log_level="WARNING")


@pytest.fixture
def file(config: Config) -> Path:
    return config.data_dir / "sessions.sqlite3"


def new_session(client: FlaskClient) -> str:
    return f"{SESSIONS}/{client.post(SESSIONS, json={}).json['id']}"


def refused(client: FlaskClient, address: str, *words: str) -> None:
    """Assert that an add is refused with Retry-After and a message with these words."""
    answer = client.post(f"{address}/points", json={"x": [0.5]})
    assert answer.status_code == 503, answer.json
    assert int(answer.headers["Retry-After"]) >= 1
    for word in words:
        assert word in answer.json["error"]["message"]


def assert_unhealthy(client: FlaskClient, *words: str) -> None:
    for path in ("/healthz", "/readyz"):
        answer = client.get(path)
        assert answer.status_code == 503
        for word in words:
            assert word in answer.json["error"]["message"]


def test_stopping_server_is_healthy_and_not_ready(served: FlaskClient) -> None:
    assert served.get("/readyz").get_json() == {"status": "ok"}
    served.application.extensions["sessions"].stop()
    answer = served.get("/readyz")
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "busy")
    assert answer.headers["Retry-After"] == "2"
    assert served.get("/healthz").status_code == 200


def test_server_survives_a_clock_ahead_and_a_removed_file(
    config: Config, file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """At the start the sessions are 40 days old. Then the file is moved away, and back."""
    store = Store(config.store_url)
    long_ago = time.time() - 40 * 86400.0
    for name in ("a" * 32, "b" * 32):
        store.create_session(SessionRecord(name, Settings(2, None, 1.0, 0), long_ago, long_ago))
    store.close()
    server = create_app(config).server
    client, away = server.test_client(), tmp_path / "away"
    address = new_session(client)
    assert client.post(f"{address}/points", json={"x": [0.1]}).status_code == 200
    file.rename(away)
    refused(client, address, "removed")
    assert_unhealthy(client, "removed")
    assert client.post("/train?n_components=2&epochs=9", json=COORDINATES).status_code == 503
    away.rename(file)
    assert client.get("/healthz").status_code == 200
    assert client.post(f"{address}/points", json={"x": [0.3]}).status_code == 200
    assert client.get(f"{address}/points").json["x"] == [0.1, 0.3]
    assert client.get(f"{SESSIONS}/{'a' * 32}").status_code == 200
    server.extensions["sessions"].close()
    assert caplog.text.count("was removed while the server ran") < 10


COORDINATES = {"coordinates": [{"x": 0.4, "y": 0}]}


def test_replaced_file_is_detected(served: FlaskClient, file: Path, tmp_path: Path) -> None:
    address = new_session(served)
    copy = tmp_path / "copy"
    copy.write_bytes(file.read_bytes())
    copy.replace(file)
    refused(served, address, "replaced", str(file))
    assert_unhealthy(served, "replaced")


def test_removed_log_of_changes_is_noticed_and_nothing_is_lost(
    served: FlaskClient, file: Path, config: Config
) -> None:
    address = new_session(served)
    assert served.post(f"{address}/points", json={"x": [0.1]}).status_code == 200
    log, away = file.with_name("sessions.sqlite3-wal"), file.with_name("away")
    log.rename(away)
    refused(served, address, "removed", str(log))
    assert_unhealthy(served, "removed", str(log))
    away.rename(log)
    assert served.post(f"{address}/points", json={"x": [0.2]}).status_code == 200
    log.unlink()
    refused(served, address, "removed", str(log))
    log.touch()
    refused(served, address, "replaced", str(log))
    served.application.extensions["sessions"].close()
    server = create_app(config).server
    assert server.test_client().get(f"{address}/points").json["x"] == [0.1, 0.2]
    server.extensions["sessions"].close()


def test_log_of_changes_made_anew_by_a_later_connection_is_no_fault(
    served: FlaskClient, file: Path
) -> None:
    address = new_session(served)
    sessions: Sessions = served.application.extensions["sessions"]
    sessions.store.close()  # SQLite removes the file with the last connection
    assert served.post(f"{address}/points", json={"x": [0.1]}).status_code == 200
    assert served.get("/readyz").status_code == 200


def test_maintenance_logs_a_removed_file_once_within_seconds(
    served: FlaskClient, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    served.get("/healthz")  # the first request starts the maintenance
    with caplog.at_level(logging.ERROR, logger="dash_app.training.maintenance"):
        file.unlink()
        deadline = time.monotonic() + 5.0
        while not caplog.records:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        maintenance = served.application.extensions["sessions"]._maintenance
        for _ in range(3):
            maintenance._troubled(maintenance._trouble)
    assert [each.levelname for each in caplog.records] == ["ERROR"]
    assert "removed" in caplog.text


def damage(file: Path, first_page: int, n_pages: Optional[int] = None) -> None:
    """Overwrite so many pages from the first one on, or all."""
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    connection.close()
    body = bytearray(file.read_bytes())
    start = (first_page - 1) * size
    end = len(body) if n_pages is None else start + n_pages * size
    body[start:end] = os.urandom(end - start)
    file.write_bytes(bytes(body))


@pytest.mark.parametrize("first_page", [1, 2])
def test_damaged_file_is_reported_at_the_start_and_kept(
    config: Config, file: Path, first_page: int, capsys: pytest.CaptureFixture
) -> None:
    Store(config.store_url).close()
    damage(file, first_page)
    before = file.read_bytes()
    for command in (["--port", "0"], ["sessions", "list"]):
        assert main([*command, "--data-dir", str(config.data_dir)]) == 1
        said = capsys.readouterr()
        assert "is damaged" in said.err
        assert len(said.err.splitlines()) == 1
    assert file.read_bytes() == before


def test_damage_found_while_running_is_reported_and_stops_all_writes(
    served: FlaskClient, file: Path
) -> None:
    address = new_session(served)
    sessions: Sessions = served.application.extensions["sessions"]
    sessions.store.close()  # SQLite's cached pages would hide the damage
    damage(file, 2)
    assert served.get(f"{SESSIONS}/{'0' * 32}").status_code == 503
    assert_unhealthy(served, "is damaged", str(file))
    refused(served, address, "is damaged")


def test_list_of_a_store_with_damaged_snapshots_shows_the_sessions_and_says_so(
    config: Config, file: Path, capsys: pytest.CaptureFixture
) -> None:
    sessions = Sessions(Store(config.store_url), config)
    session_id = sessions.create().id
    sessions.add(session_id, np.linspace(-1.0, 1.0, 300))
    for point in np.linspace(-1.0, 1.0, SNAPSHOT_EVERY):
        sessions.add(session_id, [point])
    (snapshot,) = sessions.store.snapshots.all(session_id)
    sessions.close()
    middle = len(snapshot.body) // 2
    damage(file, 1 + file.read_bytes().index(snapshot.body[middle : middle + 50]) // 4096, 1)
    assert main(["sessions", "list", "--data-dir", str(config.data_dir)]) == 1
    said = capsys.readouterr()
    assert session_id in said.out
    assert "is damaged" in said.err
    assert "Traceback" not in said.err


def test_writers_of_one_server_never_take_each_other_for_another_program(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All together wait for longer than the longest wait of a writer."""
    for module in (engine, sqlite_guard):
        monkeypatch.setattr(module, "BUSY_TIMEOUT_MS", 150)
    store = Store(config.store_url)
    n_writers = 150
    together, faults = threading.Barrier(n_writers), []

    def write(number: int) -> None:
        together.wait()
        try:
            for attempt in range(3):
                name = f"{number}-{attempt}"
                store.create_session(SessionRecord(name, Settings(2, None, 1.0, 0), 1.0, 1.0))
        except StoreError as error:
            faults.append(str(error))

    writers = [threading.Thread(target=write, args=(number,)) for number in range(n_writers)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert faults == []
    assert len(store.sessions()) == 3 * n_writers
    store.close()


@pytest.fixture
def patience_s(monkeypatch: pytest.MonkeyPatch) -> float:
    """Longest wait of a writer, shorter than the usual 5 s; to be set before the server starts."""
    for module in (engine, sqlite_guard):
        monkeypatch.setattr(module, "BUSY_TIMEOUT_MS", 2_000)
    return 2.0


@pytest.fixture
def other_program(served: FlaskClient, file: Path) -> Iterator[sqlite3.Connection]:
    """A connection that holds the write lock, as a manual backup does."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.close()


def test_locked_store_serves_reads_and_refuses_writes_after_a_bounded_wait(
    patience_s: float, served: FlaskClient, file: Path, other_program: sqlite3.Connection
) -> None:
    other_program.execute("COMMIT")
    address = new_session(served)
    assert served.post(f"{address}/points", json={"x": [0.1]}).status_code == 200
    other_program.execute("BEGIN IMMEDIATE")
    done: list[float] = []

    def write() -> None:
        started = time.monotonic()
        refused(served.application.test_client(), new_address, "another program holds")
        done.append(time.monotonic() - started)

    new_address = address
    writer = threading.Thread(target=write)
    writer.start()
    n_reads = 0
    while writer.is_alive():
        started = time.monotonic()
        assert served.get("/healthz").status_code == 200
        assert served.get(f"{SESSIONS}/{'0' * 32}").status_code == 404
        assert time.monotonic() - started < 1.5
        n_reads += 1
        time.sleep(0.05)
    writer.join()
    assert n_reads > 3
    assert 0.8 * patience_s < done[0] < patience_s + 3.0
    started = time.monotonic()
    refused(served, address, "another program holds")  # the next writer waits briefly
    assert time.monotonic() - started < 1.5
    assert served.get(f"{address}/points").json["x"] == [0.1]
    other_program.execute("COMMIT")
    assert served.post(f"{address}/points", json={"x": [0.2]}).json["n_points"] == 2


def test_read_of_a_locked_store_does_not_wait_to_record_its_use(
    config: Config, served: FlaskClient, file: Path
) -> None:
    sessions: Sessions = served.application.extensions["sessions"]
    session_id = sessions.create().id
    sessions.store.touch(session_id, 1.0)
    other = Sessions(Store(config.store_url), config)
    with sqlite3.connect(file, isolation_level=None) as connection:
        connection.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        assert other.view(session_id).n_points == 0
        assert time.monotonic() - started < 2.0
        connection.execute("COMMIT")
    connection.close()
    other.view(session_id)
    record = other.store.session(session_id)
    assert record is not None
    assert record.touched_at > 1.0
    other.close()


def test_full_disk_refuses_changes_and_loses_nothing(config: Config) -> None:
    store = Store(config.store_url)
    sessions = Sessions(store, config)
    session_id = sessions.create().id
    sessions.add(session_id, [0.1])
    limit_pages(store, 1)  # SQLite then answers as it does on a full disk
    many = np.linspace(0.0, 1.0, 2000)
    with pytest.raises(StoreError, match="its disk is full"):
        [sessions.add(session_id, many) for _ in range(50)]
    kept = sessions.points(session_id)
    assert kept.size % 2000 == 1
    limit_pages(store, 10**9)
    assert sessions.add(session_id, [0.2]).n_points == kept.size + 1
    again = Sessions(Store(config.store_url), config)
    assert again.points(session_id).tolist() == [*kept.tolist(), 0.2]
    again.close()
    sessions.close()


def limit_pages(store: Store, most: int) -> None:
    """Limit the pages of the database for each connection of the store."""

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={most}")

    sa.event.listen(store._engine, "connect", limit)
    store._engine.dispose()


@pytest.mark.skipif(os.geteuid() != 0, reason="to become another user for a moment takes root")
def test_read_only_directory_is_reported_in_one_sentence(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    Store(f"sqlite:///{directory}/sessions.sqlite3").close()
    for each in (tmp_path, *tmp_path.parents[:3]):
        each.chmod(each.stat().st_mode | 0o055)
    directory.chmod(0o555)
    (directory / "sessions.sqlite3").chmod(0o444)
    os.seteuid(65534)
    try:
        with pytest.raises(StoreError, match=r"(cannot be opened|may not be written)") as caught:
            Store(f"sqlite:///{directory}/sessions.sqlite3")
    finally:
        os.seteuid(0)
    assert "\n" not in str(caught.value)
