"""The provided page in Chromium, acted on as a person would: clicks, keys, sliders, eyes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

Array = NDArray[np.float64]


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
