"""The story of two minutes in a real browser."""

from __future__ import annotations

import numpy as np
import pytest
from dash_page import LONGEST_WAIT_S, DashPage
from selenium.webdriver.common.keys import Keys

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("no_rests")]

CARD = "document.getElementById('story-card').checkVisibility()"
OFFER = "document.getElementById('story-open').checkVisibility()"
#: Whether the card lies over what it must not cover.
COVERS = """
const card = document.getElementById('story-card').getBoundingClientRect();
return ['#plot-frame', '.legend'].filter((name) => {
    const other = document.querySelector(name).getBoundingClientRect();
    return card.left < other.right && other.left < card.right
        && card.top < other.bottom && other.top < card.bottom;
});
"""


DRAWN_LEARNERS = (
    "document.querySelector('#plot .js-plotly-plot').data.filter("
    "t => t.uid.startsWith('learner-') && t.visible && t.x.length).length"
)


def begin(page: DashPage) -> None:
    page.press("story-open")
    page.wait(CARD)
    page.wait_text("story-progress", "1 of 5")


def begin_again(page: DashPage) -> None:
    """Begin from the help: a story that was seen is not offered on the page any more."""
    page.press("help-open")
    page.wait("document.getElementById('story-again')?.checkVisibility()")
    page.press("story-again")
    page.wait(CARD)


def on(page: DashPage, step: int, says: str) -> str:
    page.press("story-next")
    page.wait_text("story-progress", f"{step} of 5")
    return page.wait_text("story-text", says, LONGEST_WAIT_S)


def table_says(page: DashPage, cell: str, words: str, said: str) -> None:
    """The story tells the figure of the league table, whose cells are filled in idle time."""
    page.until(lambda: words.format(page.text(cell)) in said, f"the figure of {cell} in {said!r}")


def test_five_steps_say_what_is_on_the_screen_and_cover_nothing(page: DashPage) -> None:
    begin(page)
    assert page.script(COVERS) == []
    page.click(0.2, 0.3)
    page.wait_text("story-text", "learned 2 points")
    own = page.session_id
    page.settle()

    page.wait("!document.getElementById('story-next').disabled")
    said = on(page, 2, "of its mass is left")
    assert page.session_id != own
    assert "where the first 15 points lie" in said.lower()
    table_says(page, "gradient-distance", "It ends {} of the mass", said)
    assert page.read(DRAWN_LEARNERS) > 0

    said = on(page, 3, "better")
    table_says(page, "stepwise-em-distance", "it ends {} away", said)
    assert page.script(COVERS) == []
    on(page, 4, "no difference to see")
    page.wait(f"{DRAWN_LEARNERS} === 0")
    said = on(page, 5, "centre of the curve")
    assert page.view.half_life == 20
    assert page.text("story-next").startswith("Done")

    page.press("story-next")
    page.wait(f"!{CARD}")
    page.wait(f"dash_clientside.state.view?.id === '{own}'")
    page.settle()
    assert len(page.points) == 2
    assert page.view.half_life is None


def test_story_is_offered_to_newcomers_and_leaves_own_points_alone(page: DashPage) -> None:
    story_is_offered_until_there_were_points(page)
    own_points_are_untouched_and_come_back_by_escape(page)


def story_is_offered_until_there_were_points(page: DashPage) -> None:
    assert page.read(OFFER)
    assert not page.read(CARD)
    page.click(0.5)
    page.settle()
    assert not page.read(OFFER)
    page.key("c")
    page.wait("dash_clientside.state.view.n_points === 0")
    page.settle()
    assert not page.read(OFFER)
    page.open(fresh=False)
    assert not page.read(OFFER)


def own_points_are_untouched_and_come_back_by_escape(page: DashPage) -> None:
    page.click(-0.4, 0.1, 0.6)
    page.settle()
    own, points = page.session_id, page.points.tolist()
    begin_again(page)
    page.wait_text("story-text", "learned 3 points")
    page.press("story-next")
    page.wait_text("story-progress", "2 of 5")
    page.wait(f"dash_clientside.state.view && dash_clientside.state.view.id !== '{own}'")
    assert own in page.read("window.location.href")
    page.wait_text("story-text", "Your own points come back")
    page.wait("dash_clientside.state.view.n_points > 5", LONGEST_WAIT_S)
    page.key(Keys.ESCAPE)
    page.wait(f"!{CARD}")
    assert page.read("document.activeElement.id") == "help-open"
    page.wait(f"dash_clientside.state.view?.id === '{own}'", LONGEST_WAIT_S)
    page.settle()
    assert page.points.tolist() == points
    np.testing.assert_allclose(page.drawn_points(), points, atol=1e-4)
    assert page.read("dash_clientside.race.racing") == []


