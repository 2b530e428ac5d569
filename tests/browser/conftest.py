"""Chromium without a window, and the Dash page in it."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from dash.testing.browser import Browser
from selenium.webdriver.chrome.options import Options

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
    "--window-size=1280,800",
)


def pytest_setup_options() -> Options:
    """Return the flags of dash.testing's browser."""
    options = Options()
    for flag in _FLAGS:
        options.add_argument(flag)
    return options


@pytest.fixture(scope="session")
def new_chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Browser]]:
    """Open one more browser, with a profile of its own; all are closed at the end."""
    with ExitStack() as opened:

        def open_one() -> Browser:
            browser = Browser(
                "chrome",
                options=[pytest_setup_options()],
                percy_run=False,
                download_path=str(tmp_path_factory.mktemp("download")),
            )
            return opened.enter_context(browser)

        yield open_one


@pytest.fixture(scope="session")
def chromium(new_chromium: Callable[[], Browser]) -> Browser:
    """The browser that the tests of the Dash page share; each begins in a new session."""
    return new_chromium()


@pytest.fixture(scope="session")
def page_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server that they share."""
    server = Server(dataclasses.replace(Config(), data_dir=tmp_path_factory.mktemp("data"), port=0))
    yield server
    server.stop()


@pytest.fixture
def page(chromium: Browser, page_server: Server) -> Iterator[DashPage]:
    """The page as a newcomer finds it. At the end no error may stand in the console."""
    chromium.driver.get_log("browser")  # what is read is gone
    yield DashPage(chromium.driver, page_server).open()
    assert not DashPage(chromium.driver, page_server).severe_logs()
