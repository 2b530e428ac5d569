"""What the memory of the online learner costs: gap and total variation by capacity.

    python -m benchmarks.capacity [--streams N] [--points N] [--seed S] [--output FILE]

Each learner gets the same streams in increments of 4. At each prefix J is computed on all points.
The gap is to the best J of all capacities and of a fit from scratch. The table has the streams that
are finished so far.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.quality import MISS_NATS, objective_of
from dash_app.learning import OnlineGaussianMixture, compare, fit_from_scratch
from testbed.streams import Stream, random_streams

CAPACITIES = (16, 32, 64, 128, 256, 512, 1024)
PREFIXES = (100, 200, 400, 700, 1_000, 3_000, 10_000)
INCREMENT = 4
N_STREAMS = 36
"""Streams of which some are taken: four orders for each K from 2 to 10."""

RESULTS = Path(__file__).parent / "results" / "capacity.json"


def measure(stream: Stream) -> list[dict[str, Any]]:
    """Return gap, total variation to from scratch and time, for each prefix and capacity."""
    learners = {
        capacity: OnlineGaussianMixture(stream.n_components, capacity=capacity)
        for capacity in CAPACITIES
    }
    found: list[dict[str, Any]] = []
    at = 0
    for n_points in (n for n in PREFIXES if n <= stream.points.size):
        seconds = dict.fromkeys(CAPACITIES, 0.0)
        increments = range(at, n_points, INCREMENT)
        for start in increments:
            for capacity, learner in learners.items():
                began = time.thread_time()
                learner.partial_fit(stream.points[start : start + INCREMENT])
                seconds[capacity] += time.thread_time() - began
        at = n_points
        points = stream.points[:n_points]
        scratch = fit_from_scratch(points, stream.n_components)
        values = {c: objective_of(points, learner.mixture) for c, learner in learners.items()}
        best = max(scratch.objective, *values.values())
        found += [
            {
                "stream": stream.name,
                "n_points": n_points,
                "capacity": capacity,
                "gap": best - values[capacity],
                "tv": compare(learner.mixture, scratch.mixture).total_variation,
                "scratch_gap": best - scratch.objective,
                "ms": 1e3 * seconds[capacity] / len(increments),
            }
            for capacity, learner in learners.items()
        ]
    return found


def print_table(rows: list[dict[str, Any]]) -> None:
    """Print one line for each capacity."""
    print("capacity    misses   gap, end    gap, worst   TV where J differs   time of an update")
    largest = {(r["stream"], r["n_points"]): r for r in rows if r["capacity"] == max(CAPACITIES)}
    for capacity in CAPACITIES:
        of_capacity = [row for row in rows if row["capacity"] == capacity]
        n_missed = sum(row["gap"] > MISS_NATS for row in of_capacity)
        end = max(row["n_points"] for row in of_capacity)
        at_end = max(row["gap"] for row in of_capacity if row["n_points"] == end)
        # optima tied within the hysteresis may be far apart, although neither is better
        apart = [
            row["tv"] for row in of_capacity if abs(row["gap"] - row["scratch_gap"]) > MISS_NATS
        ]
        share = np.mean(
            [row["ms"] / largest[row["stream"], row["n_points"]]["ms"] for row in of_capacity]
        )
        print(
            f"{capacity:8} {n_missed:4} of {len(of_capacity)} {at_end:10.6f}   "
            f"{max(row['gap'] for row in of_capacity):10.6f} {max(apart, default=0.0):20.4f} "
            f"{share:19.2f}"
        )


def main() -> None:
    """Measure, print the table and write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.capacity", description=__doc__)
    parser.add_argument("--streams", type=int, default=18, help="spread over K from 2 to 10")
    parser.add_argument("--points", type=int, default=1_000, help="of each stream")
    parser.add_argument("--seed", type=int, default=41, help="of the streams")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the JSON goes")
    arguments = parser.parse_args()
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    rows = []
    streams = list(random_streams(N_STREAMS, arguments.points, arguments.seed))
    for stream in streams[:: max(N_STREAMS // arguments.streams, 1)]:
        rows += measure(stream)
        print(f"after {stream.name}, K = {stream.n_components}:", flush=True)
        print_table(rows)
        arguments.output.write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
