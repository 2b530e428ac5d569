"""The store: created on first use, migrated, and refused if it is newer than the program."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from dash_app.config import Config
from dash_app.database import schema
from dash_app.database.engine import connect
from dash_app.errors import StoreError
from dash_app.records.operations import SessionRecord, Settings
from dash_app.store import Store

SETTINGS = Settings(3, None, 1.0, 0)


@pytest.fixture
def has_tables() -> bool:
    """The store is new: these tests are about the making of its tables."""
    return False


def test_store_is_created_on_first_use_and_found_again(config: Config) -> None:
    store = Store(config.store_url)
    store.create_session(SessionRecord("a", SETTINGS, 1.0, 2.0))
    store.close()
    again = Store(config.store_url)
    assert again.session("a") == SessionRecord("a", SETTINGS, 1.0, 2.0)
    again.close()


def test_newer_schema_is_refused(config: Config) -> None:
    engine = connect(config.store_url)
    with engine.begin() as connection:
        connection.execute(sa.insert(schema.schema_version).values(version=99))
    engine.dispose()
    with pytest.raises(StoreError, match=f"schema version {len(schema.STEPS)} or older, got 99"):
        Store(config.store_url)


def test_older_schema_is_migrated_step_by_step(config: Config) -> None:
    engine = connect(config.store_url)
    done: list[int] = []

    def step(number: int) -> object:
        return lambda _connection: done.append(number)

    known = len(schema.STEPS)
    steps = [*schema.STEPS, step(known + 1), step(known + 2)]
    for _ in range(2):  # the second time there is nothing to do
        with engine.begin() as connection:
            schema.migrate(connection, steps)
    assert done == [known + 1, known + 2]
    with engine.begin() as connection:
        version = connection.execute(sa.select(sa.func.max(schema.schema_version.c.version)))
        assert version.scalar() == known + 2
    engine.dispose()


def test_failed_step_leaves_the_store_as_it_was(config: Config) -> None:
    engine = connect(config.store_url)

    def half(connection: sa.Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE half (x INTEGER)")
        raise RuntimeError("half-way")

    with pytest.raises(RuntimeError), engine.begin() as connection:
        schema.migrate(connection, [*schema.STEPS, half])
    assert not sa.inspect(engine).has_table("half")
    engine.dispose()


def test_concurrent_starts_create_one_schema(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    # on a busy machine the last of the four may wait for longer than a start usually does
    monkeypatch.setattr("dash_app.database.engine.BUSY_TIMEOUT_MS", 60_000)
    failures: list[BaseException] = []

    def start() -> None:
        try:
            Store(config.store_url).close()
        except BaseException as error:  # noqa: BLE001 - shown by the assertion
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////proc/no/such/directory/x.sqlite3",
        "sqlite://",
        "nonsense",
        "nosuchdatabase://host/x",
        "postgresql://postgres:secret@127.0.0.1:1/none",
    ],
)
def test_unusable_store_is_reported_in_one_sentence(url: str) -> None:
    with pytest.raises(StoreError) as caught:
        Store(url)
    message = str(caught.value)
    assert "\n" not in message
    assert "secret" not in message
    assert not message.partition("opened: ")[2].startswith(("'", '"'))  # no repr


def test_sqlite_is_durable(config: Config) -> None:
    if config.database_url is not None:
        pytest.skip("a matter of SQLite's settings")
    engine = connect(config.store_url)
    with engine.connect() as connection:
        for pragma, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value
    engine.dispose()
