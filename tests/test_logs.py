"""Log lines: their formats, and the id of the request that they belong to."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from contextvars import copy_context

import dash
import pytest
from flask import Flask
from flask.testing import FlaskClient

from dash_app import logs


def line(form: str, message: str, request: str = "") -> str:
    """Return a formatted record of an exception."""
    try:
        raise ValueError("a\nb")
    except ValueError:
        error = sys.exc_info()
    record = logging.LogRecord("a.b", logging.INFO, "", 1, message, (), error)
    context = copy_context()
    context.run(logs.request_id.set, request)
    return context.run(logs.FORMATTERS[form]("%(message)s").format, record)


def test_json_is_one_object_per_line() -> None:
    text = line("json", 'x = "é"\n', "r1")
    assert "\n" not in text
    found = json.loads(text)
    assert (found["level"], found["logger"], found["request"]) == ("INFO", "a.b", "r1")
    assert found["message"] == 'x = "é"\n'
    assert "ValueError: a\nb" in found["exception"]


def test_logfmt_is_one_line_and_quotes_values_with_spaces() -> None:
    text = line("logfmt", "two words\nERROR forged=1", "r1")
    assert "\n" not in text
    assert ' level=INFO logger=a.b request=r1 message="two words\\nERROR forged=1" ' in text
    assert "request=" not in line("logfmt", "word")


@pytest.mark.parametrize("form", logs.FORMATTERS)
def test_no_line_has_a_whole_session_id(form: str) -> None:
    address = f"/api/v1/sessions/{'0123abcd' * 4}/events"
    code = f"""
import logging
from dash_app import logs
logs.configure("INFO", "{form}")
try:
    raise ValueError("{address}")
except ValueError:
    logging.getLogger("waitress").exception("Client left %s", "{address}")
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Client left /api/v1/sessions/0123abcd/events" in ran.stderr
    assert "ValueError: /api/v1/sessions/0123abcd/events" in ran.stderr
    assert address not in ran.stderr


def test_plain_line_has_the_request_id_if_any() -> None:
    assert line("plain", "said", "r1").startswith("said (request r1)\nTraceback")
    assert line("plain", "said").startswith("said\nTraceback")


@pytest.mark.parametrize("sent", ["", "a b", "x" * 65, "é", "a;b"])
def test_malformed_request_id_is_replaced(client: FlaskClient, sent: str) -> None:
    headers = {"X-Request-Id": sent.encode().decode("latin-1")}
    ids = {client.get("/healthz", headers=headers).headers["X-Request-Id"] for _ in range(2)}
    assert len(ids) == 2
    assert all(len(each) == 16 for each in ids)


def test_refused_request_has_its_id(server: Flask) -> None:
    headers = {"X-Request-Id": "from-proxy.1", "Host": "evil.example"}
    answer = server.test_client().get("/healthz", headers=headers)
    assert (answer.status_code, answer.headers["X-Request-Id"]) == (421, "from-proxy.1")


def test_an_error_of_the_store_is_logged_without_its_parameters(
    app: dash.Dash, caplog: pytest.LogCaptureFixture
) -> None:
    server = app.server
    session_id = "ab" * 16
    with server.extensions["sessions"].store._engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE sessions")
    answer = server.test_client().get(f"/api/v1/sessions/{session_id}")
    assert answer.status_code >= 500
    assert "no such table" in caplog.text
    assert session_id not in caplog.text
