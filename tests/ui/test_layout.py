"""Ids, labels and callbacks hang together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dash
import dash_mantine_components as dmc
import pytest

from dash_app.config import Config
from dash_app.ui import ids
from dash_app.ui.examples import EXAMPLES
from dash_app.ui.figures import LEAST_DISTANCE, race_figure
from dash_app.ui.help import KEYS
from dash_app.ui.layout import build_layout

ASSETS = Path(__file__).parents[2] / "assets"


def components(config: Config) -> Iterator[Any]:
    page = build_layout(config)
    (later,) = (part for part in page._traverse() if getattr(part, "id", None) == ids.LATER)
    for root in (page, *later.data["graphs"].values(), *later.data["rows"].values()):
        yield root
        yield from (part for part in root._traverse() if not isinstance(part, (str, int, float)))


@pytest.fixture
def named(config: Config) -> dict[str, Any]:
    return {str(part.id): part for part in components(config) if getattr(part, "id", None)}


def test_ids_are_used_once(config: Config) -> None:
    found = [str(part.id) for part in components(config) if getattr(part, "id", None)]
    assert sorted(found) == sorted(set(found))


def test_every_id_of_the_list_is_on_the_page(named: dict[str, Any]) -> None:
    listed = {
        value for name, value in vars(ids).items() if name.isupper() and isinstance(value, str)
    }
    assert listed <= set(named)
    assert {ids.example(name) for name in EXAMPLES} <= set(named)


#: The switches of the rows that a person adds, as Dash writes their ids.
_SWITCHES = '{"learner":["ALL"],"part":"switch"}'


def test_callbacks_use_only_ids_of_the_layout(app: dash.Dash, named: dict[str, Any]) -> None:
    used = set()
    for each in app._callback_list:
        used |= {entry["id"] for entry in [*each["inputs"], *each["state"]]}
        used |= _outputs(each["output"])
    assert {name for name in used if name} - set(named) <= {"data", _SWITCHES}
    assert {ids.STATE, ids.GRAPH, ids.SENTENCES, ids.told(ids.SCRATCH_CHART), ids.SESSION} <= used


def test_every_button_has_a_hint_and_every_field_a_label(config: Config) -> None:
    parts = list(components(config))
    hinted = {part.id for part in parts if hasattr(part, "id") and hasattr(part, "data-hint")}
    buttons = {part.id for part in parts if isinstance(part, dmc.Button)}
    choices = {part.id for part in parts if isinstance(part, dmc.SegmentedControl)}
    assert len(buttons) > 15
    assert buttons | choices | {ids.THEME} <= hinted
    sliders = [part for part in parts if isinstance(part, dmc.Slider)]
    assert all(slider.thumbLabel for slider in sliders)
    tables = [part for part in parts if getattr(part, "tabularNums", False)]
    assert len({getattr(table, "aria-label") for table in tables}) == len(tables) == 4
    boxes = [part for part in parts if isinstance(part, dmc.Checkbox)]
    assert {box.radius for box in boxes} == {"xs"}  # a round one is a choice of one
    fields = [part for part in parts if isinstance(part, (dmc.NumberInput, dmc.SegmentedControl))]
    assert all(getattr(field, "aria-label") for field in fields)


def test_containers_of_the_plot_do_not_count_clicks(config: Config) -> None:
    named_parts = [part for part in components(config) if hasattr(part, "id")]
    holders = [part for part in named_parts if ids.PLOT in list(part)]
    assert {part.id for part in holders} == {ids.PAGE, ids.PLOT_FRAME}
    assert all(part.disable_n_clicks for part in holders)


def test_what_a_person_sees_is_an_output(app: dash.Dash) -> None:
    shown = {name for each in app._callback_list for name in _outputs(each["output"])}
    seen = {
        ids.SENTENCE,
        ids.CONNECTION,
        ids.TRAIN,
        ids.SCRATCH_CHART,
        ids.MESSAGES,
    }
    seen |= {ids.RACE_CHART, ids.ONLINE_PARAMETERS, ids.HELP, ids.COMPONENTS}
    assert seen <= shown


def _outputs(output: str) -> set[str]:
    return set(re.findall(r"([a-z][a-z0-9-]*)\.[a-zA-Z_]+", output))


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


def test_no_mark_of_the_page_restyles_everything() -> None:
    """A mark changes with each click; a part of a class name would match any element below it."""
    for path in ASSETS.glob("*.css"):
        rules = re.findall(r"[^{}]+{", path.read_text(encoding="utf-8"))
        marks = [rule for rule in rules if "[data-" in rule]
        assert not [rule for rule in marks if re.search(r"class[*^$|]?=", rule)], path


def test_chart_says_that_its_smallest_distance_stands_for_smaller_ones() -> None:
    axis = race_figure().layout.yaxis
    assert axis.tickvals[0] == LEAST_DISTANCE
    assert axis.ticktext[0] == "\u2264 0.01 %"
