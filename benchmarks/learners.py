"""All learners on the same streams: how far from the fit from scratch, how fast, how much read.

    python -m benchmarks.learners [--quick]

Each stream comes point by point. "end" and "worst" are total variations to the fit from scratch to
the same points, in % of mass: the median over the streams at the end, and the largest at any
prefix of 20 points or more. "gap" is the median loss of J at the end, in nats a point.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from dash_app.learning import LEARNERS, Record, timeline
from testbed.streams import Stream, named_streams, random_streams

_FIRST_JUDGED = 20
"""Points from which a prefix counts: the learners' starts end at 2 K points."""


def _streams(quick: bool) -> Iterator[Stream]:
    named = named_streams(60 if quick else 120)
    short = [each for each in named if _FIRST_JUDGED <= each.points.size <= 300]
    yield from (each for each in short if each.half_life is None and np.ptp(each.points) > 0)
    yield from random_streams(4 if quick else 18, n=60 if quick else 120)


def _run(stream: Stream, names: list[str]) -> dict[str, list[Record]]:
    found = defaultdict(list)
    for record in timeline(stream.points[:, None], names, stream.n_components):
        found[record.learner].append(record)
    return found


def main() -> None:
    """Print one row a learner."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="fewer and shorter streams")
    parser.add_argument("--learners", default=",".join(LEARNERS), help="separated by commas")
    arguments = parser.parse_args()
    names = arguments.learners.split(",")
    runs = [_run(stream, sorted({*names, "scratch"})) for stream in _streams(arguments.quick)]
    print(f"{len(runs)} streams, {sum(len(run['scratch']) for run in runs)} prefixes")
    print(f"{'learner':<16}{'end, %':>9}{'worst, %':>10}{'gap':>10}{'ms':>9}{'touched':>10}")
    for name in names:
        ends = [run[name][-1] for run in runs]
        gaps = [run["scratch"][-1].objective - run[name][-1].objective for run in runs]
        judged = [each for run in runs for each in run[name] if each.n_points >= _FIRST_JUDGED]
        print(
            f"{name:<16}"
            f"{100 * np.median([each.tv_to_scratch for each in ends]):9.2f}"
            f"{100 * max(each.tv_to_scratch for each in judged):10.1f}"
            f"{np.median(gaps):10.4f}"
            f"{1e3 * np.median([each.time_s for run in runs for each in run[name]]):9.2f}"
            f"{np.median([each.n_touched for each in ends]):10.0f}"
        )


if __name__ == "__main__":
    main()
