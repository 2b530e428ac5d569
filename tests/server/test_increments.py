"""The increments read from the log equal those noted after each change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dash_app.journal.increments import Increment
from dash_app.learning import compare
from dash_app.sessions import Sessions

Seen = tuple[int, Any]


class Watcher:
    """Notes the online model and the difference after each use-case, as the page does."""

    def __init__(self, sessions: Sessions, session_id: str) -> None:
        self.sessions, self.session_id = sessions, session_id
        self.seen: list[Seen] = []

    def do(self, use_case: str, *arguments: Any, **settings: Any) -> None:
        getattr(self.sessions, use_case)(self.session_id, *arguments, **settings)
        view = self.sessions.view(self.session_id)
        if view.online is None:
            self.seen = []
            return
        difference = None
        if view.scratch is not None:
            points = self.sessions.points(self.session_id)
            difference = compare(view.online.mixture, view.scratch.mixture, points)
        if self.seen and self.seen[-1][0] == view.online.number:
            self.seen.pop()
        self.seen.append((view.online.number, difference))


def numbers_and_differences(increments: list[Increment]) -> list[Seen]:
    return [(each.online.number, each.difference) for each in increments]


@pytest.fixture
def watcher(sessions: Sessions) -> Watcher:
    return Watcher(sessions, sessions.create(n_components=2).id)


def test_increments_equal_those_seen_after_each_change(
    watcher: Watcher, sessions: Sessions
) -> None:
    watcher.do("add", [0.1, 0.2, 0.9, 1.0])
    watcher.do("train")
    watcher.do("add", [0.15])
    watcher.do("add", [-2.0])
    watcher.do("train")
    watcher.do("configure", half_life=20.0)
    watcher.do("undo")
    watcher.do("undo")
    watcher.do("redo")
    watcher.do("remove", [0.15])
    watcher.do("configure", n_components=3)
    watcher.do("train", method="adam", epochs=5)
    increments = sessions.increments(watcher.session_id)
    assert numbers_and_differences(increments) == watcher.seen
    current = [each.current for each in increments]
    assert current == [True, False, True, False, True, False, True]


def test_clear_ends_the_increments_and_undo_does_not_restore_them(
    watcher: Watcher, sessions: Sessions
) -> None:
    watcher.do("add", [0.1, 0.9])
    watcher.do("train")
    watcher.do("clear")
    assert sessions.increments(watcher.session_id) == []
    watcher.do("undo")
    watcher.do("add", [0.5])
    watcher.do("clear")
    watcher.do("add", [0.7])
    assert numbers_and_differences(sessions.increments(watcher.session_id)) == watcher.seen


def test_another_process_reads_the_same_increments(
    watcher: Watcher, another_process: Callable[[], Sessions]
) -> None:
    for x in np.linspace(-1, 1, 12):
        watcher.do("add", [x])
        if x > 0:
            watcher.do("train")
    assert numbers_and_differences(another_process().increments(watcher.session_id)) == watcher.seen


def test_new_session_has_no_increments(sessions: Sessions) -> None:
    assert sessions.increments(sessions.create().id) == []
