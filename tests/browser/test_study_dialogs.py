"""The dialogs that study the points: how many components, and whether the order matters."""

from __future__ import annotations

import dataclasses
import threading
from typing import Any

import numpy as np
import pytest
from dash_page import DashPage
from selenium.webdriver.common.keys import Keys

from dash_app.ui.orders import ORDERS, share

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("no_rests")]

CLOSE = "[role=dialog] button[aria-label=Close]"


def trace(chart: str, uid: str) -> str:
    """Return the JavaScript of what Plotly has drawn for a trace."""
    return f"document.querySelector('#{chart} .js-plotly-plot')?.data.find(t => t.uid === '{uid}')"


def choose(page: DashPage, item: str) -> None:
    page.press("compare")
    page.wait(f"document.getElementById('{item}').checkVisibility()")
    page.press(item)


def test_number_of_components_is_studied_and_taken_by_a_button_or_a_click(page: DashPage) -> None:
    too_few_points_say_what_was_expected(page)
    page.begin_anew()
    criteria_are_drawn_and_their_best_is_marked(page)
    button_takes_the_number_of_its_criterion(page)
    page.begin_anew()
    click_on_a_number_takes_it(page)
    points_of_another_tab_make_the_criteria_old(page)


def close(page: DashPage) -> None:
    page.driver.find_element("css selector", CLOSE).click()
    page.wait("document.querySelector('[role=dialog]') === null")


def too_few_points_say_what_was_expected(page: DashPage) -> None:
    page.add(0.1, 0.2)
    page.key("k")
    page.wait_text("selection-note", "expected at least 5 points, got 2")
    page.wait("!document.getElementById('selection-chart').innerText.includes('Computing')")
    assert page.read("document.getElementById('take-bic').disabled")
    page.script("document.activeElement.blur()")
    page.driver.switch_to.active_element.send_keys("c", "4")  # keys act on the dialog alone
    close(page)
    page.key("2")
    page.wait("dash_clientside.state.view.n_components === 2")
    assert page.points.size == 2


def criteria_are_drawn_and_their_best_is_marked(page: DashPage) -> None:
    page.play("two-clumps", 40)
    choose(page, "selection-open")
    page.wait(f"{trace('selection-chart', 'selection-bic')}?.x.length === 10", 60)
    found = page.server.sessions.selections.of(page.session_id).selection
    for name, best in found.best.items():
        drawn = trace("selection-chart", f"selection-{name}")
        sizes = page.read(f"[...{drawn}.marker.size]")
        assert sizes.index(max(sizes)) + 1 == best
        assert page.read(f"{drawn}.y[{best - 1}]") == 0
        assert page.text(f"take-{name}".replace("_", "-")).startswith(str(best))
    said = page.text("selection-note")
    assert (
        said
        == (found.reason or f"All four take {found.best['bic']}.") + " Computed from 40 points."
    )
    assert page.read(f"{trace('selection-chart', 'selection-now')}.x[0]") == 2
    with page.screen(330, 740):  # a phone's 360 px without two scrollbars
        page.wait("innerWidth === 330")
        body = "document.getElementById('selection-body')"
        page.wait(f"{body}.scrollWidth === {body}.clientWidth", 3)
    close(page)


def button_takes_the_number_of_its_criterion(page: DashPage) -> None:
    page.key("7")
    page.wait("dash_clientside.state.view.n_components === 7")
    page.settle()
    page.key("k")
    page.wait("!document.getElementById('take-bic')?.disabled", 60)
    page.wait("document.getElementById('take-bic').innerText !== '\u2013'", 60)
    wanted = int(page.text("take-bic").split()[0])
    assert wanted != 7
    page.press("take-bic")
    page.wait(f"dash_clientside.state.view.n_components === {wanted}")
    page.driver.find_element("css selector", CLOSE).click()
    page.wait_text("n-components-value", str(wanted))


def click_on_a_number_takes_it(page: DashPage) -> None:
    page.add(*np.random.default_rng(6).normal([-0.6, 0.0, 0.6], 0.06, (15, 3)).ravel())
    page.key("5")
    page.wait("dash_clientside.state.view.n_components === 5")
    page.settle()
    page.key("k")
    drawn = trace("selection-chart", "selection-bic")
    page.wait(f"{trace('selection-chart', 'selection-now')}?.x[0] === 5", 60)
    page.wait(f"{drawn}?.x.length === 10", 60)
    at = page.script(
        """
        const gd = document.querySelector('#selection-chart .js-plotly-plot');
        const {xaxis, yaxis} = gd._fullLayout, box = gd.getBoundingClientRect();
        const bic = gd.data.find(t => t.uid === 'selection-bic');
        const low = bic.x.slice(0, 6).reduce((k, x) => bic.y[x - 1] < bic.y[k - 1] ? x : k, 1);
        return [box.left + xaxis._offset + xaxis.c2p(low),
                box.top + yaxis._offset + yaxis.c2p(bic.y[low - 1]), low];
        """
    )
    wanted = at.pop()
    assert wanted != 5
    page.mouse("mouseMoved", at)
    page.wait("document.querySelector('#selection-chart .hoverlayer').childElementCount > 0")
    page.mouse("mousePressed", at, button="left", clickCount=1)
    page.mouse("mouseReleased", at, button="left", clickCount=1)
    page.wait(f"dash_clientside.state.view.n_components === {wanted}")
    page.wait(f"{trace('selection-chart', 'selection-now')}.x[0] === {wanted}")


