"""torch is loaded once, in the background, and kept out of garbage collection."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

WARM_UP = """
import gc, sys
from dash_app.training.warm_up import warm_up
print("torch" in sys.modules, gc.get_freeze_count() > 0)
thread = warm_up()
print(warm_up() is thread, thread.daemon)
thread.join()
print("torch" in sys.modules, gc.get_freeze_count() > 0)
"""


def test_warm_up_loads_torch_once_and_freezes_what_is_loaded() -> None:
    # a process of its own: other tests have loaded torch into this one
    done = subprocess.run(
        [sys.executable, "-c", WARM_UP],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["False False", "True True", "True True"]
