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

MOST_EPOCHS = 100_000
STALE = "getComputedStyle(document.querySelector('.traceonline')).opacity === '0.35'"


def test_lost_connection_shows_keeps_the_clicks_and_catches_up(page: DashPage) -> None:
    clicks_are_kept_until_the_connection_is_back(page)
    deferred_drawing_waits_for_an_answer_on_its_way(page)
    page.severe_logs()  # of requests without a network


def clicks_are_kept_until_the_connection_is_back(page: DashPage) -> None:
    page.click(-0.5, 0.5)
    page.settle()
    page.network(online=False)
    try:
        page.click(0.1, 0.2, 0.3)
        page.wait("document.querySelectorAll('.dot').length === 3")
        page.wait(STALE)  # the old curve is shown as old
        page.wait_text("sentence", "connection to the server is lost")
        assert "3 points wait" in page.text("sentence-detail")
        page.severe_logs()
        page.key("k")
        page.wait_message("This needs the server")
        page.pass_time(300)  # Dash would have asked it
        assert not [each for each in page.severe_logs() if "Callback failed" in each]
    finally:
        page.network(online=True)
    page.wait_text("connection", "connected")
    page.wait("dash_clientside.state.view.n_points === 5")
    page.settle()
    np.testing.assert_allclose(page.points, [-0.5, 0.5, 0.1, 0.2, 0.3], atol=0.004)
    assert "5 points learned online" in page.wait_text("sentence", "5 points")


def deferred_drawing_waits_for_an_answer_on_its_way(page: DashPage) -> None:
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


def test_page_polls_where_all_streams_are_taken_and_recovers_after_a_restart(
    chromium: Browser, tmp_path: Path
) -> None:
    config = dataclasses.replace(Config(), data_dir=tmp_path, port=0, threads=9)
    page = DashPage(chromium.driver, Server(config))
    try:
        with page.server.sessions.watch.listener("somebody else's", at_most=1) as admitted:
            assert admitted
            page.open()
            page_polls_calmly_where_all_streams_are_taken(page)
        listeners = page.server.sessions.watch._listeners
        page.until(lambda: listeners[page.session_id] == 1, "the stream that has become free")
        page_recovers_when_the_server_was_restarted(page, config)
    finally:
        page.server.stop()


def page_polls_calmly_where_all_streams_are_taken(page: DashPage) -> None:
    page.script(
        "const at = document.getElementById('page'); window.told = [];"
        "new MutationObserver(() => told.push(at.dataset.connection))"
        ".observe(at, {attributeFilter: ['data-connection']});"
        "performance.clearResourceTimings();"
    )
    page.server.sessions.add(page.session_id, [0.3, 0.6])
    page.wait("dash_clientside.state.view.n_points === 2")
    asked = "performance.getEntriesByType('resource').filter((e) => /events$/.test(e.name))"
    page.wait(f"{asked}.length >= 2")
    assert page.read("told") == []
    assert page.text("connection") == "connected"


def page_recovers_when_the_server_was_restarted(page: DashPage, config: Config) -> None:
    page.click(-0.5, 0.5)
    page.settle()
    page.server.stop()
    page.wait_text("connection", "lost")
    page.click(0.1)
    page.server = Server(config, page.server.port)
    page.wait_text("connection", "connected")
    page.wait("dash_clientside.state.view.n_points === 5")
    page.settle()
    np.testing.assert_allclose(page.points, [0.3, 0.6, -0.5, 0.5, 0.1], atol=0.004)


def test_model_of_earlier_points_and_losses_of_an_earlier_run_look_old(page: DashPage) -> None:
    points_are_there_again_after_a_reload(page)
    page.begin_anew()
    losses_of_the_run_before_look_old_until_the_first_new_one(page)


def points_are_there_again_after_a_reload(page: DashPage) -> None:
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


def losses_of_the_run_before_look_old_until_the_first_new_one(page: DashPage) -> None:
    line = "getComputedStyle(document.querySelector('#scratch-loss-chart .js-line')).opacity"
    page.add(-0.6, 0.5, -0.52, 0.44, -0.57, 0.55)
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


def test_refusals_and_errors_are_shown_where_they_arose(
    page: DashPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal_is_shown_where_it_arose_and_clears_itself(page)
    page.begin_anew()
    internal_error_of_a_command_is_shown(page, monkeypatch)
    page.begin_anew()
    refused_training_is_explained_at_the_control_of_its_field(page)


def refusal_is_shown_where_it_arose_and_clears_itself(page: DashPage) -> None:
    page.key("p")
    assert "no point to train on" in page.wait_text("problem", "no point")
    page.click(0.2)
    page.settle()
    page.wait("document.getElementById('problem').innerText === ''", what="the refusal goes")
    page.open_memory()
    page.slide("half-life", 6)
    page.wait("dash_clientside.state.view.half_life === 10")
    page.click(0.2, button="right")
    page.wait_message("With forgetting, no single point can be taken out.")
    page.settle()
    assert page.points.size == 1


def internal_error_of_a_command_is_shown(page: DashPage, monkeypatch: pytest.MonkeyPatch) -> None:
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


def refused_training_is_explained_at_the_control_of_its_field(page: DashPage) -> None:
    page.choose("method", "adam")
    page.script("dash_clientside.set_props('epochs', {value: arguments[0]})", MOST_EPOCHS)
    page.wait(f"dash_clientside.state.epochs === {MOST_EPOCHS}")
    for part in np.random.default_rng(5).normal(size=(4, 100_000)):
        page.server.sessions.add(page.session_id, part)
    page.wait("dash_clientside.state.view.n_points === 400000")
    page.key("p")
    page.wait_text("epochs-problem", "points x components x epochs")
    assert page.text("problem") == ""
    under = "document.getElementById('epochs-problem').getBoundingClientRect().top"
    assert page.read(f"{under} - document.getElementById('epochs').getBoundingClientRect().top") > 0
    page.key("c")
    page.wait("document.getElementById('epochs-problem').innerText === ''")
