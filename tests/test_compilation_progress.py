"""Progress messages of the compilation; there are none without a compilation."""

from __future__ import annotations

import os
from contextlib import suppress

import pytest

import dash_app.learning.compiled  # noqa: F401 - the import counts the functions
from dash_app.compilation_progress import PROGRESS, CompilationProgress


def test_all_functions_of_the_learner_are_counted() -> None:
    assert PROGRESS.n_done == PROGRESS.n_functions > 0


def test_loading_from_the_cache_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    progress = CompilationProgress()
    begun: list[int] = []
    progress.at_begin(lambda: begun.append(progress.n_done))
    progress.expect(3)
    for _ in range(3):
        progress.made(was_compiled=False)
    progress.made(was_compiled=True)  # a function beyond the expected three
    assert (progress.n_done, progress.is_compiling, begun) == (3, False, [])
    assert capsys.readouterr().err == ""


def test_log_gets_few_lines(capsys: pytest.CaptureFixture[str]) -> None:
    progress = CompilationProgress()
    begun: list[int] = []
    progress.at_begin(lambda: begun.append(progress.n_done))
    progress.expect(40)
    progress.made(was_compiled=False)
    for _ in range(38):
        progress.made(was_compiled=True)
        assert progress.is_compiling
    progress.made(was_compiled=True)
    assert not progress.is_compiling
    assert begun == [2]
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "compiling the learner's loops, 2 of 40"
    assert (
        lines[-1] == "compiling the learner's loops, 40 of 40: done in 0 s, kept for the next start"
    )
    assert 3 <= len(lines) <= 6


def test_terminal_gets_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    main, terminal = os.openpty()
    with open(terminal, "w", encoding="utf-8") as stream:
        monkeypatch.setattr("sys.stderr", stream)
        progress = CompilationProgress()
        progress.expect(2)
        progress.made(was_compiled=True)
        progress.made(was_compiled=True)
    parts = []
    with suppress(OSError):  # the end of a terminal whose other side is closed
        while part := os.read(main, 4096):
            parts.append(part)
    os.close(main)
    shown = b"".join(parts).decode()
    assert shown.count("\n") == 1
    assert shown.startswith(
        "\rcompiling the learner's loops, 1 of 2\rcompiling the learner's loops, 2 of 2"
    )
