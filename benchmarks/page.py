"""Response times of the Dash page in headless Chromium, with their bars; and its screenshots.

    python -m benchmarks.page                  one run; the table is written to benchmarks/results/
    python -m benchmarks.page --answers        the server's answers alone, without a browser
    python -m benchmarks.page --screenshots    docs/*.png

A change counts as painted at the start of the frame after the one that changed the document. Times
are those of the browser's clock.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dash
import numpy as np
from dash import Input, Output, Patch, dcc, html
from flask import Flask
from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait
from waitress.server import create_server

from benchmarks.bar import Bar
from dash_app.config import Config
from dash_app.ui import plotly_bundle
from testbed.dash_requests import DashRequests
from testbed.serving import waitress

RESULTS = Path(__file__).with_name("results") / "page.txt"
DOCS = Path(__file__).resolve().parent.parent / "docs"
SEED = 7
N_CLICKS = 40
WARM_UP = 5
N_VISITS = 8
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)

#: In the page: record the times of the button's release, the new dot and the new curve.
_WATCH = """
window.timed = {down: 0, echo: [], density: [], seen: null};
const line = () => document.querySelector('#plot .traceonline .js-line')?.getAttribute('d');
window.addEventListener('mouseup', () => {
    const start = performance.now(), before = line();
    const dots = new MutationObserver(() => {
        dots.disconnect();
        requestAnimationFrame(() => timed.echo.push(performance.now() - start));
    });
    dots.observe(document.getElementById('fresh-points'), {childList: true});
    const n = dash_clientside.state.view.n_points;
    const curve = new MutationObserver(() => {
        if (dash_clientside.state.view.n_points === n || line() === before) return;
        curve.disconnect();
        requestAnimationFrame(() => timed.density.push(performance.now() - start));
    });
    const inside = {subtree: true, childList: true, attributes: true, attributeFilter: ['d']};
    curve.observe(document.getElementById('plot'), inside);
}, true);
"""
#: In the page: train, and record the frames at which the loss chart shows a new last pass.
_LOSSES = """
const done = arguments[0], start = performance.now(), at = [];
dash_clientside.actions.press('train');
let last;
const look = () => {
    const {x} = document.querySelector('#scratch-loss-chart .js-plotly-plot').data[0];
    const {run, losses} = dash_clientside.state;
    const newest = x[x.length - 1];
    if (newest !== last) at.push(performance.now() - start);
    last = newest;
    if (run?.status === 'done' && newest === losses.length) done(at);
    else requestAnimationFrame(look);
};
look();
"""
#: In the page of the bare callback: press the button and wait for the line to move.
_BARE = """
const done = arguments[0], start = performance.now();
const line = () => document.querySelector('.js-line')?.getAttribute('d'), before = line();
document.getElementById('go').click();
const look = () => requestAnimationFrame(
    line() === before ? look : () => done(performance.now() - start));
look();
"""
#: In the page: record the durations of tasks above 50 ms.
_LONG_TASKS = """
window.long = [];
const note = list => list.getEntries().forEach(entry => long.push(entry.duration));
new PerformanceObserver(note).observe({entryTypes: ['longtask']});
"""
#: In any page: the first frame in which the first graph is drawn.
_FIRST_PLOT = """
const done = arguments[0];
const look = () => document.querySelector('.js-plotly-plot .plotly .xy')
    ? requestAnimationFrame(() => done(performance.now()))
    : requestAnimationFrame(look);
