"""The learner's benchmark runs, and its figures are plausible."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path


def test_quick_run_writes_its_figures(tmp_path: Path, benchmark_run: Callable[..., str]) -> None:
    output = tmp_path / "learner.json"
    said = benchmark_run("benchmarks.learner", "--quick", "--output", str(output))
    figures = json.loads(output.read_text(encoding="utf-8"))
    own = [methods["own online"] for methods in figures["quality"].values()]
    assert len(own) == 3
    assert all(f["end"] < 0.01 and f["worst"] < 0.05 and f["tv"] < 0.1 for f in own)
    assert figures["update_ms"]["100"]["own online"]["median"] > 0
    assert figures["points_per_second"]["1000"]["state_bytes"] < 65_536
    for scratch in figures["from_scratch_ms"].values():
        assert scratch["worst J below scikit-learn's"] < 1e-4
    assert "gap at the end, 3 named streams" in said
