"""Work in the background that gets no thread: a container may limit them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from dash_app.errors import BusyError
from dash_app.sessions import Sessions
from dash_app.training import threads, warm_up
from dash_app.training.plays import Script

SCRIPT = Script(
    "two-clumps", np.linspace(-1.0, 1.0, 4), increment=2, n_components=2, half_life=None
)
N_REFUSED = 8
"""More than there are processor slots."""


class NoThread(threads.Thread):
    """A thread at the limit of the process."""

    def start(self) -> None:
        raise RuntimeError("can't start new thread")


@pytest.mark.any_store
def test_work_that_gets_no_thread_is_refused_and_keeps_no_place(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = sessions.create(n_components=2).id
    sessions.add(session_id, [0.1, 0.4, 0.5])
    works: list[Callable[[], object]] = [
        lambda: sessions.trainings.train(session_id),
        lambda: sessions.timelines.start(session_id, ["scratch"], "arrival", 0, 2),
        lambda: sessions.plays.play(sessions.create().id, SCRIPT),
        warm_up.warm_up,
    ]
    warm_up._started.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(threads, "Thread", NoThread)
        for work in works * N_REFUSED:
            with pytest.raises(BusyError, match="another thread: can't start new thread; try"):
                work()
    runs = sessions.trainings.runs_since(session_id, 0)
    assert {(run.status, run.error is None) for run in runs} == {("failed", False)}
    assert len(runs) == N_REFUSED
    assert sessions.trainings.train(session_id).status == "done"
    made = sessions.timelines.start(session_id, ["scratch"], "arrival", 0, 2)
    assert made.wait(0, 30.0)
    assert not sessions.plays._threads
