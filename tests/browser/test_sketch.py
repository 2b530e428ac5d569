"""What is drawn into the plot without Plotly is what Plotly would draw."""

from __future__ import annotations

from typing import Any

import pytest
from dash_page import DashPage

pytestmark = pytest.mark.browser

SHADE = """
    const shade = document.querySelector('#plot .traceonline .js-fill'), box = shade.getBBox();
    return [box.x, box.y, box.width, box.height, shade.getTotalLength()];
"""
COLOUR = "getComputedStyle(document.querySelector('#plot .js-fill')).fill"
NUMBERS = """
    return [...document.querySelectorAll('#plot .tracenumbers text')]
        .filter((text) => text.getBoundingClientRect().width > 0)
        .filter((text) => text.textContent.trim())
        .flatMap((text) => [text.textContent, text.getBBox().x, text.getBBox().y]);
"""
REDRAW = "window.Plotly.redraw(document.querySelector('#plot .js-plotly-plot'))"


def test_sketched_shade_and_numbers_are_those_of_plotly(page: DashPage) -> None:
    numbers_stay_when_the_plot_gets_another_ceiling(page)
    shade_between_the_curves_moves_with_them(page)


def numbers_stay_when_the_plot_gets_another_ceiling(page: DashPage) -> None:
    page.script("dash_clientside.actions.configure({n_components: 2})")
    page.click(-0.5)
    page.settle()
    page.click(0.1)
    page.settle()
    assert drawn(page, NUMBERS)[::3] == ["1", "2"]
    assert_redraw_changes_nothing(page, NUMBERS)


def shade_between_the_curves_moves_with_them(page: DashPage) -> None:
    page.add(-0.52, -0.48, 0.12, 0.5, 0.55)
    page.key("p")
    page.settle()
    before = drawn(page, SHADE)
    page.add(-0.1, -0.11, -0.12)
    assert drawn(page, SHADE) != pytest.approx(before, abs=2)
    assert page.read(COLOUR) == "rgba(122, 62, 157, 0.2)"  # --difference-fill
    assert_redraw_changes_nothing(page, SHADE)


def drawn(page: DashPage, what: str) -> Any:
    page.wait("!dash_clientside.plot.awaited()")
    return page.script(what)


def assert_redraw_changes_nothing(page: DashPage, what: str) -> None:
    sketched = drawn(page, what)
    page.script(REDRAW)
    assert sketched == [
        each if isinstance(each, str) else pytest.approx(each, abs=2, rel=0.01)
        for each in drawn(page, what)
    ]
