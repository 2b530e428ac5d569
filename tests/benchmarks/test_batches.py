"""The benchmark of batches runs, and two components are found in batches and chunks alike."""

from __future__ import annotations

from collections.abc import Callable


def test_two_components_are_never_missed(benchmark_run: Callable[..., str]) -> None:
    said = benchmark_run("benchmarks.batches", "--streams", "1", "--chunked-points", "2000")
    for family, n_prefixes in (("mixed", 8), ("chunks", 4)):
        line = f"{family}, K <= 5, own online, {n_prefixes} prefixes: misses"
        assert line in said
    assert "MISSED" not in said
