"""Closeness to the optima of `benchmarks.reference`, which the learner's search had no part in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional, Union

import numpy as np

from benchmarks.bar import Bar
from dash_app.learning import (
    LEARNERS,
    Mixture,
    OnlineGaussianMixture,
    compare,
    fit_from_scratch,
)
from dash_app.learning.learners import Learner
from dash_app.learning.mixture import Array
from dash_app.learning.objective import Objective
from dash_app.learning.summary import WeightedSummary
from testbed.reference import Case, cases, known_objectives
from testbed.streams import Stream

OWN, FROM_SCRATCH = "own online", "from scratch"

MISS_NATS = 1e-4
"""A prefix at which J is lower than the reference by more than this is a miss, nats per point."""

WITH_PEERS = ("separated", "five modes", "sorted", "one cluster after the other", "galaxies")
"""Streams on which the peers' quality is measured, too. The peers take minutes per stream."""

MANY_COMPONENTS = 6
"""Least number of components of the second group of prefixes."""


def methods_of(
    n_components: int, half_life: Optional[float], peers: Sequence[str]
) -> dict[str, Union[OnlineGaussianMixture, Learner]]:
    """Return the online learner and some of `LEARNERS`, which have no half-life, by name."""
    own = OnlineGaussianMixture(n_components, half_life=half_life)
    return {OWN: own, **{name: LEARNERS[name](n_components) for name in peers}}


def objective_of(points: Array, mixture: Mixture, weights: Optional[Array] = None) -> float:
    """Return J of a mixture on the points, nats per point."""
    summary = WeightedSummary(max(points.size, 2)).with_points(points, weights)
    objective = Objective.of_summary(summary, mixture.n_components, 1.0)
    return objective.of_mixture(mixture)


def quality(
    stream: Stream, prefixes: list[Case], known: dict[str, float], peers: Sequence[str]
) -> dict[str, Any]:
    """Return each method's gaps to the reference at the prefixes, and its TV to scratch."""
    methods = methods_of(stream.n_components, stream.half_life, peers)
    gaps: dict[str, list[float]] = {name: [] for name in (FROM_SCRATCH, *methods)}
    scratch, at = None, 0
    for case in prefixes:
        for x in stream.points[at : case.n_points]:
            for method in methods.values():
                method.partial_fit(np.array([x]))
        at = case.n_points
        scratch = fit_from_scratch(case.points, stream.n_components, weights=case.weights)
        found = {FROM_SCRATCH: scratch.mixture, **{name: m.mixture for name, m in methods.items()}}
        for name, mixture in found.items():
            gaps[name].append(known[case.name] - objective_of(case.points, mixture, case.weights))
    assert scratch is not None
    return {
        name: {
            "gaps": gaps[name],
            "end": gaps[name][-1],
            "worst": max(gaps[name]),
            "tv": compare(mixture, scratch.mixture).total_variation,
            "n_components": stream.n_components,
        }
        for name, mixture in found.items()
    }


def quality_of_streams(quick: bool, peers: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return `quality` of all streams of the reference, or of a few short ones."""
    known = known_objectives()
    by_stream: dict[str, list[Case]] = {}
    for case in cases():
        by_stream.setdefault(case.stream.name, []).append(case)
    if quick:
        some = list(by_stream)[:3]
        by_stream = {name: [c for c in by_stream[name] if c.n_points <= 50] for name in some}
    return {
        name: quality(
            prefixes[0].stream,
            prefixes,
            known,
            peers[:1] if quick else peers if name in WITH_PEERS else (),
        )
        for name, prefixes in by_stream.items()
    }


def print_quality(rows: dict[str, dict[str, Any]]) -> None:
    """Print the gap of each method on each stream."""
    print(
        f"{'gap to the reference J, nats/point':34} {'method':22} end      worst    TV to scratch"
    )
    for stream, figures in rows.items():
        for name, f in figures.items():
            print(f"{stream:34} {name:22} {f['end']:8.5f} {f['worst']:8.5f} {f['tv']:8.5f}")


def quality_bars(rows: dict[str, dict[str, Any]]) -> list[Bar]:
    """Return the closeness to the reference, online and from scratch, and to each other."""
    found = []
    for method in (OWN, FROM_SCRATCH):
        of_method = [figures[method] for figures in rows.values()]
        for title, many in (("K <= 5", False), ("K >= 6", True)):
            of_size = [f for f in of_method if (f["n_components"] >= MANY_COMPONENTS) == many]
            gaps = np.array([gap for f in of_size for gap in f["gaps"]])
            if gaps.size == 0:
                continue
            n_missed, n_above = int((gaps > MISS_NATS).sum()), int((gaps < -MISS_NATS).sum())
            what = f"{method}, {title}, {gaps.size} prefixes:"
            found.append(Bar(f"{what} misses", 100 * n_missed / gaps.size, 0.5, "%", digits=2))
            found.append(Bar(f"{what} greatest gap", float(gaps.max()), 0.005, "nats", digits=5))
            found.append(Bar(f"{what} better than it", n_above, None, "", digits=0))
    own = {name: figures[OWN] for name, figures in rows.items()}
    for kind in ("named", "random"):
        ends = [
            f["end"] for name, f in own.items() if name.startswith("random") == (kind != "named")
        ]
        if ends:
            title = f"gap at the end, {len(ends)} {kind} streams"
            found.append(Bar(title, max(ends), MISS_NATS, "nats", digits=5))
    # optima tied within the hysteresis may be far apart, although neither is better
    tv = [
        f["tv"] if abs(f["end"] - rows[name][FROM_SCRATCH]["end"]) > MISS_NATS else 0.0
        for name, f in own.items()
    ]
    found.append(Bar("TV to from scratch, median", float(np.median(tv)), 0.001, "", digits=5))
    found.append(Bar("TV to from scratch, greatest", max(tv), 0.02, "", digits=5))
    return found
