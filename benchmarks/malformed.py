"""Malformed requests at every address of the server, and malformed files for the import.

    python -m benchmarks.malformed --n 100000 --files 5000 --seed 1

It counts three faults: statuses of 500 and above, tracebacks in the log, and refused requests that
changed the session. The exit code is 1 if there is a fault. Requests go to the application in this
process. With 1,000 requests or more, a tenth also go to a server process, as raw bytes.
"""

from __future__ import annotations

import argparse
import dataclasses
import logging
import random
import socket
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask

from benchmarks import malformed_files
from benchmarks.mutations import as_text, damaged, mutated
from dash_app.app import create_app
from dash_app.config import Config
from dash_app.records.operations import TRAIN
from dash_app.sessions import Sessions
from dash_app.ui import ids
from testbed.dash_envelope import envelope, server_callbacks
from testbed.serving import waitress

_NEW_SESSION_EVERY = 100
_PROCESS_FROM = 1000
"""Least number of requests for which a server process is started; that takes ten seconds."""

_TEXTS = ("", "1", "-1", "1e999", "nan", "a%00b", "%ff", "%ED%A0%80", "x" * 300, "2.0", "9" * 400)
_CONTENT_TYPES = (
    "application/json",
    "application/json; charset=latin-1",
    "text/plain",
    "",
    "a/b/c",
)
_HEADERS = (
    *("Idempotency-Key", "X-Session", "Cookie", "Last-Event-ID", "Accept-Encoding", "Range"),
    *("If-None-Match", "If-Modified-Since", "Content-Encoding", "X-Forwarded-For", "Accept"),
    *("Origin", "Referer"),
)
_HEADER_VALUES = (
    *("", "1", "-1", "x" * 300, "é", "a b", "\x7f", "gzip;q=nan", "bytes=9-1", "%00", "*"),
    *("1-2-3-4", "9-999999999999999-9-0", "gmm_session=x.y", '"a"', "Thu, 99 Foo 9999"),
    *("http://[", "null", "http://localhost"),
)


@dataclass
class Request:
    """One request; it has no body if `json` is None."""

    method: str
    path: str
    json: Any = None
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    envelope: Callable[[Any], Any] = lambda value: value
    """What is put around `json` once it is malformed."""


@dataclass
class Report:
    """The results; `faults` has one line for each wrong answer or change."""

    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    tracebacks: int = 0
    files: int = 0
    taken_over: int = 0
    faults: list[str] = field(default_factory=list)


