"""A few seconds of malformed requests and files: no status 500, no traceback, no change."""

from __future__ import annotations

from collections.abc import Callable


def test_malformed_input_causes_no_fault(benchmark_run: Callable[..., str]) -> None:
    said = benchmark_run("benchmarks.malformed", "--n", "200", "--files", "40", "--seed", "5")
    assert "files 40" in said
    assert said.rstrip().endswith("tracebacks 0, faults 0")
