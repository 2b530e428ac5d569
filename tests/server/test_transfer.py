"""Export and import: the same points, the same log, the same bits."""

from __future__ import annotations

import base64
import copy
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dash_app.config import Config
from dash_app.database.encoding import from_bytes, to_bytes
from dash_app.errors import StateError, StoreError
from dash_app.learning import OnlineGaussianMixture
from dash_app.sessions import Sessions
from dash_app.store import Store
from dash_app.transfer import log_check, session_document


@pytest.fixture
def session_id(sessions: Sessions) -> str:
    """A session with every kind of operation except clear."""
    rng = np.random.default_rng(2)
    found = sessions.create(n_components=2, seed=5).id
    for _ in range(7):
        sessions.add(found, rng.normal(size=3))
    sessions.trainings.train(found)
    sessions.configure(found, n_components=3)
    sessions.remove(found, sessions.points(found)[3:5])
    sessions.undo(found)
    sessions.undo(found)
    sessions.redo(found)
    sessions.configure(found, n_components=3, idempotency_key="nothing-new")
    return found


def exported(sessions: Sessions, session_id: str) -> Any:
    """Return the exported document, written as JSON and read again."""
    return json.loads(json.dumps(session_document.exported(sessions.store, session_id)))


def test_import_restores_every_bit_and_refits_nothing(
    sessions: Sessions, session_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = exported(sessions, session_id)
    elsewhere = Config(data_dir=tmp_path / "elsewhere")
    with monkeypatch.context() as patched:
        for trains in ("partial_fit", "with_n_components", "forget"):
            patched.setattr(OnlineGaussianMixture, trains, None)
        store = Store(elsewhere.store_url)
        assert session_document.imported(store, document) == session_id
        other = Sessions(store, elsewhere)
        view, before = other.view(session_id), sessions.view(session_id)
        assert view == before
        assert other.points(session_id).tobytes() == sessions.points(session_id).tobytes()
        assert other.models.versions(session_id) == sessions.models.versions(session_id)
    one, two = sessions.operations(session_id), other.operations(session_id)
    assert [vars(each) | {"change": None} for each in one] == [
        vars(each) | {"change": None} for each in two
    ]
    assert other.redo(session_id).n_points == sessions.redo(session_id).n_points
    # both sessions continue with the same model
    ours, theirs = (each.add(session_id, [0.25]).online for each in (sessions, other))
    assert ours is not None
    assert theirs is not None
    assert ours.mixture == theirs.mixture
    other.close()


def test_import_over_an_existing_session_is_refused(sessions: Sessions, session_id: str) -> None:
    document = exported(sessions, session_id)
    with pytest.raises(StoreError, match=session_id):
        session_document.imported(sessions.store, document)
    assert sessions.view(session_id).n_points == 21
    sessions.delete(session_id)
    sessions.store.trash.purge(time.time() + 1.0)
    assert session_document.imported(sessions.store, document) == session_id
    assert sessions.view(session_id).n_points == 21


def first(document: Any, kind: str) -> Any:
    return next(each for each in document["operations"] if each["change"]["kind"] == kind)


def exchange_snapshots(document: Any) -> None:
    """Replace the learner in the head's snapshot by one of other points."""
    learner = OnlineGaussianMixture(3, seed=5).partial_fit([0.0, 1.0, 2.0])
    body = from_bytes(base64.b64decode(document["snapshots"][-1]["body"]))
    body["learner"] = learner.state()
    document["snapshots"][-1]["body"] = base64.b64encode(to_bytes(body)).decode()


def cut_atoms(document: Any) -> None:
    """Remove the mass of one atom from the head's snapshot."""
    body = from_bytes(base64.b64decode(document["snapshots"][-1]["body"]))
    body["learner"]["atom_masses"] = body["learner"]["atom_masses"][:-1]
    document["snapshots"][-1]["body"] = base64.b64encode(to_bytes(body)).decode()


def alike(part: str, name: str, similar: Callable[[Any], Any]) -> Callable[[Any], None]:
    """Return a change of the head's snapshot to a value that compares equal to the true one."""

    def damage(document: Any) -> None:
        body = from_bytes(base64.b64decode(document["snapshots"][-1]["body"]))
        inside = body[part] if part else body
        inside[name] = similar(inside[name])
        document["snapshots"][-1]["body"] = base64.b64encode(to_bytes(body)).decode()

    return damage


DAMAGES: list[Any] = [
    alike("settings", "n_components", lambda value: np.array([value])),
    alike("settings", "seed", lambda value: np.array([value])),
    alike("settings", "prior_weight", lambda value: np.ones(0)),
    alike("settings", "prior_weight", lambda value: True),
    alike("", "era", lambda value: np.array([value])),
    alike("", "online", lambda value: np.array([value])),
    lambda document: document["operations"][0].update(parent=1),  # its own parent: an endless loop
    lambda document: document["operations"][0].update(seq="1"),
    lambda document: document["operations"][0].update(tip=0),
    lambda document: document["operations"][1].update(era=1),
    lambda document: document["operations"][1].update(n_points=7),
    lambda document: document["operations"][1].update(n_models=1),
    lambda document: document["operations"][1].update(created_at=float("inf")),
    lambda document: document["operations"][1].update(created_at=1e300),
    lambda document: document["operations"][1].update(idempotency_key="a\0b"),
    lambda document: document["operations"][1].update(version=None),
    lambda document: document["operations"][1]["version"].update(kind="scratch"),
    lambda document: document["operations"][1]["version"].update(objective=float("nan")),
    lambda document: document["operations"][1]["version"].update(time_s=-1),
    lambda document: document["operations"][1]["version"]["mixture"].update(weights=[2.0, -1.0]),
    lambda document: document["operations"][1]["version"]["mixture"].update(means=[0.0]),
    lambda document: document["operations"][1]["change"].update(points=[[0.0]]),
    lambda document: document["operations"][1]["change"].update(points=["0.0"]),
    lambda document: document["operations"][1]["change"].update(detail={"target": 1}),
    lambda document: first(document, "remove")["change"].update(points=[99.0, 98.0]),
    lambda document: first(document, "undo")["change"].update(detail={"target": 1}),
    lambda document: first(document, "redo")["change"].update(detail={"target": 1}),
    lambda document: first(document, "train")["change"]["detail"].update(era=1),
    lambda document: first(document, "train")["version"].update(revision=10**9),
    lambda document: first(document, "configure")["change"].update(detail={"half_life": 1e-320}),
    lambda document: first(document, "configure")["change"].update(detail={"colour": 1}),
    lambda document: document["session"].update(id="a\0b"),
    lambda document: document["session"].update(id=7),
    lambda document: document["session"].update(created_at=float("inf")),
    lambda document: document["session"].update(created_at="today"),
    lambda document: document["session"]["settings"].update(half_life=1e-320),
    lambda document: document["session"]["settings"].update(seed="a"),
    lambda document: document.update(snapshots=[]),
    lambda document: document["snapshots"].append(document["snapshots"][0]),
    lambda document: document["snapshots"][-1].update(depth=1),
    lambda document: document["snapshots"][-1].update(node=10**9),
    exchange_snapshots,
    cut_atoms,
    lambda document: document.clear(),
    lambda document: document.update(format="other"),
    lambda document: document.update(format_version=2),
    lambda document: document["operations"].pop(2),
    lambda document: document["operations"][0].pop("head"),
    lambda document: document["operations"][0].update(head=99),
    lambda document: document["operations"][0]["change"].update(kind="explode"),
    lambda document: document["operations"][0]["change"].update(points=[float("nan")]),
    lambda document: document["snapshots"][0].update(body="%%%"),
    lambda document: document["session"]["settings"].update(n_components=0),
    lambda document: document.update(operations=7),
]


def test_endless_undo_and_redo_are_not_followed(
    sessions: Sessions, session_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = exported(sessions, session_id)
    sessions.delete(session_id)
    monkeypatch.setattr(log_check, "MAX_MOVES", 1)
    with pytest.raises(StateError, match="undo and redo over at most 1 operations in all"):
        session_document.imported(sessions.store, document)
    assert sessions.store.sessions() == []


def test_damaged_document_is_refused_and_nothing_is_stored(
    sessions: Sessions, session_id: str
) -> None:
    whole = exported(sessions, session_id)
    sessions.delete(session_id)
    for damage in DAMAGES:
        document = copy.deepcopy(whole)
        damage(document)
        with pytest.raises(StateError, match="expected"):
            session_document.imported(sessions.store, document)
        assert sessions.store.sessions() == []
