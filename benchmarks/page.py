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
import time
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from benchmarks.bar import Bar
from benchmarks.bare_page import bare_round_trips, first_plots
from benchmarks.pictures import take_pictures
from benchmarks.visit import serving, visiting
from dash_app.ui import plotly_bundle
from testbed.page_requests import PageRequests

RESULTS = Path(__file__).with_name("results") / "page.txt"
SEED = 7
N_CLICKS = 40
WARM_UP = 5
PAUSE_S = (0.2, 1.8)
"""Shortest and longest pause of a person between two clicks."""
#: Learners compared with online and from scratch, where the densities of five are timed.
RACING = ["gradient", "incremental_em", "stepwise_em"]

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
    dots.observe(document.getElementById('points-layer'), {childList: true});
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
#: In the page: record the times from the button's release until all densities are drawn.
_WATCH_RACE = """
window.raced = [];
window.addEventListener('mouseup', () => {
    const start = performance.now(), {race, state} = dash_clientside, n = state.view.n_points;
    const drawn = () => race.shown.every((name) => race.at(name)?.n_points > n);
    const look = () => requestAnimationFrame(
        drawn() ? () => raced.push(performance.now() - start) : look);
    look();
}, true);
"""
#: In the page: train, and record the frames at which the loss chart shows a new last pass.
_LOSSES = """
const done = arguments[0], start = performance.now(), at = [];
dash_clientside.actions.press('train');
let last;
const look = () => {
    const x = document.querySelector('#scratch-loss-chart .js-plotly-plot')?.data[0].x ?? [];
    const {run, losses} = dash_clientside.state;
    const newest = x[x.length - 1];
    if (newest !== last) at.push(performance.now() - start);
    last = newest;
    if (run?.status === 'done' && newest === losses.length) done(at);
    else requestAnimationFrame(look);
};
look();
"""
#: In the page: record the durations of tasks above 50 ms.
_LONG_TASKS = """
window.long = [];
const note = list => list.getEntries().forEach(entry => long.push(entry.duration));
new PerformanceObserver(note).observe({entryTypes: ['longtask']});
"""


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
            time.sleep(rng.uniform(*PAUSE_S))
        timed = visit.read("timed")
    return {name: timed[name][WARM_UP:] for name in ("echo", "density")}


def race_at(url: str, n_points: int) -> list[float]:
    """Return milliseconds from click to the densities of five learners: two, and RACING."""
    rng = np.random.default_rng(SEED)
    with visiting(url) as visit:
        start = rng.choice([-0.5, 0.4], n_points) + rng.normal(0, 0.1, n_points)
        visit.add(start.round(4).tolist())
        visit.driver.execute_script(
            "dash_clientside.set_props('racing', {value: arguments[0]})", RACING
        )
        told = "dash_clientside.race.shown.every((name) => dash_clientside.race.at(name))"
        visit.wait(f"dash_clientside.race.shown.length === {len(RACING)} && {told}")
        visit.driver.execute_script(_WATCH_RACE)
        for k, x in enumerate(rng.uniform(-0.6, 0.5, N_CLICKS + WARM_UP)):
            visit.click(float(x))
            visit.wait(f"raced.length > {k}")
            visit.rest()
            time.sleep(rng.uniform(*PAUSE_S))
        found: list[float] = visit.read("raced")
    return found[WARM_UP:]


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
    page = PageRequests(port)
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
    bare = bare_round_trips(N_CLICKS, WARM_UP)
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
        Bar("click to the densities of five learners, 10 points, p95", p95(race_at(url, 10)), 150),
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


def main() -> None:
    """Measure, or take the screenshots."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--answers", action="store_true", help="measure the server alone")
    parser.add_argument("--screenshots", action="store_true", help="renew docs/*.png instead")
    arguments = parser.parse_args()
    with serving() as url:
        if arguments.screenshots:
            take_pictures(url)
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
