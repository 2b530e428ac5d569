"""The race over the API: it follows the session, and computes only what is new."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any, Optional

import numpy as np
import pytest
from flask.testing import FlaskClient

from dash_app import api_race
from dash_app.app import create_app
from dash_app.config import Config
from dash_app.documents import record_document
from dash_app.journal import watch
from dash_app.learning import Mixture, Record, fit_from_scratch, timeline
from dash_app.learning.adam import fit_adam
from dash_app.records.operations import SessionRecord
from dash_app.sessions import Sessions
from dash_app.store import Store
from dash_app.training import races
from dash_app.training.races import Current, Event, Follower, Keep, Refused, Told
from dash_app.training.stream import Stream, stream_at
from tests.waiting import eventually

POINTS = [[-0.6, -0.5], [-0.55], [0.5, 0.6, 0.45], [0.1]]


@pytest.fixture
def session_id(sessions: Sessions) -> str:
    """A session with four increments."""
    found = sessions.create(n_components=2).id
    for x in POINTS:
        sessions.add(found, x)
    return found


def told(follower: Follower) -> list[Event]:
    """What a stream sends until all is told."""
    events = follower.look()
    while follower.has_work:
        assert follower.compute(10.0)
        events += follower.look()
    return events


def places(events: list[Event]) -> list[tuple[int, str]]:
    return [(each.step, each.record.learner) for each in events if isinstance(each, Told)]


def test_its_learners_have_the_weight_of_the_session_s_prior(sessions: Sessions) -> None:
    """The two trainings of the race are those of the session, to the last bit."""
    of = sessions.create(n_components=2, prior_weight=20.0).id
    for x in POINTS:
        sessions.add(of, x)
    events = told(sessions.races.follow(of, ["summary", "adam"]))
    last = {each.record.learner: each.record for each in events if isinstance(each, Told)}
    points = np.concatenate(POINTS)
    scratch = fit_from_scratch(points, 2, prior_weight=20.0)
    assert last["scratch"].mixture == scratch.mixture
    assert last["scratch"].objective == pytest.approx(scratch.objective, abs=1e-9)
    online = sessions.view(of).online
    assert online is not None
    assert last["summary"].mixture == online.mixture
    by_torch = fit_adam(points, 2, prior_weight=20.0, epochs=200).mixture
    np.testing.assert_allclose(last["adam"].mixture.variances, by_torch.variances, rtol=1e-6)
    ends = sessions.orders.of(of, "summary", n_shuffles=0).ends
    assert ends.scratch == scratch.mixture
    assert ends.orders[0].mixture == online.mixture  # in order of arrival


def test_it_tells_what_a_timeline_tells(sessions: Sessions, session_id: str) -> None:
    events = told(sessions.races.follow(session_id, ["stepwise_em"]))
    assert events[0] == Keep(0, 4)
    assert events[-1] == Current(4, 4)
    expected = list(timeline(POINTS, ["scratch", "stepwise_em"], 2))
    found = [each.record for each in events[1:-1] if isinstance(each, Told)]
    assert places(events) == [(n, name) for n in range(4) for name in ("scratch", "stepwise_em")]
    assert [each.mixture for each in found] == [each.mixture for each in expected]
    assert [each.tv_to_scratch for each in found] == [each.tv_to_scratch for each in expected]


def test_a_click_tells_one_step(sessions: Sessions, session_id: str) -> None:
    follower = sessions.races.follow(session_id, ["summary"])
    told(follower)
    sessions.add(session_id, [0.2])
    events = told(follower)
    assert places(events) == [(4, "scratch"), (4, "summary")]
    assert events[-1] == Current(5, 5)
    assert len(events) == 3


def test_between_two_records_the_session_is_not_read(
    sessions: Sessions, session_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = sessions.races.follow(session_id, [])
    told(follower)
    sessions.add(session_id, [0.2])
    assert follower.look(anew=False) == []
    follower.look()
    monkeypatch.setattr(sessions.races, "now", None)  # what reads it
    assert follower.compute(10.0)
    events = follower.look(anew=False)
    assert places(events) == [(4, "scratch")]
    assert events[-1] == Current(5, 5)


def test_an_undo_drops_records_and_computes_nothing(sessions: Sessions, session_id: str) -> None:
    follower = sessions.races.follow(session_id, ["summary"])
    told(follower)
    sessions.undo(session_id)
    assert follower.look() == [Keep(3, 5), Current(5, 3)]
    assert not follower.has_work
    sessions.add(session_id, [0.3])
    events = told(follower)
    assert places(events) == [(3, "scratch"), (3, "summary")]
    (again,) = (
        each for each in events if isinstance(each, Told) and each.record.learner == "summary"
    )
    expected = list(timeline([*POINTS[:3], [0.3]], ["summary"], 2))[-1]
    assert again.record.mixture == expected.mixture
    assert again.record.n_touched == expected.n_touched


def test_a_clear_keeps_nothing(sessions: Sessions, session_id: str) -> None:
    follower = sessions.races.follow(session_id, [])
    told(follower)
    sessions.clear(session_id)
    assert follower.look() == [Keep(0, 5), Current(5, 0)]


def test_other_components_or_another_capacity_begin_anew(
    sessions: Sessions, session_id: str
) -> None:
    follower = sessions.races.follow(session_id, [])
    told(follower)
    sessions.configure(session_id, n_components=3)
    events = told(follower)
    assert events[0] == Keep(0, 5)
    assert len(places(events)) == 4
    sessions.configure(session_id, capacity=16)
    assert told(follower)[0] == Keep(0, 6)
    sessions.undo(session_id)
    events = told(follower)  # the records of before are still there
    assert events[0] == Keep(0, 7)
    assert len(places(events)) == 4


def test_a_training_changes_the_revision_alone(sessions: Sessions, session_id: str) -> None:
    follower = sessions.races.follow(session_id, [])
    told(follower)
    sessions.trainings.train(session_id)
    assert told(follower) == [Current(5, 4)]


def test_two_streams_share_the_work(sessions: Sessions, session_id: str) -> None:
    first, second = (sessions.races.follow(session_id, ["summary"]) for _ in range(2))
    computed = told(first)
    assert second.look() == computed
    third = sessions.races.follow(session_id, ["summary", "warm_em"])
    third.look()
    assert third.compute(10.0)
    assert {learner for _, learner in places(third.look())} == {"warm_em"}


def test_what_quick_learners_had_after_a_click_is_told_together(
    sessions: Sessions, session_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["scratch", "summary", "stepwise_em"]
    follower = sessions.races.follow(session_id, names)
    told(follower)
    sessions.add(session_id, [0.2])
    follower.look()
    monkeypatch.setattr(races, "_BATCH_S", 10.0)  # of a machine that nothing delays
    follower.compute(10.0)
    assert places(follower.look()) == [(4, name) for name in names]
    sessions.add(session_id, [0.3])
    follower.look()
    monkeypatch.setattr(races, "_BATCH_S", 0.0)  # of slow learners
    follower.compute(10.0)
    assert places(follower.look()) == [(5, "scratch")]


def test_streams_in_threads_tell_the_same(sessions: Sessions, session_id: str) -> None:
    for x in np.linspace(-1, 1, 12):
        sessions.add(session_id, [x])
    found: list[list[Event]] = []
    followers = [sessions.races.follow(session_id, ["summary"]) for _ in range(2)]
    threads = [threading.Thread(target=lambda f=f: found.append(told(f))) for f in followers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(map(places, found)) == [sorted(places(found[0]))] * 2


def test_a_half_life_is_refused_until_it_is_gone(sessions: Sessions, session_id: str) -> None:
    follower = sessions.races.follow(session_id, [])
    told(follower)
    sessions.configure(session_id, half_life=20)
    (refused,) = follower.look()
    assert isinstance(refused, Refused)
    assert "half-life" in refused.message
    assert not follower.has_work
    assert follower.look() == follower.look(anew=False) == []
    assert not follower.has_work
    sessions.undo(session_id)
    events = told(follower)  # the reader has dropped all records at the refusal
    assert (events[0], events[-1]) == (Keep(0, 6), Current(6, 4))
    assert places(events) == [(step, "scratch") for step in range(4)]


def test_a_half_life_of_earlier_is_refused_until_a_clear(
    sessions: Sessions, session_id: str
) -> None:
    follower = sessions.races.follow(session_id, [])
    sessions.configure(session_id, half_life=20)
    sessions.configure(session_id, half_life=None)
    assert told(follower)[-1] == Current(6, 4)  # no point has come with it
    sessions.undo(session_id)
    sessions.add(session_id, [0.2])
    sessions.configure(session_id, half_life=None)
    (refused,) = follower.look()
    assert isinstance(refused, Refused)
    assert "no half-life, and no point that came while one was set" in refused.message
    sessions.clear(session_id)
    sessions.add(session_id, [0.2])
    assert places(told(follower)) == [(0, "scratch")]


@pytest.mark.parametrize(("later", "n_reads"), [(20.0, 0), (None, 1)])
def test_a_refused_race_does_not_read_the_log_again(
    sessions: Sessions,
    session_id: str,
    monkeypatch: pytest.MonkeyPatch,
    later: Optional[float],
    n_reads: int,
) -> None:
    sessions.configure(session_id, half_life=20)
    sessions.add(session_id, [0.2])
    sessions.configure(session_id, half_life=later)
    reads: list[int] = []

    def counted(store: Store, record: SessionRecord, node: int) -> Stream:
        reads.append(node)
        return stream_at(store, record, node)

    monkeypatch.setattr(races, "stream_at", counted)
    follower = sessions.races.follow(session_id, [])
    for _ in range(3):
        sessions.trainings.train(session_id)
        follower.look()
    assert len(reads) == n_reads


def test_a_change_while_it_computes_is_followed_after_the_record_under_way(
    sessions: Sessions, session_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(races, "_BATCH_S", 0.0)
    follower = sessions.races.follow(session_id, [])
    follower.look()
    follower.compute(10.0)
    follower.compute(10.0)
    sessions.clear(session_id)
    sessions.add(session_id, [0.5])
    assert follower.look() == [Keep(0, 6)]
    assert places(told(follower)) == [(0, "scratch")]


def test_work_beyond_the_budget_is_refused(sessions: Sessions, session_id: str) -> None:
    sessions.races.max_work = 4 * 7 * 2 * 2 - 1
    assert told(sessions.races.follow(session_id, []))[-1] == Current(4, 4)
    (refused,) = sessions.races.follow(session_id, ["summary"]).look()
    assert isinstance(refused, Refused)
    sessions.races.max_work, sessions.races.max_work_s = 1e9, 0.0
    follower = sessions.races.follow(session_id, ["summary"])
    assert isinstance(told(follower)[-1], Refused)


def lines_of(client: FlaskClient, url: str) -> Iterator[tuple[str, Any]]:
    """Yield the events of a stream."""
    answer = client.get(url, buffered=False)
    assert answer.status_code == 200
    for part in answer.iter_encoded():
        for block in part.decode().split("\n\n"):
            if block.startswith("event"):
                name, data = block.split("\n")
                yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_the_stream_has_the_events_of_the_contract(client: FlaskClient) -> None:
    session = client.post("/api/v1/sessions", json={"n_components": 2}).json["id"]
    address = f"/api/v1/sessions/{session}"
    client.post(f"{address}/points", json={"x": [0.1, 0.2]})
    events = lines_of(client, f"{address}/race?learners=stepwise_em")
    assert next(events) == ("keep", {"n_steps": 0, "revision": 1})
    for learner in ("scratch", "stepwise_em"):
        name, record = next(events)
        assert (name, record["step"], record["learner"]) == ("record", 0, learner)
        assert record["tv_to_truth"] is record["held_out_nll"] is None
    assert next(events) == ("current", {"revision": 1, "n_steps": 1})
    client.post(f"{address}/points", json={"x": [0.4]})
    assert next(events)[1]["step"] == 1
    client.delete(address)
    eventually(lambda: next(events)[0] == "gone")


def test_an_idle_race_reads_no_session(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "HEARTBEAT_S", 0.02)
    monkeypatch.setattr(watch, "LOOK_EVERY_S", 0.01)
    sessions: Sessions = client.application.extensions["sessions"]
    address = client.post("/api/v1/sessions", json={}).headers["Location"]
    client.post(f"{address}/points", json={"x": [0.1, 0.2]})
    reads: list[str] = []
    now = sessions.races.now
    monkeypatch.setattr(sessions.races, "now", lambda each: (reads.append(each), now(each))[1])
    parts = client.get(f"{address}/race?learners=scratch", buffered=False).iter_encoded()
    while b"event: current" not in next(parts):
        pass
    reads.clear()
    assert [next(parts) for _ in range(70)] == [b": alive\n\n"] * 70
    assert len(reads) <= 1  # the maintenance thread wakes a new listener once
    client.post(f"{address}/points", json={"x": [0.4]})
    while b"event: record" not in next(parts):
        pass


def test_a_race_without_news_sends_comments_also_while_a_training_reports(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_race, "HEARTBEAT_S", 0.02)
    address = client.post("/api/v1/sessions", json={}).headers["Location"]
    client.post(f"{address}/points", json={"x": [0.1, 0.2]})
    parts = client.get(f"{address}/race?learners=scratch", buffered=False).iter_encoded()
    while b"event: current" not in next(parts):
        pass
    heard = threading.Event()
    changed = client.application.extensions["sessions"].watch.changed

    def report() -> None:
        for _ in range(1000):
            changed(address.rpartition("/")[2])
            if heard.wait(0.005):
                break

    training = threading.Thread(target=report)
    training.start()
    assert [next(parts) for _ in range(2)] == [b": alive\n\n"] * 2
    assert training.is_alive()
    heard.set()
    training.join()


def test_a_reader_that_has_gone_ends_a_fit(sessions: Sessions, session_id: str) -> None:
    follower = sessions.races.follow(session_id, [])
    looks = iter([False])  # it goes after the first look, which is before the fit
    parts = list(api_race._stream(session_id, follower, sessions.watch, lambda: next(looks, True)))
    assert [part.split()[1] for part in parts] == ["welcome", "keep"]
    assert follower._shared is not None
    assert follower._shared.race.n_told("scratch") == 0
    assert places(told(follower)) == [(step, "scratch") for step in range(4)]


def test_a_race_follows_another_process(config: Config) -> None:
    server = create_app(config).server
    client = server.test_client()
    address = client.post("/api/v1/sessions", json={}).headers["Location"]
    client.post(f"{address}/points", json={"x": [0.1, 0.2]})
    events = lines_of(client, f"{address}/race?learners=scratch")
    while next(events)[0] != "current":
        pass
    other = Sessions(Store(config.store_url), config)
    other.add(address.rpartition("/")[2], [0.4])
    name, record = next(events)
    assert (name, record["n_points"]) == ("record", 3)
    other.close()
    server.extensions["sessions"].close()


def test_unknown_learners_and_sessions_are_refused(client: FlaskClient) -> None:
    session = client.post("/api/v1/sessions", json={}).json["id"]
    answer = client.get(f"/api/v1/sessions/{session}/race?learners=scratch,nobody")
    assert (answer.status_code, answer.json["error"]["field"]) == (422, "learners")
    assert client.get(f"/api/v1/sessions/{'0' * 32}/race").status_code == 404


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_is_null(loss: float) -> None:
    mixture = Mixture(np.ones(1), np.zeros(1), np.ones(1))
    record = Record("gradient", 2, mixture, -loss, loss, 0.0, 0.1, loss, 2)
    told = record_document(record)
    assert told["objective"] is told["mean_nll"] is told["held_out_nll"] is None


def test_a_gap_beyond_all_numbers_is_null(client: FlaskClient) -> None:
    session = f"/api/v1/sessions/{client.post('/api/v1/sessions', json={}).json['id']}"
    client.patch(session, json={"n_components": 2})
    client.post(f"{session}/points", json={"x": [0.0, 1e-9, 2e-9, 5e-9, 6e-9]})
    client.post(f"{session}/train", json={"wait_s": 30})
    client.post(f"{session}/points", json={"x": [1e150]})
    answer = client.get(f"{session}/comparison")
    assert answer.json["log_likelihood_gap"] is None
    assert "Infinity" not in answer.text
