"""A class on one server of default settings: tabs, streams and idle sockets, all held open.

    python -m benchmarks.hold                    a minute: 60 simulated tabs and 300 idle sockets
    python -m benchmarks.hold --long             ten minutes of clicks
    python -m benchmarks.hold --chromium 60      so many windows of Chromium beside them

The table goes to benchmarks/results/. The clients run on the cores of the server.
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
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.bar import Bar
from benchmarks.chromium_tabs import open_windows
from benchmarks.tabs import Connection, Idlers, Tab, Tally
from testbed.serving import Server, waitress

RESULTS = Path(__file__).with_name("results") / "hold.txt"
N_TABS = 60
N_IDLE = 300
CLICK_EVERY_S = 3.0
SEED = 11
_WARM_UP = 0.3
"""Share of the time of clicks after which memory is to stay as it is."""


@dataclass(frozen=True)
class Usage:
    """What the server's process holds."""

    memory_mb: float
    threads: int
    files: int

    @classmethod
    def of(cls, pid: int) -> Usage:
        """Read it from /proc."""
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        return cls(
            int(status.partition("VmRSS:")[2].split()[0]) / 1024,
            int(status.partition("Threads:")[2].split()[0]),
            len(os.listdir(f"/proc/{pid}/fd")),
        )


async def click_in_turn(
    tabs: Sequence[Tab], n: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Click one after the other, nobody else meanwhile; returns median and 95th percentile, ms."""
    for _ in range(20):
        await tabs[0].click(rng.normal())
    times = [await tabs[i % len(tabs)].click(rng.normal()) for i in range(n)]
    answered = [each for each in times if each is not None]
    return statistics.median(answered), p95(answered)


async def new_request_ms(port: int) -> float:
    """Return how long a newcomer waits for the page, the longest of five."""
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
    """Look at the server once a second."""
    found = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        await asyncio.sleep(1.0)
        found.append(Usage.of(pid))
    return found


def drift(values: Sequence[float]) -> float:
    """Return the change from the first to the last fifth after the warm-up, percent."""
    kept = values[int(len(values) * _WARM_UP) :]
    fifth = max(1, len(kept) // 5)
    first = statistics.median(kept[:fifth])
    return (statistics.median(kept[-fifth:]) - first) / first * 100


def p95(values: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return float(np.percentile(values, 95))


async def measure(server: Server, seconds: float, n_windows: int) -> list[Bar]:
    """Run the class; returns the table."""
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


def main() -> None:
    """Start a server, hold the class on it, end it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--long", action="store_true", help="ten minutes of clicks")
    parser.add_argument("--chromium", type=int, default=0, metavar="WINDOWS")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        server = waitress(Path(directory), GMM_LOG_LEVEL="WARNING")
        try:
            seconds = 600.0 if arguments.long else 40.0
            bars = asyncio.run(measure(server, seconds, arguments.chromium))
        finally:
            server.kill()
    table = "\n".join(str(bar) for bar in bars)
    print(table)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(table + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
