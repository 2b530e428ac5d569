"""Changes by others are applied as they come; very many points are a histogram."""

from __future__ import annotations

import numpy as np
import pytest
from dash_page import DashPage

pytestmark = pytest.mark.browser

#: Requests of this page for a whole session, since `looks` was set to 0.
_COUNT_LOOKS = """
window.looks = 0;
const look = dash_clientside.exchange.look;
dash_clientside.exchange.look = (id) => {
    looks += 1;
    look(id);
};
"""
_HISTOGRAM = "document.querySelector('#plot .js-plotly-plot').data.find(t => t.uid === 'many')"


def _open(page: DashPage, session_id: str) -> None:
    """Load the page at the address of this session."""
    page.driver.get(f"{page.server.url}?s={session_id}")
    page.wait(f"window.dash_clientside?.state?.view?.id === '{session_id}'")


def test_changes_of_another_tab_come_without_a_question(page: DashPage) -> None:
    page.click(-0.5, 0.5)
    page.settle()
    page.script(_COUNT_LOOKS)
    sessions = page.server.sessions
    for x in (0.1, 0.2, 0.3):
        sessions.add(page.session_id, [x])
    sessions.remove(page.session_id, [0.2])
    page.wait("dash_clientside.state.points.length === 4")
    page.settle()
    assert page.read("dash_clientside.state.points") == page.points.tolist()
    assert page.read("dash_clientside.state.view.online.number") == page.view.online.number
    assert page.read("looks") == 0


def test_changes_of_another_tab_and_own_clicks_meet(page: DashPage) -> None:
    wanted = 12
    for k in range(wanted // 2):
        page.server.sessions.add(page.session_id, [0.01 * k])
        page.click(-0.5 + 0.1 * k)
    page.wait(f"dash_clientside.state.points.length === {wanted}")
    page.settle()
    assert page.read("dash_clientside.state.points") == page.points.tolist()


def test_very_many_points_are_a_histogram_and_clicks_count_in_it(page: DashPage) -> None:
    rng = np.random.default_rng(3)
    points = np.concatenate([rng.normal(-0.5, 0.05, 15_000), rng.normal(0.4, 0.1, 5_000)])
    sessions = page.server.sessions
    session_id = sessions.create().id
    sessions.add(session_id, points.round(4))
    _open(page, session_id)
    assert page.read("dash_clientside.state.points.length") == 0
    page.wait(f"{_HISTOGRAM}.x.length > 100")
    x, y = page.read(f"[{_HISTOGRAM}.x, {_HISTOGRAM}.y]")
    assert x[int(np.argmax(y))] == pytest.approx(-0.5, abs=0.1)
    page.click(0.4, -0.9)
    page.wait("dash_clientside.state.view.n_points === 20002")
    page.wait("!dash_clientside.state.outbox.busy")
    assert page.read("dash_clientside.state.known()") == 20_002
    page.script(_COUNT_LOOKS)
    sessions.add(session_id, [0.2, 0.25])
    page.wait("dash_clientside.state.known() === 20004")
    assert page.read("looks") == 0
    page.key("c")
    page.wait("dash_clientside.state.view.n_points === 0")
    page.wait(f"{_HISTOGRAM}.x.length === 0")
    page.key("u")
    page.wait("dash_clientside.state.known() === 20004")
    page.wait(f"{_HISTOGRAM}.x.length > 100")
