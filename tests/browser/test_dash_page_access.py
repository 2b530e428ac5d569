"""Keyboard, touch, narrow screens, assistive technology, and nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from dash_page import DashPage
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser

FIRST_LOAD_BYTES = 7_000_000
THEME = "document.documentElement.getAttribute('data-mantine-color-scheme')"
HELP = "document.querySelector('[role=dialog]') !== null"
GRAVE = ("serious", "critical")

CONTROLS = """
window.controls = [...document.querySelectorAll('button, input, [role=slider]')].filter((each) =>
    each.type !== 'hidden' && each.checkVisibility({visibilityProperty: true}) && !each.disabled
    && (each.type !== 'radio' || each.checked));
return controls.length;
"""
"""The controls that Tab reaches: of a choice, the chosen one."""

FOCUS = """
const focused = document.activeElement;
const around = [focused, focused.nextElementSibling].filter(Boolean);
const outlined = around.some((each) => getComputedStyle(each).outlineStyle === 'solid');
return [controls.indexOf(focused), outlined];
"""
"""What has the focus, and whether an outline shows it; that of a choice is around its label."""


COLOURS = ("cat.color",)
"""The rules of axe-core on colours, which are all that the theme changes."""


def axe_findings(page: DashPage, tags: Sequence[str] = ()) -> list[str]:
    """Return what axe-core calls serious, as sentences; `tags` limits its rules."""
    axe = pytest.importorskip("axe_core_python", reason="the package needs Python 3.10")
    page.script((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.driver.execute_async_script(
        "const [options, done] = arguments;"
        "axe.run(document, options).then(r => done(r.violations));",
        {"runOnly": list(tags)} if tags else {},
    )
    return [
        f"{each['id']}: {each['help']}: {[node['html'][:120] for node in each['nodes']]}"
        for each in found
        if each["impact"] in GRAVE
    ]


def test_axe_finds_nothing_serious(page: DashPage) -> None:
    page.driver.set_script_timeout(60)
    page.play("two-clumps", 40)
    page.key("p")
    page.wait("dash_clientside.state.scratchCurrent()")
    page.settle()
    assert page.read("dash_clientside.theme.current()") == "light"
    page.wait("document.getAnimations().length === 0")
    assert not axe_findings(page)
    page.press("help-open")
    page.wait(HELP)
    page.wait("document.getAnimations().length === 0")
    assert not axe_findings(page)
    page.driver.find_element("css selector", "[role=dialog] button").click()
    page.wait(f"!({HELP})")

    page.key("t")
    page.wait(f"{THEME} === 'dark'")
    page.settle()
    page.wait("document.getAnimations().length === 0")  # colours on their way are no theme's
    assert not axe_findings(page, COLOURS)
    page.press("help-open")
    page.wait(HELP)
    page.wait("document.getAnimations().length === 0")
    assert not axe_findings(page, COLOURS)


def test_cursor_adds_and_takes_back_by_keys(page: DashPage) -> None:
    page.key("x")
    page.wait("document.activeElement.id === 'axis-cursor'")
    page.key(Keys.ARROW_RIGHT, Keys.ENTER, into="axis-cursor")
    page.key(Keys.HOME, Keys.ENTER, into="axis-cursor")
    page.wait("dash_clientside.state.view.n_points === 2")
    page.settle()
    np.testing.assert_allclose(page.points, [0.02, -1.0], atol=1e-9)
    page.wait("document.getElementById('announcement').textContent === '2 points.'")
    page.key(Keys.DELETE, into="axis-cursor")
    page.wait("dash_clientside.state.view.n_points === 1")
    np.testing.assert_allclose(page.points, [0.02], atol=1e-9)


def test_every_control_is_reached_by_tab_and_shows_its_focus(page: DashPage) -> None:
    page.click(0.3)
    page.wait("!document.getElementById('undo').disabled")
    n_controls = page.script(CONTROLS)
    assert n_controls > 20
    outlines = {}
    page.script("document.activeElement.blur()")
    for _ in range(2 * n_controls + 40):
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
        index, outlined = page.script(FOCUS)
        outlines[index] = outlined
        if len(outlines.keys() - {-1}) == n_controls:
            break
    outlines.pop(-1, None)  # terms, which have the focus for their hints
    assert outlines == dict.fromkeys(range(n_controls), True)


def test_cursor_stays_at_its_value_when_plotly_resizes_by_itself(page: DashPage) -> None:
    """As when the findings come and with them a scroll bar; the window keeps its size."""
    page.click(-0.4, 0.4)
    page.settle()
    before, _ = page.pixel(0.0)
    page.script("document.querySelector('.plot-frame').style.width = '400px'")
    page.until(lambda: page.pixel(0.0)[0] < before - 50, "a narrower plot")
    box = "document.getElementById('axis-cursor').getBoundingClientRect()"
    middle = f"({box}.left + {box}.right) / 2"
    page.until(lambda: abs(page.read(middle) - page.pixel(0.0)[0]) < 0.6, "the cursor at 0", 5)


def test_keys_choose_modes_components_and_theme(page: DashPage) -> None:
    page.key("4")
    page.wait("dash_clientside.state.view.n_components === 4")
    page.key("-")
    page.wait("dash_clientside.state.view.n_components === 3")
    page.server.sessions.configure(page.session_id, n_components=20)
    page.wait("dash_clientside.state.view.n_components === 20")
    page.key("-")  # the slider ends before
    page.wait("dash_clientside.state.view.n_components === 19")
    page.key("o")
    page.wait("dash_clientside.state.mode === 'online'")
    page.key("e", "l", "a")
    page.wait("dash_clientside.state.method === 'adam'")
    page.wait("dash_clientside.state.auto")
    page.wait("document.querySelector('#scale input:checked').value === 'log'")
    page.key("?")
    page.wait(HELP)
    page.driver.find_element("css selector", "[role=dialog] button").click()
    page.wait(f"!({HELP})")


def test_keys_reach_memory_epochs_axis_and_examples(page: DashPage) -> None:
    epochs = page.read("dash_clientside.state.epochs")
    page.key("]")
    page.wait(f"dash_clientside.state.epochs === {epochs + 50}")
    page.key("[")
    page.wait(f"dash_clientside.state.epochs === {epochs}")
    page.key("m")
    page.wait("dash_clientside.state.view.half_life === 500")
    for half_life in ("200", "100", "50", "20", "10", "null"):
        page.key("m")
        page.wait(f"dash_clientside.state.view.half_life === {half_life}")
    page.key("g")
    page.wait("document.activeElement.id === 'axis-low'")
    page.key(Keys.TAB, into="axis-low")
    page.wait("document.activeElement.id === 'axis-high'")
    page.script("document.activeElement.blur()")
    page.key("d")
    page.wait("dash_clientside.state.view.n_points > 5")


def test_cursor_of_the_root_is_not_inherited(page: DashPage) -> None:
    page.script("document.documentElement.style.cursor = 'wait'")  # as Plotly does at each click
    assert page.read("getComputedStyle(document.body).cursor") == "auto"
    page.script("document.documentElement.style.cursor = ''")


def test_theme_follows_the_system_and_a_choice_is_remembered(page: DashPage) -> None:
    def system(theme: str) -> None:
        feature = {"name": "prefers-color-scheme", "value": theme}
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    try:
        system("dark")
        page.wait(f"{THEME} === 'dark'")
        page.press("theme")
        page.wait(f"{THEME} === 'light'")
        page.open(fresh=False)
        assert page.read(THEME) == "light"
    finally:
        system("light")


def test_narrow_screen_needs_no_sideways_scrolling_and_takes_touches(tab: DashPage) -> None:
    page = tab
    size = {"width": 360, "height": 780, "deviceScaleFactor": 1, "mobile": True}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    page.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    try:
        page.open()
        assert page.read("document.documentElement.scrollWidth") == 360
        left, top = page.pixel(0.5)
        for kind, points in (("touchStart", [{"x": left, "y": top}]), ("touchEnd", [])):
            touch = {"type": kind, "touchPoints": points}
            page.driver.execute_cdp_cmd("Input.dispatchTouchEvent", touch)
        page.wait("dash_clientside.state.view.n_points === 1")
        np.testing.assert_allclose(page.points, [0.5], atol=0.01)
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


def test_print_has_the_plot_and_the_findings_and_no_controls(page: DashPage) -> None:
    page.click(-0.5, 0.4)
    page.settle()
    page.wait("document.getElementById('race-chart')")  # it comes with its data
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        shown = "[...document.querySelectorAll(arguments[0])].filter(e => e.offsetParent !== null)"
        for gone in (".controls", ".header"):
            assert page.read(f"{shown}.length", gone) == 0, gone
        for kept in ("#plot", "#sentence", "#race-chart"):
            assert page.read(f"{shown}.length", kept) == 1, kept
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_hover_reads_density_and_responsibilities(page: DashPage) -> None:
    page.play("two-clumps", 40)
    page.mouse("mouseMoved", page.pixel(-0.5))
    page.wait("document.getElementById('readout').offsetWidth > 0")
    text = page.text("readout")
    assert "Online: density" in text
    assert "100 % component 1" in text


def test_axis_grows_with_the_data_and_many_points_become_a_histogram(page: DashPage) -> None:
    page.server.sessions.add(page.session_id, [3.0])
    page.wait("dash_clientside.state.shown[1] > 3")
    page.play("old-faithful", 272)
    page.wait_text("n-components-value", "2")
    page.play("ten-thousand", 10_000)
    trace = "document.querySelector('#plot .js-plotly-plot').data.find(t => t.uid === 'many')"
    page.wait(f"{trace}.fill === 'tozeroy' && {trace}.x.length > 100")
    assert page.drawn_points() == []


def test_nothing_is_loaded_from_elsewhere_and_the_first_load_is_small(page: DashPage) -> None:
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
