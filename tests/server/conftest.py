"""Run the tests of this directory on SQLite, and on PostgreSQL if it is installed.

A test whose subject is the same on each store has the mark `any_store` and runs on SQLite only.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Optional

import pytest
from postgres import PostgresServer, binaries  # tests/server/postgres.py

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
    server.stop()


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


@pytest.fixture
def config(request: pytest.FixtureRequest, store: str, tmp_path: Path) -> Config:
    """Settings with an empty store."""
    plain = dataclasses.replace(Config(), data_dir=tmp_path / "data", log_level="WARNING")
    if store == "sqlite":
        return plain
    server = request.getfixturevalue("postgres")
    if server is None:
        pytest.skip("no PostgreSQL here: install the package postgresql to run this test on it")
    return dataclasses.replace(plain, database_url=server.emptied())


@pytest.fixture
def another_process(config: Config) -> Iterator[Callable[[], Sessions]]:
    """Return a function that opens the store again, as another process does."""
    with ExitStack() as opened:

        def start() -> Sessions:
            started = Sessions(Store(config.store_url), config)
            opened.callback(started.close)
            return started

        yield start
