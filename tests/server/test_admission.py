"""Sessions under load: trainings that work, wait or are refused."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from dash_app.admission import turns
from dash_app.admission.client import Client
from dash_app.config import Config
from dash_app.errors import BudgetError, BusyError, OutOfRangeError
from dash_app.events import Feed
from dash_app.learning import fit_from_scratch
from dash_app.sessions import Sessions
from dash_app.store import Store
from dash_app.training import reporter, runs
from dash_app.training.reporter import Reporter
from tests.admission.clients import asking
from tests.waiting import eventually

pytestmark = pytest.mark.any_store

CLICKS = [-0.71, 0.42, -0.65, 0.38, -0.7]
CLIENT = Client("203.0.113.1")
MANY = np.random.default_rng(0).normal(size=400)


def new_session(sessions: Sessions) -> str:
    session_id = sessions.create(n_components=2).id
    sessions.add(session_id, CLICKS)
    return session_id


class Work:
    """A training that the test ends. With adam it pauses between steps; with em it does not."""

    def __init__(self) -> None:
        self.may_end = threading.Event()
        self.begun: list[str] = []
        self.n_steps = 0

    def __call__(self, job: runs.Job, on_iteration: Callable[[int, float], None]) -> object:
        self.begun.append(job.session_id)
        while not self.may_end.wait(0.002):
            if job.method == "adam":
                on_iteration(1, 1.0)
                self.n_steps += 1
        return fit_from_scratch(job.points, job.n_components)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    """Long trainings."""
    found = Work()
    monkeypatch.setattr(runs, "fit", found)
    yield found
    found.may_end.set()


@pytest.fixture
def all_slots(sessions: Sessions, work: Work) -> list[str]:
    """Sessions whose trainings hold every slot and do not pause."""
    taken = [new_session(sessions) for _ in range(turns.n_processors())]
    for session_id in taken:
        assert sessions.trainings.train(session_id, wait=False).status == "running"
    return taken


def test_run_without_a_slot_is_queued_and_reports_its_position(
    sessions: Sessions, work: Work, all_slots: list[str]
) -> None:
    waiting = [new_session(sessions) for _ in range(2)]
    asked = [sessions.trainings.train(session_id, wait=False) for session_id in waiting]
    assert [(run.status, run.n_before) for run in asked] == [("queued", 0), ("queued", 1)]
    feed = Feed(sessions, waiting[1], None)
    told = [feed.next() for _ in range(3)]
    assert [event and event.name for event in told] == ["started", "revision", "queued"]
    assert told[2] is not None
    assert told[2].data == {"run": asked[1].id, "n_before": 1}
    sessions.trainings.cancel(waiting[0], asked[0].id)
    eventually(lambda: sessions.trainings.run(waiting[0], asked[0].id).status == "cancelled")
    nearer = feed.next()
    assert nearer is not None
    assert nearer.data == {"run": asked[1].id, "n_before": 0}
    work.may_end.set()
    eventually(lambda: sessions.trainings.run(waiting[1], asked[1].id).status == "done")
    assert sessions.trainings.run(waiting[1], asked[1].id).n_before is None
    assert waiting[0] not in work.begun


def test_queued_run_whose_turn_comes_while_the_store_is_away_trains(
    sessions: Sessions,
    work: Work,
    without_a_store: Callable[[], contextlib.AbstractContextManager[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "SLICE_S", math.inf)
    asked = [
        sessions.trainings.train(new_session(sessions), method="adam", wait=False)
        for _ in range(turns.n_processors() + 1)
    ]
    queued = asked[-1]
    assert queued.status == "queued"
    with without_a_store():
        monkeypatch.setattr(turns, "SLICE_S", 0.0)
        eventually(lambda: queued.session_id in work.begun)
    for status in ("running", "done"):
        eventually(
            lambda status=status: (
                sessions.trainings.run(queued.session_id, queued.id).status == status
            )
        )
        work.may_end.set()


def test_session_has_at_most_one_queued_run(
    sessions: Sessions, work: Work, all_slots: list[str]
) -> None:
    session_id = new_session(sessions)
    asked = [sessions.trainings.train(session_id, wait=False) for _ in range(3)]
    for older in asked[:2]:
        eventually(
            lambda older=older: sessions.trainings.run(session_id, older.id).status == "cancelled"
        )
    assert sessions.trainings.run(session_id, asked[2].id).status == "queued"
    work.may_end.set()
    eventually(lambda: sessions.trainings.run(session_id, asked[2].id).status == "done")
    assert work.begun.count(session_id) == 1


def test_trainings_that_wait_for_torch_leave_their_slots_to_others(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = threading.Event()
    loading = threading.Thread(target=loaded.wait, args=(60,))
    loading.start()
    monkeypatch.setattr(runs, "warm_up", lambda: loading)
    waiting = [new_session(sessions) for _ in range(turns.n_processors())]
    asked = [sessions.trainings.train(each, method="adam", wait=False) for each in waiting]
    assert {run.status for run in asked} == {"running"}
    assert sessions.trainings.train(new_session(sessions)).status == "done"
    assert loading.is_alive()
    for session_id, run in zip(waiting, asked):
        sessions.trainings.cancel(session_id, run.id)
        eventually(
            lambda of=session_id, id_=run.id: sessions.trainings.run(of, id_).status == "cancelled"
        )
    loaded.set()
    loading.join()


def test_short_run_does_not_wait_for_long_ones(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_fit, work = runs.fit, Work()

    def fit(job: runs.Job, on_iteration: Callable[[int, float], None]) -> object:
        return (work if job.method == "adam" else real_fit)(job, on_iteration)

    monkeypatch.setattr(runs, "fit", fit)
    monkeypatch.setattr(turns, "SLICE_S", 0.05)  # the wait for ten slices is shorter
    for _ in range(10):
        sessions.trainings.train(new_session(sessions), method="adam", wait=False)
    short = sessions.trainings.train(new_session(sessions), timeout_s=20.0)
    assert short.status == "done"
    assert len(work.begun) == 10  # the long trainings have begun, too
    work.may_end.set()


@pytest.fixture
def few_threads(config: Config) -> Config:
    """Settings with few places for waiting requests and a short time-out."""
    return dataclasses.replace(config, threads=9, max_wait_s=0.3)


def test_number_of_requests_that_wait_for_a_training_is_limited(
    few_threads: Config, sessions: Sessions, work: Work
) -> None:
    served = Sessions(Store(few_threads.store_url), dataclasses.replace(few_threads, max_wait_s=60))
    answers: list[object] = []

    def wait() -> None:
        with asking(CLIENT), contextlib.suppress(BusyError):
            answers.append(served.trainings.train(new_session(served)).status)

    n_waiting = few_threads.max_waiting
    threads = [threading.Thread(target=wait) for _ in range(n_waiting)]
    for thread in threads:
        thread.start()
    eventually(lambda: served.work().n_waiting == n_waiting)
    one_more = new_session(served)
    with asking(CLIENT):
        with pytest.raises(BusyError, match=f"at most {n_waiting} requests to wait"):
            served.trainings.train(one_more)
        assert served.trainings.runs_since(one_more, 0) == []
        # a wait with a time-out returns the unfinished run
        assert served.trainings.train(one_more, timeout_s=60.0).status in ("queued", "running")
    work.may_end.set()
    for thread in threads:
        thread.join()
    assert answers == ["done"] * n_waiting
    served.close()


def test_wait_and_run_end_at_their_timeouts(
    few_threads: Config, sessions: Sessions, work: Work
) -> None:
    served = Sessions(Store(few_threads.store_url), few_threads)
    session_id = new_session(served)
    with asking(CLIENT), pytest.raises(BusyError, match=r"end of the training within 0\.3 s"):
        served.trainings.train(session_id, method="adam")
    eventually(lambda: served.trainings.runs_since(session_id, 0)[-1].status == "cancelled")
    served.close()


def test_disconnected_client_frees_its_place(sessions: Sessions, work: Work) -> None:
    session_id = new_session(sessions)
    with (
        asking(Client("203.0.113.1", lambda: True)),
        pytest.raises(BusyError, match="disconnected"),
    ):
        sessions.trainings.train(session_id, method="adam")
    eventually(lambda: sessions.trainings.runs_since(session_id, 0)[-1].status == "cancelled")


def test_large_increment_waits_for_a_slot_and_a_click_does_not(
    few_threads: Config, sessions: Sessions, work: Work
) -> None:
    served = Sessions(Store(few_threads.store_url), few_threads)
    for _ in range(turns.n_processors()):
        served.trainings.train(new_session(served), wait=False)
    session_id = served.create(n_components=20).id
    with asking(CLIENT):
        with pytest.raises(BusyError, match=r"a turn to train within 0\.3 s"):
            served.add(session_id, MANY)
        assert served.add(session_id, [1.0]).n_points == 1  # the refused increment left no points
    work.may_end.set()
    with asking(CLIENT):
        assert served.add(session_id, MANY).n_points == 401
    served.close()


def test_wait_for_a_locked_session_is_limited(few_threads: Config, sessions: Sessions) -> None:
    served = Sessions(Store(few_threads.store_url), few_threads)
    session_id = new_session(served)
    held, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with served._operations._live.hold(session_id):
            held.set()
            may_end.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    with asking(CLIENT), pytest.raises(BusyError, match="earlier changes of this session"):
        served.add(session_id, [1.0])
    may_end.set()
    holder.join()
    served.close()


def test_waiting_request_ends_when_the_server_stops(sessions: Sessions, work: Work) -> None:
    session_id = new_session(sessions)
    refused: list[BusyError] = []

    def wait() -> None:
        with asking(CLIENT):
            try:
                sessions.trainings.train(session_id, method="adam")
            except BusyError as error:
                refused.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    eventually(lambda: work.begun)
    started = time.monotonic()
    sessions.stop()
    thread.join()
    assert time.monotonic() - started < 5.0
    assert not refused or "stops" in str(refused[0])


def test_run_above_its_time_limit_fails_with_a_message(config: Config, work: Work) -> None:
    served = Sessions(Store(config.store_url), dataclasses.replace(config, max_run_s=0.05))
    session_id = new_session(served)
    run = served.trainings.train(session_id, method="adam")
    assert (run.status, run.version) == ("failed", None)
    assert "expected a training of at most 0.05 s" in (run.error or "")
    assert "the model from scratch is as before" in (run.error or "")
    assert served.view(session_id).scratch is None
    served.close()


def test_run_that_no_work_waits_for_reports_from_time_to_time(
    sessions: Sessions, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "SLICE_S", 0.0)
    monkeypatch.setattr(reporter, "_REPORT_EVERY_S", 3600.0)
    session_id = new_session(sessions)
    run = sessions.trainings.train(session_id, method="adam", wait=False)
    eventually(lambda: work.n_steps > 20)
    assert sessions.trainings.run(session_id, run.id).n_iter == 1
    work.may_end.set()


def test_loading_torch_is_no_work_of_a_training(sessions: Sessions) -> None:
    of_run = (sessions.store.runs, sessions.watch, "session", "run")
    slots = turns.Turns(1)
    turn = slots.enter("session")
    reports = Reporter(*of_run, slots, turn, max_work_s=0.3)
    loading = threading.Timer(1.0, lambda: None)
    loading.start()
    reports.wait_for(loading)  # raises above the limit
    assert turn.worked_s < 0.9
    time.sleep(0.4)
    with pytest.raises(BudgetError):
        reports.check()


def test_increment_above_its_time_limit_changes_nothing(config: Config) -> None:
    served = Sessions(Store(config.store_url), dataclasses.replace(config, max_increment_s=0.0))
    session_id = served.create(n_components=20).id
    with pytest.raises(BudgetError, match="learned within 0 s"):
        served.add(session_id, MANY)
    assert (served.view(session_id).n_points, served.view(session_id).revision) == (0, 0)
    served.close()


def test_increment_ends_when_the_server_stops(sessions: Sessions) -> None:
    session_id = sessions.create(n_components=20).id
    sessions._waits.stop()
    with asking(CLIENT), pytest.raises(BusyError, match="stops"):
        sessions.add(session_id, MANY)
    assert sessions.view(session_id).n_points == 0


def test_run_with_too_much_work_is_refused(config: Config) -> None:
    served = Sessions(Store(config.store_url), dataclasses.replace(config, max_run_work=1e3))
    session_id = new_session(served)
    expected = r"points x components x epochs <= 1e\+03, got 5 x 2 x 101 = 1\.01e\+03"
    with pytest.raises(OutOfRangeError, match=expected) as caught:
        served.trainings.train(session_id, method="adam", epochs=101)
    assert caught.value.field == "epochs"
    assert served.trainings.train(session_id, epochs=101).status == "done"  # em counts 100 epochs
    served.add(session_id, [0.9])
    expected = r"points x components x epochs <= 1e\+03, got 6 x 2 x 100 = 1\.2e\+03"
    with pytest.raises(OutOfRangeError, match=expected):
        served.trainings.train(session_id, epochs=100_000)
    served.close()


def test_runs_above_the_limit_of_a_process_are_refused(config: Config, work: Work) -> None:
    served = Sessions(Store(config.store_url), dataclasses.replace(config, max_runs=2))
    taken = [new_session(served) for _ in range(2)]
    for session_id in taken:
        served.trainings.train(session_id, wait=False)
    refused = new_session(served)
    with pytest.raises(BusyError, match="at most 2 trainings"):
        served.trainings.train(refused, wait=False)
    assert served.trainings.runs_since(refused, 0) == []
    served.trainings.train(taken[0], wait=False)  # replaces the session's own run
    work.may_end.set()
    served.close()