look();
"""


class Visit:
    """One tab with the page open, in a new session."""

    def __init__(self, driver: webdriver.Chrome, url: str, *, dark: bool = False) -> None:
        self.driver = driver
        if dark:
            feature = {"name": "prefers-color-scheme", "value": "dark"}
            self._command("Emulation.setEmulatedMedia", {"features": [feature]})
        self.driver.get(url)
        self.wait(
            "window.dash_clientside?.state?.view && dash_clientside.state.connection === 'live'"
        )

    def _command(self, name: str, arguments: dict[str, Any]) -> None:
        self.driver.execute_cdp_cmd(name, arguments)

    def read(self, expression: str) -> Any:
        return self.driver.execute_script(f"return {expression}")

    def wait(self, condition: str) -> None:
        WebDriverWait(self.driver, 120, 0.02).until(lambda _: self.read(condition), condition)

    def rest(self) -> None:
        """Wait until everything is sent, answered and fully drawn."""
        self.wait("!dash_clientside.state.outbox.busy && !dash_clientside.state.training()")
        self.wait("document.querySelectorAll('.dot').length === 0")

    def add(self, points: list[float]) -> None:
        """Add points as one increment, which is faster than clicks."""
        self.driver.execute_script(
            "dash_clientside.state.outbox.push({kind: 'add', x: arguments[0]})", points
        )
        self.rest()

    def click(self, x: float) -> None:
        left, top = self.driver.execute_script(
            """
            const gd = document.querySelector('#plot .js-plotly-plot');
            const axis = gd._fullLayout.xaxis, box = gd.getBoundingClientRect();
            const share = (arguments[0] - axis.range[0]) / (axis.range[1] - axis.range[0]);
            return [box.left + axis._offset + share * axis._length, box.top + 0.4 * box.height];
            """,
            x,
        )
        for kind in ("mousePressed", "mouseReleased"):
            event = {"type": kind, "x": left, "y": top, "button": "left", "clickCount": 1}
            self._command("Input.dispatchMouseEvent", event)

    def press(self, element: str) -> None:
        self.driver.execute_script("document.getElementById(arguments[0]).click()", element)

    def play(self, example: str, n_points: int) -> None:
        self.press(f"example-{example}")
        self.wait(f"dash_clientside.state.view.n_points === {n_points}")
        self.rest()

    def train(self) -> None:
        self.press("train")
        self.wait("dash_clientside.state.scratchCurrent()")
        self.rest()


@contextmanager
def serving() -> Iterator[str]:
    """Serve the application in its own process, as `./run` does, with torch loaded."""
    with tempfile.TemporaryDirectory() as directory:
        server = waitress(Path(directory))
        try:
            address = server.new_session()
            server.request("POST", f"{address}/points", {"x": [0.0, 1.0]})
            trained = server.request("POST", f"{address}/train", {"method": "adam", "wait_s": 30})
            assert trained[0] == 200, trained
            yield f"http://127.0.0.1:{server.port}/"
        finally:
            server.stop()


@contextmanager
def serving_bare() -> Iterator[str]:
    """Serve a minimal Dash page: one callback that moves a line of 200 values."""
    app = dash.Dash("bare")
    figure = {"data": [{"y": [0.0] * 199 + [1.0], "mode": "lines"}]}
    app.layout = [html.Button(id="go"), dcc.Graph(id="graph", figure=figure)]

    def move(n_clicks: int) -> Patch:
        moved = Patch()
        moved["data"][0]["y"] = np.sin(np.arange(200) / 10 + n_clicks).tolist()
        return moved

    to_graph = Output("graph", "figure"), Input("go", "n_clicks")
    app.callback(*to_graph, prevent_initial_call=True)(move)
    with _listening(app.server) as url:
        yield url


@contextmanager
def _listening(application: Flask) -> Iterator[str]:
    server = create_server(application, host="127.0.0.1", port=0, threads=Config().threads)
    threading.Thread(target=server.run, daemon=True).start()
    yield f"http://127.0.0.1:{server.effective_port}/"
    server.close()


@contextmanager
def browser(width: int = 1280, height: int = 800) -> Iterator[webdriver.Chrome]:
    """Open a Chromium window of the given size and close it afterwards."""
    options = webdriver.ChromeOptions()
    for flag in (*FLAGS, f"--window-size={width},{height}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options)
    try:
        driver.set_script_timeout(120)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        yield driver
    finally:
        driver.quit()


@contextmanager
def visiting(url: str, *, dark: bool = False, **size: int) -> Iterator[Visit]:
    """Open the page in a new browser."""
    with browser(**size) as driver:
        yield Visit(driver, url, dark=dark)


def p95(values: list[float]) -> float:
    """Return the 95th percentile."""
    return float(np.quantile(values, 0.95))


def clicks_at(url: str, n_points: int, *, scratch: bool = False) -> dict[str, list[float]]:
    """Return milliseconds from click to dot and to new density, in a session of `n_points`.

    With `scratch` a model from scratch is present and drawn.
    """
    rng = np.random.default_rng(SEED)
    with visiting(url) as visit:
        start = rng.choice([-0.5, 0.4], n_points) + rng.normal(0, 0.1, n_points)
        visit.add(start.round(4).tolist())
        if scratch:
            visit.train()
        visit.driver.execute_script(_WATCH)
        for x in rng.uniform(-0.6, 0.5, N_CLICKS + WARM_UP):
            visit.click(float(x))
            visit.rest()
        timed = visit.read("timed")
    return {name: timed[name][WARM_UP:] for name in ("echo", "density")}


def burst(url: str) -> tuple[int, int]:
    """Click 30 times in 3 s; return how many points arrived in order, and how many in all."""
    rng = np.random.default_rng(SEED)
    wanted = rng.uniform(-0.9, 0.9, 30)
    with visiting(url) as visit:
        due = time.monotonic()
        for x in wanted:
            time.sleep(max(0.0, due - time.monotonic()))
            due += 0.1
            visit.click(float(x))
        visit.rest()
        found = visit.read("dash_clientside.state.points")
    return sum(abs(a - b) < 0.005 for a, b in zip(wanted, found)), len(found)


def longest_task(url: str) -> float:
    """Return the longest task of the page while 10,000 points are played, milliseconds."""
    with visiting(url) as visit:
        visit.driver.execute_script(_LONG_TASKS)
        visit.play("ten-thousand", 10_000)
        return max(visit.read("long"), default=0.0)


def losses(url: str) -> list[float]:
    """Return when the loss chart grew, milliseconds after the key p, for 1000 epochs of Adam."""
    with visiting(url) as visit:
        visit.play("two-clumps", 40)
        visit.driver.execute_script("dash_clientside.set_props('method', {value: 'adam'})")
        visit.driver.execute_script("dash_clientside.set_props('epochs', {value: 1000})")
        visit.wait("dash_clientside.state.epochs === 1000")
        grown: list[float] = visit.driver.execute_async_script(_LOSSES)
        assert len(visit.read("dash_clientside.state.losses")) == 1000
    return grown


def bare_round_trips() -> list[float]:
    """Return the milliseconds until a minimal Patch of 200 values is painted."""
    with serving_bare() as url, browser(width=1280, height=800) as driver:
        driver.get(url)
        WebDriverWait(driver, 60, 0.1).until(
            lambda _: driver.execute_script("return !!document.querySelector('.js-line')")
        )
        found = []
        for _ in range(N_CLICKS + WARM_UP):
            found.append(float(driver.execute_async_script(_BARE)))
            time.sleep(0.3)
    return found[WARM_UP:]


def first_plot(url: str) -> float:
    """Return the seconds from navigation to the drawn plot, in a browser without a cache."""
    with browser() as driver:
        driver.get(url)
        return float(driver.execute_async_script(_FIRST_PLOT)) / 1e3


def first_plots(url: str) -> tuple[float, float]:
    """Return the median seconds to the first plot: of this page, and of a bare Dash page."""
    with serving_bare() as bare:
        pairs = [(first_plot(url), first_plot(bare)) for _ in range(N_VISITS)]
    ours, theirs = zip(*pairs[1:])  # the first visit finds cold files
    return statistics.median(ours), statistics.median(theirs)


def first_load(url: str) -> tuple[float, float]:
    """Return the size of a first visit, MB: unpacked, and as transferred."""
    with visiting(url) as visit:
        entries = visit.read("JSON.stringify(performance.getEntriesByType('resource'))")
    loaded = json.loads(entries)
    return tuple(
        sum(entry[size] for entry in loaded) / 1e6
        for size in ("decodedBodySize", "encodedBodySize")
    )


def answers_at(port: int, n_points: int) -> list[float]:
    """Return milliseconds of the server's answers to clicks, with both models present."""
    rng = np.random.default_rng(SEED)
    page = DashRequests(port)
    try:
        session_id = page.look()["view"]["id"]
        start = rng.choice([-0.5, 0.4], n_points) + rng.normal(0, 0.1, n_points)
        page.perform(session_id, "add", x=start.round(4).tolist())
        page.perform(session_id, "train", method="em", epochs=200)
        comparison = None
        while comparison is None:
            comparison = page.look(session_id)["view"]["comparison"]
        found = []
        for x in rng.uniform(-0.6, 0.5, 5 * N_CLICKS + WARM_UP):
            started = time.perf_counter()
            answer = page.perform(session_id, "add", x=[float(x)])
            found.append(1e3 * (time.perf_counter() - started))
            assert answer["view"]["comparison"]["cause"] == "points", answer
    finally:
        page.close()
    return found[WARM_UP:]