def points_of_another_tab_make_the_criteria_old(page: DashPage) -> None:
    again = "document.getElementById('selection-again').checkVisibility({visibilityProperty: true})"
    page.settle()
    assert not page.read(again)  # a number that was taken changes no criterion
    page.add(0.1, 0.2)
    page.wait(again)
    page.press("selection-again")
    page.wait_text("selection-note", "Computed from 47 points.")
    page.wait(f"!{again}")
    page.server.sessions.configure(page.session_id, half_life=20.0)
    page.wait(again)
    page.press("selection-again")
    page.wait_text("selection-note", "half-life")
    page.server.sessions.undo(page.session_id)
    page.wait(again)  # a refusal gets old too
    page.press("selection-again")
    page.wait_text("selection-note", "Computed from 47 points.")
    close(page)


def test_orders_and_shuffles_show_where_learners_end_or_say_why_not(page: DashPage) -> None:
    refused_orders_are_a_refusal_and_no_training(page)
    page.begin_anew()
    a_slow_learner_shows_how_far_it_is(page)
    page.begin_anew()
    orders_show_where_a_learner_ends(page)
    shuffles_of_every_learner_shown_come_one_after_the_other(page)
    components_of_another_tab_make_the_orders_old(page)


def refused_orders_are_a_refusal_and_no_training(page: DashPage) -> None:
    page.server.sessions.configure(page.session_id, half_life=20.0)
    page.add(-0.4, 0.1, 0.6)
    page.press("compare")
    page.driver.find_element("id", "orders-open").send_keys(Keys.ENTER)
    page.wait_text("orders-note", "half-life")
    for chart in ("orders-chart", "shuffles-chart"):
        page.wait(f"!document.getElementById('{chart}').innerText.includes('Training')")
    page.key(Keys.ESCAPE)
    page.wait("document.activeElement.id === 'compare'")  # from where it was opened


def orders_show_where_a_learner_ends(page: DashPage) -> None:
    page.play("two-clumps", 40)
    choose(page, "compare-stepwise-em")
    page.wait("dash_clientside.race.racing.includes('stepwise_em')")
    page.press("orders-open")
    page.wait_text("orders-note", "Stepwise EM: 15 trainings", 90)
    rows = page.read(
        "[...document.querySelectorAll('#orders-table tbody tr')].map("
        "row => [...row.cells].map(cell => cell.innerText))"
    )
    assert [row[0] for row in rows] == [label for label, _ in ORDERS.values()]
    curves = [page.read(f"{trace('orders-chart', f'orders-{order}')}.y") for order in ORDERS]
    low = page.read(f"{trace('orders-chart', 'orders-low')}.y")
    high = page.read(f"{trace('orders-chart', 'orders-band')}.y")
    for curve in curves:
        assert all(a - 1e-9 <= y <= b + 1e-9 for a, y, b in zip(low, curve, high))
    assert max(high) > 1.2 * max(low)  # the order matters for this learner


def a_slow_learner_shows_how_far_it_is(page: DashPage) -> None:
    orders, fourth = page.server.sessions.orders, threading.Event()
    of = orders.of

    def slowly(*arguments: Any, part: slice) -> Any:
        if part.start == 3:
            fourth.wait(60)
        return dataclasses.replace(of(*arguments, part=part), time_s=9.0)

    page.add(-0.4, 0.1, 0.6)
    orders.of = slowly
    try:
        page.press("compare")
        page.press("orders-open")
        page.wait_text("orders-note", "3 of 15 trainings are done", 60)
        assert page.read("document.querySelectorAll('#orders-table tbody tr').length") == 3
        fourth.set()
        page.wait_text("orders-note", "15 trainings on the same points", 60)
    finally:
        fourth.set()
        orders.of = of
    no_text_is_cut_on_a_phone(page)
    close(page)


def no_text_is_cut_on_a_phone(page: DashPage) -> None:
    with page.screen(360, 740):
        page.wait("innerWidth === 360")
        beyond = """(() => {
            const chart = document.getElementById('shuffles-chart').getBoundingClientRect();
            return [...document.querySelectorAll('#shuffles-chart text')]
                .filter((text) => text.getBoundingClientRect().right > chart.right + 1).length;
        })()"""
        page.wait("document.querySelector('#shuffles-chart .main-svg').clientWidth < 340")
        page.wait(f"{beyond} === 0", 3)


def shuffles_of_every_learner_shown_come_one_after_the_other(page: DashPage) -> None:
    dots = trace("shuffles-chart", "orders-shuffles")
    page.wait(f"{dots}?.x.length === 20", 90)
    named = page.read(f"{dots}.y")
    assert len(set(named)) == 2
    far = page.read(f"{dots}.x.filter((x, k) => {dots}.y[k] === 'Stepwise EM')")
    ours = page.read(f"{dots}.x.filter((x, k) => {dots}.y[k] === 'Online')")
    assert len(far) == len(ours) == 10
    assert max(ours) < 0.001 < max(far)
    circles = "document.querySelectorAll('#shuffles-chart .points path').length"
    page.wait(f"{circles} === 22")  # with a diamond a learner
    arrival = page.read(f"{trace('shuffles-chart', 'orders-came')}.x[0]")
    first = "document.querySelector('#orders-table tbody td').innerText"
    assert page.read(first) == share(arrival)


def components_of_another_tab_make_the_orders_old(page: DashPage) -> None:
    again = "document.getElementById('orders-again').checkVisibility({visibilityProperty: true})"
    assert "Computed from 40 points, with 2 components." in page.text("orders-note")
    assert not page.read(again)
    page.server.sessions.configure(page.session_id, n_components=1)
    page.wait(again)
    page.press("orders-again")
    page.wait_text("orders-note", "Computed from 40 points, with 1 component.", 60)
    page.wait(f"!{again}")
    close(page)
