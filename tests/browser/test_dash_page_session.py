"""The page shows the session as it is, says why two models differ, and moves nothing on its own."""

from __future__ import annotations

import re

import numpy as np
import pytest
from dash.testing.browser import Browser
from dash_page import DashPage
from page_server import Server
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser

TWO_CLUMPS = (-0.6, 0.5, -0.52, 0.44, -0.57, 0.55)
SHIFTS = """
window.shifts = [];
const THUMBS = /^[^,]*Slider-thumb[^,]*$/;  // of a slider, which are meant to move
new PerformanceObserver((list) => {
    for (const each of list.getEntries()) {
        // plotly replaces its text nodes when it draws: a source without a node is one of these
        const sources = each.sources.filter(({node}) => node);
        if (!sources.length) continue;
        const moved = sources.map(({node, previousRect: {x, y, width}, currentRect}) =>
            `${node.id || node.className} ${x},${y},${width} to `
            + `${currentRect.x},${currentRect.y}`);
        if (!each.hadRecentInput && !THUMBS.test(moved.join())) shifts.push([each.value, moved]);
    }
}).observe({type: 'layout-shift'});
"""
POSITION = "document.querySelector('#{} [role=slider]').ariaValueNow"


def train(page: DashPage) -> None:
    page.key("p")
    page.wait("dash_clientside.state.scratchCurrent()")
    page.settle()


@pytest.mark.parametrize("width", [1280, 1024, 360])
def test_nothing_shifts_after_the_load(tab: DashPage, width: int) -> None:
    page = tab
    with page.screen(width, {1280: 800, 1024: 768, 360: 780}[width]):
        page.open()
        nothing_shifts_while_points_come_and_go(page, phone=width < 400)
        if width == 1024:
            charts_and_rows_are_in_sight(page)


def nothing_shifts_while_points_come_and_go(page: DashPage, *, phone: bool) -> None:
    page.wait_text("sentence", "Click anywhere")
    page.script(SHIFTS)
    page.mouse("mouseMoved", page.pixel(0.8))
    page.click(-0.6, 0.5, -0.52, 0.44)
    page.settle()
    page.wait_text("sentence", "4 points learned online")
    train(page)
    page.wait_text("sentence", "Online and from scratch")
    page.click(0.0)
    page.wait_text("sentence", "is old")
    if not phone:  # there the tables are one below the other
        page.key("7")
        page.wait("document.querySelectorAll('#online-parameters tbody tr').length === 7")
    page.key("c")
    page.wait_text("sentence", "Click anywhere")
    page.pass_time(300)  # the small charts are drawn in idle time
    # on a busy machine what a key asks for may come half a second later: a slider's thumb that
    # moves, a table that goes
    nodes = [node for _, those in page.read("shifts") for node in those]
    jumps = [node for node in nodes if not node.endswith(" to 0,0")]
    assert [node for node in jumps if "Slider-thumb" not in node] == []


def charts_and_rows_are_in_sight(page: DashPage) -> None:
    page.add(*TWO_CLUMPS)
    page.key("9")
    page.wait("document.querySelectorAll('#online-parameters tbody tr').length === 9")
    bottom = "[...document.querySelectorAll('.chart')].at(-1).getBoundingClientRect().bottom"
    assert page.read(bottom) <= 768
    # no row hides behind a scroll of the table
    hidden = "[...document.querySelectorAll('.parameters, .parameters *')].filter("
    hidden += "e => ['auto', 'scroll', 'hidden'].includes(getComputedStyle(e).overflowY))"
    assert page.read(f"{hidden}.length") == 0


def test_browsers_have_sessions_of_their_own_until_one_opens_the_address_of_the_other(
    page: DashPage, another_chromium: Browser, page_server: Server
) -> None:
    other = DashPage(another_chromium.driver, page_server).open()
    two_browsers_do_not_see_each_others_points(page, other)
    address_names_the_session_for_a_reload_and_another_browser(page, other)
    address_of_no_session_is_told(page)


def two_browsers_do_not_see_each_others_points(page: DashPage, other: DashPage) -> None:
    page.click(-0.5, -0.4)
    other.click(0.7)
    page.settle()
    other.settle()
    np.testing.assert_allclose(page.drawn_points(), [-0.5, -0.4], atol=0.004)
    np.testing.assert_allclose(other.drawn_points(), [0.7], atol=0.004)


def address_names_the_session_for_a_reload_and_another_browser(
    page: DashPage, other: DashPage
) -> None:
    address = page.driver.current_url
    assert address == f"{page.server.url}?s={page.session_id}"
    page.open(fresh=False)
    page.wait("dash_clientside.state.view.n_points === 2")
    other.driver.get(address)
    other.wait("window.dash_clientside?.state?.view?.n_points === 2")
    assert other.session_id == page.session_id


