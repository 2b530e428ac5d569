"""Write a long log of single points, then load it.

The log is written without training after each point, which would take minutes. The rows have the
same number, size and kind as those of the server, and the snapshots the same places. The last
snapshot is that of a learner of all points before it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dash_app.config import Config
from dash_app.database.snapshot_table import SPARSE_EVERY
from dash_app.journal import fold
from dash_app.learning.mixture import Array
from dash_app.records.operations import ADD, Change, Operation, SessionRecord, Settings, Snapshot
from dash_app.sessions import Sessions
from dash_app.store import Store

_BATCH = 5000


@dataclass(frozen=True)
class Loaded:
    """Seconds to load the session, and to read its points after that."""

    view_s: float
    points_s: float


def load_long_session(directory: Path, n_operations: int, n_components: int) -> Loaded:
    """Write the log, and load it into an empty `Sessions`."""
    config = Config(data_dir=directory)
    points = np.random.default_rng(0).normal(size=n_operations)
    # the largest possible number of operations after the last snapshot
    n_operations -= n_operations % fold.SNAPSHOT_EVERY + 1
    session_id = _write(config, points[:n_operations], n_components)
    sessions = Sessions(Store(config.store_url), config)
    started = time.perf_counter()
    view = sessions.view(session_id)
    viewed = time.perf_counter()
    held = sessions.points(session_id)
    loaded = time.perf_counter()
    sessions.close()
    assert view.n_points == n_operations
    assert np.array_equal(held, points[:n_operations])
    return Loaded(viewed - started, loaded - viewed)


def _write(config: Config, points: Array, n_components: int) -> str:
    store = Store(config.store_url)
    settings = Settings(n_components, None, 1.0, 0)
    session_id = "1" * 32
    store.create_session(SessionRecord(session_id, settings, time.time(), time.time()))
    kept = _last_snapshot(points, settings)
    online = fold.restored(kept)[0].learner
    model = fold.trained(replace(fold.initial_state(settings), learner=online), 1, 1e-3, 0.0)
    assert model is not None
    for start in range(0, points.size, _BATCH):
        numbers = range(start + 1, min(start + _BATCH, points.size) + 1)
        operations = [
            Operation(
                seq=seq,
                change=Change(ADD, points[seq - 1 : seq]),
                parent=seq - 1,
                head=seq,
                tip=seq,
                n_models=seq,
                n_points=seq,
                era=0,
                created_at=float(seq),
                version=replace(model, number=seq, revision=seq, n_points=seq),
            )
            for seq in numbers
        ]
        snapshots = [
            Snapshot(seq, seq, kept.state_version, kept.body)
            for seq in numbers
            if seq % SPARSE_EVERY == 0
            or (seq % fold.SNAPSHOT_EVERY == 0 and seq > points.size - SPARSE_EVERY)
        ]
        store.append(session_id, operations, snapshots)
    store.close()
    return session_id


def _last_snapshot(points: Array, settings: Settings) -> Snapshot:
    node = points.size - points.size % fold.SNAPSHOT_EVERY
    state = fold.initial_state(settings)
    for part in np.array_split(points[:node], max(1, node // 10_000)):
        fold.apply(state, Change(ADD, part), node)
    state.depth = node
    model = fold.trained(state, node, 1e-3, 0.0)
    state.online = model
    return fold.snapshot(state)
