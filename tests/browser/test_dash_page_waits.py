"""What the page shows while the server cannot carry out yet what it is asked for."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from dash.testing.browser import Browser
from dash_page import DashPage
from page_server import Server

from dash_app.admission.turns import n_processors
from dash_app.config import Config
from dash_app.database.run_table import RunTable
from dash_app.errors import StoreError
from dash_app.store import Store

pytestmark = pytest.mark.browser

NOTE_SENTENCES = """
window.said = [];
const sentence = document.getElementById('sentence');
new MutationObserver(() => said.push(sentence.textContent))
    .observe(sentence, {childList: true, characterData: true, subtree: true});
"""
"""Every sentence that the page says, also one that is gone quickly."""


QUICK_TRAINING = """
const {EventSource: Real, fetch: send} = window;
window.EventSource = function (address) {
    const source = new Real(address), add = source.addEventListener.bind(source);
    const late = ({data, lastEventId}) =>
        ({data: data.replace(/"status":"[a-z]+"/, '"status":"done"'), lastEventId});
    source.addEventListener = (name, handle) =>
        add(name, name === 'started' ? (event) => handle(late(event)) : handle);
    return source;
};
Object.assign(window.EventSource, {OPEN: Real.OPEN, CLOSED: Real.CLOSED});
window.fetch = (...request) => send(...request).then((answer) => new Promise((resolve) =>
    setTimeout(resolve, request[0] === 'page/perform' ? 500 : 0, answer)));
window.dispatchEvent(new Event('pagehide'));  // the stream is opened again
document.dispatchEvent(new Event('visibilitychange'));
"""
"""The beginning of each run is told when it has ended, and before the answer to its command."""


def store_file(config: Config) -> Path:
    (found,) = config.data_dir.glob("*.sqlite3")
    return found


def test_clicks_wait_while_the_store_is_held_and_for_a_restart_when_it_was_removed(
    chromium: Browser, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = DashPage(chromium.driver, Server(config)).open()
    try:
        clicks_wait_while_another_program_holds_the_store(page, config)
        click_is_sent_again_with_the_return_of_the_stream(page, monkeypatch)
        page.begin_anew()
        clicks_wait_for_a_restart_when_the_store_was_removed(page, config)
    finally:
        page.server.stop()


def clicks_wait_while_another_program_holds_the_store(page: DashPage, config: Config) -> None:
    page.click(-0.5)
    page.settle()
    page.script(NOTE_SENTENCES)
    other = sqlite3.connect(store_file(config), isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        page.click(0.1)
        page.wait_text("sentence", "The server is busy: 1 point waits and is sent again.")
        page.click(0.2, 0.3)
        page.wait_text("sentence", "The server is busy: 3 points wait and are sent again.")
        page.wait("dash_clientside.state.hindrance.message.includes('another program holds')")
        page.wait_text("connection", "retrying")
        assert page.text("problem") == ""
        other.execute("ROLLBACK")
    finally:
        other.close()
    page.wait("dash_clientside.state.view.n_points === 4")
    page.settle()
    np.testing.assert_allclose(page.points, [-0.5, 0.1, 0.2, 0.3], atol=0.004)
    np.testing.assert_allclose(page.drawn_points(), page.points, atol=1e-4)
    page.wait_text("sentence", "4 points learned online")
    page.wait_text("connection", "connected")
    assert not [said for said in page.read("said") if "lost" in said]


def click_is_sent_again_with_the_return_of_the_stream(
    page: DashPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise StoreError("the store is away")

    page.script("performance.clearResourceTimings()")
    with monkeypatch.context() as patched:
        patched.setattr(Store, "append", away)
        patched.setattr(RunTable, "since", away)
        page.server.sessions.watch.changed(page.session_id)  # its stream looks for news, and ends
        page.wait("performance.getEntriesByType('resource').some((e) => e.name.endsWith('events'))")
        page.click(0.4)
        page.wait_text("sentence", "The server cannot save: 1 point waits and is sent again.")
        page.script("clearTimeout(dash_clientside.state.outbox._timer)")  # as in a long pause
    page.wait("dash_clientside.state.view.n_points === 5")
    page.settle()


def clicks_wait_for_a_restart_when_the_store_was_removed(page: DashPage, config: Config) -> None:
    page.click(-0.5, 0.5)
    page.settle()
    for file in config.data_dir.glob("*.sqlite3*"):
        file.unlink()
    page.click(0.1)
    page.wait_text("sentence", "The server cannot save: 1 point waits and is sent again.")
    assert "was removed" in page.text("sentence-detail")
    assert "start the server again" in page.text("sentence-detail")
    page.click(0.2)
    page.wait_text("sentence", "2 points wait")
    page.server.stop()
    page.server = Server(config, page.server.port)
    page.wait("dash_clientside.state.view.n_points === 4")
    page.settle()
    np.testing.assert_allclose(page.points, [-0.5, 0.5, 0.1, 0.2], atol=0.004)
    page.wait_text("sentence", "4 points learned online")


def test_queued_training_is_told_and_its_replacement_ends_well(page: DashPage) -> None:
    page.add(-0.6, 0.5, -0.52, 0.44)
    page.wait_text("sentence", "4 points learned online")
    page.script(NOTE_SENTENCES)
    sessions = page.server.sessions
    another = sessions.create().id
    sessions.add(another, [-1.0, 0.0, 1.0])
    turns = sessions.races.turns
    others = [turns.enter(object()) for _ in range(n_processors())]
    try:
        assert all(turns.wait(other, 10) for other in others)
        sessions.trainings.train(another, wait=False)
        page.key("p", "p")
        page.wait("said.includes('Training from scratch is queued: 1 before it.')")
        page.until(
            lambda: len(sessions.trainings.runs_since(page.session_id, 0)) == 2,
            "the second training",
        )
    finally:
        for other in others:
            turns.leave(other)
    page.wait("dash_clientside.state.scratchCurrent()")
    page.settle()
    page.wait_text("sentence", "Online and from scratch")
    assert "queued" in page.read("said[0]")  # and no pass of a run that waits
    first, second = sessions.trainings.runs_since(page.session_id, 0)
    assert (first.status, second.status) == ("cancelled", "done")
    assert page.read("dash_clientside.state.run.id") == second.id
    page.wait_text("train", "Train from scratch")


def test_end_of_a_training_is_told_that_ended_before_its_beginning_was(page: DashPage) -> None:
    for x in (-0.5, 0.4, 0.5):
        page.click(x)
    page.settle()
    page.script(QUICK_TRAINING)
    page.wait("dash_clientside.state.connection === 'live'")
    page.key("p")
    page.wait_text("announcement", "Training from scratch is done.")
    page.wait("'from scratch' in dash_clientside.state.timings")
    page.settle()
