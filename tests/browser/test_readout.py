"""The readout under the pointer."""

from __future__ import annotations

import pytest
from dash_page import DashPage

pytestmark = pytest.mark.browser


def test_readout_tells_the_curves_under_the_mouse_while_it_is_over_the_plot(page: DashPage) -> None:
    page.script("dash_clientside.actions.configure({n_components: 2})")
    page.add(-0.5, -0.52, -0.48, 0.5, 0.52, 0.48)
    density_and_responsibilities_are_read(page)
    readout_follows_the_curves_while_the_mouse_rests(page)
    page.mouse("mouseMoved", (5, 5))
    page.wait("document.getElementById('readout').hidden")


def density_and_responsibilities_are_read(page: DashPage) -> None:
    page.mouse("mouseMoved", page.pixel(-0.5))
    page.wait("document.getElementById('readout').offsetWidth > 0")
    text = page.text("readout")
    assert "Online: density" in text
    assert "100 % component 1" in text


def readout_follows_the_curves_while_the_mouse_rests(page: DashPage) -> None:
    assert "From scratch" not in page.text("readout")
    page.key("p")
    page.wait_text("readout", "From scratch: density")
    page.settle()
    before = page.text("readout")
    page.script("dash_clientside.actions.configure({n_components: 1})")
    page.until(lambda: page.text("readout") != before, "the readout of one component")
