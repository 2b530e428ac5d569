"""What the page says of a refused training, and its axis after a clear."""

from __future__ import annotations

import numpy as np
import pytest
from dash_page import DashPage

pytestmark = pytest.mark.browser

MOST_EPOCHS = 100_000


def _choose_adam(page: DashPage, epochs: int) -> None:
    page.choose("method", "adam")
    page.script("dash_clientside.set_props('epochs', {value: arguments[0]})", epochs)
    page.wait(f"dash_clientside.state.epochs === {epochs}")


def test_refused_training_is_explained_at_the_control_of_its_field(page: DashPage) -> None:
    for part in np.random.default_rng(5).normal(size=(4, 100_000)):
        page.server.sessions.add(page.session_id, part)
    page.wait("dash_clientside.state.view.n_points === 400000")
    _choose_adam(page, MOST_EPOCHS)
    page.key("p")
    page.wait_text("epochs-problem", "points x components x epochs")
    assert page.text("problem") == ""
    under = "document.getElementById('epochs-problem').getBoundingClientRect().top"
    assert page.read(f"{under} - document.getElementById('epochs').getBoundingClientRect().top") > 0
    page.key("c")
    page.until(lambda: page.text("epochs-problem") == "", "the refusal goes with its cause")