def test_story_is_told_by_keys_takes_clicks_and_ends_with_a_reload(page: DashPage) -> None:
    buttons_are_reached_by_keys(page)
    person_may_click_into_the_plot_at_any_step(page)
    reload_leaves_the_story_and_shows_the_own_session(page)


def buttons_are_reached_by_keys(page: DashPage) -> None:
    page.key("s")  # the story tells of both curves
    page.wait("dash_clientside.state.mode === 'scratch'")
    page.script("document.getElementById('story-open').focus()")
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.wait(CARD)
    page.wait("document.activeElement.id === 'story-next'")
    page.wait("dash_clientside.state.mode === 'both'")
    page.wait_text("story-progress", "1 of 5")
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.wait_text("story-progress", "2 of 5")


def person_may_click_into_the_plot_at_any_step(page: DashPage) -> None:
    page.wait_text("story-text", "of its mass is left", LONGEST_WAIT_S)
    page.settle()
    page.click(-0.9)
    page.wait("dash_clientside.state.view.n_points === 46")
    card_says_that_its_example_is_gone_and_plays_it_again(page)
    page.press("story-back")
    page.wait_text("story-progress", "1 of 5")
    page.wait("dash_clientside.state.view?.n_points === 0")
    page.key(Keys.ESCAPE)
    page.wait(f"!{CARD}")
    assert not page.read(OFFER)  # it was seen


def card_says_that_its_example_is_gone_and_plays_it_again(page: DashPage) -> None:
    page.key("c")
    page.wait_text("story-text", "no longer the example")
    page.key("u")
    page.wait_text("story-text", "of its mass is left", LONGEST_WAIT_S)
    page.key("m")
    page.wait_text("story-text", "no longer the example")
    page.press("story-next")
    page.wait_text("story-progress", "3 of 5")
    page.wait("dash_clientside.state.view.n_points === 45", LONGEST_WAIT_S)
    page.press("story-back")
    page.wait_text("story-progress", "2 of 5")


def reload_leaves_the_story_and_shows_the_own_session(page: DashPage) -> None:
    begin_again(page)
    own = page.session_id
    page.press("story-next")
    page.wait(f"dash_clientside.state.view && dash_clientside.state.view.id !== '{own}'")
    page.wait("dash_clientside.race.racing.includes('gradient')")
    page.open(fresh=False)
    assert page.session_id == own
    assert not page.read(CARD)
    page.wait("dash_clientside.race.racing.length === 0")  # nor are its learners a person's own
    page.wait("document.getElementById('row-gradient') === null")


def test_page_and_card_fit_on_a_phone(tab: DashPage) -> None:
    page = tab
    with page.screen(360, 780, touch=True):
        page.open()
        assert page.read("document.documentElement.scrollWidth") == 360
        card_fits(page)
        tap_adds_a_point(page)


def card_fits(page: DashPage) -> None:
    page.script("document.getElementById('story-open').click()")
    page.wait(CARD)
    page.wait_text("story-progress", "1 of 5")
    assert page.script(COVERS) == []
    on(page, 2, "of its mass is left")
    on(page, 3, "better")
    assert page.read("document.documentElement.scrollWidth") == 360
    assert page.script(COVERS) == []
    page.press("story-leave")
    page.wait(f"!{CARD}")


def tap_adds_a_point(page: DashPage) -> None:
    page.wait("dash_clientside.state.view?.n_points === 0")
    page.settle()
    left, top = page.pixel(0.5)
    for kind, points in (("touchStart", [{"x": left, "y": top}]), ("touchEnd", [])):
        touch = {"type": kind, "touchPoints": points}
        page.driver.execute_cdp_cmd("Input.dispatchTouchEvent", touch)
    page.wait("dash_clientside.state.view.n_points === 1")
    np.testing.assert_allclose(page.points, [0.5], atol=0.01)


def test_story_that_was_left_on_its_way_to_its_session_begins_again(page: DashPage) -> None:
    begin_again(page)
    page.wait_text("story-progress", "1 of 5")
    own = page.session_id
    page.script("""
        document.getElementById('story-next').click();
        setTimeout(() => document.getElementById('story-leave').click(), 15);
    """)
    page.wait(f"!({CARD}) && dash_clientside.state.view?.id === '{own}'")
    page.settle()
    page.key(Keys.ESCAPE)
    page.press("help-open")
    page.wait("document.getElementById('story-again')?.checkVisibility()")
    page.press("story-again")
    page.wait_text("story-progress", "1 of 5")
    on(page, 2, "on each increment alone")
    page.press("story-leave")
    page.wait(f"!({CARD})")
