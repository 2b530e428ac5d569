"""The readout under the pointer."""

from __future__ import annotations

import pytest
from dash_page import DashPage

pytestmark = pytest.mark.browser


def test_readout_follows_the_curves_while_the_mouse_rests(page: DashPage) -> None:
    page.click(-0.5, 0.1, 0.5)
    page.settle()
    page.mouse("mouseMoved", page.pixel(0.1))
    assert "Online: density" in page.wait_text("readout", "component")
    assert "From scratch" not in page.text("readout")
    page.key("p")
    page.wait_text("readout", "From scratch: density")
    before = page.text("readout")
    page.driver.execute_script("dash_clientside.actions.configure({n_components: 1})")
    page.until(lambda: page.text("readout") != before, "the readout of one component")


def test_readout_goes_with_the_mouse(page: DashPage) -> None:
    page.click(0.1)
    page.mouse("mouseMoved", page.pixel(0.1))
    page.wait("!document.getElementById('readout').hidden")
    page.mouse("mouseMoved", (5, 5))
    page.wait("document.getElementById('readout').hidden")
