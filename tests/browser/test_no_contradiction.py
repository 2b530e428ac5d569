"""What one part of the page says, no other part denies."""

from __future__ import annotations

import pytest
from dash_page import DashPage

pytestmark = pytest.mark.browser

#: In the page: the race's copy of the online learner has ended in another optimum.
_ELSEWHERE = """
    const record = dash_clientside.race.records.get('summary').at(-1);
    Object.assign(record, {loss: record.loss + 0.1, tv_to_scratch: 0.4});
    dash_clientside.table.fill();
"""
_DASH = "\u2013"


def test_figures_of_a_row_are_of_one_model(page: DashPage) -> None:
    page.add(-0.5, -0.4, 0.3, 0.35, 0.6)
    page.race_ends()
    page.wait_text("summary-distance", "%")
    page.script(_ELSEWHERE)
    assert page.text("summary-distance") == page.text("summary-gap") == _DASH
    page.key("p")
    page.wait("dash_clientside.state.scratchCurrent()")
    page.wait_text("sentence", "are the same density")
    page.until(lambda: page.text("summary-distance") in ("0 %", "< 0.01 %"), "its distance")
    assert float(page.text("summary-gap")) == 0


def test_model_from_scratch_without_points_is_old(page: DashPage) -> None:
    page.add(-0.5)
    page.add(0.4)
    page.key("p")
    page.wait("dash_clientside.state.scratchCurrent()")
    page.key("u", "u")
    page.wait("dash_clientside.state.view.n_points === 0")
    page.wait_text("sentence", "Click anywhere to add a point.")
    page.wait_text("sentence-detail", "From scratch is old: it has seen 2 points.")
    page.wait_text("scratch-nll", "(old)")
    assert page.read("getComputedStyle(document.getElementById('empty-hint')).display") == "none"
    assert "As soon as there is a point" not in page.text("parameters-note")
    page.key("r", "r")
    page.wait("dash_clientside.state.scratchCurrent()")
