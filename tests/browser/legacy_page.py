"""The provided page in Chromium, acted on as a person would: clicks, keys, sliders, eyes."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

from dash_app.learning import Mixture, fit_from_scratch

Array = NDArray[np.float64]

PROVIDED_PAGE = Path(__file__).parents[1] / "legacy" / "provided_page"
GRID = np.arange(-200, 200) / 200
MIN_STD = 1e-3
MAX_DISTANCE = 0.02
TWO_CLUMPS = [-0.66, 0.4, -0.6, 0.47, -0.55, 0.44, -0.62, 0.52, -0.58, 0.36]
THREE_IN_ALTERNATION = [-0.72, 0.02, 0.61, -0.68, 0.06, 0.66, -0.7, -0.03, 0.57, -0.64, 0.1, 0.63]


def stretched_density(mixture: Mixture, x: Array) -> Array:
    raised = dataclasses.replace(mixture, variances=np.maximum(mixture.variances, MIN_STD**2))
    density = raised.density(x)
    return (density - density.min()) / (density.max() - density.min())


def distance(first: Array, second: Array) -> float:
    """Total variation of two curves over GRID, each taken as a density."""
    return float(0.5 * np.abs(first / first.sum() - second / second.sum()).sum())


def distance_to_best(line: tuple[Array, Array], points: Array, n_components: int) -> float:
    best = fit_from_scratch(points, n_components).mixture
    drawn = np.interp(GRID, *line)
    # the page draws straight lines between its steps; so does this
    wanted = np.interp(GRID, line[0], stretched_density(best, line[0]))
    return distance(drawn, wanted)


class LegacyPage:
    """What a person does at the page, and sees there."""

    def __init__(self, driver: WebDriver, url: str) -> None:
        self._driver = driver
        driver.get(f"{url}legacy/")
        self.wait_for(lambda: self.script("return document.querySelector('#centeredBox svg')"))

    def script(self, code: str, *arguments: Any) -> Any:
        return self._driver.execute_script(code, *arguments)

    def wait_for(self, condition: Callable[[], Any], timeout_s: float = 15.0) -> Any:
        return WebDriverWait(self._driver, timeout_s, 0.02).until(lambda _: condition())

    @property
    def frame(self) -> dict[str, float]:
        find = "const r = document.querySelector('#centeredBox svg').getBoundingClientRect();"
        frame: dict[str, float] = self.script(f"{find} return r.toJSON()")
        return frame

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        event = {"type": kind, "x": x, "y": y, **more}
        self._driver.execute_cdp_cmd("Input.dispatchMouseEvent", event)

    def click(self, *positions: float) -> None:
        """Click at positions of the x axis; a screen has whole pixels."""
        frame = self.frame
        y = frame["top"] + 0.3 * frame["height"]
        for position in positions:
            x = round(frame["left"] + (position + 1) / 2 * frame["width"])
            for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
                self.mouse(kind, x, y, button="left", clickCount=1)

    def click_pixels(self, *offsets: int) -> None:
        frame = self.frame
        left = round(frame["left"])
        self.click(*[((left + x - frame["left"]) / frame["width"]) * 2 - 1 for x in offsets])

    def press(self, key: str) -> None:
        self._driver.find_element("css selector", "body").send_keys(key)

    def slide(self, slider: str, value: int) -> None:
        code = """
            const slider = document.getElementById(arguments[0]);
            slider.value = arguments[1];
            for (const kind of ['input', 'change']) {
                slider.dispatchEvent(new Event(kind, {bubbles: true}));
            }
        """
        self.script(code, slider, value)

    def text(self, element: str) -> str:
        return str(self.script(f"return document.getElementById('{element}').textContent"))

    def count(self, selector: str) -> int:
        return int(self.script(f"return document.querySelectorAll('{selector}').length"))

    @property
    def points(self) -> Array:
        """The positions of the circles, left to right as clicked."""
        find = "[...document.querySelectorAll('svg .point')]"
        pixels = self.script(f"return {find}.map((point) => Number(point.getAttribute('cx')))")
        return np.array(pixels) / self.frame["width"] * 2 - 1

    def wait_for_line(self) -> tuple[Array, Array]:
        """Return the drawn curve, x over [-1, 1] and its height."""
        find = "document.querySelector('path.drawn-line:not(.stale)')"
        path = self.wait_for(lambda: self.script(f"return {find}?.getAttribute('d')"))
        numbers = np.array(re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", path), dtype=np.float64)
        assert "NaN" not in path
        assert numbers.size % 2 == 0
        x, y = numbers.reshape(-1, 2).T
        frame = self.frame
        return x / frame["width"] * 2 - 1, 1 - y / frame["height"] * 2

    def draw(self) -> tuple[Array, Array]:
        self.press("p")
        return self.wait_for_line()

    def parameters(self) -> dict[str, Any]:
        """What the server holds for this browser."""
        code = "const done = arguments[0]; fetch('/parameters').then((r) => r.json()).then(done)"
        answer: dict[str, Any] = self._driver.execute_async_script(code)
        return answer
