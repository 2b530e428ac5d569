"""A race: records that stay while the end of the stream changes, and the division into steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dash_app.learning import LEARNERS, Mixture, Record, compare
from dash_app.learning.race import MAX_STEPS, Race, Step, divided, ends_of

TRUTH = Mixture(np.array([0.4, 0.6]), np.array([-1.0, 1.0]), np.array([0.04, 0.09]))


def stream(n: int, seed: int = 0) -> list[Step]:
    rng = np.random.default_rng(seed)
    return [Step(rng.normal(rng.choice([-1.0, 1.0]), 0.2, 1)) for _ in range(n)]


def records(race: Race, names: list[str]) -> list[Record]:
    """All records, without times; an objective that is nan would not equal itself."""
    found = [race.record(step, name) for step in range(len(race.steps)) for name in names]
    return [
        replace(each, time_s=0.0, objective=float(np.nan_to_num(each.objective))) for each in found
    ]


def fresh(steps: list[Step], names: list[str]) -> list[Record]:
    race = Race(2)
    race.follow(steps)
    return records(race, names)


@pytest.mark.parametrize("name", LEARNERS)
@pytest.mark.parametrize("n_kept", [3, 18])
def test_after_another_end_all_is_as_if_it_had_always_been_so(name: str, n_kept: int) -> None:
    first, second = stream(20), stream(2, seed=1)
    race = Race(2)
    race.follow(first)
    records(race, [name])
    changed = [*first[:n_kept], *second[:2]]
    assert race.follow(changed) == n_kept
    assert race.n_told(name) == n_kept
    assert all(each is other for each, other in zip(race.steps, first[:n_kept]))
    got, expected = records(race, [name]), fresh(changed, [name])
    assert [each.mixture for each in got] == [each.mixture for each in expected]
    assert [each.n_touched for each in got] == [each.n_touched for each in expected]


def test_an_added_step_tells_only_that_step() -> None:
    steps = stream(12)
    race = Race(2)
    race.follow(steps[:11])
    before = records(race, ["warm_em"])
    told = [race.record(step, "warm_em") for step in range(11)]
    assert race.follow(steps) == 11
    assert all(race.record(step, "warm_em") is told[step] for step in range(11))
    assert records(race, ["warm_em"])[:11] == before


def test_shortened_streams_compute_nothing() -> None:
    steps = stream(12)
    race = Race(2)
    race.follow(steps)
    records(race, ["summary", "scratch"])
    race.follow(steps[:5])
    assert race.n_told("summary") == race.n_told("scratch") == 5


def test_a_learner_that_joins_later_has_the_same_records() -> None:
    steps = stream(10)
    race = Race(2)
    race.follow(steps)
    records(race, ["scratch"])
    assert records(race, ["scratch", "stepwise_em"]) == fresh(steps, ["scratch", "stepwise_em"])


def test_the_truth_is_of_each_step() -> None:
    steps = [
        Step(step.points, TRUTH if index < 3 else None) for index, step in enumerate(stream(5))
    ]
    told = fresh(steps, ["scratch"])
    for record in told[:3]:
        assert record.tv_to_truth == compare(record.mixture, TRUTH).total_variation
        assert record.held_out_nll is not None
    assert [(each.tv_to_truth, each.held_out_nll) for each in told[3:]] == [(None, None)] * 2


def test_held_out_points_are_draws_of_the_truth() -> None:
    rng = np.random.default_rng(2)
    points = np.where(rng.random(4000) < 0.4, rng.normal(-1, 0.2, 4000), rng.normal(1, 0.3, 4000))
    (record,) = fresh([Step(points, TRUTH)], ["scratch"])
    # the entropy of the truth by its own draws; the standard error over 1,000 points is 0.03
    assert record.held_out_nll == pytest.approx(-TRUTH.mean_log_likelihood(points), abs=0.1)


def test_the_capacity_reaches_the_learner_with_a_summary() -> None:
    steps = stream(40)
    touched = []
    for capacity in (16, 1024):
        race = Race(2, capacity=capacity)
        race.follow(steps)
        touched.append(race.record(39, "summary").n_touched)
    assert touched[0] < touched[1] == sum(range(1, 41))


def test_up_to_200_increments_are_the_steps() -> None:
    assert ends_of([3] * 200).tolist() == list(range(3, 603, 3))


@given(st.lists(st.integers(1, 40), min_size=1, max_size=700))
def test_a_division_ends_with_the_stream_and_is_the_same_each_time(sizes: list[int]) -> None:
    ends = ends_of(sizes)
    assert 1 <= ends.size <= MAX_STEPS
    assert ends[-1] == sum(sizes)
    assert (np.diff(ends, prepend=0) > 0).all()
    assert ends.tolist() == ends_of(iter(sizes)).tolist()


def test_growth_seldom_changes_what_was() -> None:
    n_changes, before = 0, ends_of([1])
    for n in range(2, 1200):
        ends = ends_of([1] * n)
        n_changes += ends[:-1].tolist() != before.tolist()
        before = ends
    assert 0 < n_changes <= 1200 // 50


def test_a_division_is_even_in_log_n() -> None:
    ends = ends_of([15] * 201)  # divided just now
    assert ends.size > 100
    ratios = ends[60:] / ends[59:-1]
    assert ratios.max() / ratios.min() < 1.05


def test_many_increments_are_divided_quickly_by_their_counts() -> None:
    assert ends_of([1] * 100_000)[-1] == 100_000


def test_a_step_has_the_truth_of_its_last_point() -> None:
    increments = [Step(np.array([float(i)]), TRUTH if i < 150 else None) for i in range(201)]
    steps = divided(increments)
    assert np.concatenate([step.points for step in steps]).tolist() == list(range(201))
    n_points = 0
    for step in steps:
        n_points += step.points.size
        assert (step.truth is None) == (n_points > 150)


@pytest.mark.parametrize("name", ["scratch", "warm_em"])
def test_a_fit_of_a_record_can_be_ended_and_made_later(name: str) -> None:
    def end() -> None:
        raise InterruptedError

    steps = [Step(np.array([0.0, 0.1, 1.0])), Step(np.array([1.1, 0.9, 0.2]))]
    race, other = Race(2), Race(2)
    for each in (race, other):
        each.follow(steps)
    race.record(0, name)
    with pytest.raises(InterruptedError):
        race.record(1, name, end)
    assert race.n_told(name) == 1
    assert race.record(1, name).mixture == other.record(1, name).mixture
