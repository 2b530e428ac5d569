"""Compiled elementary functions compared with numpy, and the cache of machine code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numba.core.errors import NumbaError
from numpy.testing import assert_allclose

from dash_app.learning.compiled.compilation import cache_folder, compiled
from dash_app.learning.compiled.elementary import exp, log


@compiled("void(f8[::1], f8[::1])")
def exponentials(x: np.ndarray, out: np.ndarray) -> None:
    for i in range(x.size):
        out[i] = exp(x[i])


@compiled("void(f8[::1], f8[::1])")
def logarithms(x: np.ndarray, out: np.ndarray) -> None:
    for i in range(x.size):
        out[i] = log(x[i])


def test_exponential_equals_that_of_numpy() -> None:
    x = np.concatenate([np.linspace(-700, 700, 10_001), np.geomspace(1e-18, 1, 999), [0.0]])
    found = np.empty(x.size)
    exponentials(x, found)
    assert_allclose(found, np.exp(x), rtol=1e-13)
    exponentials(np.array([-1e300, -np.inf, 1e300]), found[:3])
    assert_allclose(found[:3], np.exp([-700.0, -700.0, 700.0]))


def test_logarithm_equals_that_of_numpy() -> None:
    x = np.concatenate([np.geomspace(1e-300, 1e300, 10_001), 1 + np.geomspace(1e-15, 1, 999)])
    found = np.empty(x.size)
    logarithms(x, found)
    assert_allclose(found, np.log(x), rtol=1e-15, atol=1e-300)


def test_cache_folder_depends_on_every_source_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    (tmp_path / "one.py").write_text("1")
    (tmp_path / "two.py").write_text("2")
    before = cache_folder(tmp_path)
    assert before.parent == tmp_path / "__pycache__"
    assert cache_folder(tmp_path) == before
    (tmp_path / "two.py").write_text("3")
    assert cache_folder(tmp_path) != before


def test_cache_folder_that_a_person_names_depends_on_the_sources_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "named"))
    (tmp_path / "one.py").write_text("a")
    before = cache_folder(tmp_path)
    assert before.parent == tmp_path / "named"
    (tmp_path / "one.py").write_text("b")
    assert cache_folder(tmp_path) != before


def test_function_compiles_without_a_writable_cache(
    caplog: pytest.LogCaptureFixture,
) -> None:
    made: dict[str, object] = {}
    exec("def double(x): return 2.0 * x", made)  # has no source file, so no cache
    assert compiled("f8(f8)")(made["double"])(4.0) == 8.0  # type: ignore[type-var]
    assert "double is compiled anew at each start" in caplog.text


def test_function_that_counts_no_references_cannot_allocate() -> None:
    with pytest.raises(NumbaError, match=r"No implementation of function .*zeros"):
        compiled("f8(i8)", allocates=False)(sum_of_zeros)


def sum_of_zeros(size: int) -> float:
    return float(np.zeros(size).sum())
