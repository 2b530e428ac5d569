"""A server with default settings under a class of users, malformed input and kills.

    python -m benchmarks.hold                    some minutes, each part in short
    python -m benchmarks.hold --long             100,000 inputs, 100 kills, ten minutes of clicks
    python -m benchmarks.hold --only tabs        one part: tabs, inputs or kills
    python -m benchmarks.hold --chromium 60      60 windows of Chromium beside the simulated tabs

A class is 60 simulated tabs, each with an event stream, and 300 idle or trickling sockets.

The table is written to benchmarks/results/. Clients and server share the same cores.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import malformed
from benchmarks.bar import Bar
from benchmarks.chromium_tabs import open_windows, window_names
from benchmarks.tabs import Connection, Idlers, Tab, Tally
from testbed.crash import crash_round
from testbed.serving import Server, waitress

RESULTS = Path(__file__).with_name("results") / "hold.txt"
N_TABS = 60
N_IDLE = 300
CLICK_EVERY_S = 3.0
SEED = 11
_WARM_UP = 0.3
"""Share of the clicking time that counts as warm-up. Memory must not grow after it."""


@dataclass(frozen=True)
class Usage:
    """Resources of the server process."""

    memory_mb: float
    threads: int
    files: int

    @classmethod
    def of(cls, pid: int) -> Usage:
        """Read the resources of a process from /proc."""
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        return cls(
            int(status.partition("VmRSS:")[2].split()[0]) / 1024,
            int(status.partition("Threads:")[2].split()[0]),
            len(os.listdir(f"/proc/{pid}/fd")),
        )


async def click_in_turn(
    tabs: Sequence[Tab], n: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Click one by one without other load; return the median and 95th percentile, ms."""
    for _ in range(20):
        await tabs[0].click(rng.normal())
    times = [await tabs[i % len(tabs)].click(rng.normal()) for i in range(n)]
    answered = [each for each in times if each is not None]
    return statistics.median(answered), p95(answered)


async def new_request_ms(port: int) -> float:
    """Return how long a new tab waits for the page, the longest of five."""
    times = []
    for _ in range(5):
        started = time.perf_counter()
        connection = Connection(port)
        answer = await connection.request("GET", "/")
        connection.close()
        assert answer.status == 200
        times.append((time.perf_counter() - started) * 1e3)
    return max(times)


async def click_for(tab: Tab, seconds: float, seed: int) -> None:
    """Click every few seconds."""
    rng = np.random.default_rng(seed)
    end = time.monotonic() + seconds
    await asyncio.sleep(rng.uniform(0, CLICK_EVERY_S))
    while time.monotonic() < end:
        await tab.click(rng.normal())
        await asyncio.sleep(rng.uniform(0.5, 1.5) * CLICK_EVERY_S)


async def usages(pid: int, seconds: float) -> list[Usage]:
    """Record the server's resources once a second."""
    found = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        await asyncio.sleep(1.0)
        found.append(Usage.of(pid))
    return found


