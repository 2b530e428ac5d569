"""Training from scratch in worker threads: progress, cancellation, replacement."""

from __future__ import annotations

import dataclasses
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Optional

import numpy as np
import pytest

from dash_app.errors import OutOfRangeError, RefusedError, RunNotFoundError
from dash_app.learning import fit_from_scratch
from dash_app.learning.adam import fit_adam
from dash_app.records.runs import ALIVE, RunRecord
from dash_app.sessions import Sessions
from dash_app.training import maintenance, runs
from dash_app.training.trainings import Run
from tests.waiting import eventually

CLICKS = [-0.71, 0.42, -0.65, 0.38, -0.7]


@pytest.fixture
def session_id(sessions: Sessions) -> str:
    """A session with points."""
    found = sessions.create(n_components=2).id
    sessions.add(found, CLICKS)
    return found


class SlowFit:
    """A training that continues until `last` is set; its loss is 1 / iteration."""

    def __init__(self) -> None:
        self.last = threading.Event()
        self.n_iter = 0

    def __call__(self, job: runs.Job, on_iteration: Callable[[int, float], None]) -> object:
        for iteration in itertools.count(1):
            on_iteration(iteration, 1.0 / iteration)
            self.n_iter = iteration
            if self.last.wait(0.01):
                break
        return fit_from_scratch(job.points, job.n_components)


@pytest.fixture
def slow_fit(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowFit]:
    """A training that the test ends by setting `last`."""
    slow = SlowFit()
    monkeypatch.setattr(runs, "fit", slow)
    yield slow
    slow.last.set()


def test_train_is_from_scratch_on_all_points(sessions: Sessions, session_id: str) -> None:
    sessions.add(session_id, [0.1])
    run = sessions.trainings.train(session_id, epochs=300)
    expected = fit_from_scratch([*CLICKS, 0.1], 2, max_iter=300)
    assert run.status == "done"
    assert run.version is not None
    assert run.version.mixture == expected.mixture
    assert run.losses.tolist() == expected.losses.tolist()
    assert (run.version.n_points, run.version.revision, run.version.kind) == (6, 2, "scratch")
    assert sessions.view(session_id).scratch == run.version
    assert sessions.models.current(session_id, "scratch") == run.version


@pytest.mark.any_store
@pytest.mark.parametrize(("method", "rtol"), [("em", 1e-6), ("adam", 1e-3)])
def test_train_with_half_life_gets_the_same_weights(
    sessions: Sessions, method: str, rtol: float
) -> None:
    session_id = sessions.create(n_components=1, half_life=1.0).id
    sessions.add(session_id, [0.0, 0.0])
    sessions.add(session_id, [1.0])
    version = sessions.trainings.train(session_id, method=method, epochs=500).version
    assert version is not None
    # weights 1/4, 1/2, 1
    assert version.mixture.means[0] == pytest.approx(1.0 / 1.75, rel=rtol)
    assert sessions.models.current(session_id).mixture.means[0] == pytest.approx(1.0 / 1.75)


@pytest.mark.any_store
def test_train_without_points_is_refused(sessions: Sessions) -> None:
    with pytest.raises(RefusedError, match="one point"):
        sessions.trainings.train(sessions.create().id)


@pytest.mark.any_store
@pytest.mark.parametrize("settings", [{"epochs": 0}, {"epochs": 100_001}, {"method": "magic"}])
def test_train_refuses_settings_out_of_range(
    sessions: Sessions, session_id: str, settings: dict
) -> None:
    with pytest.raises(OutOfRangeError):
        sessions.trainings.train(session_id, **settings)


def test_unknown_run_is_refused(sessions: Sessions, session_id: str) -> None:
    other = sessions.create().id
    run = sessions.trainings.train(session_id)
    for find in (sessions.trainings.run, sessions.trainings.cancel):
        with pytest.raises(RunNotFoundError):
            find(session_id, "0" * 16)
        with pytest.raises(RunNotFoundError):
            find(other, run.id)


