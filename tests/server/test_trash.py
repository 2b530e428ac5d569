"""Deleted sessions: invisible at once, restorable for a day, then removed for good."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from dash_app.config import Config
from dash_app.database import schema
from dash_app.database.engine import connect
from dash_app.errors import RunNotFoundError, SessionNotFoundError
from dash_app.sessions import Sessions
from dash_app.store import Store
from dash_app.transfer import session_document

DAY_S = 86400.0
HOUR_S = 3600.0


@pytest.fixture
def session_id(sessions: Sessions) -> str:
    found = sessions.create(n_components=2).id
    sessions.add(found, [0.1, 0.4])
    sessions.trainings.train(found)
    return found


def test_deleted_session_is_invisible_and_can_be_restored_completely(
    sessions: Sessions, session_id: str
) -> None:
    before = sessions.view(session_id)
    run = sessions.trainings.train(session_id)
    before = sessions.view(session_id)
    sessions.delete(session_id)
    for read in (
        sessions.view,
        sessions.points,
        sessions.operations,
        sessions.models.versions,
        sessions.models.compare,
        sessions.models.current,
        sessions.trainings.train,
        sessions.undo,
        sessions.delete,
        lambda each: sessions.add(each, [0.5]),
        lambda each: sessions.trainings.train(each, idempotency_key="again"),
        lambda each: session_document.exported(sessions.store, each),
    ):
        with pytest.raises(SessionNotFoundError):
            read(session_id)
    with pytest.raises(RunNotFoundError):
        sessions.trainings.run(session_id, run.id)
    assert sessions.store.sessions() == []
    assert [record.id for record, _ in sessions.store.trash.sessions()] == [session_id]
    assert sessions.store.trash.take_back(session_id, time.time())
    assert sessions.view(session_id) == before
    assert sessions.add(session_id, [0.5]).n_points == 3
    assert not sessions.store.trash.take_back(session_id, time.time())


def test_add_by_a_process_that_did_not_see_the_deletion_is_refused(
    sessions: Sessions, session_id: str, config: Config
) -> None:
    other = Sessions(Store(config.store_url), config)
    other.add(session_id, [0.2])  # it has the session in memory
    sessions.delete(session_id)
    with pytest.raises(SessionNotFoundError):
        other.add(session_id, [0.3])
    other.close()


def test_deleted_session_is_removed_for_good_after_a_day(
    sessions: Sessions, session_id: str
) -> None:
    sessions.create()
    sessions.delete(session_id)
    now, monotonic = time.time(), time.monotonic()
    for later_s, n_deleted in ((DAY_S - HOUR_S, 1), (DAY_S + HOUR_S, 0)):
        sessions._maintenance.expire(now + later_s, monotonic + later_s)
        assert len(sessions.store.trash.sessions()) == n_deleted
    assert not sessions.store.trash.take_back(session_id, now)


def test_import_over_a_deleted_session_keeps_both(sessions: Sessions, session_id: str) -> None:
    document = session_document.exported(sessions.store, session_id)
    before = sessions.view(session_id)
    sessions.add(session_id, [7.0])
    sessions.delete(session_id)
    imported = session_document.imported(sessions.store, document)
    assert imported != session_id
    assert sessions.view(imported) == dataclasses.replace(before, id=imported)
    assert [kept.id for kept, _ in sessions.store.trash.sessions()] == [session_id]
    assert sessions.store.trash.take_back(session_id, time.time())
    assert sessions.points(session_id).tolist() == [0.1, 0.4, 7.0]


def test_store_of_the_first_schema_is_migrated(config: Config) -> None:
    engine = connect(config.store_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE sessions RENAME COLUMN deleted_at TO another")
        connection.execute(sa.delete(schema.schema_version))
        connection.execute(sa.insert(schema.schema_version).values(version=1))
    engine.dispose()
    store = Store(config.store_url)
    assert store.trash.sessions() == []
    store.close()


def test_clock_ahead_at_the_start_deletes_nothing(sessions: Sessions, config: Config) -> None:
    """All sessions were used just now. A process starts with its clock 40 days ahead."""
    used = [sessions.create().id for _ in range(3)]
    for each in used:
        sessions.store.touch(each, time.time() - 40 * DAY_S)
    late = Sessions(Store(config.store_url), config)
    late.view(used[0])  # a tab reconnects, and its last use gets the wrong time
    for later_s in (1.0, 2 * HOUR_S, 23 * HOUR_S):
        assert late._maintenance.expire(time.time() + later_s, time.monotonic() + later_s) == 0
    assert len(late.store.sessions()) == 3
    late.close()


def test_clock_that_jumps_while_running_deletes_nothing(sessions: Sessions) -> None:
    session_id = sessions.create().id
    wall, monotonic = time.time(), time.monotonic()
    for jump_s in (40 * DAY_S, -40 * DAY_S):
        lived_s = 2 * HOUR_S
        assert sessions._maintenance.expire(wall + lived_s + jump_s, monotonic + lived_s) == 0
    assert sessions.view(session_id).id == session_id


def test_nothing_expires_in_the_first_hour(sessions: Sessions) -> None:
    old, _used = sessions.create().id, sessions.create().id
    sessions.store.touch(old, time.time() - 31 * DAY_S)
    for lived_s, n_gone in ((HOUR_S / 2, 0), (HOUR_S + 1.0, 1)):
        expire = sessions._maintenance.expire
        assert expire(time.time() + lived_s, time.monotonic() + lived_s) == n_gone


def test_unused_sessions_expire(sessions: Sessions) -> None:
    old, used = sessions.create().id, sessions.create().id
    now = time.time()
    sessions.store.touch(old, now - 31 * DAY_S)
    sessions.store.touch(used, now - 29 * DAY_S)
    assert sessions._maintenance.expire(now + HOUR_S, time.monotonic() + HOUR_S) == 1
    assert [each.id for each in sessions.store.sessions()] == [used]


def test_reading_counts_as_use(sessions: Sessions, another_process: Callable[[], Sessions]) -> None:
    read, unread = sessions.create().id, sessions.create().id
    for session_id in (read, unread):
        sessions.store.touch(session_id, 0.0)
    another_process().view(read)
    later = HOUR_S + 1.0
    assert sessions._maintenance.expire(time.time() + later, time.monotonic() + later) == 1
    assert [each.id for each in sessions.store.sessions()] == [read]