def measure_answers(port: int) -> list[Bar]:
    """Return the figures of the server's answer alone, without a browser."""
    few, more, many = (answers_at(port, n_points) for n_points in (10, 1_000, 100_000))
    name = "answer to a click, both models"
    ratio = statistics.median(many) / statistics.median(few)
    return [
        Bar(f"{name}, 10 points, median", statistics.median(few)),
        Bar(f"{name}, 1,000 points, median", statistics.median(more)),
        Bar(f"{name}, 100,000 points, median", statistics.median(many)),
        Bar(f"{name}, 100,000 points, p95", p95(many), 40),
        Bar("the same, ratio of the medians, 100,000 points to 10", ratio, 1.5, ""),
    ]


def measure(url: str) -> list[Bar]:
    """Return every figure with its bar."""
    few, many = clicks_at(url, 10), clicks_at(url, 1000)
    both_few = clicks_at(url, 10, scratch=True)
    both_many = clicks_at(url, 1000, scratch=True)
    bare = bare_round_trips()
    small = (plotly_bundle.FOLDER / "plotly-basic.min.js").is_file()
    loaded, loaded_bare = first_plots(url)
    in_order, there = burst(url)
    unpacked, wire = first_load(url)
    ratio = statistics.median(many["density"]) / statistics.median(few["density"])
    grown = losses(url)
    rate = (len(grown) - 1) / (grown[-1] - grown[0]) * 1e3
    return [
        Bar("click to echo painted, 10 points, p95", p95(few["echo"]), 45),
        Bar("click to echo painted, 1,000 points, p95", p95(many["echo"]), 45),
        Bar("click to new online density painted, 10 points, p95", p95(few["density"]), 80),
        Bar("click to new online density painted, 1,000 points, p95", p95(many["density"]), 80),
        Bar("the same beside a model from scratch, 10 points, p95", p95(both_few["density"]), 80),
        Bar("the same, 1,000 points, p95", p95(both_many["density"]), 80),
        Bar("the same as median, 10 points", statistics.median(few["density"])),
        Bar("a bare Patch round trip of 200 values, median", statistics.median(bare)),
        Bar("a bare Patch round trip of 200 values, p95", p95(bare)),
        Bar("ratio of the medians, 1,000 points to 10", ratio, 1.3, ""),
        Bar("30 clicks in 3 s: lost, doubled or out of order", 30 - in_order + there - 30, 0, ""),
        Bar("p to the first loss painted, 1,000 epochs of Adam", grown[0], 300),
        Bar("loss chart while it trains, times a second", rate, 20, "1/s", at_least=True),
        Bar("longest task while 10,000 points are played", longest_task(url), 100),
        Bar("first plot, median", loaded, None, "s", digits=2),
        Bar(
            "first plot, of a bare Dash page's",
            loaded / loaded_bare,
            0.6 if small else 1.1,
            "",
            digits=2,
        ),
        Bar("first load, unpacked", unpacked, 7, "MB"),
        Bar("first load, on the wire", wire, 1.0 if small else 2.2, "MB", digits=2),
    ]


