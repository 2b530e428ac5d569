"""A slow line: what a person does before the page has loaded is kept."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from dash.testing.browser import Browser
from dash_page import DashPage
from page_server import Server

from dash_app.config import Config
from dash_app.ui import ids

pytestmark = pytest.mark.browser

FIRST_LOAD_BYTES = 7_000_000
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 250_000, "uploadThroughput": 50_000}
FAST = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
LAST_SCRIPT = "async-graph"  # of the plot; Dash runs it when the page stands


class SlowLine:
    """The page on a slow line that brings the last script only when it is told to."""

    def __init__(self, page: DashPage) -> None:
        self.page = page
        self.arrives = threading.Event()
        application: Any = page.server.application
        serve = application.wsgi_app

        def late(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
            if LAST_SCRIPT in environ["PATH_INFO"]:
                self.arrives.wait(60)
            return serve(environ, start)

        application.wsgi_app = late


@pytest.fixture
def line(chromium: Browser, tmp_path: Path) -> Iterator[SlowLine]:
    """A browser that has loaded nothing of the page yet."""
    server = Server(dataclasses.replace(Config(), data_dir=tmp_path, port=0))
    page = DashPage(chromium.driver, server)
    page.driver.get(f"{server.url}healthz")
    page.script("sessionStorage.clear(); localStorage.clear();")
    page.driver.execute_cdp_cmd("Network.enable", {})
    page.driver.execute_cdp_cmd("Network.emulateNetworkConditions", SLOW)
    slow = SlowLine(page)
    yield slow
    slow.arrives.set()
    page.driver.execute_cdp_cmd("Network.emulateNetworkConditions", FAST)
    server.stop()


def parts(component: Any) -> Iterator[dict[str, Any]]:
    """Yield the properties of every component of a layout."""
    if isinstance(component, list):
        for each in component:
            yield from parts(each)
    elif isinstance(component, dict) and "props" in component:
        yield component["props"]
        for each in component["props"].values():
            yield from parts(each)


def test_first_load_is_small_and_gives_no_control_a_value_twice(page: DashPage) -> None:
    first_load_gives_no_control_what_it_shows_already(page)
    controls_begin_as_they_are_shown_without_a_session(page)
    what_dash_asks_for_last_is_fetched_early_and_once(page)
    nothing_is_loaded_from_elsewhere_and_the_first_load_is_small(page)


def controls_begin_as_they_are_shown_without_a_session(page: DashPage) -> None:
    client = page.server.application.test_client()
    layout = {str(part.get("id")): part for part in parts(client.get("/_dash-layout").json)}
    outputs = {
        each["inputs"][0]["id"]: [name.split(".") for name in each["output"][2:-2].split("...")]
        for each in client.get("/_dash-dependencies").json
    }
    empty = "{...dash_clientside.snapshot.take(), view: null, connection: 'connecting'}"
    groups = page.read(f"dash_clientside.callbacks.controls({empty})")
    assert [each["group"] for each in groups] == list(ids.GROUPS)
    for each in groups:
        wired = outputs[ids.shown(each["group"])]
        assert len(wired) == len(each["values"])
        for (name, prop), value in zip(wired, each["values"]):
            assert (layout[name].get(prop) or None) == (value or None), (name, prop)


def first_load_gives_no_control_what_it_shows_already(page: DashPage) -> None:
    """Each group of controls that is given its values costs Dash a round of callbacks."""
    given = """
        const {layout, paths} = dash_stores[0].getState(), at = (o, k) => o && o[k];
        return arguments[0].filter((id) =>
            [...paths.strs[id], 'props', 'data'].reduce(at, layout));
    """
    stores = [ids.shown(group) for group in ids.GROUPS]
    page.wait("document.getElementById('connection').innerText === 'connected'")
    assert page.script(given, stores) == [ids.shown("connection")]


def what_dash_asks_for_last_is_fetched_early_and_once(page: DashPage) -> None:
    """A preload that the browser does not use would be fetched twice."""
    loaded = page.read(
        "performance.getEntriesByType('resource').map(e => ({name: e.name, at: e.startTime}))"
    )
    scripts_ran = page.read("performance.getEntriesByType('navigation')[0].domInteractive")
    for part in ("_dash-layout", "_dash-dependencies", "async-graph.js"):
        fetched = [each["at"] for each in loaded if part in each["name"]]
        assert len(fetched) == 1, part
        assert fetched[0] < scripts_ran, part


def nothing_is_loaded_from_elsewhere_and_the_first_load_is_small(page: DashPage) -> None:
    page.click(0.1)
    page.settle()
    loaded = page.read(
        "performance.getEntriesByType('resource').map(e => "
        "({name: e.name, size: e.decodedBodySize, wire: e.encodedBodySize}))"
    )
    own = urlsplit(page.server.url).netloc
    assert {urlsplit(each["name"]).netloc for each in loaded} == {own}
    assert sum(each["size"] for each in loaded) < FIRST_LOAD_BYTES
    assert not [each for each in loaded if "_favicon" in each["name"]]  # of Dash, 15 kB
    scripts = [each for each in loaded if each["size"] > 100_000]
    assert all(each["wire"] < 0.5 * each["size"] for each in scripts)
    assert "http" not in page.read(
        "document.documentElement.outerHTML.match(/src=\"http[^\"]*/g)?.join() || ''"
    )


def test_clicks_before_the_plot_is_drawn_are_kept(line: SlowLine) -> None:
    page = line.page
    page.driver.execute_cdp_cmd("Page.navigate", {"url": page.server.url})
    page.wait("document.getElementById('points-layer')?.getBoundingClientRect().width", 60)
    left, top, width = page.script(
        """
        const box = document.getElementById('points-layer').getBoundingClientRect();
        return [box.left, box.top, box.width];
        """
    )
    for share in (0.3, 0.7):
        at = (left + share * width, top + 120)
        page.mouse("mousePressed", at, button="left", clickCount=1)
        page.mouse("mouseReleased", at, button="left", clickCount=1)
    assert page.read("document.querySelectorAll('.dot').length") == 2
    line.arrives.set()
    page.wait("window.dash_clientside?.state?.view?.n_points === 2", 60)
    page.settle()
    drawn = [page.pixel(x)[0] for x in page.points]
    assert drawn == pytest.approx([left + 0.3 * width, left + 0.7 * width], abs=2)
