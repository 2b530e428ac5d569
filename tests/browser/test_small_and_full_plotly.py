"""The page with the small plotly.js, and with the full one."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from dash.testing.browser import Browser
from dash_page import DashPage
from page_server import Server

from dash_app.config import Config
from dash_app.ui import plotly_bundle

pytestmark = pytest.mark.browser
_FETCHED = (plotly_bundle.FOLDER / "plotly-basic.min.js").is_file()


@pytest.mark.parametrize(
    ("folder", "script"),
    [
        pytest.param(
            plotly_bundle.FOLDER,
            "plotly-basic.min.js",
            marks=pytest.mark.skipif(not _FETCHED, reason="npm has not fetched the bundle"),
        ),
        pytest.param(Path("nowhere"), "plotly.min.js"),
    ],
)
def test_page_draws_with_either_bundle(
    folder: Path,
    script: str,
    chromium: Browser,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plotly_bundle, "FOLDER", folder)
    server = Server(dataclasses.replace(Config(), data_dir=tmp_path, port=0))
    try:
        chromium.driver.get_log("browser")
        page = DashPage(chromium.driver, server).open()
        loaded = page.read("performance.getEntriesByType('resource').map(entry => entry.name)")
        names = {address.split("?")[0].rsplit("/", 1)[-1] for address in loaded}
        assert {name for name in names if name.startswith("plotly")} == {script}
        page.click(-0.5, 0.5)
        page.key("p")
        page.wait("dash_clientside.state.scratchCurrent()")
        page.settle()
        assert page.points.size == 2
        assert page.curve("scratch")[1].max() > 0
        assert not page.severe_logs()
    finally:
        server.stop()