def screenshots(url: str) -> None:
    """Take the screenshots in docs/."""

    def both(visit: Visit) -> None:
        visit.play("overlapping", 60)
        visit.train()
        for x in (0.7, 0.72, 0.75):
            visit.click(x)
        visit.rest()

    def alike(visit: Visit) -> None:
        visit.play("three-clumps", 45)
        visit.train()

    pictures: dict[str, tuple[Callable[[Visit], None], dict[str, Any]]] = {
        "page-empty": (lambda _: None, {}),
        "page-light": (alike, {}),
        "page-dark": (both, {"dark": True}),
        "page-narrow": (alike, {"width": 360, "height": 1500}),
    }
    DOCS.mkdir(exist_ok=True)
    for name, (act, screen) in pictures.items():
        with visiting(url, **screen) as visit:
            act(visit)
            time.sleep(0.6)  # the small charts are drawn when the browser is idle
            visit.driver.save_screenshot(str(DOCS / f"{name}.png"))
            print(f"docs/{name}.png")


def main() -> None:
    """Measure, or take the screenshots."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--answers", action="store_true", help="measure the server alone")
    parser.add_argument("--screenshots", action="store_true", help="renew docs/*.png instead")
    arguments = parser.parse_args()
    with serving() as url:
        if arguments.screenshots:
            screenshots(url)
            return
        bars = measure_answers(urlsplit(url).port or 80)
        if not arguments.answers:
            bars += measure(url)
    table = "\n".join(map(str, bars))
    print(table)
    if arguments.answers:
        return
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(table + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