def address_of_no_session_is_told(page: DashPage) -> None:
    for unknown in ("0" * 32, "no-id"):
        page.driver.get(f"{page.server.url}?s={unknown}")
        page.wait_message("The session of this address does not exist.")
        page.wait("location.search === `?s=${dash_clientside.state.view.id}`")


def test_controls_show_the_session_after_undo_and_reload(page: DashPage) -> None:
    page.add(*TWO_CLUMPS)
    page.slide("n-components", 4)
    page.wait_text("n-components-value", "5")
    page.choose("method", "adam")
    page.slide("epochs", 9)
    page.wait_text("epochs-value", "500")
    page.key("u")
    page.wait(f"{POSITION.format('n-components')} === '3'")
    page.wait_text("n-components-value", "3")
    page.server.sessions.configure(page.session_id, n_components=20, half_life=37.0)
    page.wait_text("n-components-value", "20")  # beyond the slider, and said all the same
    page.settle()
    page.open(fresh=False)
    page.wait_text("n-components-value", "20")
    page.open_memory()
    page.wait_text("half-life-value", "half after 37")
    page.wait("dash_clientside.state.method === 'adam' && dash_clientside.state.epochs === 500")
    assert page.view.n_components == 20  # showing a setting does not change it


def test_small_memory_is_said_and_named_as_the_cause_of_a_difference(page: DashPage) -> None:
    cause_is_named_only_where_it_is_known(page)
    page.open_memory()
    summary_is_no_cause_while_it_has_merged_nothing(page)
    page.begin_anew()
    page.wait_text("capacity-value", "256 atoms")
    smaller_summary_is_a_setting_and_the_cause_of_a_difference(page)


CAUSE = """
const [method, named, exact, apart] = arguments;
const comparison = {total_variation: apart, gap: null, current: true, cause: named};
const view = {n_points: 20, online: {exact}, scratch: {method}, comparison};
return dash_clientside.words.headline(
    {view, settings: {capacity: 16}, current: true, connection: 'live', step: null})[1];
"""


def cause_is_named_only_where_it_is_known(page: DashPage) -> None:
    said = [
        page.script(CAUSE, method, named, exact, apart)
        for method, named, exact, apart in (
            ("em", None, True, 0.004),
            ("em", None, True, 0.006),
            ("adam", None, True, 0.00007),
            ("adam", None, True, 0.006),
            ("adam", None, False, 0.006),
            ("em", "optimiser", True, 0.006),
        )
    ]
    assert said == [
        "",
        "The summary has merged no values; the two searches ended in different optima.",
        "",
        "The summary has merged no values; Adam and the search ended apart.",
        "The cause is the summary (at most 16 atoms), or that Adam and the search ended apart.",
        "EM has not converged.",
    ]


def summary_is_no_cause_while_it_has_merged_nothing(page: DashPage) -> None:
    page.script("dash_clientside.actions.configure({capacity: 16})")
    page.wait("dash_clientside.state.view.capacity === 16")
    page.add(*[-0.9 + 0.12 * index for index in range(16)])
    page.wait_text("summary-state", "It holds 16 atoms. No values are merged.")


def smaller_summary_is_a_setting_and_the_cause_of_a_difference(page: DashPage) -> None:
    page.play("old-faithful", 272)
    page.wait_text("n-components-value", "2")
    page.slide("capacity", 0)
    page.wait("dash_clientside.state.view.capacity === 16")
    page.wait_text("capacity-value", "16 atoms")
    page.wait_text("summary-state", "It holds 16 atoms. Neighbouring values are merged.")
    train(page)
    page.wait_text("sentence", "Online and from scratch differ by")
    page.wait_text(
        "sentence-detail", "The cause is the summary (at most 16 atoms), or that the two"
    )
    assert "fit" not in page.text("sentence-detail")  # of the summary, which online is fitted to
    page.race_ends()
    measured = page.read("dash_clientside.race.at('summary')")
    assert -measured["objective"] < page.view.online.loss  # all points against their bound
    shown = "dash_clientside.words.nats({})"
    page.wait_text("summary-loss", page.read(shown.format(-measured["objective"])))
    page.wait_text("summary-nll", page.read(shown.format(measured["mean_nll"])))


def test_cause_of_an_old_curve_and_of_adam_are_named(page: DashPage) -> None:
    page.add(*TWO_CLUMPS)
    train(page)
    page.key("2")
    page.wait_text("sentence", "it was trained with other settings")
    page.choose("method", "adam")
    page.slide("epochs", 0)
    page.key("p")
    page.wait("dash_clientside.state.scratchCurrent()", 60)
    page.wait_text("sentence-detail", "Adam has not converged.")
    page.race_ends()  # it fits by EM, which is not the model of the row
    page.wait_text(
        "scratch-loss",
        page.read("dash_clientside.words.nats(arguments[0])", page.view.scratch.loss),
    )
    for column in ("time", "touched"):
        page.wait_text(f"scratch-{column}", "\u2013")
        assert page.text(f"summary-{column}") != "\u2013"


