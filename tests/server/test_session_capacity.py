"""The capacity of the online learner's summary, as a setting of the session."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

import numpy as np
import pytest

from dash_app.config import Config
from dash_app.database.engine import connect
from dash_app.errors import OutOfRangeError
from dash_app.journal import fold
from dash_app.learning import WeightedSummary
from dash_app.learning.points import DEFAULT_CAPACITY
from dash_app.records.operations import SessionRecord, Settings
from dash_app.sessions import Sessions
from dash_app.store import Store
from dash_app.transfer import session_document

RNG_SEED = 3


def summary(sessions: Sessions, session_id: str) -> WeightedSummary:
    return sessions._operations.read(session_id, lambda live: live.state.learner.summary)


def same(one: WeightedSummary, other: WeightedSummary) -> bool:
    names = ("means", "masses", "variances")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


def clicked(sessions: Sessions, n_points: int, **settings: Any) -> str:
    """Return a session in which the points came one by one."""
    session_id = sessions.create(n_components=2, **settings).id
    for x in np.random.default_rng(RNG_SEED).normal(size=n_points):
        sessions.add(session_id, [x])
    return session_id


@pytest.mark.any_store
@pytest.mark.parametrize("half_life", [None, 30.0])
def test_a_change_gives_the_summary_of_a_session_that_had_it_from_the_beginning(
    sessions: Sessions, half_life: Optional[float]
) -> None:
    from_the_beginning = clicked(sessions, 60, half_life=half_life, capacity=16)
    changed = clicked(sessions, 60, half_life=half_life)
    view = sessions.configure(changed, capacity=16)
    assert (view.capacity, view.n_atoms, view.n_points) == (16, 16, 60)
    assert same(summary(sessions, changed), summary(sessions, from_the_beginning))
    view = sessions.configure(changed, capacity=1024)
    assert view.n_atoms == 60
    assert summary(sessions, changed).exact


@pytest.mark.any_store
def test_a_change_that_loses_nothing_keeps_the_model(sessions: Sessions) -> None:
    session_id = clicked(sessions, 20)
    before = sessions.view(session_id).online
    after = sessions.configure(session_id, capacity=64).online
    assert before is not None
    assert after is not None
    assert after.mixture == before.mixture
    assert after.number == before.number + 1


def test_undo_redo_and_a_replay_give_the_same_bits(
    sessions: Sessions, another_process: Callable[[], Sessions], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fold, "SNAPSHOT_EVERY", 1000)  # everything is replayed
    session_id = clicked(sessions, 40)
    before = sessions.view(session_id)
    small = sessions.configure(session_id, capacity=16)
    removed = sessions.remove(session_id, sessions.points(session_id)[5:9])
    other = another_process()
    assert other.view(session_id) == removed
    assert same(summary(other, session_id), summary(sessions, session_id))
    assert other.undo(session_id).online == small.online
    undone = other.undo(session_id)
    assert (undone.capacity, undone.online) == (256, before.online)
    assert sessions.redo(session_id).online == small.online


@pytest.mark.any_store
def test_removal_is_exact_after_merging(sessions: Sessions) -> None:
    points = np.random.default_rng(RNG_SEED).normal(size=60)
    session_id = clicked(sessions, 60, capacity=16)
    sessions.remove(session_id, points[10:20])
    without = sessions.create(n_components=2, capacity=16).id
    for x in np.delete(points, np.arange(10, 20)):
        sessions.add(without, [x])
    assert same(summary(sessions, session_id), summary(sessions, without))
    assert sessions.view(session_id).n_points == 50


@pytest.mark.any_store
def test_removal_is_exact_beyond_the_usual_capacity(sessions: Sessions) -> None:
    parts = np.split(np.random.default_rng(RNG_SEED).normal(size=900), 9)
    whole, without = sessions.create(n_components=2).id, sessions.create(n_components=2).id
    for part in parts:
        sessions.add(whole, part)
        sessions.add(without, part[3:] if part is parts[0] else part)
    assert sessions.view(whole).n_atoms == DEFAULT_CAPACITY < 900
    sessions.remove(whole, parts[0][:3])
    assert same(summary(sessions, whole), summary(sessions, without))


@pytest.mark.any_store
def test_removal_takes_the_last_occurrence_after_a_clear(sessions: Sessions) -> None:
    session_id = clicked(sessions, 30, capacity=16)
    sessions.clear(session_id)
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=20), rng.normal(size=20)
    for part in (first, second, first[:3]):
        sessions.add(session_id, part)
    sessions.remove(session_id, first[:3])
    plain = sessions.create(n_components=2, capacity=16).id
    for part in (first, second):
        sessions.add(plain, part)
    assert same(summary(sessions, session_id), summary(sessions, plain))


@pytest.mark.any_store
@pytest.mark.parametrize("capacity", [15, 1025, 0, 32.5, True])
def test_out_of_bounds_is_refused(sessions: Sessions, capacity: Any) -> None:
    session_id = sessions.create().id
    with pytest.raises(OutOfRangeError, match="capacity"):
        sessions.configure(session_id, capacity=capacity)
    with pytest.raises(OutOfRangeError, match="capacity"):
        sessions.create(capacity=capacity)
    assert sessions.view(session_id).revision == 0


def test_export_keeps_it_and_an_export_without_it_has_the_default(
    sessions: Sessions, tmp_path: Path
) -> None:
    session_id = clicked(sessions, 20, capacity=32)
    sessions.configure(session_id, capacity=16)
    document = json.loads(json.dumps(session_document.exported(sessions.store, session_id)))
    other = Sessions(Store(f"sqlite:///{tmp_path}/other.sqlite3"), Config(data_dir=tmp_path))
    session_document.imported(other.store, document)
    assert other.view(session_id) == sessions.view(session_id)
    assert other.undo(session_id).capacity == 32
    plain = clicked(sessions, 3, capacity=1024)
    document = json.loads(json.dumps(session_document.exported(sessions.store, plain)))
    del document["session"]["settings"]["capacity"]
    session_document.imported(other.store, document)
    assert other.view(plain).capacity == 1024
    other.close()


def test_store_of_an_earlier_version_is_migrated(config: Config) -> None:
    engine = connect(config.store_url)
    if engine.dialect.name == "sqlite" and sqlite3.sqlite_version_info < (3, 35):
        pytest.skip("this SQLite cannot drop a column")
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM schema_version WHERE version > 3")
        connection.exec_driver_sql("ALTER TABLE sessions DROP COLUMN capacity")
        connection.exec_driver_sql(
            "INSERT INTO sessions (id, n_components, prior_weight, seed, created_at, touched_at) "
            "VALUES ('a', 3, 1, 0, 1, 2)"
        )
    engine.dispose()
    store = Store(config.store_url)
    assert store.session("a") == SessionRecord("a", Settings(3, None, 1.0, 0, 1024), 1.0, 2.0)
    store.close()
