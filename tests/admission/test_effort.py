"""Turns of online trainings, without real work."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Optional

import pytest

from dash_app.admission import effort, turns
from dash_app.admission.client import Client
from dash_app.admission.effort import Effort, Task
from dash_app.admission.turns import Turns
from dash_app.admission.waits import Waits
from dash_app.errors import BudgetError, BusyError
from tests.admission.clients import asking
from tests.waiting import eventually

CLIENT = Client("203.0.113.1")
SMALL, LARGE = effort._FREE_WORK, effort._FREE_WORK + 1


def train(trainings: Effort, work: int = LARGE, error: Optional[Exception] = None) -> None:
    """Train one step for a request; then raise the error, if any."""
    with asking(CLIENT), trainings.of(work) as step:
        step()
        if error is not None:
            raise error


def test_small_training_begins_while_all_slots_are_taken() -> None:
    taken, waits = Turns(1), Waits(0, 0.0)
    taken.enter("another")
    with asking(CLIENT), Effort(taken, waits, Task(60.0)).of(SMALL) as step:
        step()


def test_large_training_waits_in_a_place_and_leaves_the_queue_after_the_time_limit() -> None:
    taken, waits = Turns(1), Waits(1, 0.05)
    another = taken.enter("another")
    trainings = Effort(taken, waits, Task(60.0))
    with pytest.raises(BusyError, match=r"a turn to train within 0\.05 s"):
        train(trainings)
    assert waits.n_taken == 0
    taken.leave(another)
    assert taken.enter("the next").holds
    with asking(CLIENT), waits.place(), pytest.raises(BusyError, match="at most 1 requests"):
        train(trainings)


def test_slot_is_free_again_after_the_training_and_after_an_error() -> None:
    slots, waits = Turns(1), Waits(1, 0.05)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            train(Effort(slots, waits, Task(60.0)), error=ZeroDivisionError())
    assert slots.enter("the next").holds


@pytest.mark.parametrize("work", [SMALL, LARGE])
def test_training_above_its_time_limit_ends(work: int) -> None:
    with pytest.raises(BudgetError, match="learned within 0 s"):
        train(Effort(Turns(1), Waits(1, 60.0), Task(0.0)), work)


@pytest.mark.parametrize("work", [SMALL, LARGE])
def test_training_ends_when_the_server_stops(work: int) -> None:
    waits = Waits(1, 60.0)
    with asking(CLIENT), Effort(Turns(1), waits, Task(60.0)).of(work) as step:
        step()
        waits.stop()
        with pytest.raises(BusyError, match="stops"):
            step()


def test_training_pauses_for_another_and_goes_on_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "SLICE_S", 0.0)
    slots, waits = Turns(1), Waits(1, 60.0)

    def train_beside() -> str:
        with asking(CLIENT), Effort(slots, waits, Task(60.0)).of(LARGE) as step:
            another = slots.enter("another")
            also_trained.append(another)
            step()
            return "another holds" if another.holds else "goes on"

    also_trained: list[turns.Turn] = []
    with ThreadPoolExecutor(1) as pool:
        trained = pool.submit(train_beside)
        eventually(lambda: also_trained and also_trained[0].holds)
        assert not trained.done()
        slots.leave(also_trained[0])
        assert trained.result(30) == "goes on"
    assert slots.enter("the next").holds


def test_training_does_not_pause_before_its_slice_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "SLICE_S", 3600.0)
    slots, waits = Turns(1), Waits(1, 0.05)
    with asking(CLIENT), Effort(slots, waits, Task(60.0)).of(LARGE) as step:
        another = slots.enter("another")
        step()
        assert not another.holds


def test_training_without_a_place_to_wait_in_does_not_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "SLICE_S", 0.0)
    slots, waits = Turns(1), Waits(0, 0.05)
    with asking(CLIENT), Effort(slots, waits, Task(60.0)).of(LARGE) as step:
        another = slots.enter("another")
        step()
        assert not another.holds
    assert another.holds
