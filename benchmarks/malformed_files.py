"""Malformed exported sessions: each must be refused with a StateError, or answer every read."""

from __future__ import annotations

import base64
import copy
import dataclasses
import json
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from benchmarks.mutations import NASTY, mutated
from dash_app.config import Config
from dash_app.database.encoding import from_bytes, to_bytes
from dash_app.documents import session_document as session_as_json
from dash_app.errors import GMMError, StateError
from dash_app.sessions import Sessions
from dash_app.store import Store
from dash_app.transfer import session_document
from dash_app.web import json_text


class FileReport(Protocol):
    """The part of a report that this module fills in."""

    files: int
    taken_over: int
    tracebacks: int
    faults: list[str]


def try_imports(report: FileReport, config: Config, n: int, seed: int) -> None:
    """Import `n` mutated documents, each into a store that does not contain its session."""
    rng = random.Random(seed)
    if n == 0:
        return
    document = _document(config)
    with tempfile.TemporaryDirectory() as folder:
        elsewhere = dataclasses.replace(config, data_dir=Path(folder), database_url=None)
        sessions = Sessions(Store(elsewhere.store_url), elsewhere)
        for index in range(n):
            text = json.dumps(_damaged(rng, document))
            report.files += 1
            try:
                session_id = session_document.imported(sessions.store, json_text.parse(text))
            except StateError:
                if sessions.store.sessions():
                    report.faults.append(f"file {index} was refused and kept")
                continue
            except ValueError:  # nested too deeply to parse; the command reports it
                continue
            except Exception as error:  # noqa: BLE001 - any other exception is a fault to report
                report.tracebacks += 1
                report.faults.append(f"file {index}: {type(error).__name__}: {error!s:.200}")
                continue
            report.taken_over += 1
            _read_all(report, sessions, session_id, f"file {index}")
            sessions.delete(session_id)
        sessions.close()


def _document(config: Config) -> Any:
    """Return an exported session that contains every kind of operation."""
    sessions = Sessions(Store(config.store_url), config)
    rng = np.random.default_rng(3)
    found = sessions.create(n_components=2).id
    sessions.add(found, rng.normal(size=3), idempotency_key="first")
    for _ in range(55):
        sessions.add(found, rng.normal(size=1))
    sessions.trainings.train(found, epochs=5)
    sessions.remove(found, sessions.points(found)[3:5])
    sessions.configure(found, n_components=3)
    sessions.clear(found)
    sessions.undo(found)
    sessions.undo(found)
    sessions.redo(found)
    sessions.configure(found, half_life=20.0)
    sessions.add(found, rng.normal(size=2))
    sessions.undo(found)
    document = session_document.exported(sessions.store, found)
    sessions.delete(found)
    sessions.close()
    return json.loads(json.dumps(document))


def _damaged(rng: random.Random, document: Any) -> Any:
    kind = rng.random()
    if kind < 0.2:
        found = copy.deepcopy(document)
        each = rng.choice(found["snapshots"])
        body = from_bytes(base64.b64decode(each["body"]))
        each["body"] = base64.b64encode(_damaged_state(rng, body)).decode()
        return found
    if kind < 0.3:
        found = copy.deepcopy(document)
        rng.shuffle(found[rng.choice(("operations", "snapshots"))])
        return found
    if kind < 0.6:  # one number of the log
        found = copy.deepcopy(document)
        each = rng.choice(found["operations"])
        name = rng.choice(("seq", "parent", "head", "tip", "n_models", "n_points", "era"))
        each[name] = rng.choice((each[name] + 1, each[name] - 1, each["seq"], 0, rng.randrange(70)))
        return found
    return mutated(rng, document, rng.choice((1, 1, 2)))


def _damaged_state(rng: random.Random, body: dict[str, Any]) -> bytes:
    learner = body["learner"]
    arrays = [name for name, value in learner.items() if isinstance(value, np.ndarray)]
    kind = rng.random()
    if kind < 0.5:
        name = rng.choice(arrays)
        values = learner[name].copy()
        flat = values.reshape(-1)
        if flat.size and values.dtype.kind == "f":
            flat[rng.randrange(flat.size)] = rng.choice((np.nan, np.inf, -1.0, 0.0, 1e308, 5e-324))
        learner[name] = rng.choice((values, values[:-1], values[None], values.T))
        return to_bytes(body)
    if kind < 0.8:
        part = rng.choice((body, learner, body["settings"]))
        name = rng.choice(list(part))
        wrong = (*NASTY[:6], 7, 1e308, "x", [], {}, np.zeros(0), np.zeros(2))
        # some compare equal to a plain number
        similar = (np.array([part[name]]), float(part[name])) if _is_number(part[name]) else ()
        part[name] = rng.choice((*wrong, *similar))
        return to_bytes(body)
    text = bytearray(to_bytes(body))
    for _ in range(rng.choice((1, 3, 30))):
        text[rng.randrange(len(text))] = rng.randrange(256)
    return bytes(text)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float))


def _read_all(report: FileReport, sessions: Sessions, session_id: str, at: str) -> None:
    """Read everything of a session; then undo, redo and add points."""
    reads: tuple[Callable[[str], Any], ...] = (
        *(sessions.points, sessions.models.versions, sessions.operations, sessions.selections.of),
        *(sessions.models.compare, sessions.models.current),
        lambda known: json.dumps(session_as_json(sessions.view(known))),
        *(sessions.undo, sessions.redo, lambda known: sessions.add(known, [0.25])),
    )
    for read in reads:
        try:
            read(session_id)
        except GMMError:
            continue  # a legitimate refusal, such as a missing model or nothing to redo
        except Exception as error:  # noqa: BLE001 - any other exception is a fault to report
            report.tracebacks += 1
            report.faults.append(f"{at} taken over, then {type(error).__name__}: {error!s:.200}")
            return
