"""Fingers on the plot: a tap adds a point; scrolling, dragging and pinching never do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dash_page import DashPage

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 700, "deviceScaleFactor": 1, "mobile": True}


@pytest.fixture
def phone(page: DashPage) -> Iterator[DashPage]:
    """The page on a narrow screen with touch."""
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    page.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    page.script("document.getElementById('plot').scrollIntoView()")
    page.pass_time(100)  # the plot follows the new width
    page.settle()
    yield page
    page.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
    page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_fingers_add_and_remove_points_scroll_and_see_the_plot(phone: DashPage) -> None:
    tap_adds_a_point_and_a_finger_that_scrolls_or_drags_none(phone)
    plot_stays_in_sight_while_a_control_is_used(phone)
    phone.begin_anew()
    phone.script("document.getElementById('plot').scrollIntoView()")
    long_press_removes_where_the_browser_sends_no_contextmenu(phone)


def tap_adds_a_point_and_a_finger_that_scrolls_or_drags_none(phone: DashPage) -> None:
    _tap(phone, phone.pixel(-0.5))
    _tap(phone, phone.pixel(0.5), wobble_px=3)
    _expect(phone, -0.5, 0.5)
    for gesture in (_scroll, _drag, _drag_and_come_back, _touch_with_two):
        gesture(phone)
        _tap(phone, phone.pixel(0.25))
        _expect(phone, -0.5, 0.5, 0.25)
        phone.key("u")
        _expect(phone, -0.5, 0.5)


def plot_stays_in_sight_while_a_control_is_used(phone: DashPage) -> None:
    for control in ("train", "n-components"):
        _plot_stays_in_sight(phone, control)


def long_press_removes_where_the_browser_sends_no_contextmenu(phone: DashPage) -> None:
    phone.script(
        "window.addEventListener('contextmenu', (event) => event.stopImmediatePropagation(), true)"
    )
    _tap(phone, phone.pixel(-0.5))
    phone.until(lambda: phone.points.size == 1, "the tap's point")
    phone.settle()
    for x in (0.5, -0.5):
        _touch(phone, "touchStart", phone.pixel(x))
        phone.pass_time(700)
        _touch(phone, "touchEnd")
    phone.wait("dash_clientside.state.view.n_points === 0")
    _tap(phone, phone.pixel(0.25))
    _expect(phone, 0.25)


def _touch(page: DashPage, kind: str, *fingers: tuple[float, float]) -> None:
    points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(fingers)]
    page.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def _tap(page: DashPage, at: tuple[float, float], wobble_px: float = 0) -> None:
    _touch(page, "touchStart", at)
    if wobble_px:
        _touch(page, "touchMove", (at[0] + wobble_px, at[1]))
    _touch(page, "touchEnd")


def _expect(page: DashPage, *xs: float) -> None:
    """Wait for these points; an earlier gesture would have added its own before the last one."""
    page.until(lambda: page.points.size >= len(xs), f"{len(xs)} points")
    page.settle()
    assert page.points == pytest.approx(xs, abs=0.03)


def _scroll(phone: DashPage) -> None:
    phone.script("window.before = scrollY")
    x, y = phone.pixel(0.1, 0.7)
    _touch(phone, "touchStart", (x, y))
    for step in range(1, 11):
        _touch(phone, "touchMove", (x, y - 12 * step))
    _touch(phone, "touchEnd")
    phone.wait("scrollY > before")  # over the plot, too, a finger scrolls the page
    phone.script("document.getElementById('plot').scrollIntoView()")


def _drag(phone: DashPage, *, comes_back: bool = False) -> None:
    x, y = phone.pixel(-0.3)
    _touch(phone, "touchStart", (x, y))
    for step in range(1, 6):
        _touch(phone, "touchMove", (x + 12 * step, y))
    if comes_back:
        _touch(phone, "touchMove", (x, y))
    _touch(phone, "touchEnd")


def _drag_and_come_back(phone: DashPage) -> None:
    _drag(phone, comes_back=True)


def _touch_with_two(phone: DashPage) -> None:
    x, y = phone.pixel(-0.2)
    _touch(phone, "touchStart", (x, y))
    _touch(phone, "touchStart", (x, y), (x + 80, y))
    _touch(phone, "touchEnd", (x, y))
    _touch(phone, "touchEnd")


def _plot_stays_in_sight(phone: DashPage, control: str) -> None:
    phone.script("window.scrollTo(0, 0)")
    box = "document.getElementById(arguments[0]).getBoundingClientRect()"
    top = phone.read(f"{box}.top", "plot-frame")  # on the page
    bottom = phone.read(f"{box}.height", "plot-frame")  # on the screen, once it sticks
    phone.script(f"window.scrollBy(0, {box}.top - arguments[1])", control, bottom + 10)
    phone.wait(f"scrollY > {top}")  # otherwise it would be in sight anyway
    assert phone.read(f"{box}.top", "plot-frame") == pytest.approx(0, abs=1)
    for seen in ("plot-frame", control):
        middle = f"(({{x, y, width, height}}) => [x + width / 2, y + height / 2])({box})"
        covered = f"document.elementFromPoint(...{middle}).closest('#' + arguments[0]) === null"
        assert not phone.read(covered, seen), seen
