"""The log: undo, redo, snapshots, and replay bit for bit."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dash_app.config import Config
from dash_app.database.engine import connect
from dash_app.errors import RefusedError
from dash_app.journal import fold
from dash_app.journal.history import History
from dash_app.records.operations import NODE_KINDS, Change, Settings, Snapshot
from dash_app.sessions import Sessions, SessionView
from dash_app.store import Store


@pytest.fixture(autouse=True)
def few_between_snapshots(monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot every 5 operations: a short log then has several."""
    monkeypatch.setattr(fold, "SNAPSHOT_EVERY", 5)


def state(view: SessionView) -> tuple:
    """Return the values that undo and redo restore."""
    return (view.n_components, view.half_life, view.n_points, view.online, view.scratch)


def test_undo_restores_exactly_the_earlier_state(
    sessions: Sessions, another_process: Callable[[], Sessions]
) -> None:
    rng = np.random.default_rng(0)
    session_id = sessions.create(n_components=2).id
    views = [sessions.view(session_id)]
    for i in range(13):
        if i == 7:
            views.append(sessions.configure(session_id, n_components=3))
        elif i == 9:
            views.append(sessions.remove(session_id, sessions.points(session_id)[:1]))
        elif i == 11:
            views.append(sessions.clear(session_id))
        else:
            views.append(sessions.add(session_id, rng.normal(size=2)))
    for expected in views[-2::-1]:
        assert state(sessions.undo(session_id)) == state(expected)
        assert sessions.points(session_id).size == expected.n_points
    with pytest.raises(RefusedError, match="undo"):
        sessions.undo(session_id)
    for expected in views[1:]:
        assert state(sessions.redo(session_id)) == state(expected)
    with pytest.raises(RefusedError, match="redo"):
        sessions.redo(session_id)
    assert another_process().view(session_id) == sessions.view(session_id)


def test_a_change_after_undo_ends_redo(sessions: Sessions) -> None:
    session_id = sessions.create().id
    sessions.add(session_id, [1.0])
    sessions.add(session_id, [2.0])
    assert sessions.undo(session_id).can_redo
    assert not sessions.add(session_id, [3.0]).can_redo
    with pytest.raises(RefusedError):
        sessions.redo(session_id)
    assert sessions.points(session_id).tolist() == [1.0, 3.0]
    assert sessions.view(sessions.undo(session_id).id).online is not None
    assert sessions.redo(session_id).n_points == 2


