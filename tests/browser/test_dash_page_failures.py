"""What the page shows when things go wrong: it says so, keeps what was done, and catches up."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from dash.testing.browser import Browser
from dash_page import DashPage
from page_server import Server

from dash_app.config import Config

pytestmark = pytest.mark.browser

STALE = "getComputedStyle(document.querySelector('.traceonline')).opacity === '0.35'"


def test_lost_connection_shows_keeps_the_clicks_and_catches_up(
    chromium: Browser, page_server: Server
) -> None:
    page = DashPage(chromium.driver, page_server).open()
    page.click(-0.5, 0.5)
    page.settle()
    page.network(online=False)
    try:
        page.click(0.1, 0.2, 0.3)
        page.wait("document.querySelectorAll('.dot.coming').length === 3")
        page.wait(STALE)  # the old curve is shown as old
        page.wait_text("sentence", "connection to the server is lost")
        assert "3 points wait" in page.text("sentence-detail")
    finally:
        page.network(online=True)
    page.wait_text("connection", "connected")
    page.wait("dash_clientside.state.view.n_points === 5")
    page.settle()
    np.testing.assert_allclose(page.points, [-0.5, 0.5, 0.1, 0.2, 0.3], atol=0.004)
    assert "5 points learned online" in page.wait_text("sentence", "5 points")


def test_deferred_drawing_waits_for_an_answer_on_its_way(
    chromium: Browser, page_server: Server
) -> None:
    page = DashPage(chromium.driver, page_server).open()
    page.network(online=False)
    try:
        page.click(0.1)
        page.wait("dash_clientside.state.outbox.busy")
        page.defer(20, 400)
        assert page.wait("ran") >= 800  # but not for ever, since it may never come
        page.defer(20, 60_000)
        page.pass_time(200)
        assert page.read("ran") is None
    finally:
        page.network(online=True)
    page.settle()
    page.wait("ran")


def test_page_recovers_when_the_server_was_restarted(chromium: Browser, tmp_path: Path) -> None:
    config = dataclasses.replace(Config(), data_dir=tmp_path, port=0)
    server = Server(config)
    page = DashPage(chromium.driver, server).open()
    page.click(-0.5, 0.5)
    page.settle()
    server.stop()
    page.wait_text("connection", "lost")
    page.click(0.1)
    page.server = Server(config, server.port)
    page.wait_text("connection", "connected")
    page.wait("dash_clientside.state.view.n_points === 3")
    page.settle()
    np.testing.assert_allclose(page.points, [-0.5, 0.5, 0.1], atol=0.004)
    page.server.stop()


def test_page_polls_calmly_where_all_streams_are_taken(chromium: Browser, tmp_path: Path) -> None:
    server = Server(dataclasses.replace(Config(), data_dir=tmp_path, port=0, threads=9))
    try:
        with server.sessions.watch.listener("somebody else's", at_most=1) as admitted:
            assert admitted
            page = DashPage(chromium.driver, server).open()
            page.script(
                "const at = document.getElementById('page'); window.told = [];"
                "new MutationObserver(() => told.push(at.dataset.connection))"
                ".observe(at, {attributeFilter: ['data-connection']});"
                "performance.clearResourceTimings();"
            )
            server.sessions.add(page.session_id, [0.3, 0.6])
            page.wait("dash_clientside.state.view.n_points === 2")
            asked = "performance.getEntriesByType('resource').filter((e) => /events$/.test(e.name))"
            page.wait(f"{asked}.length >= 2")
            assert page.read("told") == []
            assert page.text("connection") == "connected"
    finally:
        server.stop()


def test_points_are_there_again_after_a_reload(page: DashPage) -> None:
    page.click(-0.5, 0.5)
    page.key("p")
    page.wait("dash_clientside.state.scratchCurrent()")
    page.click(0.1)
    page.settle()
    page.open(fresh=False)
    page.settle()
    np.testing.assert_allclose(page.drawn_points(), [-0.5, 0.5, 0.1], atol=0.004)
    page.wait_text("sentence", "it has seen 2 points, now there are 3")
    page.race_ends()
    assert page.read("dash_clientside.race.records.get('summary').at(-1).n_points") == 3


def test_refusal_is_shown_where_it_arose_and_clears_itself(page: DashPage) -> None:
    page.key("p")
    assert "no point to train on" in page.wait_text("problem", "no point")
    page.click(0.2)
    page.settle()
    page.until(lambda: page.text("problem") == "", "the refusal goes when its cause has gone")
    page.open_memory()
    page.slide("half-life", 6)
    page.wait("dash_clientside.state.view.half_life === 10")
    page.click(0.2, button="right")
    page.wait_message("With forgetting, no single point can be taken out.")
    page.settle()
    assert page.points.size == 1


def test_internal_error_of_a_command_is_shown(
    page: DashPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(type(page.server.sessions), "undo", broken)
        page.click(0.2)
        page.settle()
        page.key("u")
        page.wait_text("problem", "the server failed at this request; its log says why")
        (logged,) = page.severe_logs()
        assert "/page/perform" in logged
        assert "500" in logged
    page.click(0.4)
    page.settle()
    assert page.points.size == 2


def test_losses_of_the_run_before_look_old_until_the_first_new_one(page: DashPage) -> None:
    line = "getComputedStyle(document.querySelector('#scratch-loss-chart .js-line')).opacity"
    page.play("two-clumps", 40)
    page.key("p")
    page.wait("dash_clientside.state.scratchCurrent()")
    page.wait(f"document.querySelector('#scratch-loss-chart .js-line') && {line} === '1'")
    page.script(  # as when a run has begun that has no loss to tell yet
        """
        const {state, show} = dash_clientside;
        state.follow({...state.run, id: 'next', serial: state.run.serial + 1, status: 'running',
            losses: []});
        show.all();
        """
    )
    page.wait(f"{line} === '0.35'")
    page.script("dash_clientside.state.losses = [-0.1]; dash_clientside.show.loss();")
    page.wait(f"{line} === '1'")
