"""A few seconds of malformed requests and files: no status 500, no traceback, no change."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_malformed_input_causes_no_fault() -> None:
    command = ["benchmarks.malformed", "--n", "200", "--files", "40", "--seed", "5"]
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "files 40" in done.stdout
    assert done.stdout.rstrip().endswith("tracebacks 0, faults 0")
