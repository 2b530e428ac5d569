"""One application for the tests of the endpoints."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from flask import Flask

from dash_app.app import create_app
from dash_app.config import Config


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One application for the module: each client is a new browser, with its own session."""
    config = dataclasses.replace(Config(), data_dir=tmp_path_factory.mktemp("data"))
    server: Flask = create_app(config).server
    yield server
    server.extensions["sessions"].close()
