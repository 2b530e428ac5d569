"""A fresh application on a fresh store for each test."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import dash
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings

from dash_app.app import create_app
from dash_app.config import Config
from dash_app.sessions import Sessions
from dash_app.store import Store

# a shared machine may stall any single example
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Settings with a temporary data directory."""
    return dataclasses.replace(Config(), data_dir=tmp_path / "data", port=0, log_level="WARNING")


@pytest.fixture
def sessions(config: Config) -> Iterator[Sessions]:
    """The use-cases alone, without a server."""
    found = Sessions(Store(config.store_url), config)
    yield found
    found.close()


@pytest.fixture
def app(config: Config) -> Iterator[dash.Dash]:
    """The whole application."""
    made = create_app(config)
    yield made
    made.server.extensions["sessions"].close()


@pytest.fixture
def server(app: dash.Dash) -> Flask:
    """The Flask application of `app`."""
    found: Flask = app.server
    found.testing = False  # answer errors as in production
    return found


@pytest.fixture
def client(server: Flask) -> FlaskClient:
    """A client without a network."""
    return server.test_client()
