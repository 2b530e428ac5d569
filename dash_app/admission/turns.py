"""Processor slots, and two queues of work that waits for a slot.

Long work releases its slot after each slice and goes to the end of a queue. So no work waits for
the whole of another. New work and paused work have separate queues, and the slots alternate between
them: short work overtakes long work, and long work still proceeds.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from typing import Optional

SLICE_S = 0.25
"""Time slice after which work releases its slot to waiting work; shorter is fairer but slower."""


class Turn:
    """A piece of work that has a slot or waits for one; an owner has at most one slot."""

    def __init__(self, owner: object) -> None:
        self.owner = owner
        self.holds = False
        self.cancelled = False
        self._since = 0.0
        self._worked_s = 0.0

    @property
    def worked_s(self) -> float:
        """Seconds with a slot so far, except those that `discount` has taken out."""
        return self._worked_s + (time.monotonic() - self._since if self.holds else 0.0)

    def discount(self) -> None:
        """Count the seconds from now on: so far the work has only waited."""
        self._worked_s -= self.worked_s

    @property
    def slice_s(self) -> float:
        """Seconds since the turn got its slot."""
        return time.monotonic() - self._since

    def _take(self) -> None:
        self.holds, self._since = True, time.monotonic()

    def _give_up(self) -> None:
        self._worked_s, self.holds = self.worked_s, False


class Turns:
    """Assigns `n_slots` slots to turns."""

    def __init__(self, n_slots: int) -> None:
        self._n_slots = n_slots
        self._condition = threading.Condition()
        self._beginners: deque[Turn] = deque()
        self._under_way: deque[Turn] = deque()
        self._holders: list[Turn] = []
        self._beginner_is_next = True

    def enter(self, owner: object) -> Turn:
        """Return a new turn; it has a slot if one is free, otherwise it is queued."""
        turn = Turn(owner)
        with self._condition:
            self._beginners.append(turn)
            self._grant()
        return turn

    def wait(self, turn: Turn, timeout_s: Optional[float] = None) -> bool:
        """Wait until the turn has a slot or was cancelled; return False after the timeout."""
        with self._condition:
            return self._condition.wait_for(lambda: turn.holds or turn.cancelled, timeout_s)

    def is_due(self, turn: Turn) -> bool:
        """Return whether other work waits and the turn has used up its time slice."""
        waits = bool(self._beginners or self._under_way)
        return waits and turn.holds and turn.slice_s >= SLICE_S

    def pause(self, turn: Turn) -> None:
        """Release the slot if other work waits; `wait` then returns with the next slot."""
        with self._condition:
            if self._beginners or self._under_way:
                self._release(turn)
                self._grant()
                self._under_way.append(turn)
                self._grant()

    def cancel(self, turn: Turn) -> None:
        """Tell the work to end; `wait` returns at once."""
        with self._condition:
            turn.cancelled = True
            self._forget(turn)
            self._condition.notify_all()

    def leave(self, turn: Turn) -> None:
        """Release the slot and leave the queue; a second call has no effect."""
        with self._condition:
            self._forget(turn)
            self._release(turn)
            self._grant()

    def _forget(self, turn: Turn) -> None:
        for queue in (self._beginners, self._under_way):
            if turn in queue:
                queue.remove(turn)

    def _release(self, turn: Turn) -> None:
        if turn.holds:
            turn._give_up()
            self._holders.remove(turn)

    def _grant(self) -> None:
        while len(self._holders) < self._n_slots:
            turn = self._next()
            if turn is None:
                return
            self._forget(turn)
            turn._take()
            self._holders.append(turn)
            self._condition.notify_all()

    def _next(self) -> Optional[Turn]:
        owners = {each.owner for each in self._holders}
        queues = [self._beginners, self._under_way]
        for queue in queues if self._beginner_is_next else queues[::-1]:
            for turn in queue:
                if turn.owner not in owners:
                    self._beginner_is_next = queue is self._under_way
                    return turn
        return None


def n_processors() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
