"""Undo to an earlier number of points: one operation, which one redo takes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dash_app.config import Config
from dash_app.errors import RefusedError, StateError
from dash_app.journal import fold
from dash_app.sessions import Sessions
from dash_app.store import Store
from dash_app.training.plays import Script
from dash_app.transfer import session_document
from tests.waiting import eventually


@pytest.fixture
def session_id(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> str:
    """A session of 1, 3, 4, 4 (another setting), 6, 5 and 7 points."""
    monkeypatch.setattr(fold, "SNAPSHOT_EVERY", 3)
    found = sessions.create(n_components=2).id
    sessions.add(found, [0.1])
    sessions.add(found, [0.2, 0.3])
    sessions.add(found, [0.4])
    sessions.configure(found, n_components=3)
    sessions.add(found, [0.5, 0.6])
    sessions.remove(found, [0.5])
    sessions.add(found, [0.7, 0.8])
    return found


def test_it_goes_to_the_newest_state_of_that_size_in_one_operation(
    sessions: Sessions, session_id: str, another_process: Callable[[], Sessions]
) -> None:
    before = sessions.view(session_id)
    view = sessions.undo(session_id, n_points=4)
    assert (view.n_points, view.n_components, view.revision) == (4, 3, before.revision + 1)
    assert sessions.points(session_id).tolist() == [0.1, 0.2, 0.3, 0.4]
    assert another_process().view(session_id) == view
    assert sessions.undo(session_id, n_points=4).n_components == 2  # the state before that one
    assert sessions.undo(session_id, n_points=0).n_points == 0
    assert sessions.redo(session_id).n_components == 2
    assert sessions.redo(session_id).n_components == 3
    after = sessions.redo(session_id)
    assert after.online == before.online
    assert not after.can_redo
    assert another_process().points(session_id).tolist() == [0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8]


@pytest.mark.any_store
@pytest.mark.parametrize("n_points", [2, 7, 8])
def test_a_size_that_no_earlier_state_had_is_refused(
    sessions: Sessions, session_id: str, n_points: int
) -> None:
    before = sessions.view(session_id)
    with pytest.raises(RefusedError, match=f"had earlier, got {n_points}"):
        sessions.undo(session_id, n_points=n_points)
    assert sessions.view(session_id) == before


@pytest.mark.any_store
def test_a_new_session_has_no_earlier_state(sessions: Sessions) -> None:
    with pytest.raises(RefusedError):
        sessions.undo(sessions.create().id, n_points=0)


@pytest.mark.any_store
def test_an_undone_branch_does_not_count(sessions: Sessions, session_id: str) -> None:
    sessions.undo(session_id, n_points=3)
    sessions.add(session_id, [0.9, 1.0])
    with pytest.raises(RefusedError):
        sessions.undo(session_id, n_points=6)
    assert sessions.undo(session_id, n_points=1).n_points == 1


def test_a_repeated_request_changes_nothing(sessions: Sessions, session_id: str) -> None:
    first = sessions.undo(session_id, n_points=3, idempotency_key="k")
    assert sessions.undo(session_id, n_points=3, idempotency_key="k") == first
    for other in (1, None):
        with pytest.raises(RefusedError, match="another request"):
            sessions.undo(session_id, n_points=other, idempotency_key="k")


def test_another_process_follows_it(
    sessions: Sessions, session_id: str, another_process: Callable[[], Sessions]
) -> None:
    other = another_process()
    other.view(session_id)
    sessions.undo(session_id, n_points=3)
    assert other.view(session_id) == sessions.view(session_id)
    other.redo(session_id)
    other.undo(session_id, n_points=1)
    assert sessions.view(session_id) == other.view(session_id)
    assert sessions.add(session_id, [0.9]).n_points == 2


def test_it_survives_export_and_import(sessions: Sessions, session_id: str, tmp_path: Path) -> None:
    sessions.undo(session_id, n_points=4)
    document = json.loads(json.dumps(session_document.exported(sessions.store, session_id)))
    other = Sessions(Store(f"sqlite:///{tmp_path}/other.sqlite3"), Config(data_dir=tmp_path))
    session_document.imported(other.store, document)
    assert other.view(session_id) == sessions.view(session_id)
    assert other.redo(session_id).n_points == 7
    other.delete(session_id)
    document["operations"][-1]["change"]["detail"]["n_points"] = 3
    document["session"]["id"] = "0" * 32
    with pytest.raises(StateError, match="target"):
        session_document.imported(other.store, document)
    other.close()


@pytest.mark.any_store
def test_into_an_example(sessions: Sessions, session_id: str) -> None:
    script = Script("two-clumps", np.linspace(-1, 1, 40), 4, n_components=2, half_life=None)
    sessions.plays.play(session_id, script)
    with pytest.raises(RefusedError, match="played"):
        sessions.undo(session_id, n_points=0)
    eventually(lambda: sessions.view(session_id).n_points == 40)
    eventually(lambda: sessions.plays.playing(sessions.view(session_id)) is None)
    view = sessions.undo(session_id, n_points=12)
    assert view.example is not None
    assert (view.n_points, view.example.done) == (12, 12)
    assert sessions.points(session_id).tolist() == script.points[:12].tolist()
    assert sessions.add(session_id, [5.0]).n_points == 13
    assert sessions.undo(session_id).n_points == 12
