"""Real tabs: visible windows of headless Chromium on the Dash page, each with an event stream."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

_FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
_WINDOWS_OF_A_BROWSER = 10

_LIVE_TIMEOUT_S = 60.0
_IS_LIVE = """
const {state} = window.dash_clientside || {};
return !document.hidden && !!state && state.connection === 'live' && !!state.view;
"""


@dataclass
class Windows:
    """Open windows, and the time until the event stream of each was open."""

    drivers: list[webdriver.Chrome] = field(default_factory=list)
    loads_s: list[float] = field(default_factory=list)

    def n_live(self) -> int:
        """Return how many windows are visible and have a session and an open stream."""
        n_live = 0
        for driver in self.drivers:
            for handle in driver.window_handles:
                driver.switch_to.window(handle)
                n_live += bool(driver.execute_script(_IS_LIVE))
        return n_live


def window_names(n_windows: int) -> list[str]:
    """Return the name of the server for each window.

    A browser opens at most six connections to a host. So each window uses a name of its own;
    *.localhost always is this machine.
    """
    return [f"tab{number}.localhost" for number in range(n_windows)]


@contextmanager
def open_windows(url: str, n_windows: int) -> Iterator[Windows]:
    """Open the page in `n_windows` windows, one after the other; close all of them at the end.

    The server must answer to the names of the windows.
    """
    windows = Windows()
    with ExitStack() as opened:
        for number, name in enumerate(window_names(n_windows)):
            if number % _WINDOWS_OF_A_BROWSER == 0:
                windows.drivers.append(opened.enter_context(_browser()))
            else:
                windows.drivers[-1].switch_to.new_window("window")
            driver = windows.drivers[-1]
            started = time.perf_counter()
            driver.get(url.replace("127.0.0.1", name))
            WebDriverWait(driver, _LIVE_TIMEOUT_S).until(
                lambda driver: driver.execute_script(_IS_LIVE)
            )
            windows.loads_s.append(time.perf_counter() - started)
        yield windows


@contextmanager
def _browser() -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    for flag in _FLAGS:
        options.add_argument(flag)
    driver = webdriver.Chrome(service=Service(), options=options)
    try:
        yield driver
    finally:
        driver.quit()
