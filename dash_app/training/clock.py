"""Clocks that tolerate a wrong wall clock.

The wall clock may be wrong at the start, be set at any time, and differ between machines. Both
classes here use the monotonic clock, which only measures durations. So a change of the wall clock
neither expires a session nor fails a run.
"""

from __future__ import annotations

from collections.abc import Mapping


class SteadyClock:
    """The wall time at the start plus the monotonic time since then."""

    def __init__(self, wall: float, monotonic: float) -> None:
        self._wall = wall
        self._monotonic = monotonic

    def lived_s(self, monotonic: float) -> float:
        """Return the seconds since the start."""
        return monotonic - self._monotonic

    def now(self, wall: float, monotonic: float) -> float:
        """Return the earlier of the wall time and the steady time.

        If the wall clock was set, sessions expire late and never early.

        Examples
        --------
        >>> clock = SteadyClock(1000.0, 0.0)
        >>> clock.now(1060.0, 60.0), clock.now(90_000.0, 60.0), clock.now(500.0, 60.0)
        (1060.0, 1060.0, 500.0)
        """
        return min(wall, self._wall + self.lived_s(monotonic))


class Silences:
    """Measures how long the heartbeat of each run is unchanged, in monotonic time."""

    def __init__(self, longest_gap_s: float) -> None:
        self._longest_gap_s = longest_gap_s
        self._looked_at = -float("inf")
        self._seen: dict[str, tuple[float, float]] = {}

    def silent(
        self, heartbeats: Mapping[str, float], monotonic: float, silence_s: float
    ) -> dict[str, float]:
        """Return the heartbeats that are unchanged for `silence_s`.

        After a long gap between two calls all measurements start again. The cause of the gap may
        have stopped the runs' processes too, such as a locked store or a sleeping machine.
        """
        if monotonic - self._looked_at > self._longest_gap_s:
            self._seen.clear()
        self._looked_at = monotonic
        self._seen = {
            run: self._seen[run] if self._seen.get(run, (None,))[0] == beat else (beat, monotonic)
            for run, beat in heartbeats.items()
        }
        return {run: beat for run, (beat, at) in self._seen.items() if monotonic - at >= silence_s}
