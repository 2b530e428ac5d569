"""The rewind: the past as it was, and going on from it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from dash_page import SHIFT, DashPage
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser

POINTS = (-0.6, 0.5, -0.52, 0.44, 0.1)
DIALOG = "document.querySelector('[role=dialog]')"


def click_one_by_one(page: DashPage) -> list[str]:
    """Click; return the table of the online parameters after each click."""
    shown = []
    for n, x in enumerate(POINTS, 1):
        page.click(x)
        page.settle()
        page.wait_text("announcement", f"{n} point")
        shown.append(page.text("online-parameters"))
    page.race_ends()
    return shown


def rewind_to(page: DashPage, step: int, n_steps: int = len(POINTS)) -> None:
    page.key(Keys.HOME, *[Keys.ARROW_RIGHT] * step)
    page.wait_text("sentence", f"Rewound to {step + 1} of {n_steps} points")


def test_past_is_shown_as_it_was_and_a_click_there_goes_on_from_it_or_not(page: DashPage) -> None:
    each_step_shows_what_was_shown_at_that_click(page, click_one_by_one(page))
    it_plays_and_pauses_and_a_chart_opens_it(page)
    training_by_itself_leaves_the_past_on_the_screen(page)
    click_on_the_past_is_not_added_or_at_the_end_or_goes_on_from_there(page)
    rewind_that_another_tab_ends_adds_no_point(page)
    screen_readers_hear_what_another_tab_has_changed(page)


def each_step_shows_what_was_shown_at_that_click(page: DashPage, shown: list[str]) -> None:
    page.key("w")
    page.key(Keys.HOME)
    table = "document.getElementById('online-parameters').innerText"
    for step, then in enumerate(shown):
        if step:
            page.key(Keys.ARROW_RIGHT)
        page.wait_text("sentence", f"Rewound to {step + 1} of {len(shown)} points")
        page.wait(f"{table} === {json.dumps(then)}", what=f"the table of step {step}")
        assert page.drawn_points() == pytest.approx(page.points[: step + 1].tolist(), abs=1e-4)
    page.key(Keys.ESCAPE)
    page.wait_text("sentence", "5 points learned online")
    assert page.view.revision == len(POINTS)


def it_plays_and_pauses_and_a_chart_opens_it(page: DashPage) -> None:
    page.wait("document.querySelector('#race-chart .js-plotly-plot')?.data?.[0].x.length === 5")
    at = """
        const gd = document.querySelector('#race-chart .js-plotly-plot');
        const {left, top} = gd.getBoundingClientRect(), {xaxis, yaxis2} = gd._fullLayout;
        return [left + xaxis._offset + xaxis.c2p(2), top + yaxis2._offset + yaxis2._length / 3];
    """
    place = tuple(page.script(at))
    page.mouse("mouseMoved", place)
    page.mouse("mousePressed", place, button="left", clickCount=1)
    page.mouse("mouseReleased", place, button="left", clickCount=1)
    page.wait_text("sentence", "Rewound to 2 of 5 points")
    page.press("rewind-play")
    page.wait("dash_clientside.race.cursor === 4")
    page.wait_text("rewind-play", "Play")
    page.press("rewind-back")
    page.wait_text("sentence", "Rewound to 4 of 5 points")
    page.wait_text("announcement", "Rewound to 4 of 5 points")
    slider = page.driver.find_element("css selector", "#rewind [role=slider]")
    assert slider.get_attribute("aria-valuenow") == "4"
    slider.send_keys(Keys.HOME)
    page.wait_text("sentence", "Rewound to 1 of 5 points")
    page.press("rewind-close")
    page.wait_text("sentence", "5 points learned online")


def click_there(page: DashPage, answer: str) -> None:
    page.click(0.3)
    page.wait(f"{DIALOG} !== null")
    assert "undo brings them back" in page.text("branch-text")
    page.press(answer)
    page.wait(f"{DIALOG} === null")


def training_by_itself_leaves_the_past_on_the_screen(page: DashPage) -> None:
    page.key("w")
    rewind_to(page, 2)
    page.script("document.getElementById('auto').click()")
    page.wait("dash_clientside.state.auto")
    page.wait("dash_clientside.state.scratchCurrent()")
    page.wait_text("announcement", "Training from scratch is done.")
    assert page.read("dash_clientside.race.cursor") == 2
    page.script("document.getElementById('auto').click()")
    page.press("rewind-close")
    page.settle()


def click_on_the_past_is_not_added_or_at_the_end_or_goes_on_from_there(page: DashPage) -> None:
    page.key("w")
    rewind_to(page, 2)
    click_there(page, "branch-cancel")
    page.click(0.3)
    page.wait(f"{DIALOG} !== null")
    page.script("document.activeElement.blur()")
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)  # closes the question alone
    page.wait(f"{DIALOG} === null")
    page.click(POINTS[0], modifiers=SHIFT)
    page.wait_message("The past is shown.")  # and the point stays
    page.press("rewind-close")  # the past is still shown
    page.settle()
    np.testing.assert_allclose(page.points, POINTS, atol=0.004)

    page.key("w")
    rewind_to(page, 2)
    click_there(page, "branch-end")
    page.wait(f"dash_clientside.state.view.n_points === {len(POINTS) + 1}")
    page.settle()
    np.testing.assert_allclose(page.points, [*POINTS, 0.3], atol=0.004)

    page.click(POINTS[0], modifiers=SHIFT)  # removed: it does not come back
    page.key("4")
    page.wait("dash_clientside.state.view.n_components === 4")
    page.settle()
    page.race_ends()
    page.key("w")
    rewind_to(page, 2)
    click_there(page, "branch-here")
    page.wait("dash_clientside.state.view.n_points === 4")
    page.settle()
    np.testing.assert_allclose(page.points, [*POINTS[1:4], 0.3], atol=0.004)
    assert page.view.n_components == 4
    assert page.read("dash_clientside.race.cursor") is None
    page.race_ends()
    assert page.read("dash_clientside.race.steps()") == 4
    page.key("u")
    page.wait("dash_clientside.state.view.n_points === 3")
    page.key("u")  # the later points come back
    page.wait(f"dash_clientside.state.view.n_points === {len(POINTS)}")
    np.testing.assert_allclose(page.points, [*POINTS[1:], 0.3], atol=0.004)


def rewind_that_another_tab_ends_adds_no_point(page: DashPage) -> None:
    page.race_ends()
    page.key("w")
    page.wait_text("sentence", "Rewound to 5 of 5 points")
    page.click(0.2)
    page.wait(f"{DIALOG} !== null")
    page.server.sessions.configure(page.session_id, n_components=2)
    page.wait_message("The point was not added.")
    page.wait(f"{DIALOG} === null")
    page.wait("dash_clientside.state.view.n_components === 2")
    page.settle()
    assert page.view.n_points == len(POINTS)
    page.server.sessions.undo(page.session_id)
    page.wait("dash_clientside.state.view.n_components === 4")


def screen_readers_hear_what_another_tab_has_changed(page: DashPage) -> None:
    page.key("p")
    page.wait("dash_clientside.state.scratchCurrent()")
    page.race_ends()
    page.key("w")
    page.wait_text("announcement", "Rewound to 5 of 5 points")
    page.script(
        "window.heard = [];"
        "new MutationObserver(() => heard.push(document.getElementById('announcement').innerText))"
        ".observe(document.getElementById('announcement'), {childList: true, subtree: true,"
        " characterData: true})"
    )
    page.server.sessions.configure(page.session_id, n_components=2)
    page.wait_text("sentence", "From scratch is old")
    page.wait_text("announcement", page.text("sentence"))
    assert not [each for each in page.read("heard") if "same density" in each]
    page.server.sessions.undo(page.session_id, n_points=0)
    page.wait_text("announcement", "0 points.")
