"""The provided page in a real browser: ours, and one that behaves as the exercise's own.

What is drawn is read back from the path and held against the best density of the same clicks.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from dash.testing.browser import Browser
from legacy_page import (
    MAX_DISTANCE,
    PROVIDED_PAGE,
    THREE_IN_ALTERNATION,
    TWO_CLUMPS,
    Array,
    LegacyPage,
    distance_to_best,
)
from page_server import Server

pytestmark = pytest.mark.browser


LEFT_THEN_RIGHT = [*sorted(TWO_CLUMPS)]

STREAMS = {
    "two clumps": (TWO_CLUMPS, 2),
    "left clump, then right": (LEFT_THEN_RIGHT, 2),
    "three in alternation": (THREE_IN_ALTERNATION, 3),
    "more components than clumps": (TWO_CLUMPS, 4),
}

FRONTENDS = {"ours": None, "provided": PROVIDED_PAGE}


@pytest.mark.parametrize("frontend", FRONTENDS)
def test_the_drawn_curve_is_the_best_density_of_the_clicks(
    browser: Browser, serve: Callable[..., Server], frontend: str
) -> None:
    page = LegacyPage(browser.driver, serve(FRONTENDS[frontend]).url)
    for name, (clicks, n_components) in STREAMS.items():
        page.press("c")
        page.slide("n_components", n_components)
        assert page.text("n_components_label") == f"Number of components: {n_components}"
        for clicked in range(1, len(clicks) + 1):
            page.click(clicks[clicked - 1])
            if clicked % 4 == 0:
                page.draw()  # pressed between clicks too
        line = page.draw()
        points = page.points
        assert points == pytest.approx(clicks, abs=2 / page.frame["width"]), name
        assert distance_to_best(line, points, n_components) < MAX_DISTANCE, name
        _assert_drawn_as_answered(page, line)
    assert browser.get_logs() == []


def _assert_drawn_as_answered(page: LegacyPage, line: tuple[Array, Array]) -> None:
    """The path is the density of the parameters, `sigma` read as variances, stretched to [0, 1]."""
    answer = page.parameters()
    weights, means, variances = (np.array(answer[key]) for key in ("pi", "mu", "sigma"))
    x, height = line
    components = np.exp(-((x[:, None] - means) ** 2) / 2 / variances)
    density = components @ (weights / np.sqrt(2 * np.pi * variances))
    stretched = (density - density.min()) / (density.max() - density.min())
    # the path is written to a thousandth of a pixel, or better
    assert height == pytest.approx(stretched, abs=0.01)
    as_if_stds = np.exp(-(((x[:, None] - means) / variances) ** 2) / 2) @ (weights / variances)
    assert np.abs(stretched - as_if_stds / as_if_stds.max()).max() > 0.1  # the two do differ


@pytest.mark.parametrize("frontend", FRONTENDS)
def test_sliders_moved_between_two_draws_take_effect(
    browser: Browser, serve: Callable[..., Server], frontend: str
) -> None:
    page = LegacyPage(browser.driver, serve(FRONTENDS[frontend]).url)
    page.click(*THREE_IN_ALTERNATION)
    for n_components, epochs in ((2, 200), (3, 650), (5, 1000), (2, 300)):
        page.slide("n_components", n_components)
        page.slide("epochs", epochs)
        assert page.text("epochs_label") == f"Number of epochs: {epochs}"
        line = page.draw()
        assert distance_to_best(line, page.points, n_components) < MAX_DISTANCE
    assert browser.get_logs() == []


@pytest.mark.parametrize("frontend", FRONTENDS)
def test_few_points_draw_a_finite_curve(
    browser: Browser, serve: Callable[..., Server], frontend: str
) -> None:
    page = LegacyPage(browser.driver, serve(FRONTENDS[frontend]).url)
    width = int(page.frame["width"])
    between_two_steps = round(width * 0.6275)
    for pixels in (
        [3],
        [width - 3],
        [width // 2],
        [between_two_steps],
        [between_two_steps, between_two_steps + 1],
        [width // 3] * 6,
    ):
        for n_components in (2, 5):
            page.press("c")
            assert page.count("path.drawn-line") == 0
            page.slide("n_components", n_components)
            page.click_pixels(*pixels)
            x, height = page.draw()
            assert np.isfinite(height).all()
            assert height.max() == pytest.approx(1.0, abs=1e-3)
            peak = x[height.argmax()]
            assert peak == pytest.approx(page.points.mean(), abs=0.011)
    assert browser.get_logs() == []


@pytest.mark.parametrize("frontend", FRONTENDS)
def test_c_removes_points_and_line_and_the_next_points_are_fitted_alone(
    browser: Browser, serve: Callable[..., Server], frontend: str
) -> None:
    page = LegacyPage(browser.driver, serve(FRONTENDS[frontend]).url)
    page.click(*TWO_CLUMPS)
    page.draw()
    page.press("c")
    assert page.count(".point") == page.count("path.drawn-line") == 0
    page.click(-0.2, -0.25, 0.8, 0.82)
    line = page.draw()
    assert page.parameters()["n_points"] == 4
    assert distance_to_best(line, page.points, 2) < MAX_DISTANCE
    assert browser.get_logs() == []


def test_while_unchecked_clicks_add_nothing(browser: Browser, serve: Callable[..., Server]) -> None:
    page = LegacyPage(browser.driver, serve().url)
    assert page.script("return document.getElementById('toggle').checked")
    page.click(0.1)
    page.script("document.getElementById('toggle').click()")
    page.click(0.2, 0.3)
    page.script("document.getElementById('toggle').click()")
    page.click(0.4)
    assert page.points == pytest.approx([0.1, 0.4], abs=0.01)


def test_a_black_circle_follows_the_mouse(browser: Browser, serve: Callable[..., Server]) -> None:
    page = LegacyPage(browser.driver, serve().url)
    frame = page.frame
    page.mouse("mouseMoved", frame["left"] + 200, frame["top"] + 70)
    circle = "const c = document.querySelector('circle.cursor');"
    attributes = f"{circle} return ['cx', 'cy', 'r'].map((a) => Number(c.getAttribute(a)))"
    assert page.script(attributes) == pytest.approx([200, 70, 5], abs=1)
    assert page.script(f"{circle} return getComputedStyle(c).fill") == "rgb(0, 0, 0)"


def test_each_click_updates_the_parameters_by_itself(
    browser: Browser, serve: Callable[..., Server]
) -> None:
    server = serve()
    page = LegacyPage(browser.driver, server.url)
    positions = np.random.default_rng(2).uniform(-0.9, 0.9, 30).round(2)
    page.click(*positions)  # faster than they can be answered
    page.wait_for(lambda: page.text("summary").startswith("30 points, online"))
    line = page.wait_for_line()  # without p
    assert distance_to_best(line, page.points, 2) < MAX_DISTANCE
    held = server.sessions.points(page.parameters()["session"])
    assert held == pytest.approx(page.points, abs=1e-6)  # none lost, none doubled, in order
    assert page.count("#parameters tr:first-child td") == 2

    before = page.script("return document.querySelector('path.drawn-line').getAttribute('d')")
    page.click(0.99)
    follows = page.wait_for(
        lambda: page.script(
            "const line = document.querySelector('path.drawn-line:not(.stale)');"
            "return line && line.getAttribute('d') !== arguments[0]",
            before,
        )
    )
    assert follows
    page.wait_for(lambda: page.text("summary").startswith("31 points, online"))
    assert browser.get_logs() == []


def test_the_switch_trains_from_scratch(browser: Browser, serve: Callable[..., Server]) -> None:
    page = LegacyPage(browser.driver, serve().url)
    page.click(*TWO_CLUMPS)
    page.script("document.getElementById('retrain').click()")
    line = page.draw()
    assert "10 points, from scratch" in page.text("summary")
    assert page.parameters()["mode"] == "scratch"
    assert distance_to_best(line, page.points, 2) < 0.001
    page.click(0.9)
    page.wait_for(lambda: page.text("summary").startswith("11 points, online"))
    assert page.count("path.drawn-line.stale") == 1  # old until the next p
    old = "return document.querySelector('path.drawn-line.stale')?.getAttribute('d')"
    before = page.script(old)
    try:
        _resize(browser, 700)
        page.wait_for(lambda: page.script(old) not in (before, None))  # and on another screen
    finally:
        browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    page.script("document.getElementById('retrain').click()")
    assert distance_to_best(page.wait_for_line(), page.points, 2) < MAX_DISTANCE


def test_nothing_is_cut_by_the_border(browser: Browser, serve: Callable[..., Server]) -> None:
    page = LegacyPage(browser.driver, serve().url)
    page.click(-1.0, -1.0, 1.0)
    page.wait_for_line()
    room = page.script("""
        const outer = document.getElementById("centeredBox").getBoundingClientRect();
        const stroke = 2;
        return [...document.querySelectorAll("path.drawn-line, svg .point")].map((each) => {
          const inner = each.getBoundingClientRect();
          return [inner.left - outer.left, outer.right - inner.right, inner.top - outer.top]
            .map((pixels) => pixels - stroke);
        });
    """)
    assert len(room) == 4
    assert np.min(room) > 0
    assert (
        page.script("return getComputedStyle(document.querySelector('svg')).overflow") == "visible"
    )
    edge = page.script("return document.getElementById('centeredBox').getBoundingClientRect().left")
    middle = page.frame["top"] + 40
    for kind in ("mousePressed", "mouseReleased"):
        page.mouse(kind, edge + 4, middle, button="left", clickCount=1)
    page.wait_for(lambda: page.points[-1:].tolist() == [-1.0])
    assert page.count("svg .point") == 4


def test_no_request_leaves_for_another_host(browser: Browser, serve: Callable[..., Server]) -> None:
    server = serve()
    page = LegacyPage(browser.driver, server.url)
    page.click(0.1, 0.2)
    page.draw()
    asked = page.script("return performance.getEntriesByType('resource').map((each) => each.name)")
    assert {name.split("?")[0].removeprefix(server.url) for name in asked} >= {
        "legacy/static/script.js",
        "legacy/static/style.css",
    }
    assert [name for name in asked if not name.startswith((server.url, "data:"))] == []


def test_the_page_fits_its_window_and_keeps_its_points_when_resized(
    browser: Browser, serve: Callable[..., Server]
) -> None:
    url = serve().url
    try:
        _resize(browser, 1400)
        page = LegacyPage(browser.driver, url)
        page.click(-0.5, 0.5)
        page.draw()
        for width in (1400, 700, 360):
            _resize(browser, width)
            page.wait_for(lambda: np.allclose(page.points, [-0.5, 0.5], atol=0.02))
            assert page.script("return document.documentElement.scrollWidth") <= width
            x, _ = page.wait_for_line()
            assert (x[0], x[-1]) == pytest.approx((-1, 1), abs=0.01)
    finally:
        browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def _resize(browser: Browser, width: int) -> None:
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
