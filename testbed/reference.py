"""Known optima of J on the streams, found by brute force; `python -m benchmarks.reference`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from testbed.streams import DATA, Stream, named_streams, random_streams

Array = NDArray[np.float64]
FILE = DATA / "reference.json"

PREFIXES = (10, 25, 50, 100, 200, 400)
"""Numbers of points at which optima are sought, besides the end of each stream."""

LONGEST = 200
"""Largest number of points of a case. Brute force takes minutes for a case of 400 points."""

N_RANDOM, RANDOM_LENGTH, RANDOM_SEED = 36, 400, 1803
"""Random streams: four orders for each K from 2 to 10. No other measurement uses this seed."""


@dataclass(frozen=True, eq=False)
class Case:
    """The first `n_points` of a stream."""

    stream: Stream
    n_points: int

    @property
    def name(self) -> str:
        """The key of the case in the file."""
        return f"{self.stream.name}, n = {self.n_points}"

    @property
    def points(self) -> Array:
        """The points, data units."""
        return self.stream.points[: self.n_points]

    @property
    def weights(self) -> Optional[Array]:
        """The weight of each point by its age; None without a half-life."""
        if self.stream.half_life is None:
            return None
        ages = np.arange(self.n_points - 1, -1, -1)
        weights: Array = np.exp2(-ages / self.stream.half_life)
        return weights


def cases() -> Iterator[Case]:
    """Yield the cases, stream by stream, the shortest prefix first."""
    streams = [*named_streams(), *random_streams(N_RANDOM, RANDOM_LENGTH, RANDOM_SEED)]
    for stream in streams:
        end = stream.points.size
        only_end = stream.half_life is not None or end > max(PREFIXES)
        prefixes = () if only_end else PREFIXES
        for n_points in (*(n for n in prefixes if n < end), end):
            # J has no optimum for equal points
            if n_points <= LONGEST and np.ptp(stream.points[:n_points]) > 0:
                yield Case(stream, n_points)


@cache
def read_reference() -> dict[str, Any]:
    """Return the content of the file: its command, seed, and the optimum of each case by name.

    It is read once. Do not change it.
    """
    content: dict[str, Any] = json.loads(Path(FILE).read_text(encoding="utf-8"))
    return content


def known_objectives() -> dict[str, float]:
    """Return the largest J known of each case, by name, data units, nats per point."""
    return {name: float(case["objective"]) for name, case in read_reference()["cases"].items()}