def test_plot_and_tables_number_the_components_and_hold_large_values(page: DashPage) -> None:
    click_that_misses_is_answered_visibly(page)
    components_of_the_table_are_numbered_on_the_plot(page)
    undo_and_settings_are_no_increments(page)
    page.begin_anew()
    large_numbers_stay_in_their_cells_and_tables_in_their_cards(page)


def click_that_misses_is_answered_visibly(page: DashPage) -> None:
    page.click(0.3, button="right")
    page.wait_message("There is no point here.")


def components_of_the_table_are_numbered_on_the_plot(page: DashPage) -> None:
    page.click(*TWO_CLUMPS)
    page.settle()
    page.wait("document.querySelectorAll('#plot .textpoint').length === 3")
    page.wait_text("parameters-note", "stands for almost no point")
    model = "{weights: [1, 1e-12], means: [0, 0.001], variances: [0.01, arguments[0]]}"
    note = f"dash_clientside.table.note({{online: {model}}})"
    several = "{weights: [1, 1e-4, 1e-12], means: [0, 1, 2], variances: [1, 1, 1]}"
    told = page.read(f"dash_clientside.table.note({{online: {several}}})")
    assert told.startswith("Online, components 2, 3: a weight below 0.001")
    assert "narrow" not in page.read(note, 0.04)
    assert "narrow" in page.read(note, 1e-26)
    seen = f"{{mode: 'both', seen: () => ({{online: {model}, scratch: null}})}}"
    close = page.read(f"dash_clientside.curves.all({seen}, [-1, 1]).numbers.text", 0.04)
    assert close == ["1, 2", "\u00a0"]
    many = "{weights: xs, means: xs.map((_, k) => k / 30), variances: xs.map(() => 1)}"
    seen = f"{{mode: 'both', seen: () => ({{online: {many}, scratch: null}})}}"
    drawn = "((xs) => dash_clientside.curves.all(%s, [-1, 1]).numbers.text)(Array(9).fill(1))"
    crowd = page.read(drawn % seen)
    assert [each for each in crowd if each != "\u00a0"] == ["1\u20133", "4\u20136", "7\u20139"]


def undo_and_settings_are_no_increments(page: DashPage) -> None:
    page.wait("!document.getElementById('undo').disabled")
    page.key("u", "4")
    page.wait("dash_clientside.state.view.n_components === 4")
    page.settle()
    page.race_ends()
    counts = "dash_clientside.race.records.get('summary').map(({n_points}) => n_points)"
    found = page.read(counts)
    assert found[-1] == page.points.size < 6
    assert found == sorted(set(found))


def large_numbers_stay_in_their_cells_and_tables_in_their_cards(page: DashPage) -> None:
    page.add(-1234567.0, -2345678.0, 3456789.0, 3456999.0)
    page.wait_text("online-parameters", "e6")
    wide = """
        const tables = [...document.querySelectorAll('.times table, .parameters table')];
        const cells = tables.flatMap((table) => [...table.querySelectorAll('td, th')]);
        return [...cells, ...tables.map((table) => table.parentElement)]
            .filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.innerText);
    """
    for width in (1280, 1024, 360):
        with page.screen(width, 800):
            assert page.script(wide) == [], width


def test_axis_shows_all_points_or_what_a_person_sets(page: DashPage) -> None:
    clear_gives_back_the_axis(page)
    an_axis_is_never_turned_round(page)
    places_of_a_short_axis_are_told_apart(page)
    page.begin_anew()
    axis_that_was_set_holds_cursor_and_numbers_until_an_example_or_another_session(page)
    an_end_of_the_axis_zooms_in_and_an_empty_box_shows_all(page)


def clear_gives_back_the_axis(page: DashPage) -> None:
    page.server.sessions.add(page.session_id, [-0.5, 7.0])
    page.wait("dash_clientside.state.shown[1] > 7")
    page.key("c")
    page.wait("dash_clientside.state.shown.join() === '-1,1'")
    drawn = "document.querySelector('#plot .js-plotly-plot')._fullLayout.xaxis.range"
    page.wait(f"{drawn}.join() === '-1,1'")
    page.click(0.5)
    page.settle()
    assert page.points == pytest.approx([0.5], abs=0.004)


