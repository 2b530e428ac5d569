"""The difference between the two models, as the page tells it after every click."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Optional

import numpy as np
import pytest
import sqlalchemy as sa

from dash_app.config import Config
from dash_app.journal.differences import Difference
from dash_app.sessions import Sessions, SessionView
from dash_app.ui.commands import perform


def difference(sessions: Sessions, view: SessionView) -> Difference:
    found = sessions.models.difference(view)
    assert found is not None
    return found


@pytest.fixture
def trained(sessions: Sessions) -> str:
    """A session with both models."""
    session_id = sessions.create(n_components=2).id
    sessions.add(session_id, [-1.0, -0.9, -0.8, 0.7, 0.8, 1.1])
    sessions.trainings.train(session_id)
    return session_id


@pytest.mark.any_store
def test_there_is_none_before_both_models_exist(sessions: Sessions) -> None:
    session_id = sessions.create().id
    assert sessions.models.difference(sessions.view(session_id)) is None
    assert sessions.models.difference(sessions.add(session_id, [0.5, 1.0])) is None


@pytest.mark.any_store
def test_it_equals_the_comparison_over_all_points_while_the_summary_is_exact(
    sessions: Sessions, trained: str
) -> None:
    found = difference(sessions, sessions.add(trained, [0.2, 3.0]))
    exact = sessions.models.compare(trained).difference
    assert found.total_variation == exact.total_variation
    assert found.gap == pytest.approx(exact.log_likelihood_gap, abs=1e-12)


@pytest.mark.any_store
@pytest.mark.parametrize("later", [None, 1e9], ids=["switched off", "longer"])
def test_with_a_half_life_both_gaps_weigh_points_by_how_much_they_still_count(
    sessions: Sessions, later: Optional[float]
) -> None:
    session_id = sessions.create(n_components=1, half_life=20.0).id
    sessions.add(session_id, np.linspace(-0.6, 0.6, 90))
    sessions.configure(session_id, half_life=later)
    sessions.add(session_id, [0.5])
    sessions.trainings.train(session_id, method="adam", epochs=50)
    found = sessions.models.compare(session_id)
    gap = found.difference.log_likelihood_gap
    assert gap is not None
    assert gap > 0.1  # without the weights its sign is another
    assert gap == pytest.approx(difference(sessions, sessions.view(session_id)).gap, abs=1e-9)
    assert gap == pytest.approx(found.scratch.mean_nll - found.online.mean_nll, abs=1e-9)


def test_which_fits_better_is_not_told_once_the_summary_has_merged_values(
    sessions: Sessions,
) -> None:
    session_id = sessions.create(n_components=2, capacity=16).id
    sessions.add(session_id, np.linspace(-1.0, 1.0, 16))
    sessions.trainings.train(session_id)
    assert difference(sessions, sessions.view(session_id)).gap is not None
    found = difference(sessions, sessions.add(session_id, [0.05]))
    assert found.gap is None
    assert found.total_variation > 0


@pytest.mark.any_store
def test_it_follows_a_change_of_the_number_of_components(sessions: Sessions, trained: str) -> None:
    view = sessions.configure(trained, n_components=3)
    exact = sessions.models.compare(trained).difference.log_likelihood_gap
    assert difference(sessions, view).gap == pytest.approx(exact, abs=1e-12)


@pytest.mark.any_store
def test_cause_is_what_has_changed_since_the_training(
    sessions: Sessions, another_process: Callable[[], Sessions], trained: str
) -> None:
    def told(view: SessionView) -> tuple[bool, Any]:
        other = another_process()
        found = difference(sessions, view)
        assert difference(other, other.view(trained)) == found
        return found.current, found.cause

    assert told(sessions.view(trained)) == (True, None)
    assert told(sessions.add(trained, [0.2])) == (False, "points")
    assert told(sessions.undo(trained)) == (True, None)
    assert told(sessions.configure(trained, n_components=3)) == (False, "settings")
    assert told(sessions.undo(trained)) == (True, None)
    # it takes effect with the next point only
    assert told(sessions.configure(trained, half_life=5.0)) == (True, None)
    assert told(sessions.add(trained, [0.2])) == (False, "points")


@pytest.mark.any_store
def test_cause_is_the_optimiser_that_was_stopped_early(sessions: Sessions, trained: str) -> None:
    sessions.trainings.train(trained, method="adam", epochs=1)
    found = difference(sessions, sessions.view(trained))
    assert (found.current, found.cause) == (True, "optimiser")


def test_a_click_reads_nothing_but_its_own_key(sessions: Sessions, config: Config) -> None:
    if config.database_url is not None:
        pytest.skip("SQLite's own trace sees every statement")
    rng = np.random.default_rng(0)
    session_id = sessions.create(n_components=2).id
    sessions.add(session_id, rng.normal(size=5000))
    sessions.trainings.train(session_id)
    statements: list[str] = []
    this_thread = threading.get_ident()

    def trace(text: str) -> None:
        if threading.get_ident() == this_thread:  # maintenance reads too
            statements.append(text)

    sa.event.listen(
        sessions.store._engine,
        "checkout",
        lambda connection, *_: connection.set_trace_callback(trace),
    )
    for index in range(3):
        statements.clear()
        command = {"kind": "add", "key": f"click-{index}", "x": [float(rng.normal())]}
        assert perform(sessions, session_id, command)["view"]["comparison"] is not None
        kinds = [text.split()[0] for text in statements]
        assert [kind for kind in kinds if kind in ("SELECT", "INSERT")] == ["SELECT", "INSERT"]
        assert "idempotency_key" in statements[kinds.index("SELECT")]
