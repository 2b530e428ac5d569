"""Keyboard, touch, narrow screens, assistive technology, and nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from dash_page import DashPage
from selenium.webdriver.common.keys import Keys

from dash_app.training import plays

pytestmark = pytest.mark.browser

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
    if not page.read("'axe' in window"):
        page.script((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = page.driver.execute_async_script(
        "const [options, done] = arguments;"
        "axe.run(document, options).then(r => done(r.violations));",
        {"resultTypes": ["violations"], **({"runOnly": list(tags)} if tags else {})},
    )
    return [
        f"{each['id']}: {each['help']}: {[node['html'][:120] for node in each['nodes']]}"
        for each in found
        if each["impact"] in GRAVE
    ]


def test_axe_finds_nothing_serious(page: DashPage) -> None:
    for part in np.split(np.random.default_rng(4).normal([[-0.5], [0.5]], 0.1, (2, 20)), 2):
        page.add(*part.ravel())
    page.key("p")
    page.wait("dash_clientside.state.scratchCurrent()")
    page.settle()
    assert page.read("document.documentElement.dataset.mantineColorScheme") == "light"
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


def test_keys_reach_all_that_the_mouse_does(
    page: DashPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor_adds_and_takes_back_by_keys(page)
    every_control_is_reached_by_tab_and_shows_its_focus(page)
    page.begin_anew()
    keys_reach_memory_epochs_and_axis(page)
    monkeypatch.setattr(plays, "INTERVAL_S", 5.0)  # no example must end before the next key comes
    key_plays_an_example(page)
    page.begin_anew()
    space_pauses_an_example_and_escape_stops_it(page)
    escape_stops_an_example_that_has_only_been_asked_for(page)
    keys_choose_modes_components_and_help(page)


def cursor_adds_and_takes_back_by_keys(page: DashPage) -> None:
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


def every_control_is_reached_by_tab_and_shows_its_focus(page: DashPage) -> None:
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


def keys_reach_memory_epochs_and_axis(page: DashPage) -> None:
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


def key_plays_an_example(page: DashPage) -> None:
    page.key("d")
    page.wait("dash_clientside.state.view.playing?.name === 'two-clumps'")
    page.key("d")
    page.wait("dash_clientside.state.view.playing?.name === 'three-clumps'")
    page.wait("dash_clientside.state.view.n_points > 1")


def space_pauses_an_example_and_escape_stops_it(page: DashPage) -> None:
    page.press("example-old-faithful")
    page.wait("dash_clientside.state.view.n_points > 3")
    page.driver.switch_to.active_element.send_keys(" ")  # not the button that the mouse has pressed
    page.wait_text("pause", "Resume")
    assert page.read("dash_clientside.actions.played()") == "example-old-faithful"
    page.wait("!dash_clientside.state.outbox.busy")
    held = page.points.size
    page.key(Keys.ESCAPE)
    page.wait_text("playing", "Examples")
    page.settle()
    assert page.points.size == held < 272
    page.key("u")  # one undo takes back the whole example
    page.wait("dash_clientside.state.view.n_points === 0")
    page.wait_text("n-components-value", "3")


def escape_stops_an_example_that_has_only_been_asked_for(page: DashPage) -> None:
    headline = page.script(
        "const {words, snapshot} = dash_clientside, press = (key) =>"
        " document.body.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));"
        "press('d'); const said = words.headline(snapshot.take()); press('Escape'); return said[0];"
    )
    assert headline == "An example starts."
    page.settle()
    page.wait("dash_clientside.state.view.example")
    assert page.read("dash_clientside.state.view.playing") is None
    page.key("u")
    page.settle()


def keys_choose_modes_components_and_help(page: DashPage) -> None:
    page.key("4")
    page.wait("dash_clientside.state.view.n_components === 4")
    page.key("-")
    page.wait("dash_clientside.state.view.n_components === 3")
    page.server.sessions.configure(page.session_id, n_components=20)
    page.wait("dash_clientside.state.view.n_components === 20")
    page.key("+")
    page.wait_message("Keys and slider add components up to 12.")
    page.key("-")  # the slider ends before
    page.wait("dash_clientside.state.view.n_components === 19")
    page.server.sessions.configure(page.session_id, half_life=30.0)
    said = "document.querySelector('#half-life [role=slider]').ariaValueText"
    page.wait(f"{said} === 'half after 30'")
    page.key("m")
    page.wait(f"{said} === 'half after 20'")
    page.key("y")
    page.wait_message("There are no parameters to copy yet.")
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


def test_page_suits_the_width_the_paper_and_the_theme(page: DashPage) -> None:
    cursor_of_the_root_is_not_inherited(page)
    page.add(-0.4, 0.4)
    print_has_the_plot_and_the_findings_and_no_controls(page)
    plot_of_a_wide_screen_fits_on_the_paper(page)
    cursor_stays_at_its_value_when_plotly_resizes_by_itself(page)
    bar_that_scrolls_takes_no_room_when_it_comes_or_goes(page)
    theme_follows_the_system_and_a_choice_is_remembered(page)


def cursor_of_the_root_is_not_inherited(page: DashPage) -> None:
    page.script("document.documentElement.style.cursor = 'wait'")  # as Plotly does at each click
    assert page.read("getComputedStyle(document.body).cursor") == "auto"
    page.script("document.documentElement.style.cursor = ''")


_FRAMES = """
return [...arguments].map((frame) => {
    const drawing = document.querySelector(`${frame} .main-svg`);
    const height = drawing.getAttribute('height');
    drawing.setAttribute('height', 333); // as on a screen of another height than the paper
    const found = document.querySelector(frame).getBoundingClientRect().height;
    drawing.setAttribute('height', height);
    return found;
});
"""


def print_has_the_plot_and_the_findings_and_no_controls(page: DashPage) -> None:
    page.wait("document.getElementById('race-chart')")
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        shown = "[...document.querySelectorAll(arguments[0])].filter(e => e.offsetParent !== null)"
        assert page.read("getComputedStyle(document.body).printColorAdjust") == "exact"
        page.script("document.getElementById('readout').hidden = false")  # the mouse is there
        assert page.script(_FRAMES, ".plot-frame", ".race .chart") == [333, 333]
        for gone in (".controls", ".header", ".menu", "#readout", ".mantine-SegmentedControl-root"):
            assert page.read(f"{shown}.length", gone) == 0, gone
        for kept in ("#plot", "#sentence", "#race-chart"):
            assert page.read(f"{shown}.length", kept) == 1, kept
    finally:
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        page.script("document.getElementById('readout').hidden = true")


def plot_of_a_wide_screen_fits_on_the_paper(page: DashPage) -> None:
    boxes = """['#plot .main-svg', '#points-layer path']
        .map((part) => document.querySelector(part).getBoundingClientRect())
        .map(({left, width}) => [left, width])"""
    with page.screen(1920, 900):
        page.wait(f"{boxes}[0][1] > 1000")
        page.wait("!dash_clientside.plot.awaited()")
        (plot, wide), (points, across) = page.read(boxes)
        page.script("window.dispatchEvent(new Event('beforeprint'))")  # not by the command below
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        try:
            (paper, width), (dots, between) = page.read(boxes)
        finally:
            page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert width == pytest.approx(640, abs=1)  # of the 717 pixels of A4
    smaller = width / wide
    assert dots - paper == pytest.approx(smaller * (points - plot), abs=1)
    assert between == pytest.approx(smaller * across, abs=1)


def bar_that_scrolls_takes_no_room_when_it_comes_or_goes(page: DashPage) -> None:
    width = "document.getElementById('page').getBoundingClientRect().width"
    bar = "innerWidth - document.documentElement.clientWidth"
    with_bar = page.read(width)
    assert page.read(bar) > 0
    page.press("help-open")
    page.wait(HELP)
    assert page.read(bar) == 0  # a dialog hides it
    assert page.read(width) == with_bar
    page.key(Keys.ESCAPE)
    page.wait(f"!({HELP})")
    with page.screen(1280, 2400):  # all of the page is seen
        page.wait("innerHeight === 2400")
        assert page.read(width) == with_bar


def cursor_stays_at_its_value_when_plotly_resizes_by_itself(page: DashPage) -> None:
    """Its frame gets narrower; the window keeps its size."""
    before, _ = page.pixel(0.0)
    page.script("document.querySelector('.plot-frame').style.width = '400px'")
    page.until(lambda: page.pixel(0.0)[0] < before - 50, "a narrower plot")
    box = "document.getElementById('axis-cursor').getBoundingClientRect()"
    middle = f"({box}.left + {box}.right) / 2"
    page.until(lambda: abs(page.read(middle) - page.pixel(0.0)[0]) < 0.6, "the cursor at 0", 5)


def theme_follows_the_system_and_a_choice_is_remembered(page: DashPage) -> None:
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
