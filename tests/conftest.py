"""Settings, use-cases, applications and a server process for the tests.

`sessions` and `app` are new for each test. `server` is one application for a module, because making
one takes longer than most tests: a test there makes the sessions that it needs. `lasting` is a
process for all modules.
"""

from __future__ import annotations

import dataclasses
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from threadpoolctl import threadpool_limits

from dash_app.config import Config

if TYPE_CHECKING:
    # loaded by the fixtures: the process that only hands out the tests does without
    import dash
    from flask import Flask
    from flask.testing import FlaskClient

    from dash_app.sessions import Sessions
    from testbed.serving import LastingServer


gc.disable()  # what the collection of the tests loads stays


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for what takes minutes."""
    parser.addoption(
        "--long", action="store_true", help="all cases of the tests that otherwise take a sample"
    )


def pytest_collection_finish() -> None:
    """Spare work that no test is about."""
    gc.enable()
    gc.freeze()  # as in the server: the loaded modules stay, so no collection need look at them
    # xdist has a process for each processor; further threads of BLAS and OpenMP wait by spinning
    threadpool_limits(1)


# a shared machine may stall any single example; the examples are the same in each run
settings.register_profile(
    "patient", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Settings with a temporary data directory."""
    return dataclasses.replace(Config(), data_dir=tmp_path / "data", port=0, log_level="WARNING")


@pytest.fixture
def sessions(config: Config) -> Iterator[Sessions]:
    """The use-cases alone, without a server."""
    from dash_app.sessions import Sessions
    from dash_app.store import Store

    found = Sessions(Store(config.store_url), config)
    yield found
    found.close()


@pytest.fixture
def no_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let examples play without a rest between their increments."""
    monkeypatch.setattr("dash_app.training.plays.INTERVAL_S", 0.0)


@pytest.fixture
def app(config: Config) -> Iterator[dash.Dash]:
    """The whole application."""
    from dash_app.app import create_app

    made = create_app(config)
    yield made
    made.server.extensions["sessions"].close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The Flask application of a module's tests."""
    from dash_app.app import create_app

    data_dir = tmp_path_factory.mktemp("data")
    made = create_app(dataclasses.replace(Config(), data_dir=data_dir, log_level="WARNING")).server
    made.testing = False  # answer errors as in production
    yield made
    made.extensions["sessions"].close()


@pytest.fixture
def client(server: Flask) -> FlaskClient:
    """A client without a network."""
    return server.test_client()


@pytest.fixture(scope="session")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LastingServer]:
    """waitress with 32 threads, a smaller limit on bodies, and a log as JSON."""
    from testbed.serving import LastingServer, waitress

    settings = {"GMM_THREADS": "32", "GMM_MAX_BODY_MB": "1", "GMM_LOG_FORMAT": "json"}
    held = LastingServer(lambda: waitress(tmp_path_factory.mktemp("data"), **settings))
    yield held
    held.kill()
