"""Security headers of every answer. tests/browser shows that the pages work with them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from dash_app.app import create_app
from dash_app.config import Config
from legacy.__main__ import create_page_server

PROVIDED_PAGE = Path(__file__).parent / "legacy" / "provided_page"


def policy(client: FlaskClient, path: str) -> dict[str, str]:
    """Return the directives of the policy at the path; check the headers that all answers share."""
    answer = client.get(path)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    directives = [each.strip() for each in answer.headers["Content-Security-Policy"].split(";")]
    return {each.partition(" ")[0]: each.partition(" ")[2] for each in directives}


@pytest.mark.parametrize("path", ["/", "/legacy/", "/openapi/", "/openapi/swagger"])
def test_pages_run_their_own_scripts_only(client: FlaskClient, path: str) -> None:
    found = policy(client, path)
    assert found["default-src"] == "'none'"
    assert found["script-src"].startswith("'self'")
    assert "unsafe-eval" not in found["script-src"]
    assert "unsafe-inline" not in found["script-src"]
    assert "unsafe-hashes" not in found["script-src"]
    assert found["frame-ancestors"] == "'none'"
    assert found["connect-src"] == "'self'"


@pytest.mark.parametrize("path", ["/healthz", "/no/such/address", "/favicon.ico", "/_dash-layout"])
def test_answers_other_than_pages_may_load_nothing(client: FlaskClient, path: str) -> None:
    assert policy(client, path) == {"default-src": "'none'", "frame-ancestors": "'none'"}


def test_page_of_the_frontend_setting_may_load_anything(config: Config) -> None:
    config = dataclasses.replace(config, legacy_frontend=PROVIDED_PAGE)
    for server, path in (
        (create_app(config).server, "/legacy/"),
        (create_page_server(config), "/"),
    ):
        assert policy(server.test_client(), path) == {"frame-ancestors": "'none'"}
        server.extensions["sessions"].close()
    server = create_page_server(dataclasses.replace(config, legacy_frontend=None))
    assert policy(server.test_client(), "/")["script-src"] == "'self'"
    server.extensions["sessions"].close()
