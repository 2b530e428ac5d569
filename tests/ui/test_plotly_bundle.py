"""The small plotly.js is served where npm has fetched it; the full one otherwise."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from plotly.offline import get_plotlyjs_version

from dash_app.app import create_app
from dash_app.config import Config
from dash_app.ui import plotly_bundle


def _index(tmp_path: Path) -> str:
    application = create_app(Config(data_dir=tmp_path))
    try:
        return application.server.test_client().get("/").get_data(as_text=True)
    finally:
        application.server.extensions["sessions"].close()


def _said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [text for text in caplog.messages if text.startswith("plotly.js")]


def test_fetched_bundle_is_loaded_by_its_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "package"
    folder.mkdir()
    monkeypatch.setattr(plotly_bundle, "FOLDER", folder)
    caplog.set_level(logging.INFO)
    pages = []
    for text in ("one", "two"):
        (folder / "plotly-basic.min.js").write_text(text)
        pages.append(_index(tmp_path))
    addresses = [page.split(f'src="{plotly_bundle.PATH}?m=')[1].split('"')[0] for page in pages]
    assert len(set(addresses)) == 2
    assert "basic" in _said(caplog)[0]


def test_without_npm_the_full_bundle_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(plotly_bundle, "FOLDER", tmp_path / "nowhere")
    caplog.set_level(logging.INFO)
    assert plotly_bundle.PATH not in _index(tmp_path)
    assert "full" in _said(caplog)[0]


def test_both_bundles_are_of_one_version() -> None:
    """The Python package makes the figures that the small bundle draws."""
    package = json.loads((Path(__file__).parents[2] / "package.json").read_text())
    assert package["dependencies"]["plotly.js-basic-dist-min"] == get_plotlyjs_version()