def drift(values: Sequence[float]) -> float:
    """Return the change from the first to the last fifth of the time after warm-up, percent."""
    kept = values[int(len(values) * _WARM_UP) :]
    fifth = max(1, len(kept) // 5)
    first = statistics.median(kept[:fifth])
    return (statistics.median(kept[-fifth:]) - first) / first * 100


def p95(values: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return float(np.percentile(values, 95))


async def measure(server: Server, seconds: float, n_windows: int) -> list[Bar]:
    """Run the class of users; return the table."""
    port, pid = server.port, server.process.pid
    rng = np.random.default_rng(SEED)
    tally = Tally()
    with contextlib.ExitStack() as opened:
        alone = Tab(port, tally)
        await alone.load()
        idle, idle_p95 = await click_in_turn([alone], 150, rng)
        idlers = Idlers(port)
        await idlers.open(N_IDLE)
        windows = await asyncio.to_thread(
            lambda: opened.enter_context(open_windows(f"http://127.0.0.1:{port}/", n_windows))
        )
        tabs = [Tab(port, tally) for _ in range(N_TABS)]
        for tab in tabs:
            await tab.load()
        newcomer_ms = await new_request_ms(port)
        quiet, quiet_p95 = await click_in_turn(tabs, 150, rng)
        n_before = len(tally.clicks_ms)
        watching = asyncio.create_task(usages(pid, seconds))
        await asyncio.gather(*(click_for(tab, seconds, i) for i, tab in enumerate(tabs)))
        seen = await watching
        busy_newcomer_ms = await new_request_ms(port)
        clicks = tally.clicks_ms[n_before:]
        n_streams, n_open = tally.n_streams, idlers.n_open
        live = await asyncio.to_thread(windows.n_live)
        for tab in [alone, *tabs]:
            await tab.close()
        await idlers.close()
    for error in tally.errors[:5]:
        sys.stderr.write(error + "\n")
    bars = [
        Bar("simulated tabs with a stream", n_streams, N_TABS + 1, "", at_least=True, digits=0),
        Bar("idle or trickling sockets", n_open, N_IDLE * 0.95, "", at_least=True, digits=0),
        Bar("a tab's page, files and session, slowest", max(tally.loads_s) * 1e3, 5000),
        Bar("a newcomer's page, all others quiet, slowest of 5", newcomer_ms, 1000),
        Bar("a newcomer's page after the clicks, slowest of 5", busy_newcomer_ms, 1000),
        Bar("click to new mixture, idle server, median", idle),
        Bar("click to new mixture, idle server, p95", idle_p95),
        Bar("click to new mixture, all tabs open, median", quiet),
        Bar("click to new mixture, all tabs open, p95", quiet_p95, 3 * idle_p95),
        Bar("click to new mixture, all tabs click, median", statistics.median(clicks)),
        Bar("click to new mixture, all tabs click, p95", p95(clicks), 3 * idle_p95),
        Bar("clicks a second", len(clicks) / seconds, None, "1/s"),
        Bar("errors", len(tally.errors), 0, "", digits=0),
        Bar("memory at the end", seen[-1].memory_mb, None, "MB", digits=0),
        Bar("memory since the warm-up", drift([each.memory_mb for each in seen]), 5, "%"),
        Bar("threads since the warm-up", drift([each.threads for each in seen]), 5, "%"),
        Bar("open files since the warm-up", drift([each.files for each in seen]), 5, "%"),
    ]
    if n_windows:
        slowest = max(windows.loads_s) * 1e3
        bars[:0] = [
            Bar("Chromium windows that are live", live, n_windows, "", at_least=True, digits=0),
            Bar("a Chromium window until it is live, slowest", slowest),
        ]
    return bars


def tabs_bars(seconds: float, n_windows: int) -> list[Bar]:
    """Start a server, run the class of users on it, end it."""
    with tempfile.TemporaryDirectory() as directory:
        names = ",".join(window_names(n_windows))
        server = waitress(Path(directory), GMM_LOG_LEVEL="WARNING", GMM_ALLOWED_HOSTS=names)
        try:
            return asyncio.run(measure(server, seconds, n_windows))
        finally:
            server.kill()


def inputs_bars(n_requests: int, n_files: int) -> list[Bar]:
    """Send malformed requests and import malformed files."""
    report = malformed.run(n_requests, SEED, n_files)
    for fault in report.faults[:5]:
        sys.stderr.write(fault + "\n")
    return [
        Bar("malformed requests", report.requests, None, "", digits=0),
        Bar("malformed files", report.files, None, "", digits=0),
        Bar("tracebacks", report.tracebacks, 0, "", digits=0),
        Bar(
            "5xx answers, and refusals that changed a session", len(report.faults), 0, "", digits=0
        ),
    ]


def kills_bars(n_kills: int) -> list[Bar]:
    """Kill -9 while eight clients write."""
    rounds = []
    for number in range(n_kills):
        with tempfile.TemporaryDirectory() as directory:
            after = 20 + 7 * (number % 11)
            server = waitress(Path(directory), GMM_LOG_LEVEL="ERROR")
            rounds.append(crash_round(server, n_clients=8, after=after))
    return [
        Bar("kills while eight clients write", n_kills, None, "", digits=0),
        Bar("points acknowledged", sum(each.n_acknowledged for each in rounds), None, "", digits=0),
        Bar("points lost", sum(each.n_lost for each in rounds), 0, "", digits=0),
        Bar("points doubled", sum(each.n_doubled for each in rounds), 0, "", digits=0),
        Bar("points out of order", sum(each.n_disordered for each in rounds), 0, "", digits=0),
    ]


def main() -> None:
    """Run the parts; print their table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--long", action="store_true", help="each part in its full length")
    parser.add_argument("--only", choices=("tabs", "inputs", "kills"))
    parser.add_argument("--chromium", type=int, default=0, metavar="WINDOWS")
    arguments = parser.parse_args()
    long = arguments.long
    parts: dict[str, Callable[[], list[Bar]]] = {
        "inputs": lambda: inputs_bars(100_000 if long else 2_000, 5_000 if long else 200),
        "kills": lambda: kills_bars(100 if long else 3),
        "tabs": lambda: tabs_bars(600.0 if long else 40.0, arguments.chromium),
    }
    bars = [
        bar
        for name, measured in parts.items()
        if arguments.only in (None, name)
        for bar in measured()
    ]
    table = "\n".join(str(bar) for bar in bars)
    print(table)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(table + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