def run(n: int, seed: int, n_files: int = 0) -> Report:
    """Send `n` malformed requests, import `n_files` malformed files, then discard the store."""
    report = Report()
    with _application() as (server, config):
        _try_requests(report, server, n, seed)
        malformed_files.try_imports(report, config, n_files, seed)
    if n >= _PROCESS_FROM:
        _try_process(report, n // 10, seed)
    return report


@contextmanager
def _application() -> Iterator[tuple[Flask, Config]]:
    with tempfile.TemporaryDirectory() as folder:
        config = dataclasses.replace(Config(), data_dir=Path(folder), log_level="WARNING")
        server: Flask = create_app(config).server
        yield server, config
        server.extensions["sessions"].close()


class _Tracebacks(logging.Handler):
    def __init__(self, report: Report) -> None:
        super().__init__(logging.ERROR)
        self._report = report

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self._report.tracebacks += 1
            kind = record.exc_info[0]
            self._report.faults.append(f"traceback: {kind and kind.__name__}: {record.exc_info[1]}")


def _try_requests(report: Report, server: Flask, n: int, seed: int) -> None:
    rng = random.Random(seed)
    sessions: Sessions = server.extensions["sessions"]
    listening = _Tracebacks(report)
    logging.getLogger().addHandler(listening)
    callbacks = list(server_callbacks(server.test_client()))
    session_id = run_id = ""
    for index in range(n):
        if index % _NEW_SESSION_EVERY == 0 or sessions.store.revision(session_id) is None:
            session_id, run_id = _session(sessions)
        request = _malformed(rng, rng.choice(_valid(session_id, run_id, callbacks)))
        before = sessions.store.revision(session_id)
        answer = _sent(server, request)
        report.requests += 1
        report.statuses[answer] += 1
        at = f"request {index}: {request.method} {request.path[:90]!r} {request.body[:120]!r}"
        if answer >= 500:
            report.faults.append(f"{answer} at {at}")
        elif answer >= 400 and before is not None:
            changes = sessions.operations(session_id, after=before)
            if any(each.kind != TRAIN for each in changes):  # a running training may have ended
                report.faults.append(f"{answer} changed the session at {at}")
    logging.getLogger().removeHandler(listening)


def _session(sessions: Sessions) -> tuple[str, str]:
    session_id = sessions.create(n_components=2).id
    sessions.add(session_id, [-0.5, -0.4, 0.5])
    return session_id, sessions.trainings.train(session_id, epochs=5).id


def _sent(server: Flask, request: Request) -> int:
    answer = server.test_client().open(
        request.path,
        method=request.method,
        query_string=request.query,
        data=request.body,
        headers=request.headers,
        buffered=False,
    )
    status: int = answer.status_code
    answer.close()  # an event stream does not end by itself
    return status


def _valid(session_id: str, run_id: str, callbacks: Sequence[Any] = ()) -> list[Request]:
    api = f"/api/v1/sessions/{session_id}"
    points = {"coordinates": [{"x": 0.5, "y": 0.0}, {"x": 0.7, "y": 0.0}]}
    settings = {"n_components": 2, "half_life": 5.0}
    training = {"method": "em", "epochs": 5, "wait_s": 0.01}
    commands: list[dict[str, Any]] = [
        {"kind": "add", "x": [0.25, 0.5]},
        {"kind": "remove", "x": [0.5]},
        {"kind": "configure", "settings": settings},
        {"kind": "train", "method": "em", "epochs": 5},
        # not "play": it goes on in the background, and no refusal could be told from it
        *({"kind": kind} for kind in ("undo", "redo", "clear", "pause", "resume", "stop")),
    ]
    return [
        Request("POST", "/api/v1/sessions", {**settings, "prior_weight": 1.0, "seed": 3}),
        Request("PATCH", api, settings),
        Request("POST", f"{api}/points", {"x": [0.25, -0.5]}),
        Request("DELETE", f"{api}/points", {"x": [0.5]}),
        Request("POST", f"{api}/train", training),
        *(Request("POST", f"{api}/{step}") for step in ("undo", "redo", "clear")),
        Request("GET", f"{api}/runs/{run_id}"),
        Request("POST", f"{api}/runs/{run_id}/cancel"),
        *(
            Request("GET", f"{api}{part}")
            for part in ("", "/points", "/comparison", "/events", "/selection")
        ),
        Request("GET", f"{api}/orders", query="learner=summary&n_shuffles=1"),
        Request("GET", f"{api}/race", query="learners=summary,scratch"),
        Request("POST", f"{api}/timelines", {"learners": ["summary"], "order": "sorted"}),
        *(
            Request("GET", f"{api}/{part}", query="after=1&limit=2")
            for part in ("models", "operations")
        ),
        Request("GET", f"{api}/parameters", query="model=online"),
        Request("GET", f"{api}/density", query="model=scratch&low=-1&high=1&n=10"),
        *(Request("POST", at, points, "n_components=2&epochs=5") for at in ("/train", "/update")),
        Request("POST", "/retrain", points, "epochs=5"),
        Request("POST", "/clear", headers={"X-Session": session_id}),
        Request("GET", "/parameters", headers={"X-Session": session_id}),
        *(
            Request("POST", "/page/perform", _of_session({**each, "key": "k1"}, session_id))
            for each in commands
        ),
        Request("POST", "/page/follow", _of_session({"run": run_id}, session_id)),
        Request("POST", "/page/look", {"id": session_id}),
        *(each for callback in callbacks for each in _dash_requests(callback, session_id)),
        *(
            Request("GET", each)
            for each in ("/", "/legacy/", "/legacy/static/script.js", "/healthz")
        ),
        *(
            Request("GET", f"/_dash-component-suites/{each}")
            for each in ("dash/dcc/dcc.js", "os/x")
        ),
        *(
            Request("GET", each)
            for each in ("/assets/page.css", "/_dash-layout", "/openapi/openapi.json")
        ),
    ]


def _of_session(value: Any, session_id: str) -> dict[str, Any]:
    return {"session": session_id, "value": value}


def _dash_requests(callback: Any, session_id: str) -> Iterator[Request]:
    """Yield requests that call a callback: malformed as a whole, and in its values."""
    values = {
        ids.SESSION: session_id,
        ids.METHOD: "em",
        ids.SELECTION_TASK: "a,1",
        ids.ORDERS_TASK: {"of": "a,1", "learner": "summary", "axis": [-1.0, 1.0]},
        ids.ORDERS_RESULTS: {"of": "a,1", "axis": [-1.0, 1.0], "by": {"summary": {"error": "x"}}},
        ids.ORDERS_LEARNER: "summary",
        ids.STORY: {"step": 0, "done": False, "kept": False, "online": None},
    }
    names = [place["id"] for place in (*callback["inputs"], *callback["state"])]

    def around(given: Any) -> Any:
        known = given if isinstance(given, dict) else {}
        return envelope(callback, *(known.get(name) for name in names))

    taken = {name: values[name] for name in names}
    at = "/_dash-update-component"
    yield Request("POST", at, around(taken))
    yield Request("POST", at, taken, envelope=around)


def _malformed(rng: random.Random, valid: Request) -> Request:
    request = dataclasses.replace(valid, headers=dict(valid.headers))
    kind = rng.random()
    if request.json is not None:
        changes = rng.choice((1, 1, 1, 2, 3)) if kind < 0.85 else 0
        request.body = as_text(rng, request.envelope(mutated(rng, request.json, changes)))
        request.headers["Content-Type"] = (
            rng.choice(_CONTENT_TYPES) if rng.random() < 0.05 else "application/json"
        )
    elif rng.random() < 0.1:
        request.body = damaged(rng, b'{"x": [1]}')
    if request.query and rng.random() < 0.6:
        parts = request.query.split("&")
        at = rng.randrange(len(parts))
        parts[at] = f"{parts[at].partition('=')[0]}={rng.choice(_TEXTS)}"
        request.query = "&".join(parts)
    if rng.random() < 0.3:
        request.headers[rng.choice(_HEADERS)] = rng.choice(_HEADER_VALUES)
    if rng.random() < (0.05 if request.json is not None else 0.3):
        parts = request.path.split("/")
        parts[rng.randrange(1, len(parts))] = rng.choice(("..", ".", *_TEXTS))
        request.path = "/".join(parts)
    if rng.random() < 0.05:
        request.method = rng.choice(
            ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "BREW")
        )
    return request


