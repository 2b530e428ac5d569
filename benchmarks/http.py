"""Overhead of the server over the training, as ratios within one run: `python -m benchmarks.http`.

`--quick` uses fewer requests, seconds and crashes. `--only NAME` runs one part: clicks, crash,
crowd or load.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.http_long import load_long_session
from dash_app.learning import OnlineGaussianMixture
from testbed.crash import crash_round
from testbed.serving import Server, free_port, waitress

N_COMPONENTS = 3


@dataclass(frozen=True)
class Size:
    """The sizes of the measurements."""

    n_clicks: int
    n_lists: int
    n_crashes: int
    n_before_crash: int
    n_sessions: int
    crowd_s: float
    n_operations: int


FULL = Size(500, 300, 100, 300, 200, 60.0, 100_000)
QUICK = Size(150, 100, 5, 200, 50, 15.0, 20_000)


class Client:
    """One kept-alive connection; times are those of the whole exchange, ms."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.session: dict[str, str] = {}

    def post(self, path: str, body: bytes) -> tuple[float, bytes]:
        """Return the time and the answer; raise if the status is not 200."""
        headers = {"Content-Type": "application/json", **self.session}
        started = time.perf_counter()
        self._connection.request("POST", path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        elapsed = time.perf_counter() - started
        if answer.status not in (200, 201):
            raise AssertionError(f"{path}: {answer.status} {content[:200]!r}")
        return elapsed * 1e3, content


class Commits:
    """Commits of one row each, with the server's SQLite settings."""

    def __init__(self, directory: Path) -> None:
        self._connection = sqlite3.connect(directory / "commits.sqlite3", isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("CREATE TABLE rows (n INTEGER PRIMARY KEY, body BLOB)")
        self._n = 0

    def one(self) -> float:
        """Return the time of one commit of 300 bytes, ms."""
        self._n += 1
        started = time.perf_counter()
        self._connection.execute("INSERT INTO rows VALUES (?, ?)", (self._n, b"x" * 300))
        return (time.perf_counter() - started) * 1e3


@dataclass
class Parts:
    """Times of one kind of request, and of its necessary parts, ms."""

    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    fit: list[float] = field(default_factory=list)
    commit: list[float] = field(default_factory=list)

    def report(self, name: str, bar: float) -> bool:
        """Print the medians and their ratio; return whether the ratio is within the bar."""
        ours, bare, fit, commit = (
            float(np.median(each)) for each in (self.ours, self.bare, self.fit, self.commit)
        )
        ratio = ours / (bare + fit + commit)
        ok = ratio <= bar
        print(
            f"{name:<34} p50 {ours:6.2f} ms  (p99 {np.percentile(self.ours, 99):6.2f})  = "
            f"{ratio:4.2f} x (bare view {bare:.2f} + partial_fit {fit:.2f} + commit {commit:.2f})"
            f"   bar {bar} {_verdict(ok)}"
        )
        return ok


def clicks(size: Size) -> bool:
    """Measure single points by the API, and growing lists by the provided page's endpoint."""
    with tempfile.TemporaryDirectory() as directory:
        port = free_port()
        command = [sys.executable, "-m", "benchmarks.http_bare", str(port)]
        bare_server = Server(command, port, Path(directory), {})
        server = waitress(Path(directory), GMM_LOG_LEVEL="WARNING")
        try:
            commits = Commits(Path(directory))
            ours, bare = Client(server.port), Client(port)
            results = [
                _points(ours, bare, commits, server.new_session(n_components=N_COMPONENTS), size),
                _lists(ours, bare, commits, size),
            ]
        finally:
            server.kill()
            bare_server.kill()
    return all(results)


def _points(ours: Client, bare: Client, commits: Commits, address: str, size: Size) -> bool:
    rng = np.random.default_rng(0)
    learner = OnlineGaussianMixture(N_COMPONENTS)
    parts = Parts()
    for x in _clicks(rng, size.n_clicks):
        body = json.dumps({"x": [x]}).encode()
        elapsed, answer = ours.post(f"{address}/points", body)
        parts.ours.append(elapsed)
        parts.bare.append(bare.post(f"/bare/{len(answer)}", body)[0])
        parts.fit.append(_fitted(learner, x))
        parts.commit.append(commits.one())
    return parts.report(f"POST points, one ({size.n_clicks} times)", 1.5)


def _lists(ours: Client, bare: Client, commits: Commits, size: Size) -> bool:
    """Measure lists of 91 to 110 points, each with one new point."""
    rng = np.random.default_rng(1)
    parts = Parts()
    path = f"/train?n_components={N_COMPONENTS}&epochs=200"
    while len(parts.ours) < size.n_lists:
        points = _clicks(rng, 110)
        ours.session = {}
        answer = ours.post(path, _coordinates(points[:90]))[1]
        ours.session = {"X-Session": json.loads(answer)["session"]}
        learner = OnlineGaussianMixture(N_COMPONENTS).partial_fit(points[:90])
        for n in range(91, 111):
            body = _coordinates(points[:n])
            elapsed, answer = ours.post(path, body)
            parts.ours.append(elapsed)
            parts.bare.append(bare.post(f"/bare/{len(answer)}", body)[0])
            parts.fit.append(_fitted(learner, points[n - 1]))
            parts.commit.append(commits.one())
    return parts.report(f"POST /train, 100, one new ({len(parts.ours)} times)", 1.8)


def crash(size: Size) -> bool:
    """Kill the server with SIGKILL while eight clients write."""
    n_acknowledged = n_lost = n_doubled = n_disordered = 0
    for _ in range(size.n_crashes):
        with tempfile.TemporaryDirectory() as directory:
            server = waitress(Path(directory), GMM_LOG_LEVEL="ERROR")
            found = crash_round(server, n_clients=8, after=size.n_before_crash)
        n_acknowledged += found.n_acknowledged
        n_lost += found.n_lost
        n_doubled += found.n_doubled
        n_disordered += found.n_disordered
    ok = n_acknowledged > 0 and n_lost == n_doubled == n_disordered == 0
    print(
        f"kill -9, {size.n_crashes} rounds: {n_acknowledged} acknowledged, {n_lost} lost, "
        f"{n_doubled} doubled, {n_disordered} out of order   bar 0, 0, 0 {_verdict(ok)}"
    )
    return ok


def crowd(size: Size) -> bool:
    """Measure many sessions at once: errors, points in the wrong session, memory."""
    with tempfile.TemporaryDirectory() as directory:
        server = waitress(Path(directory), GMM_LOG_LEVEL="WARNING")
        try:
            addresses = [server.new_session(n_components=2) for _ in range(size.n_sessions)]
            n_clients = 8
            stop = time.monotonic() + size.crowd_s
            members = [
                _Member(server.port, number, addresses[number::n_clients], stop)
                for number in range(n_clients)
            ]
            for member in members:
                member.start()
            memory = _watch_memory(server.process.pid, stop)
            for member in members:
                member.join()
            mixed = sum(member.mixed_up(server) for member in members)
        finally:
            server.kill()
    errors = [error for member in members for error in member.errors]
    early = max(memory[: max(1, min(10, len(memory) // 2))])
    growth = max(memory) / early
    ok = not errors and mixed == 0 and growth <= 1.1
    n_requests = sum(member.n_requests for member in members)
    print(
        f"{size.n_sessions} sessions, 8 clients, {size.crowd_s:.0f} s: {n_requests} requests, "
        f"{len(errors)} errors, {mixed} mixed up, memory {early:.0f} MB after 10 s, "
        f"{max(memory):.0f} MB at most ({growth:.2f} x)   bar 0, 0, 1.1 {_verdict(ok)}"
    )
    for error in errors[:3]:
        print("   ", error)
    return ok


class _Member(threading.Thread):
    """A client with its own sessions; its points show which client sent them."""

    def __init__(self, port: int, number: int, addresses: list[str], stop: float) -> None:
        super().__init__()
        self._client = Client(port)
        self._number = number
        self._sent: dict[str, list[float]] = {address: [] for address in addresses}
        self._stop_at = stop
        self.errors: list[str] = []
        self.n_requests = 0

    def run(self) -> None:
        rng = np.random.default_rng(self._number)
        while time.monotonic() < self._stop_at:
            for address, sent in self._sent.items():
                # ten distinct values per session, so that its learner stops growing
                place = float(rng.integers(10))
                x = hash(address) % 1000 + place / 10
                try:
                    answer = self._client.post(
                        f"{address}/points", json.dumps({"x": [x]}).encode()
                    )[1]
                    sent.append(x)
                    self.n_requests += 1
                    if json.loads(answer)["n_points"] != len(sent):
                        self.errors.append(f"{address}: not {len(sent)} points")
                except (AssertionError, OSError, http.client.HTTPException) as error:
                    self.errors.append(repr(error))
                    return
                if time.monotonic() >= self._stop_at:
                    return

    def mixed_up(self, server: Server) -> int:
        """Return how many sessions differ from the points sent to them."""
        return sum(
            server.request("GET", f"{address}/points?limit=1000000")[1]["x"] != sent
            for address, sent in self._sent.items()
        )


def _watch_memory(pid: int, stop: float) -> list[float]:
    memory: list[float] = []
    while time.monotonic() < stop:
        time.sleep(1.0)
        status = Path(f"/proc/{pid}/status").read_text()
        memory.append(int(status.partition("VmRSS:")[2].split()[0]) / 1024)
    return memory


def load(size: Size) -> bool:
    """Measure how a new process loads a session with a long log."""
    with tempfile.TemporaryDirectory() as directory:
        found = load_long_session(Path(directory), size.n_operations, N_COMPONENTS)
    ok = found.view_s + found.points_s < 1.0
    print(
        f"load of {size.n_operations} operations: {found.view_s:.3f} s, its points "
        f"{found.points_s:.3f} s more   bar 1 s {_verdict(ok)}"
    )
    return ok


def _clicks(rng: np.random.Generator, n: int) -> list[float]:
    centres = rng.choice([-0.6, 0.1, 0.7], size=n)
    return [float(x) for x in centres + rng.normal(scale=0.08, size=n)]


def _coordinates(points: list[float]) -> bytes:
    return json.dumps({"coordinates": [{"x": x, "y": 0} for x in points]}).encode()


def _fitted(learner: OnlineGaussianMixture, x: float) -> float:
    """Return the time of one `partial_fit` in this process, ms."""
    started = time.perf_counter()
    learner.partial_fit([x])
    return (time.perf_counter() - started) * 1e3


def _verdict(ok: bool) -> str:
    return "met" if ok else "MISSED"


PARTS: dict[str, Callable[[Size], bool]] = {
    "clicks": clicks,
    "load": load,
    "crowd": crowd,
    "crash": crash,
}


def main() -> int:
    """Run the parts; return 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=PARTS)
    options = parser.parse_args()
    size = QUICK if options.quick else FULL
    parts = PARTS if options.only is None else {options.only: PARTS[options.only]}
    results = [part(size) for part in parts.values()]  # run every part, even after a failed one
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
