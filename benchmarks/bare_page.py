"""A minimal Dash page, to compare this project's page with."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import dash
import numpy as np
from dash import Input, Output, Patch, dcc, html
from flask import Flask
from selenium.webdriver.support.ui import WebDriverWait
from waitress.server import create_server

from benchmarks.visit import browser
from dash_app.config import Config

N_VISITS = 8

#: In the page of the bare callback: press the button and wait for the line to move.
_BARE = """
const done = arguments[0], start = performance.now();
const line = () => document.querySelector('.js-line')?.getAttribute('d'), before = line();
document.getElementById('go').click();
const look = () => requestAnimationFrame(
    line() === before ? look : () => done(performance.now() - start));
look();
"""
#: In any page: the first frame in which the first graph is drawn.
_FIRST_PLOT = """
const done = arguments[0];
const look = () => document.querySelector('.js-plotly-plot .plotly .xy')
    ? requestAnimationFrame(() => done(performance.now()))
    : requestAnimationFrame(look);
look();
"""


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


def bare_round_trips(n_clicks: int, n_before: int) -> list[float]:
    """Return the milliseconds until a Patch of 200 values is painted, after `n_before` others."""
    with serving_bare() as url, browser(width=1280, height=800) as driver:
        driver.get(url)
        WebDriverWait(driver, 60, 0.1).until(
            lambda _: driver.execute_script("return !!document.querySelector('.js-line')")
        )
        found = []
        for _ in range(n_before + n_clicks):
            found.append(float(driver.execute_async_script(_BARE)))
            time.sleep(0.3)  # a person's pace, as on the page
    return found[n_before:]


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
