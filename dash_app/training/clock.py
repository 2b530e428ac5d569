"""The wall clock, doubted: it may be wrong at a start, be set at any time, and differ elsewhere.

The monotonic clock of a process only measures how long something lasts. Both classes here rest on
it: neither deletes a session nor gives up a run because somebody set a clock.
"""

from __future__ import annotations

from collections.abc import Mapping


class SteadyClock:
    """The time of day as it was at the start, and what has passed since."""

    def __init__(self, wall: float, monotonic: float) -> None:
        self._wall = wall
        self._monotonic = monotonic

    def lived_s(self, monotonic: float) -> float:
        """Return for how long this clock has been going."""
        return monotonic - self._monotonic

    def now(self, wall: float, monotonic: float) -> float:
        """Return the time of day, the earlier one where the wall clock was set: what expires
        then expires late and never early.

        Examples
        --------
        >>> clock = SteadyClock(1000.0, 0.0)
        >>> clock.now(1060.0, 60.0), clock.now(90_000.0, 60.0), clock.now(500.0, 60.0)
        (1060.0, 1060.0, 500.0)
        """
        return min(wall, self._wall + self.lived_s(monotonic))


class Silences:
    """How long each run's heartbeat has stood still, by the watcher's monotonic time."""

    def __init__(self, longest_gap_s: float) -> None:
        self._longest_gap_s = longest_gap_s
        self._looked_at = -float("inf")
        self._seen: dict[str, tuple[float, float]] = {}

    def silent(
        self, heartbeats: Mapping[str, float], monotonic: float, silence_s: float
    ) -> dict[str, float]:
        """Return those of the heartbeats that have been the same for `silence_s`.

        A watcher that could not look for some time begins anew: the others may have been held up
        by the same thing, such as a locked store or a sleeping machine.
        """
        if monotonic - self._looked_at > self._longest_gap_s:
            self._seen.clear()
        self._looked_at = monotonic
        self._seen = {
            run: self._seen[run] if self._seen.get(run, (None,))[0] == beat else (beat, monotonic)
            for run, beat in heartbeats.items()
        }
        return {run: beat for run, (beat, at) in self._seen.items() if monotonic - at >= silence_s}
