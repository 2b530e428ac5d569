"""Chromium without a window, and the Dash page in it."""

from __future__ import annotations

import dataclasses
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Optional

import pytest
from dash.testing.browser import Browser
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.remote.webdriver import WebDriver

from dash_app.config import Config

sys.path.insert(0, str(Path(__file__).parent))

from dash_page import DashPage
from page_server import Server

_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # as root, which a container mostly is
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--js-flags=--no-opt --no-maglev",  # a page lives too short for what these compile to pay
)
_SHELL = Path("/usr/lib/chromium/chromium-headless-shell")
"""Debian's Chromium without windows, of the version of its ChromeDriver."""


def chromium_options() -> Options:
    """Return the flags of dash.testing's browser, and which Chromium it is."""
    options = Options()
    window = "1280,800"
    if _SHELL.is_file() and shutil.which("chromedriver") == "/usr/bin/chromedriver":
        options.binary_location = str(_SHELL)
        window = "1280,657"  # as large as the page in that window: the shell draws no frame
    for flag in (*_FLAGS, f"--window-size={window}"):
        options.add_argument(flag)
    return options


def new_chromium(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """Return a browser with a profile of its own."""
    return Browser(
        "chrome",
        options=[chromium_options()],
        percy_run=False,
        download_path=str(tmp_path_factory.mktemp("download")),
    )


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The browser that the tests of a worker share; each test begins in a new session."""
    with new_chromium(tmp_path_factory) as browser:
        yield browser


@pytest.fixture(scope="session")
def second_chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The browser of another person, which they share too."""
    with new_chromium(tmp_path_factory) as browser:
        yield browser


@pytest.fixture
def another_chromium(second_chromium: Browser) -> Iterator[Browser]:
    """The browser of another person, who has no cookie and leaves the page at the end."""
    second_chromium.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    yield second_chromium
    second_chromium.driver.get("about:blank")


@pytest.fixture(scope="session")
def page_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server that they share."""
    server = Server(dataclasses.replace(Config(), data_dir=tmp_path_factory.mktemp("data"), port=0))
    yield server
    server.stop()


def forget(driver: WebDriver, server: Optional[Server] = None) -> None:
    """Forget the messages of the test before, and leave its page if its server may have gone.

    From a page of the same server the browser goes on in the same process; a new one takes 1 s.
    """
    if server is None or not driver.current_url.startswith(server.url):
        driver.get("about:blank")
    driver.get_log("browser")  # what is read is gone


@pytest.fixture
def tab(chromium: Browser, page_server: Server) -> Iterator[DashPage]:
    """A tab in which the page is not open yet. At the end no error may stand in the console."""
    found = DashPage(chromium.driver, page_server)
    found.severe_logs()  # of the test before
    yield found
    assert not found.severe_logs()


@pytest.fixture
def page(tab: DashPage) -> DashPage:
    """The page as a newcomer finds it."""
    forget(tab.driver, tab.server)
    return tab.open()


@pytest.fixture(scope="session")
def serve(
    tmp_path_factory: pytest.TempPathFactory, page_server: Server
) -> Iterator[Callable[..., Server]]:
    """Return the server of this page for the exercise, the same one for every test that asks."""
    started: dict[Optional[Path], Server] = {None: page_server}

    def start(frontend: Optional[Path] = None) -> Server:
        if frontend not in started:
            data_dir = tmp_path_factory.mktemp("data")
            config = dataclasses.replace(Config(), data_dir=data_dir, legacy_frontend=frontend)
            started[frontend] = Server(config)
        return started[frontend]

    yield start
    for frontend, server in started.items():
        if frontend is not None:
            server.stop()


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    """The shared browser, as a person who has not been here before."""
    chromium.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    forget(chromium.driver)
    return chromium
