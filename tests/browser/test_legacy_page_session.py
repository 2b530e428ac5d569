"""The exercise's page and its session: reloads, other browsers, and a server that is away."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest
from dash.testing.browser import Browser
from legacy_page import (
    MAX_DISTANCE,
    PROVIDED_PAGE,
    THREE_IN_ALTERNATION,
    TWO_CLUMPS,
    LegacyPage,
    distance_to_best,
)
from page_server import Server

from dash_app.config import Config

pytestmark = pytest.mark.browser


def test_two_browsers_do_not_see_each_others_points(
    browser: Browser, another_chromium: Browser, serve: Callable[..., Server]
) -> None:
    url = serve(PROVIDED_PAGE).url
    one, other = LegacyPage(browser.driver, url), LegacyPage(another_chromium.driver, url)
    for position in TWO_CLUMPS[:4]:
        one.click(position)
        other.click(-position, position / 2)
        one.draw()
        other.draw()
    assert one.parameters()["n_points"] == 4
    assert other.parameters()["n_points"] == 8
    assert one.parameters()["session"] != other.parameters()["session"]
    assert distance_to_best(one.draw(), one.points, 2) < MAX_DISTANCE
    assert distance_to_best(other.draw(), other.points, 2) < MAX_DISTANCE


def test_points_beyond_the_axis_are_counted_by_themselves(
    browser: Browser, serve: Callable[..., Server]
) -> None:
    server = serve()
    page = LegacyPage(browser.driver, server.url)
    page.click(0.5)
    page.wait_for(lambda: page.text("summary").startswith("1 point, online"))
    server.sessions.add(page.parameters()["session"], [-3.0, 0.2, 1.5])
    page = LegacyPage(browser.driver, server.url)
    page.wait_for(lambda: page.text("summary").startswith("4 points (2 beyond the axis), online"))


def test_points_come_back_after_a_reload(browser: Browser, serve: Callable[..., Server]) -> None:
    server = serve()
    page = LegacyPage(browser.driver, server.url)
    page.slide("n_components", 3)
    page.click(*THREE_IN_ALTERNATION)
    page.wait_for(lambda: page.text("summary").startswith("12 points"))
    session, clicked = page.parameters()["session"], page.points
    revision = server.sessions.view(session).revision
    page = LegacyPage(browser.driver, server.url)
    line = page.wait_for_line()
    assert page.points == pytest.approx(clicked, abs=1e-6)
    assert page.text("n_components_label") == "Number of components: 3"
    assert distance_to_best(line, page.points, 3) < MAX_DISTANCE
    assert server.sessions.view(session).revision == revision
    page.click(0.3)
    page.wait_for(lambda: page.text("summary").startswith("13 points, online"))
    assert page.parameters()["session"] == session
    assert server.sessions.view(session).revision == revision + 1  # continued, not begun anew
    page.press("c")
    page.wait_for(lambda: server.sessions.view(session).n_points == 0)
    page = LegacyPage(browser.driver, server.url)
    page.click(0.1)
    page.wait_for(lambda: page.text("summary").startswith("1 point,"))
    assert page.count(".point") == 1
    assert browser.get_logs() == []


def test_clicks_before_the_points_are_back_follow_them(
    browser: Browser, serve: Callable[..., Server]
) -> None:
    server = serve()
    page = LegacyPage(browser.driver, server.url)
    page.click(*TWO_CLUMPS[:4])
    page.wait_for(lambda: page.text("summary").startswith("4 points"))
    session, clicked = page.parameters()["session"], list(page.points)
    with server.sessions._operations._live.hold(session):  # the points are not back yet
        page = LegacyPage(browser.driver, server.url)
        page.click(0.8)
        assert page.points == pytest.approx([0.8], abs=0.01)
    page.wait_for(lambda: page.text("summary").startswith("5 points, online"))
    assert page.points == pytest.approx([*clicked, 0.8], abs=0.01)
    assert server.sessions.points(session) == pytest.approx(page.points, abs=1e-6)


def test_tabs_of_a_browser_show_and_send_the_same_points(
    browser: Browser, serve: Callable[..., Server]
) -> None:
    server = serve()
    driver = browser.driver
    page = LegacyPage(driver, server.url)
    page.click(-0.5, -0.4)
    page.wait_for(lambda: page.text("summary").startswith("2 points"))
    session, first = page.parameters()["session"], driver.current_window_handle
    driver.switch_to.new_window("tab")
    second = driver.current_window_handle
    try:
        page = LegacyPage(driver, server.url)
        page.wait_for(lambda: page.points.size == 2)
        page.click(0.8)
        driver.switch_to.window(first)
        page.wait_for(lambda: page.points.size == 3)
        page.click(0.7)
        page.slide("n_components", 3)
        page.wait_for(lambda: page.text("summary").startswith("4 points"))
        driver.switch_to.window(second)
        page.wait_for(lambda: page.text("n_components_label") == "Number of components: 3")
        line = page.wait_for_line()
        assert page.points == pytest.approx([-0.5, -0.4, 0.8, 0.7], abs=0.01)
        assert distance_to_best(line, page.points, 3) < MAX_DISTANCE
        assert server.sessions.points(session) == pytest.approx(page.points, abs=1e-6)
        page.press("c")
        driver.switch_to.window(first)
        page.wait_for(lambda: page.text("summary") == "No points yet.")
        assert page.count(".point") == page.count("path.drawn-line") == 0
        page.press("p")
        page.wait_for(lambda: "no point to train on" in page.text("message"))
        assert server.sessions.view(session).n_points == 0
        assert browser.get_logs() == []
    finally:
        driver.switch_to.window(second)
        driver.close()
        driver.switch_to.window(first)


def test_points_clicked_before_those_of_another_tab_are_there_follow_them(
    browser: Browser, serve: Callable[..., Server]
) -> None:
    server = serve()
    driver = browser.driver
    page = LegacyPage(driver, server.url)
    page.click(-0.5)
    page.wait_for(lambda: page.text("summary").startswith("1 point,"))
    session, first = page.parameters()["session"], driver.current_window_handle
    with server.sessions._operations._live.hold(session):  # nothing is answered meanwhile
        page.click(0.2)
        driver.switch_to.new_window("tab")
        page = LegacyPage(driver, server.url)
        page.wait_for(lambda: page.points.size == 2)  # the server has only one
        page.click(0.8)
    try:
        page.wait_for(lambda: page.text("summary").startswith("3 points"))
        assert server.sessions.points(session) == pytest.approx([-0.5, 0.2, 0.8], abs=0.01)
    finally:
        driver.close()
        driver.switch_to.window(first)
    page.wait_for(lambda: page.text("summary").startswith("3 points"))
    assert page.points == pytest.approx([-0.5, 0.2, 0.8], abs=0.01)


@pytest.mark.parametrize("n_components", [1, 12])
def test_a_number_of_components_beyond_the_slider_is_kept_over_a_reload(
    browser: Browser, serve: Callable[..., Server], n_components: int
) -> None:
    server = serve()
    page = LegacyPage(browser.driver, server.url)
    page.click(-0.5, 0.5)
    page.wait_for(lambda: page.text("summary").startswith("2 points"))
    session = page.parameters()["session"]
    server.sessions.configure(session, n_components=n_components)
    revision = server.sessions.view(session).revision
    page = LegacyPage(browser.driver, server.url)
    page.wait_for(lambda: page.text("summary").startswith("2 points"))
    assert page.text("n_components_label") == f"Number of components: {n_components}"
    assert server.sessions.view(session).revision == revision


def test_a_refusal_is_said_on_the_page_and_goes_away(
    browser: Browser, serve: Callable[..., Server]
) -> None:
    page = LegacyPage(browser.driver, serve().url)
    page.press("p")
    no_points = "There is no point to train on yet: click on the axis first."
    page.wait_for(lambda: page.text("message") == no_points)
    assert browser.get_logs() == []  # nothing was asked: a refused request is in the console
    page.click(0.5)
    page.wait_for(lambda: page.script("return document.getElementById('message').hidden"))
    page.script("const {epochs} = document.forms[0]; epochs.max = 1e9; epochs.value = 1e8;")
    page.press("p")
    page.wait_for(lambda: "Not trained: expected 1 <= epochs" in page.text("message"))
    page.slide("epochs", 300)
    page.press("p")
    page.wait_for(lambda: page.script("return document.getElementById('message').hidden"))


def test_a_restart_of_the_server_loses_no_click(browser: Browser, config: Config) -> None:
    server = Server(config)
    page = LegacyPage(browser.driver, server.url)
    page.click(*TWO_CLUMPS[:4])
    page.wait_for(lambda: page.text("summary").startswith("4 points"))
    session = page.parameters()["session"]
    server.stop()
    page.click(*TWO_CLUMPS[4:-1])
    page.press("p")
    page.wait_for(lambda: "The server is away" in page.text("message"))
    page.click(TWO_CLUMPS[-1])  # p still waits, and is not forgotten over it
    server = Server(config, server.port)
    try:
        line = page.wait_for_line()
        page.wait_for(lambda: page.script("return document.getElementById('message').hidden"))
        assert distance_to_best(line, page.points, 2) < MAX_DISTANCE
        answer = page.parameters()
        assert (answer["session"], answer["n_points"]) == (session, 10)
    finally:
        server.stop()


def test_a_busy_server_is_told_from_one_that_is_away(browser: Browser, config: Config) -> None:
    server = Server(config)
    page = LegacyPage(browser.driver, server.url)
    page.click(TWO_CLUMPS[0])
    page.wait_for(lambda: page.text("summary").startswith("1 point,"))
    other_program = sqlite3.connect(config.data_dir / "sessions.sqlite3", isolation_level=None)
    try:
        other_program.execute("BEGIN IMMEDIATE")
        page.click(*TWO_CLUMPS[1:])
        page.wait_for(lambda: "another program holds the store" in page.text("message"))
        assert "The points are kept; trying again in 1 s." in page.text("message")
        assert "away" not in page.text("message")
        other_program.execute("ROLLBACK")
        page.wait_for(lambda: page.text("summary").startswith("10 points, online"))
        page.wait_for(lambda: page.script("return document.getElementById('message').hidden"))
    finally:
        other_program.close()
        server.stop()
