"""The Dash page in Chromium, acted on as a person would: mouse, keys, eyes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray
from page_server import Server
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

Array = NDArray[np.float64]

SHIFT = 8  # of the DevTools protocol's modifiers
LONGEST_WAIT_S = 180.0
_PLOT = "document.querySelector('#plot .js-plotly-plot')"
_DOTS = f"""[...document.querySelector('#points-layer .dots').getAttribute('d')
    .matchAll(/M([^,]+)/g)].map(([_, left]) => {_PLOT}._fullLayout.xaxis.p2c(Number(left) + 4.5))"""
_SETTLED = f"""
    !dash_clientside.state.outbox.busy && !dash_clientside.state.training()
    && (!document.querySelector('#points-layer .dots') || {_DOTS}.length
            === dash_clientside.state.points.length)
    && document.querySelectorAll('.dot').length === 0
"""
_DEFER = """
const [pause, latest] = arguments, waiting = {timer: 0, since: 0}, start = performance.now();
window.ran = null;
window.askAgain = () => dash_clientside.idle.wait(
    waiting, () => (ran = performance.now() - start), pause, latest);
askAgain();
"""


_WAIT = """
const [latest, tell] = arguments, start = performance.now();
const look = () => {
    const found = (%s);
    if (found || performance.now() - start > latest) tell(found);
    else setTimeout(look, 10);
};
look();
"""


class DashPage:
    """One tab with the page open; a reload keeps the address, which names the session."""

    def __init__(self, driver: WebDriver, server: Server) -> None:
        self.driver = driver
        self.server = server
        driver.set_script_timeout(LONGEST_WAIT_S + 30)  # waits have shorter limits of their own

    def open(self, *, fresh: bool = True) -> DashPage:
        """Load the page; `fresh` as in a tab that never saw it."""
        if fresh:
            self._load_without_storage()
        else:
            self.driver.refresh()
        self.wait(
            "window.dash_clientside?.state?.view && dash_clientside.state.connection === 'live'",
            60,  # the first page of a browser is loaded and compiled
        )
        return self

    def _load_without_storage(self) -> None:
        code = {"source": "sessionStorage.clear(); localStorage.clear();"}
        each_load = "ScriptToEvaluateOnNewDocument"
        added = self.driver.execute_cdp_cmd(f"Page.add{each_load}", code)
        self.driver.get(self.server.url)
        self.driver.execute_cdp_cmd(f"Page.remove{each_load}", added)

    def begin_anew(self) -> None:
        """Go to a new session without a load, as the story does; mode and learners stay."""
        before = self.session_id
        self.script("dash_clientside.answers.enter(null, () => {})")
        self.wait(f"dash_clientside.state.view && dash_clientside.state.view.id !== '{before}'")
        self.settle()

    @contextmanager
    def screen(self, width: int, height: int, *, touch: bool = False) -> Iterator[None]:
        """Show the page on a screen of this size, and then on the usual one again."""
        emulate = self.driver.execute_cdp_cmd
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 400}
        emulate("Emulation.setDeviceMetricsOverride", size)
        emulate("Emulation.setTouchEmulationEnabled", {"enabled": touch})
        try:
            yield
        finally:
            emulate("Emulation.setTouchEmulationEnabled", {"enabled": False})
            emulate("Emulation.clearDeviceMetricsOverride", {})

    # ------------------------------------------------------------------ eyes

    def script(self, code: str, *arguments: Any) -> Any:
        return self.driver.execute_script(code, *arguments)

    def read(self, expression: str, *arguments: Any) -> Any:
        return self.script(f"return {expression}", *arguments)

    def wait(self, condition: str, timeout_s: float = 20.0, what: str = "") -> Any:
        """Wait until a JavaScript expression is true; returns its value.

        The page itself looks every 10 ms: each question from here takes 5 ms of a processor.
        """
        found = self.driver.execute_async_script(_WAIT % condition, timeout_s * 1000)
        assert found, f"waited {timeout_s} s for: {what or condition}; {self._said()}"
        return found

    def _said(self) -> str:
        said = "['sentence', 'sentence-detail', 'problem'].map(id => document.getElementById(id)"
        return f"the page says {self.read(f'{said}?.innerText)')}"

    def until(self, holds: Callable[[], Any], what: str, timeout_s: float = 20.0) -> Any:
        message = f"waited {timeout_s} s for: {what}"
        return WebDriverWait(self.driver, timeout_s, 0.02).until(lambda _: holds(), message)

    def settle(self) -> None:
        """Wait until all is sent, answered and drawn, by Plotly or as a sketch."""
        self.wait(_SETTLED)

    def defer(self, pause_ms: float, latest_ms: float) -> None:
        """Defer work as drawing does; `ran` tells after how many ms it ran, null until then."""
        self.script(_DEFER, pause_ms, latest_ms)

    def pass_time(self, ms: float) -> None:
        """Return when a timer of the page has run out, and so every timer that was due before."""
        self.driver.execute_async_script("setTimeout(arguments[1], arguments[0])", ms)

    def text(self, element: str) -> str:
        return str(self.read("document.getElementById(arguments[0]).innerText", element))

    def wait_text(self, element: str, part: str, timeout_s: float = 20.0) -> str:
        text = f"document.getElementById('{element}')?.innerText"
        self.wait(f"{text}?.includes({json.dumps(part)})", timeout_s, f"{part!r} in {element}")
        return self.text(element)

    def wait_message(self, part: str) -> None:
        """Wait for a message that shows by itself for some seconds."""
        shown = "[...document.querySelectorAll('[role=alert]')].map(e => e.innerText).join()"
        self.wait(f"{shown}.includes({json.dumps(part)})", what=f"the message {part!r}")

    def curve(self, uid: str) -> tuple[Array, Array]:
        """Return the data of a curve; `line` is what is on the screen."""
        trace = self.read(f"{_PLOT}.data.filter(t => t.uid === '{uid}').map(t => [t.x, t.y])[0]")
        return np.array(trace[0], dtype=float), np.array(trace[1], dtype=float)

    def line(self, uid: str) -> tuple[str, str]:
        """Return the path of a curve on the screen, and the path that its data ask for, pixels."""
        code = f"""
            const gd = {_PLOT}, {{xaxis, yaxis}} = gd._fullLayout;
            const {{x, y}} = gd.data.find(t => t.uid === '{uid}');
            const wanted = x.map((each, i) => `${{xaxis.c2p(each)}},${{yaxis.c2p(y[i])}}`);
            const drawn = gd.querySelector('.trace{uid} .js-line').getAttribute('d');
            return [drawn, `M${{wanted.join('L')}}`];
        """
        drawn, wanted = self.script(code)
        return drawn, wanted

    def drawn_points(self) -> list[float]:
        return list(self.read(_DOTS))

    def chart(self, name: str) -> list[float]:
        return list(self.read(f"document.querySelector('#{name} .js-plotly-plot').data[0].y"))

    def severe_logs(self) -> list[str]:
        entries = self.driver.get_log("browser")
        return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]

    # ------------------------------------------------------------------ what the server has

    @property
    def session_id(self) -> str:
        return str(self.read("dash_clientside.state.view.id"))

    @property
    def points(self) -> Array:
        found: Array = self.server.sessions.points(self.session_id)
        return found

    @property
    def view(self) -> Any:
        return self.server.sessions.view(self.session_id)

    # ------------------------------------------------------------------ hands

    def pixel(self, x: float, height: float = 0.4) -> tuple[float, float]:
        """Return where a value of the axis is on the screen; `height` from the top of the plot."""
        code = f"""
            const gd = {_PLOT}, axis = gd._fullLayout.xaxis, box = gd.getBoundingClientRect();
            const share = (arguments[0] - axis.range[0]) / (axis.range[1] - axis.range[0]);
            const left = box.left + axis._offset + share * axis._length;
            return [left, box.top + arguments[1] * box.height];
        """
        left, top = self.script(code, x, height)
        return round(left), round(top)

    def mouse(self, kind: str, at: tuple[float, float], **more: Any) -> None:
        event = {"type": kind, "x": at[0], "y": at[1], **more}
        self.driver.execute_cdp_cmd("Input.dispatchMouseEvent", event)

    def click(self, *positions: float, button: str = "left", modifiers: int = 0) -> None:
        for position in positions:
            at = self.pixel(position)
            more = {"button": button, "clickCount": 1, "modifiers": modifiers}
            self.mouse("mouseMoved", at)
            self.mouse("mousePressed", at, **more)
            self.mouse("mouseReleased", at, **more)

    def add(self, *points: float) -> None:
        """Let points come from elsewhere: one increment, whatever their number."""
        n_points = self.points.size + len(points)
        self.server.sessions.add(self.session_id, points)
        self.wait(f"dash_clientside.state.view.n_points === {n_points}")
        self.settle()

    def press(self, element: str) -> None:
        self.driver.find_element("id", element).click()

    def key(self, *keys: str, into: Optional[str] = None) -> None:
        target = "body" if into is None else f"#{into}"
        self.driver.find_element("css selector", target).send_keys(*keys)

    def slide(self, slider: str, steps: int) -> None:
        """Move a slider so many steps from its lower end."""
        thumb = self.driver.find_element("css selector", f"#{slider} [role=slider]")
        thumb.send_keys(Keys.HOME, *[Keys.ARROW_RIGHT] * steps)

    def choose(self, choice: str, value: str) -> None:
        selector = f"#{choice} label[for$='-{value}']"
        self.driver.find_element("css selector", selector).click()

    def open_memory(self) -> None:
        """Open the settings that most people do not need."""
        self.driver.find_element("css selector", ".memory summary").click()
        self.wait("document.querySelector('#half-life [role=slider]').offsetParent !== null")

    def compare(self, *learners: str) -> None:
        """Add or remove rows of learners, by the menu."""
        self.press("compare")
        for name in learners:
            item = f"compare-{name.replace('_', '-')}"
            self.wait(f"document.getElementById('{item}').offsetParent !== null")
            self.press(item)
            self.wait(f"dash_clientside.race.shown.includes('{name}')")
            self.wait(f"document.getElementById('row-{name.replace('_', '-')}') !== null")
        self.key(Keys.ESCAPE, into=item)
        self.wait("document.activeElement.id === 'compare'")
        self.wait("!document.querySelector('details.menu').open")

    def race_ends(self) -> None:
        """Wait until the learners have learned what the session has."""
        told = "[...dash_clientside.race.records.values()].map((each) => each.length)"
        names = "dash_clientside.race.shown"
        known = f"{names}.every((name) => dash_clientside.race.records.has(name))"
        ended = f"{known} && {told}.every((n, _, all) => n === all[0])"
        self.wait(f"!dash_clientside.race.behind() && {ended}", 90)  # torch may have to be loaded

    def play(self, example: str, n_points: int) -> None:
        self.press(f"example-{example}")
        self.wait(f"dash_clientside.state.view.n_points === {n_points}", 40)
        self.settle()

    def network(self, *, online: bool) -> None:
        conditions = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.driver.execute_cdp_cmd("Network.enable", {})
        self.driver.execute_cdp_cmd(
            "Network.emulateNetworkConditions", {"offline": not online, **conditions}
        )
