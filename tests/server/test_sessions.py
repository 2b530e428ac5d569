"""Sessions: what the use-cases do, on each store."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

from dash_app.errors import (
    EmptyDataError,
    NonFiniteError,
    OutOfRangeError,
    RefusedError,
    SessionNotFoundError,
    UnknownPointError,
)
from dash_app.learning import OnlineGaussianMixture
from dash_app.sessions import Sessions

CLICKS = [-0.71, 0.42, -0.65, 0.38, -0.7]


def test_new_session_has_no_model(sessions: Sessions) -> None:
    view = sessions.view(sessions.create(n_components=2, seed=7).id)
    assert (view.n_components, view.n_points, view.revision, view.seed) == (2, 0, 0, 7)
    assert view.online is None
    assert view.scratch is None
    assert not view.can_undo
    assert not view.can_redo


@pytest.mark.any_store
def test_session_id_is_128_random_bits(sessions: Sessions) -> None:
    ids = {sessions.create().id for _ in range(5)}
    assert len(ids) == 5
    assert all(len(each) == 32 and int(each, 16) >= 0 for each in ids)


def test_create_with_a_taken_id_returns_that_session_or_is_refused(sessions: Sessions) -> None:
    made = sessions.create(session_id="a" * 32, seed=1)
    changed = sessions.configure(made.id, n_components=5)
    assert sessions.create(session_id="a" * 32, seed=1) == changed
    with pytest.raises(RefusedError, match="settings with which this key"):
        sessions.create(session_id="a" * 32, seed=2)


@pytest.mark.any_store
@pytest.mark.parametrize(
    "settings", [{"n_components": 0}, {"n_components": 51}, {"half_life": 0.0}, {"seed": -1}]
)
def test_create_refuses_settings_out_of_range(sessions: Sessions, settings: dict) -> None:
    with pytest.raises(OutOfRangeError):
        sessions.create(**settings)


def test_add_trains_online_on_the_increment(sessions: Sessions) -> None:
    session_id = sessions.create(n_components=2).id
    for x in CLICKS:
        view = sessions.add(session_id, [x])
    learner = OnlineGaussianMixture(2)
    for x in CLICKS:
        learner.partial_fit([x])
    assert view.online is not None
    assert view.online.mixture == learner.mixture
    assert view.online.objective == learner.objective
    assert view.online.mean_nll == learner.mean_nll
    assert (view.online.number, view.online.kind, view.online.n_points) == (5, "online", 5)
    assert view.online.time_s > 0
    assert view.revision == 5
    assert sessions.points(session_id).tolist() == CLICKS


@pytest.mark.any_store
@pytest.mark.parametrize(
    ("points", "error"),
    [([], EmptyDataError), ([1.0, float("nan")], NonFiniteError), ([1e151], OutOfRangeError)],
)
def test_refused_points_change_nothing(sessions: Sessions, points: list, error: type) -> None:
    session_id = sessions.create().id
    before = sessions.add(session_id, CLICKS)
    with pytest.raises(error):
        sessions.add(session_id, points)
    with pytest.raises(error):
        sessions.synchronise(session_id, points, n_components=2)
    assert sessions.view(session_id) == before


@pytest.mark.parametrize("session_id", ["", "0" * 32, "no such", "'; DROP TABLE sessions"])
def test_unknown_session_is_refused_by_every_use_case(sessions: Sessions, session_id: str) -> None:
    for use_case in (
        sessions.view,
        sessions.points,
        sessions.models.versions,
        sessions.operations,
        sessions.models.compare,
        sessions.undo,
        sessions.redo,
        sessions.clear,
        sessions.trainings.train,
        sessions.delete,
        lambda each: sessions.add(each, [1.0]),
        lambda each: sessions.remove(each, [1.0]),
        lambda each: sessions.synchronise(each, [1.0], n_components=2),
    ):
        with pytest.raises(SessionNotFoundError):
            use_case(session_id)


def test_remove_deletes_the_last_occurrence(sessions: Sessions) -> None:
    session_id = sessions.create(n_components=1).id
    sessions.add(session_id, [1.0, 2.0, 1.0, 3.0])
    view = sessions.remove(session_id, [1.0, 3.0])
    assert sessions.points(session_id).tolist() == [1.0, 2.0]
    assert view.n_points == 2
    assert view.online is not None
    assert view.online.mixture.means[0] == pytest.approx(1.5, abs=1e-6)


def test_remove_of_everything_leaves_no_model(sessions: Sessions) -> None:
    session_id = sessions.create().id
    sessions.add(session_id, [1.0, 2.0])
    view = sessions.remove(session_id, [2.0, 1.0])
    assert (view.n_points, view.online) == (0, None)
    assert sessions.add(session_id, [5.0]).n_points == 1


@pytest.mark.any_store
@pytest.mark.parametrize("points", [[9.0], [1.0, 1.0], [1.0, 9.0]])
def test_remove_of_an_inactive_point_changes_nothing(sessions: Sessions, points: list) -> None:
    session_id = sessions.create().id
    before = sessions.add(session_id, [1.0, 2.0])
    with pytest.raises(UnknownPointError):
        sessions.remove(session_id, points)
    assert sessions.view(session_id) == before


@pytest.mark.any_store
def test_remove_is_refused_after_a_half_life(sessions: Sessions) -> None:
    session_id = sessions.create(half_life=10.0).id
    sessions.add(session_id, [1.0, 2.0])
    with pytest.raises(RefusedError, match="half-life"):
        sessions.remove(session_id, [1.0])
    sessions.configure(session_id, half_life=None)  # the weights stay unequal
    with pytest.raises(RefusedError, match="no half-life, and no point that came while one was"):
        sessions.remove(session_id, [1.0])


def test_configure_retrains_the_same_points(sessions: Sessions) -> None:
    session_id = sessions.create(n_components=2).id
    sessions.add(session_id, CLICKS)
    view = sessions.configure(session_id, n_components=3)
    expected = OnlineGaussianMixture(2).partial_fit(CLICKS).with_n_components(3)
    assert view.online is not None
    assert view.online.mixture == expected.mixture
    assert (view.n_components, view.n_points, view.online.number) == (3, 5, 2)


@pytest.mark.any_store
def test_configure_without_a_change_appends_nothing(sessions: Sessions) -> None:
    session_id = sessions.create(n_components=2).id
    assert sessions.configure(session_id, n_components=2, half_life=None).revision == 0


@pytest.mark.any_store
def test_half_life_acts_from_the_next_increment(sessions: Sessions) -> None:
    session_id = sessions.create(n_components=1).id
    before = sessions.add(session_id, [0.0] * 10)
    after = sessions.configure(session_id, half_life=1.0)
    assert after.online == before.online
    view = sessions.add(session_id, [1.0])
    assert view.online is not None
    # ten old points at weight 1/2 each, one new at 1
    assert view.online.mixture.means[0] == pytest.approx(1.0 / 6.0)


def test_clear_removes_points_and_models_but_not_settings(sessions: Sessions) -> None:
    session_id = sessions.create(n_components=2).id
    sessions.add(session_id, CLICKS)
    sessions.trainings.train(session_id)
    view = sessions.clear(session_id)
    assert (view.n_points, view.online, view.scratch, view.n_components) == (0, None, None, 2)
    assert sessions.points(session_id).size == 0
    assert len(sessions.models.versions(session_id)) == 2  # every version is kept
    assert sessions.clear(session_id).revision == view.revision


def test_synchronise_trains_on_the_new_end_of_the_list_only(sessions: Sessions) -> None:
    session_id = sessions.create(n_components=2).id
    first = sessions.synchronise(session_id, CLICKS[:3], n_components=2)
    second = sessions.synchronise(session_id, CLICKS, n_components=2)
    third = sessions.synchronise(session_id, CLICKS, n_components=2)
    assert [first.n_new, second.n_new, third.n_new] == [3, 2, 0]
    expected = OnlineGaussianMixture(2).partial_fit(CLICKS[:3]).partial_fit(CLICKS[3:])
    assert second.view.online is not None
    assert second.view.online.mixture == expected.mixture
    assert third.view == second.view


@pytest.mark.any_store
@pytest.mark.parametrize("points", [[0.42, -0.71, 0.1], CLICKS[:2], [9.0]])
def test_synchronise_with_another_list_starts_a_new_model(sessions: Sessions, points: list) -> None:
    session_id = sessions.create(n_components=2).id
    sessions.synchronise(session_id, CLICKS, n_components=2)
    done = sessions.synchronise(session_id, points, n_components=2)
    assert done.n_new == len(points)
    assert done.view.online is not None
    assert done.view.online.mixture == OnlineGaussianMixture(2).partial_fit(points).mixture
    assert sessions.points(session_id).tolist() == points


@pytest.mark.any_store
def test_synchronise_with_another_k_keeps_the_points(sessions: Sessions) -> None:
    session_id = sessions.create(n_components=2).id
    sessions.synchronise(session_id, CLICKS, n_components=2)
    done = sessions.synchronise(session_id, CLICKS, n_components=4)
    assert done.n_new == 0
    assert (done.view.n_components, done.view.n_points) == (4, 5)
    assert done.view.online is not None
    assert done.view.online.mixture.n_components == 4


@pytest.mark.any_store
def test_compare_needs_both_models(sessions: Sessions) -> None:
    session_id = sessions.create(n_components=2).id
    with pytest.raises(RefusedError, match="online"):
        sessions.models.compare(session_id)
    sessions.add(session_id, CLICKS)
    with pytest.raises(RefusedError, match="scratch"):
        sessions.models.compare(session_id)
    sessions.trainings.train(session_id)
    found = sessions.models.compare(session_id)
    assert 0.0 <= found.difference.total_variation < 0.05
    assert found.online.kind == "online"
    assert found.scratch.kind == "scratch"


@pytest.mark.parametrize("kind", ["add", "remove", "undo", "redo", "clear", "configure", "train"])
def test_repeated_request_is_carried_out_once(
    sessions: Sessions, another_process: Callable[[], Sessions], kind: str
) -> None:
    session_id = sessions.create(n_components=2).id
    sessions.add(session_id, CLICKS)
    sessions.add(session_id, [5.0])
    if kind == "redo":
        sessions.undo(session_id)
        sessions.undo(session_id)
    arguments = {"add": ([1.0],), "remove": ([5.0],)}.get(kind, ())
    settings = {"n_components": 3} if kind == "configure" else {}
    first, again = (
        each.trainings.train if kind == "train" else getattr(each, kind)
        for each in (sessions, another_process())
    )
    done = first(session_id, *arguments, **settings, idempotency_key="k1")
    revision = sessions.view(session_id).revision
    repeated = again(session_id, *arguments, **settings, idempotency_key="k1")
    assert sessions.view(session_id).revision == revision
    assert repeated.id == done.id


@pytest.mark.parametrize("kind", ["clear", "configure", "keep"])
def test_repeated_request_that_changed_nothing_changes_nothing_later(
    sessions: Sessions, another_process: Callable[[], Sessions], kind: str
) -> None:
    session_id = sessions.create(n_components=3).id
    settings = {"configure": {"n_components": 3}, "keep": {"n_points": 0}}.get(kind, {})
    watching = another_process()
    watching.view(session_id)
    noted = getattr(sessions, kind)(session_id, **settings, idempotency_key="k")
    assert (noted.revision, noted.can_undo, noted.can_redo) == (1, False, False)
    assert watching.view(session_id) == noted
    sessions.add(session_id, CLICKS)
    sessions.configure(session_id, n_components=2)
    for each in (sessions, another_process()):
        again = getattr(each, kind)(session_id, **settings, idempotency_key="k")
        assert (again.n_points, again.n_components, again.revision) == (len(CLICKS), 2, 3)
    with pytest.raises(RefusedError, match="Idempotency-Key"):
        sessions.configure(session_id, n_components=4, idempotency_key="k")
    assert [each.kind for each in sessions.operations(session_id)] == ["note", "add", "configure"]


def test_undo_and_redo_skip_a_note(sessions: Sessions) -> None:
    session_id = sessions.create(n_components=3).id
    sessions.add(session_id, CLICKS)
    trained = sessions.trainings.train(session_id)
    sessions.undo(session_id)
    sessions.configure(session_id, n_components=3, idempotency_key="k")
    view = sessions.redo(session_id)
    assert view.n_points == len(CLICKS)
    sessions.configure(session_id, n_components=3, idempotency_key="l")
    view = sessions.undo(session_id)
    assert (view.n_points, view.can_undo) == (0, False)
    assert sessions.trainings.run(session_id, trained.id).version == view.scratch


def test_key_with_another_request_is_refused(sessions: Sessions) -> None:
    session_id = sessions.create().id
    sessions.add(session_id, [1.0], idempotency_key="k")
    with pytest.raises(RefusedError, match="Idempotency-Key"):
        sessions.add(session_id, [2.0], idempotency_key="k")
    with pytest.raises(RefusedError, match="Idempotency-Key"):
        sessions.clear(session_id, idempotency_key="k")
    assert sessions.points(session_id).tolist() == [1.0]


def test_key_of_another_training_or_of_a_change_is_refused(sessions: Sessions) -> None:
    session_id = sessions.create(n_components=2).id
    sessions.add(session_id, CLICKS, idempotency_key="add")
    run = sessions.trainings.train(session_id, epochs=5, idempotency_key="train")
    for epochs, method, key in ((6, "em", "train"), (5, "adam", "train"), (5, "em", "add")):
        with pytest.raises(RefusedError, match="used for another request"):
            sessions.trainings.train(session_id, epochs=epochs, method=method, idempotency_key=key)
    with pytest.raises(RefusedError, match="used for another request"):
        sessions.add(session_id, [1.0], idempotency_key="train")
    again = sessions.trainings.train(session_id, epochs=5, timeout_s=1.0, idempotency_key="train")
    assert again.id == run.id
    assert sessions.view(session_id).n_points == len(CLICKS)


def test_one_key_in_two_sessions_is_two_requests(sessions: Sessions) -> None:
    one, two = sessions.create().id, sessions.create().id
    sessions.add(one, [1.0], idempotency_key="k")
    assert sessions.add(two, [2.0], idempotency_key="k").n_points == 1


def test_deleted_session_is_not_found_in_any_process(
    sessions: Sessions, another_process: Callable[[], Sessions]
) -> None:
    other = another_process()
    session_id = sessions.create().id
    sessions.add(session_id, CLICKS)
    sessions.trainings.train(session_id)
    other.add(session_id, [1.0])
    sessions.delete(session_id)
    for each in (sessions, other):
        with pytest.raises(SessionNotFoundError):
            each.view(session_id)
        with pytest.raises(SessionNotFoundError):
            each.add(session_id, [1.0])


def test_two_processes_serve_one_session(
    sessions: Sessions, another_process: Callable[[], Sessions]
) -> None:
    other = another_process()
    session_id = sessions.create(n_components=2).id
    for i in range(6):
        (sessions, other)[i % 2].add(session_id, [float(i)])
    assert other.undo(session_id).n_points == 5
    assert sessions.redo(session_id).n_points == 6
    assert other.clear(session_id).n_points == 0
    sessions.add(session_id, [7.0])
    other.configure(session_id, n_components=4)
    assert sessions.view(session_id) == other.view(session_id)
    assert other.points(session_id).tolist() == sessions.points(session_id).tolist() == [7.0]


def test_concurrent_adds_are_all_kept_once(
    sessions: Sessions, another_process: Callable[[], Sessions]
) -> None:
    processes = [sessions, another_process()]
    session_id = sessions.create(n_components=1).id
    n_each = 8

    def write(client: int) -> None:
        for i in range(n_each):
            processes[client % 2].add(session_id, [client + i / 100])

    threads = [threading.Thread(target=write, args=(client,)) for client in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    points = processes[1].points(session_id)
    assert sorted(points) == sorted(c + i / 100 for c in range(4) for i in range(n_each))
    for client in range(4):  # the points of one client are in the order in which it sent them
        own = points[np.floor(points) == client]
        assert (np.diff(own) > 0).all()
    assert sessions.view(session_id).revision == 4 * n_each


def test_synchronise_reads_the_changes_of_another_process(
    sessions: Sessions, another_process: Callable[[], Sessions]
) -> None:
    other = another_process()
    session_id = sessions.create(n_components=2).id
    sessions.synchronise(session_id, CLICKS[:3], n_components=2)
    other.synchronise(session_id, CLICKS, n_components=2)
    # this process has read three points, but the store has all five
    assert sessions.synchronise(session_id, CLICKS, n_components=2).n_new == 0
    other.synchronise(session_id, [*CLICKS, 0.5], n_components=2)
    # this process has read exactly this list, but the store has one point more
    assert sessions.synchronise(session_id, CLICKS, n_components=2).n_new == len(CLICKS)
    assert sessions.points(session_id).tolist() == CLICKS
    assert sessions.view(session_id) == other.view(session_id)
