"""`python -m legacy` serves the page alone, at `/`."""

from __future__ import annotations

import dataclasses
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from dash_app.config import Config
from legacy.__main__ import create_page_server, main
from testbed.serving import free_port


def test_the_page_is_at_the_root_with_its_endpoints(config: Config) -> None:
    server = create_page_server(config)
    client = server.test_client()
    assert 'src="static/script.js"' in client.get("/").get_data(as_text=True)
    assert client.get("/static/script.js").status_code == 200
    trained = client.post("/train", json={"coordinates": [{"x": 0.5, "y": 0}]})
    assert trained.get_json()["n_points"] == 1
    for path in ("/legacy/", "/api/v1/sessions", "/nowhere"):
        response = client.get(path)
        assert (response.status_code, response.get_json()["error"]["code"]) == (404, "not_found")
    server.extensions["sessions"].close()


def test_learner_is_not_loaded_before_the_socket_answers() -> None:
    """Its loops may have to be compiled; a page says so meanwhile."""
    code = "import legacy.__main__, sys; print('dash_app.learning' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"


def test_its_clients_have_limits(config: Config) -> None:
    server = create_page_server(dataclasses.replace(config, sessions_per_minute=1))
    body = {"coordinates": [{"x": 0.5, "y": 0}]}
    answers = [server.test_client().post("/train", json=body).status_code for _ in range(2)]
    assert answers == [200, 429]
    server.extensions["sessions"].close()


def test_it_believes_its_proxy(config: Config) -> None:
    behind = dataclasses.replace(
        config, proxies=1, sessions_per_minute=1, allowed_hosts="mixtures.example"
    )
    server = create_page_server(behind)
    body = {"coordinates": [{"x": 0.5, "y": 0}]}
    for client in ("192.0.2.1", "192.0.2.2"):
        forwarded = {
            "X-Forwarded-For": client,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "mixtures.example",
        }
        trained = server.test_client().post("/train", json=body, headers=forwarded)
        assert trained.status_code == 200, client
        assert "; Secure" in trained.headers["Set-Cookie"]
    server.extensions["sessions"].close()


def test_server_started_in_the_background_stops_on_an_interrupt(tmp_path: Path) -> None:
    port = free_port()
    process = subprocess.Popen(
        # a shell starts a background job with SIGINT ignored
        [
            *("sh", "-c", "trap '' INT; exec \"$@\"", "sh"),
            *(sys.executable, "-m", "legacy", "--port", str(port), "--data-dir", str(tmp_path)),
        ],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert f"http://127.0.0.1:{port}/" in process.stdout.readline()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as page:
            assert b"centeredBox" in page.read()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 0
        assert "Traceback" not in errors
    finally:
        process.kill()
        process.wait()


def test_the_address_said_is_one_that_a_browser_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("legacy.__main__.serve", lambda load, *_: load())
    for host, shown in (("0.0.0.0", "127.0.0.1"), ("::1", "[::1]")):
        assert main(["--host", host, "--port", "0", "--data-dir", str(tmp_path)]) == 0
        found = re.search(r"http://(.+):(\d+)/ ", capsys.readouterr().out)
        assert found is not None
        assert (found[1], found[2] != "0") == (shown, True)


def test_the_environment_names_the_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("legacy.__main__.serve", lambda load, *_: load())
    monkeypatch.setenv("GMM_PORT", "0")  # any free one, which is not 8000
    assert main(["--data-dir", str(tmp_path)]) == 0
    found = re.search(r"http://127.0.0.1:(\d+)/ ", capsys.readouterr().out)
    assert found is not None
    assert found[1] not in ("0", "8000")


def test_port_in_use_is_reported_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["--port", str(port), "--data-dir", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert f"got 127.0.0.1:{port}: Address already in use" in said
    assert "--port" in said
    assert said.count("\n") == 1
