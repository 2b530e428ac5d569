"""The truth: the density that the points of an example come from."""

from __future__ import annotations

import numpy as np
import pytest
from dash_page import DashPage

from dash_app.learning import Mixture

pytestmark = pytest.mark.browser

TRUTH = "document.querySelector('#plot .js-plotly-plot').data.find(t => t.uid === 'truth')"
COLUMN = "document.getElementById('summary-truth').checkVisibility()"


def menu(page: DashPage) -> None:
    page.press("compare")
    page.wait("document.getElementById('truth').checkVisibility()")


@pytest.mark.usefixtures("no_rests")
def test_truth_of_an_example_is_drawn_and_measured_until_an_own_click(page: DashPage) -> None:
    page.play("two-clumps", 40)
    assert not page.read(COLUMN)
    menu(page)
    page.wait("!document.getElementById('truth').disabled")
    page.press("truth")
    page.wait(f"{TRUTH}.visible && {TRUTH}.x.length > 300")
    x, y = page.curve("truth")
    truth = Mixture(np.array([0.5, 0.5]), np.array([-0.5, 0.5]), np.array([0.09, 0.09]) ** 2)
    np.testing.assert_allclose(y, truth.density(x), rtol=1e-9, atol=1e-12)
    assert page.read(COLUMN)
    page.wait("document.getElementById('summary-truth').innerText.includes('%')", 60)
    page.wait("document.getElementById('summary-held-out').innerText.length > 3")
    page.click(0.0)
    page.wait(f"!{TRUTH}.visible")
    assert not page.read(COLUMN)
    menu(page)
    page.wait("document.getElementById('truth').disabled")
    assert "fixed clumps only" in page.text("truth")
