"""The benchmark of the memory runs, and a small memory is seen to cost something."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path


def test_a_small_capacity_costs_more_than_a_large_one(
    tmp_path: Path, benchmark_run: Callable[..., str]
) -> None:
    output = tmp_path / "capacity.json"
    options = ["--streams", "2", "--points", "200", "--output", str(output)]
    said = benchmark_run("benchmarks.capacity", *options)
    rows = json.loads(output.read_text(encoding="utf-8"))
    assert {row["n_points"] for row in rows} == {100, 200}
    worst = {c: max(row["gap"] for row in rows if row["capacity"] == c) for c in (16, 1024)}
    assert worst[1024] < 1e-3 < worst[16]
    assert all(row["ms"] > 0 for row in rows)
    assert "gap, worst" in said