def test_key_of_another_training_that_began_at_the_same_moment_is_refused(
    sessions: Sessions, session_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sessions.trainings.train(session_id, epochs=300, idempotency_key="one")
    # as when both looked for the key before either was written
    monkeypatch.setattr(sessions.store, "use_of_key", lambda *_: None)
    assert sessions.trainings.train(session_id, epochs=300, idempotency_key="one").id == first.id
    for other in ({"epochs": 301}, {"epochs": 300, "method": "adam"}):
        with pytest.raises(RefusedError, match="used for another request"):
            sessions.trainings.train(session_id, idempotency_key="one", **other)
    assert len(sessions.trainings.runs_since(session_id, 1)) == 1


def test_progress_is_seen_by_another_process(
    sessions: Sessions,
    session_id: str,
    another_process: Callable[[], Sessions],
    slow_fit: SlowFit,
) -> None:
    other = another_process()
    started = sessions.trainings.train(session_id, wait=False)
    assert started.status == "running"
    eventually(lambda: other.trainings.run(session_id, started.id).n_iter >= 3)
    seen = other.trainings.run(session_id, started.id)
    assert seen.losses.tolist() == [1.0 / i for i in range(1, seen.n_iter + 1)]
    later = other.trainings.losses(started.id, after=2)
    assert later.size >= seen.n_iter - 2
    assert later.tolist() == [1.0 / i for i in range(3, 3 + later.size)]
    slow_fit.last.set()
    eventually(lambda: other.trainings.run(session_id, started.id).status == "done")
    assert other.view(session_id).scratch == other.trainings.run(session_id, started.id).version


def test_run_has_one_loss_for_each_reported_iteration(
    sessions: Sessions, session_id: str, slow_fit: SlowFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = sessions.trainings.train(session_id, wait=False)
    table = sessions.store.runs
    read = table.run

    def read_early(*of: str) -> object:
        record = read(*of)
        assert record is not None
        eventually(lambda: table.losses(started.id).size > record.n_iter)
        return record

    monkeypatch.setattr(table, "run", read_early)
    seen = sessions.trainings.run(session_id, started.id)
    assert seen.losses.size == seen.n_iter


@pytest.mark.parametrize("by_another_process", [False, True])
def test_cancelled_run_leaves_no_model(
    sessions: Sessions,
    session_id: str,
    another_process: Callable[[], Sessions],
    slow_fit: SlowFit,
    by_another_process: bool,
) -> None:
    other = another_process() if by_another_process else sessions
    run = sessions.trainings.train(session_id, wait=False)
    other.trainings.cancel(session_id, run.id)
    eventually(lambda: sessions.trainings.run(session_id, run.id).status == "cancelled")
    assert sessions.view(session_id).scratch is None
    assert sessions.trainings.cancel(session_id, run.id).status == "cancelled"


@pytest.mark.any_store
def test_new_run_replaces_a_running_one(
    sessions: Sessions, session_id: str, slow_fit: SlowFit
) -> None:
    first = sessions.trainings.train(session_id, wait=False)
    second = sessions.trainings.train(session_id, wait=False)
    eventually(lambda: sessions.trainings.run(session_id, first.id).status == "cancelled")
    eventually(lambda: sessions.trainings.run(session_id, second.id).status == "running")
    slow_fit.last.set()
    eventually(lambda: sessions.trainings.run(session_id, second.id).status == "done")
    assert second.serial == first.serial + 1


def test_heartbeat_before_the_run_is_stored_does_not_stop_it(
    sessions: Sessions, session_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, running = sessions.store.runs, sessions.trainings.runs
    insert = table.start

    def insert_after_a_heartbeat(record: RunRecord) -> None:
        running.heartbeat(time.time())
        insert(record)

    monkeypatch.setattr(table, "start", insert_after_a_heartbeat)
    assert sessions.trainings.train(session_id).status == "done"


@pytest.mark.any_store
def test_run_continues_while_points_arrive(
    sessions: Sessions, session_id: str, slow_fit: SlowFit
) -> None:
    run = sessions.trainings.train(session_id, wait=False)
    sessions.add(session_id, [9.0])
    slow_fit.last.set()
    eventually(lambda: sessions.trainings.run(session_id, run.id).status == "done")
    view = sessions.view(session_id)
    assert view.scratch is not None
    assert (view.scratch.n_points, view.scratch.revision, view.n_points) == (5, 1, 6)


@pytest.mark.any_store
def test_run_that_ends_after_clear_is_not_shown(
    sessions: Sessions, session_id: str, slow_fit: SlowFit
) -> None:
    run = sessions.trainings.train(session_id, wait=False)
    sessions.clear(session_id)
    slow_fit.last.set()
    eventually(lambda: sessions.trainings.run(session_id, run.id).status == "done")
    assert sessions.view(session_id).scratch is None
    assert sessions.undo(session_id).scratch == sessions.trainings.run(session_id, run.id).version


@pytest.mark.any_store
def test_failed_run_gives_its_reason(
    sessions: Sessions, session_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_job: runs.Job, _on_iteration: object) -> None:
        raise ZeroDivisionError("of the test's own")

    monkeypatch.setattr(runs, "fit", broken)
    run = sessions.trainings.train(session_id)
    assert run.status == "failed"
    assert "log" in (run.error or "")


@pytest.mark.any_store
def test_training_goes_on_while_the_store_is_away(
    sessions: Sessions,
    session_id: str,
    without_a_store: Callable[[], AbstractContextManager[None]],
    slow_fit: SlowFit,
) -> None:
    run = sessions.trainings.train(session_id, wait=False)
    eventually(lambda: slow_fit.n_iter > 0)
    with without_a_store():
        n_before = slow_fit.n_iter
        eventually(lambda: slow_fit.n_iter > n_before + 10)  # three reports are due
    slow_fit.last.set()
    eventually(lambda: sessions.trainings.run(session_id, run.id).status == "done")
    losses = sessions.trainings.run(session_id, run.id).losses
    assert losses.tolist() == [1.0 / iteration for iteration in range(1, losses.size + 1)]
    assert losses.size == slow_fit.n_iter


@pytest.mark.any_store
def test_end_of_a_training_is_written_once_the_store_is_back(
    sessions: Sessions,
    session_id: str,
    without_a_store: Callable[[], AbstractContextManager[None]],
    slow_fit: SlowFit,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(maintenance, "_HEARTBEAT_EVERY_S", 0.1)
    run = sessions.trainings.train(session_id, wait=False)
    eventually(lambda: slow_fit.n_iter > 0)
    with without_a_store():
        slow_fit.last.set()
        eventually(lambda: sessions.trainings.runs.counts()[1] == 0)
    ended = eventually(lambda: ended_run(sessions, session_id, run.id), timeout_s=10.0)
    assert ended.status == "failed"
    assert "was removed while the server ran" in (ended.error or "")


def ended_run(sessions: Sessions, session_id: str, run_id: str) -> Optional[Run]:
    found = sessions.trainings.run(session_id, run_id)
    return None if found.status in ALIVE else found


def test_close_stops_a_running_training(
    sessions: Sessions,
    session_id: str,
    another_process: Callable[[], Sessions],
    slow_fit: SlowFit,
) -> None:
    other = another_process()
    run = other.trainings.train(session_id, wait=False)
    started = time.monotonic()
    other.close()
    assert time.monotonic() - started < 3.0
    assert sessions.trainings.run(session_id, run.id).status == "cancelled"


@pytest.mark.any_store
def test_close_records_a_training_that_cannot_be_interrupted_as_cancelled(
    sessions: Sessions,
    session_id: str,
    another_process: Callable[[], Sessions],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended = threading.Event()

    def hears_nothing(*_: object) -> None:
        ended.wait(30)

    monkeypatch.setattr(runs, "fit", hears_nothing)
    monkeypatch.setattr(runs, "_CLOSE_TIMEOUT_S", 0.2)
    other = another_process()
    run = other.trainings.train(session_id, wait=False)
    eventually(lambda: sessions.trainings.run(session_id, run.id).status == "running")
    other.close()
    assert sessions.trainings.run(session_id, run.id).status == "cancelled"
    ended.set()


@pytest.mark.any_store
def test_run_that_waits_for_torch_is_cancelled_at_once(
    sessions: Sessions, session_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = threading.Event()
    loading = threading.Thread(target=loaded.wait, args=(60,))
    loading.start()
    monkeypatch.setattr(runs, "warm_up", lambda: loading)
    run = sessions.trainings.train(session_id, method="adam", wait=False)
    eventually(lambda: sessions.trainings.run(session_id, run.id).status == "running")
    sessions.trainings.cancel(session_id, run.id)
    eventually(lambda: sessions.trainings.run(session_id, run.id).status == "cancelled")
    assert loading.is_alive()
    loaded.set()
    loading.join()


@pytest.mark.parametrize("behind_s", [0.0, 3600.0, -3600.0])
def test_only_the_run_of_a_dead_process_is_marked_as_failed(
    sessions: Sessions, session_id: str, behind_s: float
) -> None:
    """The heartbeats come from another machine, whose clock may be wrong by an hour."""
    table = sessions.store.runs
    done = table.run(session_id, sessions.trainings.train(session_id).id)
    assert done is not None
    sessions._maintenance.close()
    beat = time.time() - behind_s
    running = dataclasses.replace(done, status="running", seq=None, heartbeat_at=beat)
    table.start(dataclasses.replace(running, id="dead", serial=2, cancel_requested=False))
    table.start(dataclasses.replace(running, id="lives", serial=3, cancel_requested=False))
    step_s, now = 5.0, time.time()
    for round_ in range(6):
        table.heartbeat(["lives"], beat + round_ * step_s)
        sessions._maintenance.give_up_silent_runs(now, round_ * step_s)
        assert sessions.trainings.run(session_id, "dead").status == "running"
    sessions._maintenance.give_up_silent_runs(now, maintenance.SILENCE_S)
    assert sessions.trainings.run(session_id, "lives").status == "running"
    given_up = sessions.trainings.run(session_id, "dead")
    assert given_up.status == "failed"
    assert "stopped" in (given_up.error or "")


@pytest.mark.any_store
def test_adam_takes_one_gradient_step_per_epoch(sessions: Sessions, session_id: str) -> None:
    run = sessions.trainings.train(session_id, method="adam", epochs=20)
    expected = fit_adam(np.array(CLICKS), 2, epochs=20)
    assert run.status == "done"
    assert run.losses.tolist() == expected.losses.tolist()
    assert run.losses.size == 20
    assert run.losses[-1] < run.losses[0]
    assert run.version is not None
    assert run.version.mixture == expected.mixture
