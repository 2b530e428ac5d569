"""Ids, labels and callbacks hang together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dash
import pytest
from dash import dcc, html

from dash_app.config import Config
from dash_app.ui import ids
from dash_app.ui.examples import EXAMPLES
from dash_app.ui.help import KEYS
from dash_app.ui.layout import build_layout

ASSETS = Path(__file__).parents[2] / "assets"


def components(config: Config) -> Iterator[Any]:
    page = build_layout(config)
    yield page
    yield from (part for part in page._traverse() if not isinstance(part, (str, int, float)))


@pytest.fixture
def named(config: Config) -> dict[str, Any]:
    return {part.id: part for part in components(config) if getattr(part, "id", None)}


def test_ids_are_used_once(config: Config) -> None:
    found = [part.id for part in components(config) if getattr(part, "id", None)]
    assert sorted(found) == sorted(set(found))


def test_every_id_of_the_list_is_on_the_page(named: dict[str, Any]) -> None:
    listed = {
        value for name, value in vars(ids).items() if name.isupper() and isinstance(value, str)
    }
    assert listed <= set(named)
    assert {ids.example(name) for name in EXAMPLES} <= set(named)


def test_callbacks_use_only_ids_of_the_layout(app: dash.Dash, named: dict[str, Any]) -> None:
    used = set()
    for each in app._callback_list:
        used |= {entry["id"] for entry in [*each["inputs"], *each["state"]]}
        used |= set(re.findall(r"([a-z][a-z0-9-]*)\.[a-z_]+", each["output"]))
    assert {name for name in used if name} - set(named) <= {"data"}
    assert {ids.COMMAND, ids.ANSWER, ids.LOOK, ids.SEEN} <= used


def test_every_button_has_a_hint_and_every_field_a_label(config: Config) -> None:
    parts = list(components(config))
    buttons = [part for part in parts if isinstance(part, html.Button)]
    choices = {button.id for button in buttons} & {*ids.MODES, *ids.METHODS, *ids.SCALES}
    assert len(buttons) > 15
    assert all(getattr(button, "title", None) for button in buttons if button.id not in choices)
    labelled = {
        part.htmlFor for part in parts if isinstance(part, html.Label) and hasattr(part, "htmlFor")
    }
    sliders = {part.id for part in parts if isinstance(part, dcc.Input) and part.type == "range"}
    assert sliders <= labelled


def test_containers_of_the_plot_do_not_count_clicks(config: Config) -> None:
    named_parts = [part for part in components(config) if hasattr(part, "id")]
    holders = [part for part in named_parts if ids.PLOT in set(part)]
    assert {part.id for part in holders} == {ids.PAGE, ids.PLOT_FRAME}
    assert all(part.disable_n_clicks for part in holders)


def test_help_names_every_key_of_the_keyboard() -> None:
    source = (ASSETS / "keyboard.js").read_text(encoding="utf-8")
    table = source[source.index("const KEYS") : source.index("for (let k = 1")]
    keys = re.findall(r'^    "?([^\s"]+?)"?: ', table, re.MULTILINE)
    named = " ".join(keys for keys, _ in KEYS)
    assert len(keys) > 12
    assert [key for key in keys if key not in named.replace(",", "").split()] == []


def test_no_asset_asks_for_anything_from_elsewhere() -> None:
    for path in ASSETS.iterdir():
        # the namespace of SVG is a name: nobody fetches it
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|url\(|@import", text), path