def test_undo_of_increments_keeps_the_other_points_without_reading_them(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = sessions.create(n_components=2).id
    for x in ([0.1, 0.2], [0.3], [0.4, 0.5, 0.6]):
        sessions.add(session_id, x)
    assert sessions.points(session_id).size == 6
    monkeypatch.setattr(Store, "point_rows", None)  # a read would fail
    sessions.undo(session_id)
    sessions.undo(session_id)
    assert sessions.points(session_id).tolist() == [0.1, 0.2]
    sessions.redo(session_id)
    sessions.add(session_id, [0.7])
    assert sessions.points(session_id).tolist() == [0.1, 0.2, 0.3, 0.7]


def test_undo_gives_points_the_weights_of_before(
    sessions: Sessions, another_process: Callable[[], Sessions]
) -> None:
    session_id = sessions.create(n_components=1).id
    sessions.add(session_id, [0.1, 0.2])
    sessions.configure(session_id, half_life=2.0)
    sessions.add(session_id, [0.3])
    assert sessions.points(session_id).size == 3
    sessions.undo(session_id)
    ours, fresh = (
        each.trainings.train(session_id).version for each in (sessions, another_process())
    )
    assert ours is not None
    assert fresh is not None
    assert (ours.n_points, ours.mixture) == (2, fresh.mixture)


def test_undo_skips_a_training(sessions: Sessions) -> None:
    session_id = sessions.create(n_components=2).id
    sessions.add(session_id, [1.0, 2.0])
    sessions.add(session_id, [3.0])
    trained = sessions.trainings.train(session_id).version
    view = sessions.undo(session_id)
    assert view.n_points == 2
    assert view.scratch == trained
    assert sessions.redo(session_id).n_points == 3


def test_undo_of_clear_restores_the_model_from_scratch(sessions: Sessions) -> None:
    session_id = sessions.create(n_components=2).id
    sessions.add(session_id, [1.0, 2.0])
    trained = sessions.trainings.train(session_id).version
    assert sessions.clear(session_id).scratch is None
    assert sessions.undo(session_id).scratch == trained
    assert sessions.redo(session_id).scratch is None


OPERATIONS = st.lists(
    st.one_of(
        st.lists(st.integers(-3, 3), min_size=1, max_size=3).map(lambda x: ("add", x)),
        st.sampled_from(
            [
                *[("undo",), ("undo",), ("redo",), ("clear",), ("remove",), ("train",)],
                *[("k", 1), ("capacity", 16), ("capacity", 1024)],
            ]
        ),
        st.sampled_from([("k", 2), ("half_life", 3.0), ("half_life", None)]),
    ),
    max_size=25,
)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(operations=OPERATIONS)
def test_any_log_replays_to_the_same_bits(
    sessions: Sessions, another_process: Callable[[], Sessions], operations: list
) -> None:
    session_id = sessions.create(n_components=2).id
    for name, *arguments in operations:
        try:
            _perform(sessions, session_id, name, *arguments)
        except (RefusedError, ValueError):
            continue
    fresh = another_process()
    assert fresh.view(session_id) == sessions.view(session_id)
    assert fresh.points(session_id).tobytes() == sessions.points(session_id).tobytes()
    # the same new point gives the replayed and the original learner the same model
    ahead = sessions.add(session_id, [0.5]).online
    sessions.undo(session_id)
    replayed = fresh.add(session_id, [0.5]).online
    assert ahead is not None
    assert replayed is not None
    assert replayed.mixture == ahead.mixture
    assert replayed.objective == ahead.objective


def _perform(sessions: Sessions, session_id: str, name: str, *arguments: object) -> None:
    if name == "add":
        sessions.add(session_id, arguments[0])
    elif name == "remove":
        sessions.remove(session_id, sessions.points(session_id)[:1])
    elif name == "k":
        sessions.configure(session_id, n_components=arguments[0])
    elif name == "capacity":
        sessions.configure(session_id, capacity=arguments[0])
    elif name == "half_life":
        sessions.configure(session_id, half_life=arguments[0])
    elif name == "train":
        sessions.trainings.train(session_id)
    else:
        getattr(sessions, name)(session_id)


def test_replay_without_snapshots_gives_the_same_bits(sessions: Sessions, config: Config) -> None:
    rng = np.random.default_rng(1)
    session_id = sessions.create(n_components=3).id
    for _ in range(23):
        view = sessions.add(session_id, rng.normal(size=1))
    store = Store(config.store_url)
    record = store.session(session_id)
    state_now = History(store).state_at(record, view.revision)
    with store._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE snapshots SET state_version = 999")
    replayed = History(store).state_at(record, view.revision)
    assert replayed.online == state_now.online == view.online
    for name, value in state_now.learner.state().items():
        assert np.array_equal(value, replayed.learner.state()[name]), name
    assert replayed.learner.mixture == view.online.mixture
    # the replay has written its snapshots for the next load
    assert store.snapshots.nodes(session_id, fold.STATE_VERSION) == {5, 10, 15, 20}
    store.close()


def test_load_replays_at_most_the_operations_between_snapshots(
    sessions: Sessions,
    another_process: Callable[[], Sessions],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session_id = sessions.create(n_components=2).id
    for i in range(14):
        sessions.add(session_id, [float(i)])
    replayed: list[int] = []
    monkeypatch.setattr(
        fold, "advance", lambda _state, operation, _held: replayed.append(operation.seq)
    )
    another_process().view(session_id)
    assert replayed == [11, 12, 13, 14]


def test_old_snapshots_are_thinned_out(
    sessions: Sessions,
    another_process: Callable[[], Sessions],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dash_app.database import snapshot_table
    from dash_app.journal import history

    monkeypatch.setattr(snapshot_table, "SPARSE_EVERY", 20)
    monkeypatch.setattr(history, "SPARSE_EVERY", 20)
    session_id = sessions.create(n_components=1).id
    for i in range(62):
        sessions.add(session_id, [float(i % 7)])
    kept = sessions.store.snapshots.nodes(session_id, fold.STATE_VERSION)
    assert kept == {20, 40, 45, 50, 55, 60}
    for _ in range(40):  # to a depth where snapshots were removed
        view = sessions.undo(session_id)
    assert view.n_points == 22
    assert view.online == sessions.models.versions(session_id)[21]
    assert another_process().view(session_id) == view


def test_log_has_every_operation_in_order(sessions: Sessions) -> None:
    session_id = sessions.create(n_components=2).id
    sessions.add(session_id, [1.0, 2.0])
    sessions.undo(session_id)
    sessions.redo(session_id)
    sessions.trainings.train(session_id)
    sessions.configure(session_id, n_components=3)
    log = sessions.operations(session_id)
    assert [each.seq for each in log] == [1, 2, 3, 4, 5]
    assert [each.kind for each in log] == ["add", "undo", "redo", "train", "configure"]
    assert log[1].change.detail["target"] == log[2].change.detail["target"] == 1
    assert log[3].change.detail["method"] == "em"
    assert [each.seq for each in sessions.operations(session_id, after=1, limit=2)] == [2, 3]
    numbers = [each.number for each in sessions.models.versions(session_id)]
    assert numbers == [1, 2, 3]
    assert [each.kind for each in sessions.models.versions(session_id)] == [
        "online",
        "scratch",
        "online",
    ]
    assert {each.kind for each in log} & NODE_KINDS == {"add", "configure"}


def test_evicted_sessions_are_loaded_again(config: Config) -> None:
    small = Sessions(Store(config.store_url), dataclasses.replace(config, cache_sessions=2))
    ids = [small.create(n_components=2).id for _ in range(5)]
    for i in range(4):
        for session_id in ids:
            small.add(session_id, [float(i)])
    assert len(small._operations._live) == 2
    assert [small.points(each).tolist() for each in ids] == [[0.0, 1.0, 2.0, 3.0]] * 5
    small.close()


def test_failed_append_leaves_the_session_usable(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = sessions.create(n_components=2).id
    before = sessions.add(session_id, [1.0, 2.0])
    append = sessions.store.append

    def broken(*_arguments: object, **_settings: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(sessions.store, "append", broken)
    with pytest.raises(RuntimeError, match="disk full"):
        sessions.add(session_id, [3.0])
    monkeypatch.setattr(sessions.store, "append", append)
    assert sessions.view(session_id) == before
    assert sessions.points(session_id).tolist() == [1.0, 2.0]
    assert sessions.add(session_id, [4.0]).n_points == 3


def test_readers_see_whole_operations_during_writes(sessions: Sessions) -> None:
    session_id = sessions.create(n_components=2).id
    seen: list[SessionView] = [sessions.view(session_id)]

    def write() -> None:
        for i in range(20):
            sessions.add(session_id, [float(i)])

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        while not writing.done():
            seen.append(sessions.view(session_id))
        writing.result()
    seen.append(sessions.view(session_id))
    n_points = [view.n_points for view in seen]
    assert n_points == sorted(n_points)
    assert n_points[-1] == 20
    assert n_points == [0 if view.online is None else view.online.n_points for view in seen]


def test_copied_state_is_not_changed_by_later_operations() -> None:
    rng = np.random.default_rng(3)
    settings_ = Settings(3, None, 1.0, 0)
    state = fold.initial_state(settings_)
    for seq in range(1, 40):
        kept = fold.copied(state)
        before = fold.snapshot(kept).body
        points = rng.normal(size=50)
        fold.apply(state, Change("add", points), seq)
        fold.apply(state, Change("remove", points[:2]), seq)
        if seq % 10 == 0:
            fold.apply(state, Change("configure", detail={"n_components": 2 + seq % 4}), seq)
        assert fold.snapshot(kept).body == before
        assert kept.learner.n_points != state.learner.n_points


def test_large_increments_have_snapshots_of_their_own(
    sessions: Sessions, another_process: Callable[[], Sessions], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fold, "SNAPSHOT_POINTS", 100)
    session_id = sessions.create(n_components=2).id
    for size in (60, 60, 10):
        view = sessions.add(session_id, np.random.default_rng(size).normal(size=size))
    assert sessions.store.snapshots.nodes(session_id, fold.STATE_VERSION) == {2}
    assert another_process().view(session_id) == view


def with_snapshot(sessions: Sessions) -> tuple[str, Snapshot]:
    """Return a session and its snapshot."""
    session_id = sessions.create(n_components=2).id
    for x in range(5):
        sessions.add(session_id, [float(x)])
    (snapshot,) = sessions.store.snapshots.all(session_id)
    return session_id, snapshot


def test_snapshot_of_a_deleted_session_is_not_kept(sessions: Sessions) -> None:
    """Another process may delete a session while this one loads it."""
    session_id, snapshot = with_snapshot(sessions)
    sessions.delete(session_id)
    sessions.store.trash.purge(time.time() + 1.0)
    sessions.store.snapshots.put(session_id, [snapshot])
    assert sessions.store.snapshots.all(session_id) == []


def test_snapshot_that_two_processes_write_at_once_is_kept_once(
    sessions: Sessions, config: Config
) -> None:
    session_id, snapshot = with_snapshot(sessions)
    table, engine = sessions.store.snapshots, connect(config.store_url)
    with ThreadPoolExecutor() as pool:
        with engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM snapshots")
            table.insert(connection, session_id, [snapshot])
            put = pool.submit(table.put, session_id, [snapshot])
            wait([put], 0.3)  # PostgreSQL's waits for this transaction; SQLite's is left out
        put.result(10)
    engine.dispose()
    assert table.all(session_id) == [snapshot]
