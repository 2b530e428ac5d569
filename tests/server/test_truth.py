"""The truth of an example: known while all points are the example's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dash_app.config import Config
from dash_app.database.encoding import from_bytes, to_bytes
from dash_app.documents import session_document as document_of
from dash_app.errors import StateError
from dash_app.journal import fold
from dash_app.records.operations import Played, Settings
from dash_app.sessions import Sessions
from dash_app.store import Store
from dash_app.training.races import Follower, Told
from dash_app.training.stream import stream_at
from dash_app.transfer import session_document
from dash_app.ui.examples import EXAMPLES, script_of
from tests.waiting import eventually

EXAMPLE = EXAMPLES["two-clumps"]


@pytest.fixture
def session_id(sessions: Sessions, monkeypatch: pytest.MonkeyPatch, no_rests: None) -> str:
    """A session whose points are those of an example."""
    monkeypatch.setattr(fold, "SNAPSHOT_EVERY", 5)
    found = sessions.create(n_components=4).id
    sessions.plays.play(found, script_of(EXAMPLE))
    eventually(lambda: sessions.view(found).n_points == 40)
    return found


def records(follower: Follower) -> list[Told]:
    events = follower.look()
    while follower.has_work:
        follower.compute(10.0)
        events += follower.look()
    return [each for each in events if isinstance(each, Told)]


def test_it_is_known_while_no_other_points_come(
    sessions: Sessions, session_id: str, another_process: Callable[[], Sessions]
) -> None:
    truth = EXAMPLE.truth
    assert truth is not None
    assert sessions.view(session_id).truth == truth
    assert document_of(sessions.view(session_id))["truth"] == truth.to_dict()
    assert sessions.configure(session_id, n_components=3).truth == truth
    assert another_process().view(session_id).truth == truth
    assert sessions.add(session_id, [0.3]).truth is None
    assert another_process().view(session_id).truth is None
    assert sessions.undo(session_id).truth == truth
    assert sessions.remove(session_id, sessions.points(session_id)[:1]).truth is None
    assert sessions.undo(session_id).truth == truth
    assert sessions.clear(session_id).truth is None
    assert document_of(sessions.view(session_id))["truth"] is None
    assert sessions.undo(session_id).truth == truth


@pytest.mark.any_store
def test_it_survives_export_and_import(sessions: Sessions, session_id: str, tmp_path: Path) -> None:
    document = json.loads(json.dumps(session_document.exported(sessions.store, session_id)))
    other = Sessions(Store(f"sqlite:///{tmp_path}/other.sqlite3"), Config(data_dir=tmp_path))
    session_document.imported(other.store, document)
    assert other.view(session_id).truth == EXAMPLE.truth
    other.delete(session_id)
    document["session"]["id"] = "0" * 32
    document["operations"][0]["change"]["detail"]["truth"]["weights"] = [0.9, 0.9]
    with pytest.raises(StateError, match="mixture"):
        session_document.imported(other.store, document)
    other.close()


@pytest.mark.usefixtures("no_rests")
@pytest.mark.any_store
def test_logs_and_snapshots_without_it_have_none(sessions: Sessions) -> None:
    script = replace(script_of(EXAMPLE), truth=None)
    session_id = sessions.create().id
    assert sessions.plays.play(session_id, script).truth is None
    eventually(lambda: sessions.view(session_id).n_points == 40)
    assert sessions.view(session_id).truth is None
    state = fold.initial_state(Settings(2, None, 1.0, 0))
    state.example = Played("two-clumps", 1, 1, 0, 40, state.settings, EXAMPLE.truth)
    kept = fold.snapshot(state)
    assert fold.restored(kept)[0].example == state.example
    body = from_bytes(kept.body)
    del body["example"]["truth"]
    (old, _) = fold.restored(replace(kept, body=to_bytes(body)))
    assert old.example == replace(state.example, truth=None)


@pytest.mark.any_store
def test_the_race_measures_against_it(sessions: Sessions, session_id: str) -> None:
    follower = sessions.races.follow(session_id, [])
    with_truth = records(follower)
    assert len(with_truth) == 20
    assert all(each.record.tv_to_truth is not None for each in with_truth)
    first, last = with_truth[0].record, with_truth[-1].record
    assert (first.tv_to_truth or 0) > (last.tv_to_truth or 1)
    assert (first.held_out_nll or 0) > (last.held_out_nll or 9)
    sessions.add(session_id, [0.2])
    (own,) = records(follower)
    assert (own.step, own.record.tv_to_truth, own.record.held_out_nll) == (20, None, None)


@pytest.mark.any_store
def test_steps_with_points_of_ones_own_have_none(sessions: Sessions, session_id: str) -> None:
    record = sessions.store.session(session_id)
    assert record is not None
    node = sessions.remove(session_id, sessions.points(session_id)[-1:]).revision
    assert not any(step.truth for step in stream_at(sessions.store, record, node).increments)
    assert all(step.truth for step in stream_at(sessions.store, record, node - 1).increments)


@pytest.mark.parametrize("name", EXAMPLES)
def test_truths_agree_with_the_points(name: str) -> None:
    example = EXAMPLES[name]
    if example.truth is None:
        assert name in ("uniform", "drift", "old-faithful")
        return
    points = np.array(example.points())
    means = example.truth.means
    assert example.truth.weights @ means == pytest.approx(points.mean(), abs=0.05)
    spread = example.truth.weights @ (example.truth.variances + means**2) - points.mean() ** 2
    assert spread == pytest.approx(points.var(), rel=0.15)
