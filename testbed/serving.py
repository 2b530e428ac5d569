"""Start, await and end real server processes, for benchmarks and tests."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    """Return a loopback port that is not in use; another process may still take it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server process, with methods that send requests to it."""

    def __init__(
        self, command: Sequence[str], port: int, data_dir: Path, environ: dict[str, str]
    ) -> None:
        self.port = port
        self.data_dir = data_dir
        # a file: a pipe that nobody reads would be full some time, and the server would wait
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - until the process has ended
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "GMM_DATA_DIR": str(data_dir), **environ},
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._wait()

    def request(
        self, method: str, path: str, body: Any = None, headers: Optional[dict[str, str]] = None
    ) -> tuple[int, Any]:
        """Send one request on a new connection; return the status and the parsed JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        text = None if body is None else json.dumps(body)
        kind = {} if body is None else {"Content-Type": "application/json"}
        try:
            connection.request(method, path, text, {**kind, **(headers or {})})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        is_json = answer.headers.get_content_type() == "application/json"
        return answer.status, json.loads(content) if is_json else content

    def new_session(self, **settings: Any) -> str:
        """Create a session; return its address."""
        status, session = self.request("POST", "/api/v1/sessions", settings)
        assert status == 201, session
        return f"/api/v1/sessions/{session['id']}"

    def stop(self, number: int = signal.SIGTERM, timeout_s: float = 60.0) -> tuple[int, str]:
        """Send the process a signal and wait; return its exit code and output."""
        self.process.send_signal(number)
        self.process.wait(timeout_s)
        self._output.seek(0)
        return self.process.returncode, self._output.read().decode()

    def kill(self) -> None:
        """Kill the process and its children with SIGKILL, as a crash would."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._output.close()

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                if self.request("GET", "/healthz")[0] == 200:
                    return
            except OSError:
                pass  # the server does not listen yet
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError("the server did not start")
            time.sleep(0.05)


def waitress(data_dir: Path, **environ: str) -> Server:
    """Start `python -m dash_app`."""
    port = free_port()
    command = [sys.executable, "-m", "dash_app", "--port", str(port)]
    return Server(command, port, data_dir, environ)


def gunicorn(data_dir: Path, **environ: str) -> Server:
    """Start gunicorn with two workers."""
    port = free_port()
    options = ["-k", "gthread", "--threads", "16", "-w", "2", "-b", f"127.0.0.1:{port}"]
    command = [sys.executable, "-m", "gunicorn", *options, "dash_app.app:create_server()"]
    return Server(command, port, data_dir, environ)


class LastingServer:
    """A server for many tests: one that finds it ended, by a signal or a crash, starts another."""

    def __init__(self, start: Callable[[], Server]) -> None:
        self._start = start
        self._server: Optional[Server] = None

    def running(self) -> Server:
        """Return the server, which runs."""
        if self._server is None or self._server.process.poll() is not None:
            self.kill()
            self._server = self._start()
        return self._server

    def kill(self) -> None:
        """Kill the process, if there is one, and forget its output."""
        if self._server is not None:
            self._server.kill()


class Stream:
    """A connection to a session's event stream."""

    def __init__(self, server: Server, address: str, last_event_id: Optional[str] = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
        self._connection.request("GET", f"{address}/events", headers=headers)
        self.answer = self._connection.getresponse()

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield each event as {"event", "id", "data"}, and each comment as {"comment": text}."""
        event: dict[str, Any] = {}
        while True:
            line = self.answer.readline()
            if not line:
                return
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "" and value:
                yield {"comment": value}
            elif name == "" and "data" in event:
                yield event
                event = {}
            elif name:
                event[name] = json.loads(value) if name == "data" else value

    def until(self, name: str) -> list[dict[str, Any]]:
        """Return the events up to and including the first one called `name`."""
        found = []
        for event in self.events():
            if "event" in event:
                found.append(event)
                if event["event"] == name:
                    return found
        raise AssertionError(f"the stream ended without {name}: {found}")

    def close(self) -> None:
        """Close the connection; the answer holds the socket, too."""
        self.answer.close()
        self._connection.close()


@contextmanager
def stream(server: Server, address: str, last_event_id: Optional[str] = None) -> Iterator[Stream]:
    """Open a stream and close it afterwards."""
    opened = Stream(server, address, last_event_id)
    try:
        yield opened
    finally:
        opened.close()
