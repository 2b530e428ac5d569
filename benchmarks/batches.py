"""Whether the size and the order of batches fool the learner: misses on fresh streams.

    python -m benchmarks.batches [--streams N] [--seed S] [--chunked-points N]

Mixed batches: 1 to 80 points at a time, as they come or cluster after cluster, looked at from 240
to 1,500 points. Chunks: sorted, reversed or clustered data in 5 to 10 chunks, looked at in their
second half. A miss is a prefix more than 1e-4 nats per point below the best known J: that of online
training, of a fit from scratch, and of three learners that got the same points shuffled. Optima
that none of them finds are not known, so the true number of misses may be larger.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from benchmarks.bar import Bar
from benchmarks.quality import FROM_SCRATCH, MANY_COMPONENTS, MISS_NATS, OWN, objective_of
from dash_app.learning import OnlineGaussianMixture, fit_from_scratch
from dash_app.learning.mixture import Array
from testbed.streams import random_mixture

BATCH_SIZES = (1, 2, 5, 10, 30, 80)
PREFIXES = (240, 320, 450, 600, 800, 1_000, 1_250, 1_500)
N_CHUNKS = (5, 10)
N_OTHERS, N_OTHER_BATCHES = 3, 25
"""Learners that get the points shuffled, and in how many batches."""


class Stream(NamedTuple):
    """Batches in order of arrival; J is looked at when so many points have come."""

    family: str
    n_components: int
    batches: list[Array]
    looked_at: set[int]


class Gaps(NamedTuple):
    """How far J is below the best known at one prefix, nats per point."""

    family: str
    n_components: int
    online: float
    scratch: float


def mixed_batches(n_streams: int, seed: int) -> Iterator[Stream]:
    """Yield streams of mixed batch sizes, K from 2 to 10 in turn."""
    n_points = max(PREFIXES)
    for index in range(n_streams):
        rng = np.random.default_rng([seed, 1, index])
        points, labels = random_mixture(rng, n_points, 2 + index % 9)
        if index // 9 % 2:
            points = points[np.argsort(labels, kind="stable")]
        sizes = rng.choice(BATCH_SIZES, size=n_points)
        ends = np.minimum(np.cumsum(sizes), n_points)
        ends = ends[: int(np.argmax(ends == n_points)) + 1]
        looked_at = {int(ends[np.searchsorted(ends, n)]) for n in PREFIXES}
        yield Stream("mixed", 2 + index % 9, np.split(points, ends[:-1]), looked_at)


def chunks(n_streams: int, n_points: int, seed: int) -> Iterator[Stream]:
    """Yield streams of few large chunks in an adverse order, K from 2 to 10 in turn."""
    for index in range(n_streams):
        rng = np.random.default_rng([seed, 2, index])
        points, labels = random_mixture(rng, n_points, 2 + index % 9)
        order = (np.argsort(points), np.argsort(-points), np.argsort(labels, kind="stable"))
        n_chunks = int(rng.integers(N_CHUNKS[0], N_CHUNKS[1] + 1))
        parts = np.array_split(points[order[index % 3]], n_chunks)
        ends = np.cumsum([part.size for part in parts])
        yield Stream("chunks", 2 + index % 9, parts, set(ends[n_chunks // 2 :].tolist()))


def measure(stream: Stream) -> list[Gaps]:
    """Return the gaps at each prefix that is looked at."""
    learner, found = OnlineGaussianMixture(stream.n_components), []
    for index, batch in enumerate(stream.batches):
        learner.partial_fit(batch)
        if learner.n_points not in stream.looked_at:
            continue
        points = np.concatenate(stream.batches[: index + 1])
        online = objective_of(points, learner.mixture)
        scratch = fit_from_scratch(points, stream.n_components).objective
        others = (objective_of(points, each.mixture) for each in _shuffled(points, stream))
        best = max(online, scratch, *others)
        found.append(Gaps(stream.family, stream.n_components, best - online, best - scratch))
    return found


def _shuffled(points: Array, stream: Stream) -> Iterator[OnlineGaussianMixture]:
    for seed in range(N_OTHERS):
        learner = OnlineGaussianMixture(stream.n_components)
        shuffled = np.random.default_rng(seed).permutation(points)
        for batch in np.array_split(shuffled, N_OTHER_BATCHES):
            learner.partial_fit(batch)
        yield learner


def bars(gaps: list[Gaps]) -> list[Bar]:
    """Return the share of misses and the worst gap, by family, number of components and method."""
    found = []
    for family in sorted({each.family for each in gaps}):
        for title, many in (("K <= 5", False), ("K >= 6", True)):
            of_group = [
                each
                for each in gaps
                if each.family == family and (each.n_components >= MANY_COMPONENTS) == many
            ]
            for method, values in (
                (OWN, np.array([each.online for each in of_group])),
                (FROM_SCRATCH, np.array([each.scratch for each in of_group])),
            ):
                if values.size:
                    what = f"{family}, {title}, {method}, {values.size} prefixes:"
                    missed = 100 * float((values > MISS_NATS).mean())
                    found.append(Bar(f"{what} misses", missed, 0.5, "%", digits=2))
                    worst = float(values.max())
                    found.append(Bar(f"{what} worst", worst, 0.005, "nats", digits=5))
    return found


def main() -> None:
    """Measure, and print each family when it is done."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batches", description=__doc__)
    parser.add_argument("--streams", type=int, default=18, help="of each family")
    parser.add_argument("--seed", type=int, default=71, help="of the streams")
    parser.add_argument("--chunked-points", type=int, default=100_000, help="of chunked streams")
    arguments = parser.parse_args()
    n_streams, seed = arguments.streams, arguments.seed
    for family in (
        mixed_batches(n_streams, seed),
        chunks(n_streams, arguments.chunked_points, seed),
    ):
        for bar in bars([gaps for stream in family for gaps in measure(stream)]):
            print(bar, flush=True)


if __name__ == "__main__":
    main()
