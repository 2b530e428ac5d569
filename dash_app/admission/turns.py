"""Turns at the processor: a few slots, and a queue of those who wait for one.

Work that takes long gives its slot up now and then and goes to the end of the queue, so nobody
waits for the whole of somebody else's. Beginners and those under way take turns: a short piece of
work passes the long ones, and the long ones go on.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from typing import Optional

SLICE_S = 0.25
"""After so much work a slot is given up if somebody waits; shorter is fairer and wastes more."""


class Turn:
    """A piece of work that holds a slot or waits for one; an owner holds one slot at most."""

    def __init__(self, owner: object) -> None:
        self.owner = owner
        self.holds = False
        self.cancelled = False
        self._since = 0.0
        self._worked_s = 0.0

    @property
    def worked_s(self) -> float:
        """Seconds with a slot so far."""
        return self._worked_s + (time.monotonic() - self._since if self.holds else 0.0)

    @property
    def slice_s(self) -> float:
        """Seconds since the slot was given."""
        return time.monotonic() - self._since

    def _take(self) -> None:
        self.holds, self._since = True, time.monotonic()

    def _give_up(self) -> None:
        self._worked_s, self.holds = self.worked_s, False


class Turns:
    """`n_slots` slots, given in turn."""

    def __init__(self, n_slots: int) -> None:
        self._n_slots = n_slots
        self._condition = threading.Condition()
        self._beginners: deque[Turn] = deque()
        self._under_way: deque[Turn] = deque()
        self._holders: list[Turn] = []
        self._beginner_is_next = True

    def enter(self, owner: object) -> Turn:
        """Return a turn, which holds a slot where one is free, and else waits for it."""
        turn = Turn(owner)
        with self._condition:
            self._beginners.append(turn)
            self._grant()
        return turn

    def wait(self, turn: Turn, timeout_s: Optional[float] = None) -> bool:
        """Return whether the turn holds a slot or was cancelled, at the latest after a timeout."""
        with self._condition:
            return self._condition.wait_for(lambda: turn.holds or turn.cancelled, timeout_s)

    def is_due(self, turn: Turn) -> bool:
        """Return whether the turn has worked so long that it gives up its slot, if one waits."""
        return turn.holds and turn.slice_s >= SLICE_S

    def pause(self, turn: Turn) -> None:
        """Let others have the slot if they wait; `wait` then returns with the next one."""
        with self._condition:
            if self._beginners or self._under_way:
                self._release(turn)
                self._grant()
                self._under_way.append(turn)
                self._grant()

    def cancel(self, turn: Turn) -> None:
        """Tell the work to end; if it waits, it waits no more."""
        with self._condition:
            turn.cancelled = True
            self._forget(turn)
            self._condition.notify_all()

    def leave(self, turn: Turn) -> None:
        """Give up the slot for good; may be called again."""
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
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
