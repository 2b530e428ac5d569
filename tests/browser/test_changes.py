"""Changes by others are applied as they come; very many points are a histogram."""

from __future__ import annotations

import numpy as np
import pytest
from dash_page import DashPage
from selenium.webdriver.common.keys import Keys

from dash_app.ui.examples import EXAMPLES, script_of

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
#: Show the past without the race, which learns so many points for seconds.
_REWIND_TO_FIVE = """
window.rewindView = dash_clientside.rewind.view;
dash_clientside.rewind.view = () => ({...dash_clientside.state.view, n_points: 5});
dash_clientside.plot.schedule();
"""
_HISTOGRAM = "document.querySelector('#points-layer .histogram')"
#: The corners of its outline, pixels.
_CORNERS = f"""[...{_HISTOGRAM}.getAttribute('d').matchAll(/[ML]([^,]+),([^ML]+)/g)]
    .map(([_, x, y]) => [Number(x), Number(y)])"""


def _open(page: DashPage, session_id: str) -> None:
    """Load the page at the address of this session."""
    page.driver.get(f"{page.server.url}?s={session_id}")
    page.wait(f"window.dash_clientside?.state?.view?.id === '{session_id}'")


def test_changes_of_others_come_by_themselves_and_old_answers_do_not_count(page: DashPage) -> None:
    points_of_another_client_appear(page)
    end_of_an_example_is_heard_where_the_page_had_to_look(page)
    changes_of_another_tab_come_without_a_question(page)
    example_that_another_tab_stops_is_no_longer_paused(page)
    page.begin_anew()
    changes_of_another_tab_and_own_clicks_meet(page)
    page.begin_anew()
    answers_out_of_order_are_dropped(page)
    page.begin_anew()
    points_are_sent_again_where_the_server_has_lost_the_session(page)


def points_of_another_client_appear(page: DashPage) -> None:
    page.click(-0.5)
    page.settle()
    page.server.sessions.add(page.session_id, [0.3, 0.6])
    page.wait("dash_clientside.state.view.n_points === 3")
    page.settle()
    np.testing.assert_allclose(page.drawn_points(), [-0.5, 0.3, 0.6], atol=0.004)


def end_of_an_example_is_heard_where_the_page_had_to_look(page: DashPage) -> None:
    page.script("dash_clientside.show.announce('Nothing yet.')")
    page.wait_text("announcement", "Nothing yet.")
    page.script(
        """
        dash_clientside.state.view.playing = {status: 'playing'};
        dash_clientside.answers.look();
        """
    )
    page.wait_text("announcement", "3 points.")


def changes_of_another_tab_come_without_a_question(page: DashPage) -> None:
    page.script(_COUNT_LOOKS)
    sessions = page.server.sessions
    for x in (0.1, 0.2, 0.3):
        sessions.add(page.session_id, [x])
    sessions.remove(page.session_id, [0.2])
    page.wait(f"dash_clientside.state.view.revision === {page.view.revision}")
    page.settle()
    assert page.read("dash_clientside.state.points") == page.points.tolist()
    assert page.read("dash_clientside.state.view.online.number") == page.view.online.number
    assert page.read("looks") == 0


def example_that_another_tab_stops_is_no_longer_paused(page: DashPage) -> None:
    """To pause and to stop change no point, so the session keeps its revision."""
    plays = page.server.sessions.plays
    plays.play(page.session_id, script_of(EXAMPLES["drift"]))
    plays.pause(page.session_id)
    page.wait_text("pause", "Resume")
    plays.stop(page.session_id)
    page.wait("document.getElementById('page').dataset.playing === 'no'")


