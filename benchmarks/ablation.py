"""What each tuned number and each move of the learner buys: one change at a time, fresh streams.

    python -m benchmarks.ablation [--only TEXT] [--streams N] [--points N] [--seed S] [--output F]

A number is switched off (0; a real number also without bound), halved and doubled. Births, splits
and crossover are switched off with the number of their candidates; of the other moves, those that
Python makes are switched off: they are made, so that their time stays, and dropped.
Misses are prefixes more than 1e-4 nats per point below the best J of all variants, online and from
scratch. Nothing is known of numbers in the compiled loops: they are machine code.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.quality import MANY_COMPONENTS, MISS_NATS
from benchmarks.tuned import Variant, changed, moves, tuned_numbers, variants_of
from benchmarks.variant_run import Run, TooSlowError, run
from testbed.streams import Stream, random_streams

SLOWEST = 30.0
"""A variant may take this multiple of the usual time of a stream."""

RESULTS = Path(__file__).parent / "results" / "ablation.json"


class Row(NamedTuple):
    """A variant's figures over all streams; the first two by number of components, few and many."""

    misses: tuple[float, float]
    scratch_misses: tuple[float, float]
    worst_gap: float
    time_ratio: float
    time_ratio_p99: float


def prefixes_of(stream: Stream) -> list[int]:
    """Return the numbers of points at which J is looked at."""
    return list(range(20, stream.points.size + 1, 20))


def measure(streams: list[Stream], variants: list[Variant]) -> dict[str, list[Run] | str]:
    """Return the runs of each variant, or why it has none; the first variant is the usual."""
    usual: list[Run] = []
    found: dict[str, list[Run] | str] = {}
    for variant in variants:
        runs: list[Run] = []
        try:
            with changed(variant):
                for k, stream in enumerate(streams):
                    limit_s = SLOWEST * usual[k].seconds if usual else np.inf
                    runs.append(run(stream, prefixes_of(stream), limit_s))
            found[variant.name] = runs
        except TooSlowError:
            found[variant.name] = "too slow"
        except Exception as error:  # noqa: BLE001 - a number may not be 0; the table says so
            found[variant.name] = f"fails: {type(error).__name__}"
        usual = usual or runs
        print(f"{variant.name} measured", flush=True)
    return found


def rows_of(streams: list[Stream], found: dict[str, list[Run] | str]) -> dict[str, Row | str]:
    """Return the figures of each variant, or why it has none."""
    complete = [runs for runs in found.values() if not isinstance(runs, str)]
    usual = complete[0]
    best = []
    for k in range(len(streams)):
        of_stream = [value for runs in complete for value in (runs[k].online, runs[k].scratch)]
        best.append(np.max(of_stream, axis=0))
    many = np.array([stream.n_components >= MANY_COMPONENTS for stream in streams])

    def share(gaps: list[Any]) -> tuple[float, float]:
        missed = np.array([(gap > MISS_NATS).mean() for gap in gaps])
        few = missed[~many].mean() if (~many).any() else 0.0
        return float(few), float(missed[many].mean() if many.any() else 0.0)

    rows: dict[str, Row | str] = {}
    for name, runs in found.items():
        if isinstance(runs, str):
            rows[name] = runs
            continue
        gaps = [known - r.online for known, r in zip(best, runs)]
        scratch = [known - r.scratch for known, r in zip(best, runs)]
        times, usual_times = (np.concatenate([r.update_s for r in rs]) for rs in (runs, usual))
        rows[name] = Row(
            share(gaps),
            share(scratch),
            float(max(gap.max() for gap in gaps)),
            float(times.mean() / usual_times.mean()),
            float(np.quantile(times, 0.99) / np.quantile(usual_times, 0.99)),
        )
    return rows


def print_table(rows: dict[str, Row | str]) -> None:
    """Print one line for each variant."""
    print(f"{'variant':52} misses, K <= 5 / more   from scratch     worst gap   time   its p99")
    for name, row in rows.items():
        if isinstance(row, str):
            print(f"{name:52} {row}")
            continue
        shares = [f"{100 * share:6.2f} %" for share in (*row.misses, *row.scratch_misses)]
        print(
            f"{name:52} {shares[0]} {shares[1]}     {shares[2]} {shares[3]} {row.worst_gap:10.5f} "
            f"{row.time_ratio:6.2f} {row.time_ratio_p99:6.2f}"
        )


def main() -> None:
    """Measure, print the table and write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ablation", description=__doc__)
    parser.add_argument("--only", default="", help="variants whose name contains this")
    parser.add_argument("--streams", type=int, default=36, help="four for each K from 2 to 10")
    parser.add_argument("--points", type=int, default=120, help="of each stream")
    parser.add_argument("--seed", type=int, default=61, help="of the streams")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the JSON goes")
    arguments = parser.parse_args()
    numbers = tuned_numbers()
    print(f"{len(numbers)} tuned numbers: {', '.join(number.label for number in numbers)}")
    variants = [v for number in numbers for v in variants_of(number)] + moves()
    chosen = [variant for variant in variants if arguments.only in variant.name]
    streams = list(random_streams(arguments.streams, arguments.points, arguments.seed))
    rows = rows_of(streams, measure(streams, [Variant("as it is", {}, None), *chosen]))
    print_table(rows)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    plain = {name: row if isinstance(row, str) else row._asdict() for name, row in rows.items()}
    arguments.output.write_text(json.dumps(plain, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
