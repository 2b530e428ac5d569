"""Processor slots and their queues, without real work."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from dash_app.admission import turns as module
from dash_app.admission.turns import Turn, Turns
from tests.waiting import eventually


def holding(*turns: Turn) -> list[bool]:
    return [turn.holds for turn in turns]


def test_slots_are_assigned_in_order_of_arrival() -> None:
    turns = Turns(2)
    a, b, c, d = (turns.enter(owner) for owner in "abcd")
    assert holding(a, b, c, d) == [True, True, False, False]
    turns.leave(b)
    assert holding(a, b, c, d) == [True, False, True, False]
    assert turns.wait(c)
    assert not turns.wait(d, 0.0)


def test_slot_is_released_only_if_other_work_waits() -> None:
    turns = Turns(1)
    a = turns.enter("a")
    turns.pause(a)
    assert a.holds
    b = turns.enter("b")
    turns.pause(a)
    assert holding(a, b) == [False, True]
    turns.leave(b)
    assert a.holds


def test_new_and_paused_work_alternate() -> None:
    turns = Turns(1)
    order = []
    a = turns.enter("a")
    waiting = {turns.enter(owner).owner: None for owner in "bcd"}
    assert list(waiting) == ["b", "c", "d"]
    holder = a
    for _ in range(6):
        turns.pause(holder)
        holder = turns._holders[0]
        order.append(holder.owner)
    assert order == ["b", "a", "c", "b", "d", "a"]


def test_owner_holds_at_most_one_slot() -> None:
    turns = Turns(2)
    first, second, other = (turns.enter(owner) for owner in ("a", "a", "b"))
    assert holding(first, second, other) == [True, False, True]
    turns.leave(first)
    assert holding(second, other) == [True, True]


def test_cancelled_turn_stops_waiting_and_gets_no_slot() -> None:
    turns = Turns(1)
    a, b, c = (turns.enter(owner) for owner in "abc")
    turns.cancel(b)
    assert turns.wait(b, 0.0)
    turns.leave(a)
    assert holding(b, c) == [False, True]
    turns.leave(b)
    assert c.holds


def test_working_time_counts_from_the_slot_to_the_end() -> None:
    turns = Turns(1)
    a, b = turns.enter("a"), turns.enter("b")
    assert b.worked_s == 0.0
    turns.leave(a)
    worked_s = a.worked_s
    assert worked_s > 0.0
    assert a.worked_s == worked_s
    assert b.worked_s > 0.0
    turns.leave(b)
    assert b.worked_s > 0.0


def test_working_time_adds_up_over_the_pauses() -> None:
    turns = Turns(1)
    a, b = turns.enter("a"), turns.enter("b")
    eventually(lambda: a.worked_s > 0.01)
    turns.pause(a)
    before = a.worked_s
    turns.leave(b)
    assert a.holds
    assert a.worked_s >= before > 0.01
    assert a.slice_s < a.worked_s


def test_slice_is_due_after_its_time_while_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns(1)
    a, b = turns.enter("a"), turns.enter("b")
    monkeypatch.setattr(module, "SLICE_S", 3600.0)
    assert not turns.is_due(a)
    monkeypatch.setattr(module, "SLICE_S", 0.0)
    assert turns.is_due(a)
    assert not turns.is_due(b)
    turns.leave(b)
    assert not turns.is_due(a)  # nobody waits


@pytest.mark.parametrize("end", ["leave", "pause", "cancel"])
def test_thread_that_waits_for_a_slot_is_woken(end: str) -> None:
    turns = Turns(1)
    a, b = turns.enter("a"), turns.enter("b")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(turns.wait, b, 60.0)
        eventually(lambda: turns._condition._waiters)  # type: ignore[attr-defined]
        getattr(turns, end)(b if end == "cancel" else a)
        assert waiting.result(20)
