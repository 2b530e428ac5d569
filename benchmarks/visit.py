"""A visit to the Dash page in headless Chromium, for the benchmarks of the page."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

from testbed.serving import waitress

FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)

#: In the page: whether it has drawn all points, increments and losses, and its sentence is of them.
_IS_DRAWN = """(() => {
const {losses, points} = dash_clientside.state, {snapshot, words} = dash_clientside;
const drawn = (graph) => {
    const plot = document.querySelector(`#${graph} .js-plotly-plot`);
    return plot ? plot.data[0].x.length : 0; // a small chart is made when it has data
};
const dots = document.querySelector('#points-layer path').getAttribute('d').split('M');
return document.fonts.status === 'loaded'
    && document.getElementById('sentence').innerText === words.headline(snapshot.take())[0]
    && dots.length - 1 === points.length
    && drawn('race-chart') === dash_clientside.race.steps()
    && drawn('scratch-loss-chart') === losses.length;
})()"""


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
        """Wait until everything is sent, answered and drawn."""
        self.wait("!dash_clientside.state.outbox.busy && !dash_clientside.state.training()")
        self.wait("document.querySelectorAll('.dot').length === 0")

    def wait_until_drawn(self) -> None:
        """Wait until the plot and the small charts show all that the page has."""
        self.rest()
        self.wait(_IS_DRAWN)

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