def changes_of_another_tab_and_own_clicks_meet(page: DashPage) -> None:
    wanted = 12
    for k in range(wanted // 2):
        page.server.sessions.add(page.session_id, [0.01 * k])
        page.click(-0.5 + 0.1 * k)
    page.wait(f"dash_clientside.state.points.length === {wanted}")
    page.settle()
    assert page.read("dash_clientside.state.points") == page.points.tolist()


def answers_out_of_order_are_dropped(page: DashPage) -> None:
    page.click(-0.5)
    page.settle()
    old = page.read("dash_clientside.state.view")
    page.click(0.5)
    page.settle()
    assert page.read("dash_clientside.state.receive(arguments[0])", old) is False
    assert page.read("dash_clientside.state.view.n_points") == 2
    # an answer that comes twice counts once
    page.script("dash_clientside.answers.answered({key: 'of long ago', view: arguments[0]})", old)
    assert page.read("dash_clientside.state.view.n_points") == 2
    page.settle()
    np.testing.assert_allclose(page.drawn_points(), [-0.5, 0.5], atol=0.004)


def points_are_sent_again_where_the_server_has_lost_the_session(page: DashPage) -> None:
    page.click(-0.5, 0.5)
    page.key("5")
    page.wait("dash_clientside.state.view.n_components === 5")
    page.settle()
    lost = page.session_id
    page.server.sessions.delete(lost)
    page.wait(f"dash_clientside.state.view.id !== '{lost}'")
    page.wait("dash_clientside.state.view.n_points === 2")
    page.click(0.1)
    page.settle()
    np.testing.assert_allclose(page.points, [-0.5, 0.5, 0.1], atol=0.004)
    assert page.view.n_components == 5
    page.severe_logs()


@pytest.mark.usefixtures("no_rests")
def test_axis_grows_with_the_data_and_very_many_points_are_a_histogram(page: DashPage) -> None:
    axis_grows_and_an_example_of_ten_thousand_is_a_histogram(page)
    clicks_count_in_the_histogram_of_a_long_session(page)


def axis_grows_and_an_example_of_ten_thousand_is_a_histogram(page: DashPage) -> None:
    page.server.sessions.add(page.session_id, [3.0])
    page.wait("dash_clientside.state.shown[1] > 3")
    page.play("ten-thousand", 10_000)
    page.wait(f"{_HISTOGRAM} && {_CORNERS}.length > 100")
    page.wait_text("announcement", "10,000 points.")


def clicks_count_in_the_histogram_of_a_long_session(page: DashPage) -> None:
    rng = np.random.default_rng(3)
    points = np.concatenate([rng.normal(-0.5, 0.05, 15_000), rng.normal(0.4, 0.1, 5_000)])
    sessions = page.server.sessions
    session_id = sessions.create().id
    sessions.add(session_id, points.round(4))
    _open(page, session_id)
    assert page.read("dash_clientside.state.points.length") == 0
    page.wait(f"{_HISTOGRAM} && {_CORNERS}.length > 100")
    left, top = np.array(page.read(_CORNERS)).T
    at = page.read(
        "dash_clientside.plot.element('plot')._fullLayout.xaxis.p2c(arguments[0])",
        float(left[np.argmin(top)]),
    )
    assert at == pytest.approx(-0.5, abs=0.1)
    page.key("0", Keys.ENTER, into="axis-low")
    page.wait_text("points-outside", "At least 15,000 points outside")
    page.key(Keys.BACKSPACE, Keys.ENTER, into="axis-low")
    page.wait("dash_clientside.state.shown[0] === -1")
    page.click(0.4, -0.9)
    page.wait("dash_clientside.state.view.n_points === 20002")
    page.wait("!dash_clientside.state.outbox.busy")
    assert page.read("dash_clientside.state.known()") == 20_002
    page.key(Keys.DELETE, into="axis-cursor")
    page.wait_message("This page has a histogram of so many points")
    page.script(_REWIND_TO_FIVE)
    page.wait(f"!{_HISTOGRAM}")  # it has the later points, too
    page.script("dash_clientside.rewind.view = rewindView; dash_clientside.plot.schedule()")
    page.wait(f"{_HISTOGRAM} && {_CORNERS}.length > 100")
    page.script(_COUNT_LOOKS)
    sessions.add(session_id, [0.2, 0.25])
    page.wait("dash_clientside.state.known() === 20004")
    assert page.read("looks") == 0
    page.key("c")
    page.wait("dash_clientside.state.view.n_points === 0")
    page.wait(f"!{_HISTOGRAM}")
    page.key("u")
    page.wait("dash_clientside.state.known() === 20004")
    page.wait(f"{_HISTOGRAM} && {_CORNERS}.length > 100")