def an_axis_is_never_turned_round(page: DashPage) -> None:
    """Where the points no longer reach as far as the end that was set, as after a clear."""
    page.server.sessions.add(page.session_id, [0.5, 70.0])
    page.wait("dash_clientside.state.reach[1] > 70")
    page.key("2", Keys.ENTER, into="axis-low")
    page.wait("dash_clientside.state.shown[0] === 2")
    page.key("c")
    page.wait("dash_clientside.state.shown.join() === '2,4'")
    page.key(Keys.BACKSPACE, "1e151", Keys.ENTER, into="axis-low")
    page.wait_text("points-outside", "Expected a number from -1e+150 to 1e+150.")
    page.key(Keys.BACKSPACE * 5, Keys.ENTER, into="axis-low")
    page.wait("dash_clientside.state.shown.join() === '-1,1'")


def places_of_a_short_axis_are_told_apart(page: DashPage) -> None:
    words = "dash_clientside.words"
    place = f"{words}.place(arguments[0], arguments[1])"
    assert page.read(place, 1e7 + 0.3, [1e7, 1e7 + 1]) == "10000000.3"
    assert page.read(place, -0.12344, [-1, 1]) == "\u22120.1234"
    assert page.read(f"[{words}.number(-0), {words}.fixed(-0.0001, 3)]") == ["0", "0.000"]
    tidy = "dash_clientside.pointer.tidy(arguments[0], arguments[1])"
    assert page.read(tidy, 1.5e-20, 5e22) == pytest.approx(1.5e-20)
    means = "{weights: [0.5, 0.5], means: [1e7 + 0.2, 1e7 + 0.6], variances: [1, 1]}"
    rows = page.read(f"dash_clientside.table.parameters({means}, '', [1e7, 1e7 + 1]).body")
    assert [row[2] for row in rows] == ["10000000.2", "10000000.6"]


def an_end_of_the_axis_zooms_in_and_an_empty_box_shows_all(page: DashPage) -> None:
    page.add(-0.9, 0.1, 0.2)
    page.key("0.0", Keys.ENTER, into="axis-low")
    page.wait("dash_clientside.state.shown[0] === 0")
    page.wait_text("points-outside", "1 point outside")
    page.key(Keys.BACKSPACE * 3, "5", Keys.ENTER, into="axis-low")
    page.wait("document.getElementById('axis-low').ariaInvalid === 'true'")
    page.wait_text("points-outside", "The left end must be lower than the right one, 1.")
    page.key(Keys.BACKSPACE, Keys.ENTER, into="axis-low")
    page.wait("document.getElementById('axis-low').ariaInvalid !== 'true'")
    page.wait("dash_clientside.state.shown[0] === -1")
    page.key("-1e-1", Keys.ENTER, into="axis-low")
    page.wait("dash_clientside.state.shown[0] === -0.1")
    page.key("x", Keys.ENTER, into="axis-low")
    page.wait_text("points-outside", "Expected a number")
    page.key(Keys.BACKSPACE * 5, "1,000", Keys.ENTER, into="axis-low")
    page.pass_time(50)
    assert "Expected a number" in page.text("points-outside")
    page.key(Keys.BACKSPACE * 6, "\u22120,2", Keys.ENTER, into="axis-low")
    page.wait("dash_clientside.state.shown[0] === -0.2")
    page.key(Keys.BACKSPACE * 4, "0x10", Keys.ENTER, into="axis-low")
    page.wait_text("points-outside", "Expected a number, such as")
    page.key("1e-320", Keys.ENTER, into="axis-high")
    page.key(Keys.BACKSPACE * 3, Keys.ENTER, into="axis-low")
    page.wait_text("points-outside", "Expected an axis that is at least 1e-300 wide.")
    page.key(Keys.BACKSPACE * 6, "1e-30", Keys.ENTER, into="axis-high")
    page.wait("dash_clientside.state.shown.join() === '0,1e-30'")
    page.settle()


def axis_that_was_set_holds_cursor_and_numbers_until_an_example_or_another_session(
    page: DashPage,
) -> None:
    def set_axis() -> None:
        page.key("9", Keys.ENTER, into="axis-high")
        page.key("5", Keys.ENTER, into="axis-low")
        page.wait("dash_clientside.state.shown.join() === '5,9'")

    page.add(-0.5, 0.5)
    set_axis()
    page.wait("document.getElementById('axis-cursor').ariaValueNow === '5'")
    page.wait("document.querySelectorAll('#plot .ytick text').length > 1")
    labels = page.read("[...document.querySelectorAll('#plot .ytick text')].map(e => e.innerHTML)")
    assert not [label for label in labels if re.search("[a-zμ]", label.replace("e", ""))], labels
    page.play("two-clumps", 40)
    page.wait("dash_clientside.state.shown.join() === '-1,1'")
    set_axis()
    page.driver.get(page.server.url)
    page.wait("window.dash_clientside?.state?.view")
    assert page.read("dash_clientside.state.shown") == [-1, 1]
    assert page.read("document.getElementById('axis-low').value") == ""
