"""The examples of the page: seeded points in a fixed order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Optional, Union

import numpy as np
from numpy.typing import NDArray

from dash_app.learning import Mixture
from dash_app.training.plays import Script

#: Increments of an example; more of them show the learning in more steps, but take longer.
N_INCREMENTS = 30
OLD_FAITHFUL_PATH = Path(__file__).with_name("old_faithful_eruptions.csv")


@dataclass(frozen=True)
class Clump:
    """`count` normal draws; the mean moves linearly from `mean` to `last_mean`, if that is set."""

    count: int
    mean: float
    std: float
    last_mean: Optional[float] = None

    def draw(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the draws in order of arrival, shape (count,), data units."""
        last = self.mean if self.last_mean is None else self.last_mean
        return rng.normal(np.linspace(self.mean, last, self.count), self.std)


@dataclass(frozen=True)
class Recording:
    """Measured values in a file: one value per line after a comment and a heading."""

    path: Path

    def draw(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the recorded values; `rng` is not used."""
        return np.loadtxt(self.path, skiprows=2)


@dataclass(frozen=True)
class Flat:
    """`count` uniform draws between `low` and `high`."""

    count: int
    low: float
    high: float

    def draw(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the draws, shape (count,), data units."""
        return rng.uniform(self.low, self.high, self.count)


@dataclass(frozen=True)
class Example:
    """One example: sources of points, their order, and the settings.

    `beside` names learners of `LEARNERS` that the page shows beside the others.
    """

    name: str
    label: str
    hint: str
    sources: Sequence[Union[Clump, Flat, Recording]]
    n_components: int
    mixed: bool = True
    half_life: Optional[float] = None
    axis: tuple[float, float] = (-1.0, 1.0)
    beside: tuple[str, ...] = ()

    def points(self, seed: int = 0) -> list[float]:
        """Return the points in order of arrival; the seed determines them."""
        rng = np.random.default_rng(seed)
        drawn = np.concatenate([source.draw(rng) for source in self.sources])
        return [float(x) for x in (rng.permutation(drawn) if self.mixed else drawn)]

    @property
    def truth(self) -> Optional[Mixture]:
        """The density of the points; None unless all sources are clumps that do not move."""
        clumps = [each for each in self.sources if isinstance(each, Clump)]
        if len(clumps) < len(self.sources) or any(each.last_mean is not None for each in clumps):
            return None
        counts = np.array([each.count for each in clumps], dtype=np.float64)
        means = np.array([each.mean for each in clumps])
        return Mixture(counts / counts.sum(), means, np.square([each.std for each in clumps]))


def script_of(example: Example) -> Script:
    """Return what the server plays: the points in at most `N_INCREMENTS` increments."""
    points = np.array(example.points())
    return Script(
        name=example.name,
        points=points,
        increment=max(1, math.ceil(points.size / N_INCREMENTS)),
        n_components=example.n_components,
        half_life=example.half_life,
        truth=example.truth,
    )


_EXAMPLES = (
    Example(
        "two-clumps",
        "Two clumps",
        "40 points around -0.5 and 0.5, in mixed order",
        (Clump(20, -0.5, 0.09), Clump(20, 0.5, 0.09)),
        n_components=2,
    ),
    Example(
        "three-clumps",
        "Three clumps",
        "45 points around three centres, in mixed order",
        (Clump(15, -0.65, 0.07), Clump(15, 0.0, 0.1), Clump(15, 0.62, 0.08)),
        n_components=3,
    ),
    Example(
        "overlapping",
        "Overlapping",
        "60 points from a narrow clump that overlaps a wide one",
        (Clump(35, -0.15, 0.28), Clump(25, 0.3, 0.07)),
        n_components=2,
    ),
    Example(
        "one-after-the-other",
        "One after the other",
        "Three clumps, each complete before the next begins: hard for online training",
        (Clump(15, -0.6, 0.07), Clump(15, 0.05, 0.07), Clump(15, 0.65, 0.07)),
        n_components=3,
        mixed=False,
        beside=("gradient",),
    ),
    Example(
        "uniform",
        "Uniform",
        "60 uniformly distributed points: no clumps to find",
        (Flat(60, -0.9, 0.9),),
        n_components=4,
    ),
    Example(
        "drift",
        "Drift",
        "One clump that moves to the right; a short memory follows it",
        (Clump(90, -0.6, 0.07, last_mean=0.6),),
        n_components=2,
        mixed=False,
        half_life=20,
    ),
    Example(
        "old-faithful",
        "Old Faithful",
        "272 eruptions of the geyser, their lengths in minutes, in order of recording",
        (Recording(OLD_FAITHFUL_PATH),),
        n_components=2,
        mixed=False,
        axis=(1.0, 6.0),
    ),
    Example(
        "ten-thousand",
        "10,000 points",
        "Five clumps of 2,000: the time of an update does not grow with the number of points",
        tuple(
            Clump(2000, mean, std)
            for mean, std in ((-0.8, 0.05), (-0.4, 0.1), (0.0, 0.04), (0.35, 0.12), (0.8, 0.06))
        ),
        n_components=5,
    ),
)

EXAMPLES: Mapping[str, Example] = MappingProxyType({each.name: each for each in _EXAMPLES})
