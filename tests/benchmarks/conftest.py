"""Run a benchmark as `python -m` does, but in the process of the test: another takes seconds."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable

import pytest

Benchmark = Callable[..., str]


@pytest.fixture
def benchmark_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Benchmark:
    """Return a function that runs a benchmark with arguments and returns what it printed."""

    def run(name: str, *arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        code = 0
        try:
            runpy.run_module(name, run_name="__main__")
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr().out
        assert code == 0, said
        return said

    return run