def _try_process(report: Report, n: int, seed: int) -> None:
    """Send requests as raw bytes, which an HTTP library would refuse to send."""
    rng = random.Random(seed + 1)
    with tempfile.TemporaryDirectory() as folder:
        server = waitress(Path(folder), GMM_LOG_LEVEL="WARNING")
        for index in range(n):
            if index % _NEW_SESSION_EVERY == 0:
                session_id = server.new_session(n_components=2).rpartition("/")[2]
            request = _malformed(rng, rng.choice(_valid(session_id, "0" * 16)))
            if "/events" in request.path:  # a stream outlives its client, so streams would add up
                continue
            status = _status(server.port, _raw(rng, request))
            report.requests += 1
            report.statuses[status] += 1
            if status >= 500:
                report.faults.append(
                    f"{status} of the process at {request.method} {request.path!r}"
                )
        _, output = server.stop()
    found = output.count("Traceback (most recent call last)")
    report.tracebacks += found
    if found:
        report.faults.append(f"the process wrote {output[-2000:]}")


def _raw(rng: random.Random, request: Request) -> bytes:
    target = request.path + (f"?{request.query}" if request.query else "")
    length = len(request.body) if rng.random() < 0.95 else rng.choice(("-1", "x", "9" * 30, ""))
    head = f"{request.method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    head += f"Content-Length: {length}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    text = (head + "\r\n").encode("utf-8") + request.body
    return damaged(rng, text) if rng.random() < 0.05 else text


def _status(port: int, text: bytes) -> int:
    """Return the answer's status, or 0 if the server closed the connection or waits for more."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        try:
            connection.sendall(text)
            connection.shutdown(socket.SHUT_WR)
            line = connection.recv(64)
        except OSError:
            return 0
    words = line.split(b" ")
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


def main() -> int:
    """Print the results; return exit code 1 if there is a fault."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.malformed", description=__doc__)
    parser.add_argument("--n", type=int, default=10_000, help="requests")
    parser.add_argument("--files", type=int, default=1000, help="files to import")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    report = run(options.n, options.seed, options.files)
    for line, count in Counter(report.faults).most_common(40):
        print(f"{count:>6} x {line}")
    print(f"requests {report.requests}, statuses {dict(sorted(report.statuses.items()))}")
    print(f"files {report.files}, taken over {report.taken_over}")
    print(f"tracebacks {report.tracebacks}, faults {len(report.faults)}")
    return 1 if report.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
