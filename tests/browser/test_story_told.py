"""The story of two minutes in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dash.testing.browser import Browser
from dash_page import DashPage
from page_server import Server
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser

CARD = "document.getElementById('story-card').checkVisibility()"
OFFER = "document.getElementById('story-open').checkVisibility()"
PAUSE_S = 180.0
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


def on(page: DashPage, step: int, says: str) -> str:
    page.press("story-next")
    page.wait_text("story-progress", f"{step} of 5")
    said = "document.getElementById('story-text').innerText"
    page.wait(f"{said}.includes({says!r})", PAUSE_S)
    return page.text("story-text")


@pytest.fixture
def narrow(chromium: Browser) -> Iterator[None]:
    """A phone: 360 pixels wide, with touch."""
    size = {"width": 360, "height": 780, "deviceScaleFactor": 1, "mobile": True}
    chromium.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    chromium.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    yield
    chromium.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    chromium.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


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
    drawn = "document.getElementById('gradient-distance').innerText"
    page.wait(f"{drawn}.includes('%')")
    assert f"It ends {page.read(drawn)} of the mass" in said
    assert page.read(DRAWN_LEARNERS) > 0

    said = on(page, 3, "better")
    distance = page.read("document.getElementById('stepwise-em-distance').innerText")
    assert f"it ends {distance} away" in said
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


def test_own_points_are_untouched_and_come_back_by_escape(page: DashPage) -> None:
    page.click(-0.4, 0.1, 0.6)
    page.settle()
    own, points = page.session_id, page.points.tolist()
    page.press("help-open")
    page.wait("document.getElementById('story-again')?.checkVisibility()")
    page.press("story-again")
    page.wait(CARD)
    page.wait_text("story-text", "learned 3 points")
    page.press("story-next")
    page.wait_text("story-progress", "2 of 5")
    page.wait(f"dash_clientside.state.view && dash_clientside.state.view.id !== '{own}'")
    assert own in page.read("window.location.href")
    page.wait_text("story-text", "Your own points come back")
    page.wait("dash_clientside.state.view.n_points > 5", PAUSE_S)
    page.key(Keys.ESCAPE)
    page.wait(f"!{CARD}")
    assert page.read("document.activeElement.id") == "help-open"
    page.wait(f"dash_clientside.state.view?.id === '{own}'", PAUSE_S)
    page.settle()
    assert page.points.tolist() == points
    assert page.drawn_points() == points
    assert page.read("dash_clientside.race.racing") == []


def test_reload_leaves_the_story_and_shows_the_own_session(page: DashPage) -> None:
    begin(page)
    own = page.session_id
    page.press("story-next")
    page.wait(f"dash_clientside.state.view && dash_clientside.state.view.id !== '{own}'")
    page.wait("dash_clientside.race.racing.includes('gradient')")
    page.open(fresh=False)
    assert page.session_id == own
    assert not page.read(CARD)
    page.wait("dash_clientside.race.racing.length === 0")  # nor are its learners a person's own
    page.wait("document.getElementById('row-gradient') === null")


def test_person_may_click_into_the_plot_at_any_step(page: DashPage) -> None:
    begin(page)
    on(page, 2, "of its mass is left")
    page.settle()
    page.click(-0.9)
    page.wait("dash_clientside.state.view.n_points === 46")
    page.press("story-back")
    page.wait_text("story-progress", "1 of 5")
    page.wait("dash_clientside.state.view?.n_points === 0")
    page.press("story-leave")
    page.wait(f"!{CARD}")


def test_story_is_offered_until_it_was_seen_or_there_were_points(page: DashPage) -> None:
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


def test_buttons_are_reached_by_keys(page: DashPage) -> None:
    page.script("document.getElementById('story-open').focus()")
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.wait(CARD)
    page.wait("document.activeElement.id === 'story-next'")
    page.wait_text("story-progress", "1 of 5")
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.wait_text("story-progress", "2 of 5")
    page.key(Keys.ESCAPE)
    page.wait(f"!{CARD}")


def test_card_fits_on_a_phone(chromium: Browser, page_server: Server, narrow: None) -> None:
    page = DashPage(chromium.driver, page_server).open()
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


def test_example_one_after_the_other_shows_the_learner_that_forgets(page: DashPage) -> None:
    page.play("one-after-the-other", 45)
    page.wait("dash_clientside.race.shown.includes('gradient')")
    page.wait("document.getElementById('row-gradient').checkVisibility()")
