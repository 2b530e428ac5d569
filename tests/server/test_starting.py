"""Answers of a real process to browsers and programs while the learner's loops are compiled."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# two functions instead of the learner's; the test starts the second
SERVER = """
import sys
from dash_app.compilation_progress import PROGRESS
from dash_app.config import Config
from dash_app.serving.process import listen, serve

def load():
    from dash_app.app import create_app
    from dash_app.learning.compiled.compilation import compiled
    PROGRESS.expect(2)
    compiled("f8(f8)")(lambda x: x + 1.0)
    sys.stdin.readline()
    compiled("f8(f8)")(lambda x: x + 2.0)
    return create_app(Config.from_environment()).server

listener = listen("127.0.0.1", 0)
print(listener.getsockname()[1], flush=True)
serve(load, listener, Config.from_environment())
"""


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A server that compiles."""
    started = subprocess.Popen(
        [sys.executable, "-c", SERVER],
        cwd=ROOT,
        env={**os.environ, "GMM_DATA_DIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield started
    started.kill()
    started.communicate()


def ask(
    port: int, method: str, path: str, accept: str, body: bytes = b""
) -> tuple[int, http.client.HTTPMessage, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, body, {"Accept": accept})
    answer = connection.getresponse()
    content = answer.read().decode()
    connection.close()
    return answer.status, answer.headers, content


def test_page_reports_the_compilation_until_the_application_is_served(
    process: subprocess.Popen[str],
) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    port = int(process.stdout.readline())
    for path in ("/", "/legacy/"):
        status, headers, page = ask(port, "GET", path, "text/html,*/*;q=0.8")
        assert (status, headers["Cache-Control"]) == (503, "no-store")
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert "1 of 2 loops are compiled" in page
        assert '<meta http-equiv="refresh" content="2">' in page
    refused = [
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("POST", "/api/v1/sessions"),
        ("POST", "/train"),
    ]
    for method, path in refused:
        status, headers, text = ask(port, method, path, "text/html", b"{}" * 10_000)
        assert (status, headers["Retry-After"]) == (503, "2")
        assert json.loads(text)["error"]["code"] == "starting"
    assert ask(port, "HEAD", "/", "text/html")[2] == ""

    process.stdin.write("go on\n")
    process.stdin.flush()
    deadline = time.monotonic() + 60
    while status == 503 and time.monotonic() < deadline:  # no connection is refused in between
        status, _, text = ask(port, "GET", "/", "text/html")
    assert status == 200
    assert "_dash-config" in text
    assert ask(port, "GET", "/healthz", "*/*")[0] == 200
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "compiling the learner's loops, 1 of 2\n" in errors
    assert "compiling the learner's loops, 2 of 2: done in" in errors
    assert "Traceback" not in errors


INTERRUPTED = """
import contextlib, os, signal
from dash_app.config import Config
from dash_app.serving.process import listen, serve

def load():
    with contextlib.suppress(KeyboardInterrupt):  # as a finalizer of the compiler does
        os.kill(os.getpid(), signal.SIGINT)
    print("went on", flush=True)
    raise SystemExit

serve(load, listen("127.0.0.1", 0), Config.from_environment({}))
"""


def test_interrupt_while_loading_ends_the_process_at_once() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == ("", "", -signal.SIGINT)
