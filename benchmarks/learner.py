"""Quality and speed of the online learner, compared with its peers in the same run.

    python -m benchmarks.learner [--quick] [--output FILE]

It prints three tables: quality by stream, milliseconds per update, and points per second. It writes
the same figures as JSON. Quality is the gap to the optima of `benchmarks.reference`, which the
learner's search had no part in. Compare times only within one run.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bar import Bar
from benchmarks.quality import (
    OWN,
    methods_of,
    objective_of,
    print_quality,
    quality_bars,
    quality_of_streams,
)
from dash_app.learning import Mixture, OnlineGaussianMixture, fit_from_scratch
from dash_app.learning.mixture import Array
from testbed.streams import random_mixture

PEERS = ("scikit_learn", "warm_em", "stepwise_em", "gradient")
"""Other learners on the same streams; keys of `LEARNERS`."""

MANY_COMPONENTS = (8, 10)
FROM_SCRATCH_SHARES = {5: 0.2, 10: 0.33}
"""Bars of a fit from scratch, as a share of scikit-learn's time, by number of components."""

RESULTS = Path(__file__).parent / "results" / "learner.json"


def update_times(
    n_points: int, n_updates: int, peers: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Return the median and 99th percentile of one update after `n_points`, milliseconds.

    All methods run at each update in turn, so that other load on the machine slows all of them.
    """
    points = _five_modes(n_points + n_updates, seed=1)
    return _quantiles(_spent(5, peers, points, n_points))


def update_times_with_many_components(n_components: int) -> dict[str, dict[str, float]]:
    """Return the same of the updates from 50 to 300 points of three random mixtures."""
    spent: dict[str, list[float]] = {}
    for seed in range(3):
        rng = np.random.default_rng([77, n_components, seed])
        points, _ = random_mixture(rng, 300, n_components)
        for name, ms in _spent(n_components, PEERS[:1], points, 50).items():
            spent.setdefault(name, []).extend(ms)
    return _quantiles(spent)


def _spent(
    n_components: int, peers: Sequence[str], points: Array, n_before: int
) -> dict[str, list[float]]:
    """Return the milliseconds of each method's updates after the first `n_before` points."""
    methods = methods_of(n_components, None, peers)
    for method in methods.values():
        method.partial_fit(points[:n_before])
    spent: dict[str, list[float]] = {name: [] for name in methods}
    for x in points[n_before:]:
        for name, method in methods.items():
            start = time.perf_counter()
            method.partial_fit(np.array([x]))
            spent[name].append(1e3 * (time.perf_counter() - start))
    return spent


def _quantiles(spent: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    return {
        name: {"median": float(np.median(ms)), "p99": float(np.quantile(ms, 0.99))}
        for name, ms in spent.items()
    }


def throughput(batch: int, n_batches: int) -> dict[str, float]:
    """Return points per second with a fit after each batch, and for np.sort of the batch."""
    points = _five_modes(batch * (n_batches + 1), seed=2)
    learner = OnlineGaussianMixture(5).partial_fit(points[:batch])
    own, sort = [], []
    for part in np.split(points[batch:], n_batches):
        start = time.perf_counter()
        learner.partial_fit(part)
        middle = time.perf_counter()
        np.sort(part)
        own.append(middle - start)
        sort.append(time.perf_counter() - middle)
    return {
        "own": batch / float(np.median(own)),
        "np.sort": batch / float(np.median(sort)),
        "state_bytes": float(sum(np.asarray(v).nbytes for v in learner.state().values())),
    }


def from_scratch_times(n_components: int, n_runs: int) -> dict[str, float]:
    """Return milliseconds for a fit from scratch, n = 300, and for scikit-learn with n_init=10.

    The points are of five modes if K is 5, else of random mixtures.
    """
    from sklearn.mixture import GaussianMixture

    own, peer, shortfall = [], [], []
    for run in range(n_runs):
        points = _five_modes(300, seed=10 + run)
        if n_components != 5:
            points, _ = random_mixture(np.random.default_rng(10 + run), 300, n_components)
        start = time.perf_counter()
        result = fit_from_scratch(points, n_components)
        middle = time.perf_counter()
        model = GaussianMixture(n_components, n_init=10, random_state=run).fit(points[:, None])
        peer.append(time.perf_counter() - middle)
        own.append(middle - start)
        found = Mixture(
            model.weights_ / model.weights_.sum(), model.means_[:, 0], model.covariances_[:, 0, 0]
        )
        shortfall.append(objective_of(points, found) - result.objective)
    return {
        "own": 1e3 * float(np.median(own)),
        "scikit-learn n_init=10": 1e3 * float(np.median(peer)),
        "worst J below scikit-learn's": max(shortfall),
    }


def first_fit_s(n_points: int, n_components: int) -> float:
    """Return the time of a first update with many points and components, seconds."""
    points = np.random.default_rng(3).normal(size=n_points)
    start = time.perf_counter()
    OnlineGaussianMixture(n_components).partial_fit(points)
    return time.perf_counter() - start


def _with_many(n_components: int) -> str:
    return f"50 to 300, K = {n_components}"


def _five_modes(n: int, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    labels = rng.choice(5, size=n, p=np.array([1, 2, 1, 2, 1]) / 7)
    means = np.array([-0.8, -0.4, 0.0, 0.35, 0.8])
    return rng.normal(means[labels], np.array([0.05, 0.1, 0.03, 0.08, 0.05])[labels])


def bars(result: dict[str, Any]) -> list[Bar]:
    """Return the figures that have a bar."""
    found = quality_bars(result["quality"])
    for n, least in ((100, 8.0), (1_000, None), (100_000, 100.0)):
        if n in result["update_ms"]:
            own, refit = (result["update_ms"][n][name] for name in (OWN, PEERS[0]))
            ratio = refit["median"] / own["median"]
            found.append(Bar(f"update at n = {n}, refit / own", ratio, least, "", at_least=True))
            if n == 100:
                p99 = own["p99"] / refit["median"]
                found.append(Bar(f"update at n = {n}, own p99 / refit", p99, 1.0, ""))
    for n_components in MANY_COMPONENTS:
        ms = result["update_ms"].get(_with_many(n_components))
        if ms:
            own, refit = ms[OWN], ms[PEERS[0]]
            title = f"update, {_with_many(n_components)}"
            ratio = refit["median"] / own["median"]
            found.append(Bar(f"{title}, refit / own", ratio, 3.0, "", at_least=True))
            found.append(Bar(f"{title}, own p99 / refit", own["p99"] / refit["median"], 2.0, ""))
    few, many = (result["update_ms"].get(f"{n}, own alone") for n in (1_000, 1_000_000))
    if few and many:
        ratio = many[OWN]["median"] / few[OWN]["median"]
        found.append(Bar("update at n = 1,000,000 / at 1,000", ratio, 1.3, "", digits=2))
    for batch, least_rate in ((10_000, 1.5), (100_000, 3.0)):
        if batch in result["points_per_second"]:
            rate = result["points_per_second"][batch]["own"] / 1e6
            title = f"million points/s in batches of {batch}"
            found.append(Bar(title, rate, least_rate, "M/s", at_least=True))
    states = [figures["state_bytes"] for figures in result["points_per_second"].values()]
    found.append(Bar("state", max(states) / 1e3, 64, "kB"))
    for n_components, scratch in result["from_scratch_ms"].items():
        ratio = scratch["own"] / scratch["scikit-learn n_init=10"]
        title, most = f"from scratch, K = {n_components}", FROM_SCRATCH_SHARES[n_components]
        found.append(Bar(f"{title}, own / scikit-learn n_init=10", ratio, most, "", digits=2))
        worse = scratch["worst J below scikit-learn's"]
        found.append(Bar(f"{title}, J below scikit-learn's", worse, 1e-4, "nats", digits=5))
    if "first_fit_s" in result:
        title = "first fit of 1,000 points, K = 50"
        found.append(Bar(title, result["first_fit_s"], 1.0, "s", digits=2))
    return found


def run(quick: bool) -> dict[str, Any]:
    """Measure and print all figures; return them."""
    rows = quality_of_streams(quick, PEERS)
    print_quality(rows)
    result: dict[str, Any] = {"quality": rows, "update_ms": {}, "points_per_second": {}}
    for n, n_updates in ((100, 10),) if quick else ((100, 60), (1_000, 60), (100_000, 12)):
        result["update_ms"][n] = update_times(n, n_updates, PEERS[:3] if n < 10_000 else PEERS[:1])
    if not quick:
        for n in (1_000, 100_000, 1_000_000):
            result["update_ms"][f"{n}, own alone"] = update_times(n, 300, ())
        for n_components in MANY_COMPONENTS:
            ms = update_times_with_many_components(n_components)
            result["update_ms"][_with_many(n_components)] = ms
        result["first_fit_s"] = first_fit_s(1_000, 50)
    for n, figures in result["update_ms"].items():
        for name, ms in figures.items():
            print(
                f"update at n = {n}: {name:22} median {ms['median']:9.2f} ms, p99 {ms['p99']:9.2f}"
            )
    for batch in (1_000,) if quick else (1, 10_000, 100_000):
        figures = throughput(batch, 5 if quick else (200 if batch == 1 else 30))
        result["points_per_second"][batch] = figures
        print(
            f"batches of {batch}: {figures['own']:,.0f} points/s; np.sort alone "
            f"{figures['np.sort']:,.0f}; state {figures['state_bytes']:,.0f} bytes"
        )
    result["from_scratch_ms"] = {
        n_components: from_scratch_times(n_components, 2 if quick else 10)
        for n_components in FROM_SCRATCH_SHARES
    }
    for n_components, figures in result["from_scratch_ms"].items():
        print(f"from scratch, n = 300, K = {n_components}: {figures}")
    print(*bars(result), sep="\n")
    return result


def main() -> None:
    """Parse the command line, run the benchmark and write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learner", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few streams and sizes")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the JSON goes")
    arguments = parser.parse_args()
    result = run(arguments.quick)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(result, indent=1), encoding="utf-8")
    print(f"written to {arguments.output}")


if __name__ == "__main__":
    main()
