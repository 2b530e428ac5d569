"""Nothing that the pages do is refused by their own content security policy, in a real browser."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from dash.testing.browser import Browser
from dash_page import DashPage
from legacy_page import LegacyPage
from page_server import Server

pytestmark = pytest.mark.browser

_COLLECT = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
    violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


@pytest.fixture
def watched(chromium: Browser) -> Iterator[Browser]:
    """The browser, with what a policy refuses on each page in `window.violations`."""
    command = "Page.addScriptToEvaluateOnNewDocument"
    added = chromium.driver.execute_cdp_cmd(command, {"source": _COLLECT})
    chromium.driver.get_log("browser")
    yield chromium
    chromium.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


def refused(browser: Browser) -> list[Any]:
    """Return what was refused on this page, and what the console holds of it."""
    logged = [each for each in browser.driver.get_log("browser") if each["level"] == "SEVERE"]
    return [*browser.driver.execute_script("return window.violations"), *logged]


@pytest.mark.usefixtures("no_rests")
def test_nothing_is_refused_on_the_comparison_page_but_a_script_that_is_not_ours(
    watched: Browser, page_server: Server
) -> None:
    page = DashPage(watched.driver, page_server).open()
    page.click(-0.5, 0.5, 0.4)
    page.settle()
    page.key("p")
    page.wait("dash_clientside.state.view.scratch !== null")
    page.settle()
    page.key("?")
    page.wait("document.querySelector('[role=dialog]') !== null")
    page.script("document.querySelector('[role=dialog] button').click()")
    page.wait("document.querySelector('[role=dialog]') === null")
    page.play("two-clumps", 40)
    assert refused(watched) == []
    script_that_is_not_ours_does_not_run(page)


def script_that_is_not_ours_does_not_run(page: DashPage) -> None:
    page.script(
        "const script = document.createElement('script'); script.textContent = 'window.ran = 1';"
        "document.body.append(script);"
    )
    page.wait("window.violations.length === 1")
    assert page.read("window.ran === undefined")
    page.severe_logs()  # the browser tells it in the console, too


def test_nothing_is_refused_on_the_exercises_page(watched: Browser, page_server: Server) -> None:
    page = LegacyPage(watched.driver, page_server.url)
    page.click(-0.5, 0.5, 0.4)
    page.draw()
    assert refused(watched) == []


def test_nothing_is_refused_in_the_documentation(watched: Browser, page_server: Server) -> None:
    page = DashPage(watched.driver, page_server)
    watched.driver.get(f"{page_server.url}openapi/")
    page.wait("document.querySelectorAll('.opblock').length > 20")
    page.wait("document.querySelector('.info').innerText.includes('First steps')")
    order = "[...document.querySelectorAll('.opblock-summary-path')].map((each) => each.innerText)"
    shown = [path.replace("\u200b", "") for path in page.read(order)]
    assert shown[0] == "/api/v1/sessions"
    assert {"/train", "/update", "/retrain", "/parameters", "/points", "/clear"} <= set(shown)
    asked = page.read("performance.getEntriesByType('resource').map((each) => each.name)")
    assert [name for name in asked if not name.startswith((page_server.url, "data:"))] == []
    page.script("document.querySelector('.opblock-summary-control').click()")
    page.wait("document.querySelector('.opblock.is-open .try-out__btn') !== null")
    assert refused(watched) == []
    with page.screen(360, 780):
        assert page.read("document.documentElement.scrollWidth") == 360


def test_page_on_another_port_cannot_clear_a_session(
    watched: Browser, page_server: Server, tmp_path: Path
) -> None:
    """It is same-site, so that the browser sends the cookie with what it posts."""
    page = LegacyPage(watched.driver, page_server.url)
    page.click(-0.5, 0.5)
    page.draw()
    held = page.parameters()
    (tmp_path / "index.html").write_text("<title>other</title>")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    try:
        watched.driver.get(f"http://127.0.0.1:{other.server_port}/")
        watched.driver.execute_async_script(
            "const done = arguments[1];"
            "fetch(arguments[0], {method: 'POST', mode: 'no-cors', credentials: 'include'})"
            ".then(done, done)",
            f"{page_server.url}clear",
        )
    finally:
        other.shutdown()
        other.server_close()
    request = Request(f"{page_server.url}parameters", headers={"X-Session": held["session"]})
    with urlopen(request) as answer:
        assert answer.status == 200
    watched.driver.get_log("browser")
