"""Run the tests of this directory on SQLite, and on PostgreSQL if it is installed.

A test whose subject is the same on each store has the mark `any_store` and runs on SQLite only.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Optional

import pytest
from flask.testing import FlaskClient
from postgres import PostgresServer, binaries  # tests/server/postgres.py

from dash_app.app import create_app
from dash_app.config import Config
from dash_app.sessions import Sessions
from dash_app.store import Store


@pytest.fixture(scope="session")
def postgres() -> Iterator[Optional[PostgresServer]]:
    """A PostgreSQL server; None if it is not installed."""
    programs = binaries()
    if programs is None:
        yield None
        return
    server = PostgresServer(programs)
    yield server
    server.remove()


STORES = ("sqlite", "postgresql")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test on each store, or on SQLite if it is marked: `any_store`."""
    if "store" in metafunc.fixturenames:
        is_same = metafunc.definition.get_closest_marker("any_store") is not None
        metafunc.parametrize("store", STORES[:1] if is_same else STORES, indirect=True)


@pytest.fixture
def store(request: pytest.FixtureRequest) -> str:
    """The kind of the store."""
    kind: str = request.param
    return kind


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a store that has its tables and no rows: a copy takes less time."""
    data_dir = tmp_path_factory.mktemp("empty") / "data"
    Store(Config(data_dir=data_dir).store_url).close()
    return data_dir


@pytest.fixture
def has_tables() -> bool:
    """Whether the empty store has its tables already; `test_store.py` makes them itself."""
    return True


@pytest.fixture
def config(request: pytest.FixtureRequest, store: str, has_tables: bool, tmp_path: Path) -> Config:
    """Settings with an empty store."""
    plain = dataclasses.replace(Config(), data_dir=tmp_path / "data", log_level="WARNING")
    if store == "sqlite":
        if has_tables:
            shutil.copytree(request.getfixturevalue("empty_sqlite"), plain.data_dir)
        return plain
    server = request.getfixturevalue("postgres")
    if server is None:
        pytest.skip("no PostgreSQL here: install the package postgresql to run this test on it")
    return dataclasses.replace(
        plain, database_url=server.cleared() if has_tables else server.emptied()
    )


@pytest.fixture
def another_process(config: Config) -> Iterator[Callable[[], Sessions]]:
    """Return a function that opens the store again, as another process does."""
    with ExitStack() as opened:

        def start() -> Sessions:
            started = Sessions(Store(config.store_url), config)
            opened.callback(started.close)
            return started

        yield start


@pytest.fixture
def without_a_store(config: Config) -> Callable[[], AbstractContextManager[None]]:
    """Return a context in which SQLite's file is moved away."""

    @contextmanager
    def without() -> Iterator[None]:
        file, away = config.data_dir / "sessions.sqlite3", config.data_dir / "away"
        file.rename(away)
        yield
        away.rename(file)

    return without


@pytest.fixture
def served(config: Config) -> Iterator[FlaskClient]:
    """A client of an application of the test's own, with the settings that its module gives."""
    server = create_app(config).server
    yield server.test_client()
    server.extensions["sessions"].close()
