"""The ablation finds the tuned numbers, changes them, and measures what that does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        ("COARSE_ATOMS, ", {"off", "half", "double"}),
        ("without quantile_segmentation", {"without quantile_segmentation"}),
    ],
)
def test_a_number_and_a_move_are_switched_off(
    only: str, expected: set[str], tmp_path: Path, benchmark_run: Callable[..., str]
) -> None:
    output = tmp_path / "ablation.json"
    options = ["--only", only, "--output", str(output), "--streams", "2", "--points", "40"]
    printed = benchmark_run("benchmarks.ablation", *options)
    rows = json.loads(output.read_text(encoding="utf-8"))
    assert rows.pop("as it is")
    assert {name.rpartition(", ")[2] for name in rows} == expected
    assert "tuned numbers: " in printed
    for row in rows.values():
        assert isinstance(row, str) or row["time_ratio"] > 0


def test_a_change_acts_and_is_taken_back() -> None:
    script = """
import dash_app.learning.scratch as scratch
from benchmarks.tuned import changed, tuned_numbers, variants_of
number = next(n for n in tuned_numbers() if n.label == "scratch._MAX_EM_STEPS")
with changed(variants_of(number)[0]):
    print(scratch._MAX_EM_STEPS, scratch.fit_from_scratch(range(99), 4).n_iter)
print(scratch._MAX_EM_STEPS, scratch.fit_from_scratch(range(99), 4).n_iter)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    changed_to, usual = (list(map(int, line.split())) for line in done.stdout.splitlines())
    assert (changed_to[0], usual[0]) == (0, 40)
    assert changed_to[1] < usual[1]
