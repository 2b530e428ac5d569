"""Seeded streams of points: easy ones, hard ones, adverse orders and real data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
DATA = Path(__file__).resolve().parent.parent / "tests" / "data"


@dataclass(frozen=True, eq=False)
class Stream:
    """Points in order of arrival, and the settings of the learner."""

    name: str
    points: Array
    n_components: int
    half_life: Optional[float] = None


def _mixture(
    rng: np.random.Generator, n: int, weights: list[float], means: list[float], stds: list[float]
) -> tuple[Array, NDArray[np.int64]]:
    labels = rng.choice(len(weights), size=n, p=np.array(weights) / np.sum(weights))
    return rng.normal(np.array(means)[labels], np.array(stds)[labels]), labels


def read_column(name: str) -> Array:
    """Return the column of a one-column data set in tests/data."""
    return np.loadtxt(DATA / name, comments="#", skiprows=2)


def named_streams(n: int = 300) -> list[Stream]:
    """Return the fixed streams; most have `n` points, and real data keep their own length."""
    rng = np.random.default_rng(20)
    separated, groups = _mixture(rng, n, [3, 4, 3], [-0.7, 0.0, 0.6], [0.05, 0.08, 0.06])
    overlapping, _ = _mixture(rng, n, [0.5, 0.5], [-0.2, 0.25], [0.2, 0.15])
    five, five_groups = _mixture(
        rng, n, [1, 2, 1, 2, 1], [-0.8, -0.4, 0.0, 0.35, 0.8], [0.05, 0.1, 0.03, 0.08, 0.05]
    )
    before, _ = _mixture(rng, n // 2, [1, 1], [-0.6, -0.2], [0.08, 0.05])
    after, _ = _mixture(rng, n - n // 2, [1, 1], [0.3, 0.7], [0.04, 0.1])
    pixels = np.round(separated * 300) / 300
    return [
        Stream("separated", separated, 3),
        Stream("overlapping", overlapping, 2),
        Stream("five modes", five, 5),
        Stream("sorted", np.sort(five), 5),
        Stream("sorted down", np.sort(separated)[::-1].copy(), 3),
        Stream("one cluster after the other", five[np.argsort(five_groups, kind="stable")], 5),
        Stream("alternating", _alternating(separated, groups), 3),
        Stream("abrupt drift", np.concatenate([before, after]), 3),
        Stream("drift, half-life 50", np.concatenate([before, after]), 3, half_life=50.0),
        Stream("duplicates", rng.choice([-0.5, -0.4, 0.1, 0.7], size=n), 3),
        Stream("all equal", np.full(n, 0.3), 3),
        Stream("one point", np.array([0.37]), 3),
        Stream("two points", np.array([0.37, -0.1]), 3),
        Stream("three points", np.array([0.37, -0.1, 0.4]), 2),
        Stream("offset 1e6, spread 1e-3", 1e6 + 1e-3 * separated, 3),
        Stream("uniform", rng.uniform(-1, 1, n), 4),
        Stream("Student t, 2 d.o.f.", rng.standard_t(2, n), 3),
        Stream("clicks on pixels", pixels, 3),
        Stream("galaxies", read_column("galaxy_velocities.csv"), 4),
        Stream("galaxies, shuffled", rng.permutation(read_column("galaxy_velocities.csv")), 6),
        Stream("Old Faithful", read_column("old_faithful_eruptions.csv"), 2),
        Stream("Old Faithful, K = 4", read_column("old_faithful_eruptions.csv"), 4),
        Stream("narrow spike", _spike(rng, n), 3),
        Stream(
            "20,000 points", _mixture(rng, 20_000, [1, 2, 1], [-2, 0, 1], [0.3, 0.5, 0.2])[0], 3
        ),
    ]


def _alternating(points: Array, labels: NDArray[np.int64]) -> Array:
    """Return the points so ordered that the groups alternate."""
    rank = np.empty(labels.size, dtype=np.int64)
    for group in np.unique(labels):
        members = np.flatnonzero(labels == group)
        rank[members] = np.arange(members.size)
    alternating: Array = points[np.lexsort((labels, rank))]
    return alternating


def _spike(rng: np.random.Generator, n: int) -> Array:
    points = rng.normal(0.0, 0.5, n)
    points[rng.random(n) < 0.05] = 0.4 + rng.normal(0.0, 0.004)
    return points


def random_mixture(
    rng: np.random.Generator, n: int, n_components: int
) -> tuple[Array, NDArray[np.int64]]:
    """Return points of a random mixture, and the component of each."""
    weights = rng.dirichlet(np.full(n_components, 2.0)).tolist()
    means = rng.uniform(-1, 1, n_components).tolist()
    stds = np.exp(rng.uniform(np.log(0.02), np.log(0.3), n_components)).tolist()
    return _mixture(rng, n, weights, means, stds)


def random_streams(n_streams: int, n: int = 200, seed: int = 5) -> Iterator[Stream]:
    """Yield streams from random mixtures with 2 to 10 components.

    Their orders are in turn: iid, sorted, grouped, rounded to a grid.
    """
    for index in range(n_streams):
        rng = np.random.default_rng([seed, index])
        n_components = 2 + index // 4 % 9
        points, labels = random_mixture(rng, n, n_components)
        order = ("iid", "sorted", "grouped", "grid")[index % 4]
        if order == "sorted":
            points = np.sort(points)
        elif order == "grouped":
            points = points[np.argsort(labels, kind="stable")]
        elif order == "grid":
            points = np.round(points * 50) / 50
        yield Stream(f"random {index}, {order}", points, n_components)
