"""How numba compiles: argument types, floating-point rules and the cache of machine code."""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
import platformdirs

from dash_app.compilation_progress import PROGRESS

logger = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable[..., Any])

# The compiler may reorder a sum, but the order is the same at each call. NaN and infinity keep
# their meaning.
_FASTMATH = {"reassoc", "contract", "nsz"}


def cache_folder(sources: Path) -> Path:
    """Return the folder that caches the machine code of the functions in `sources`.

    It is beside the source, or in the user's cache if the source folder is not writable. Its name
    contains a hash of all source files. numba alone would check only the file of a function, not
    the files of the functions that it calls.
    """
    digest = hashlib.sha256()
    for file in sorted(sources.glob("*.py")):
        digest.update(file.read_bytes())
    writable = os.access(sources, os.W_OK)
    of_user = platformdirs.user_cache_dir("gaussian-mixture-trainer", appauthor=False)
    parent = sources / "__pycache__" if writable else Path(of_user)
    return parent / f"compiled-{digest.hexdigest()[:16]}"


def number_of_functions(sources: Path) -> int:
    """Return how many functions in `sources` have the decorator `compiled`."""
    texts = (file.read_text(encoding="utf-8") for file in sources.glob("*.py"))
    return sum(len(re.findall(r"^@compiled\(", text, re.MULTILINE)) for text in texts)


PROGRESS.expect(number_of_functions(Path(__file__).parent))
if not numba.config.CACHE_DIR:  # set by the variable NUMBA_CACHE_DIR
    numba.config.CACHE_DIR = str(cache_folder(Path(__file__).parent))


_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": _FASTMATH}


def compiled(signature: str) -> Callable[[Function], Function]:
    """Return a decorator that compiles a function immediately, for these argument types only.

    It is for functions that Python calls: each start loads their machine code.

    Parameters
    ----------
    signature : numba signature, for example "f8(f8[::1], i8)"
    """

    def compile_(function: Function) -> Function:
        try:
            made: Function = numba.njit(signature, cache=True, **_OPTIONS)(function)
        except RuntimeError as error:  # no writable cache
            logger.warning("%s is compiled anew at each start: %s", function.__name__, error)
            made = numba.njit(signature, **_OPTIONS)(function)
        PROGRESS.made(was_compiled=bool(made.stats.cache_misses))  # type: ignore[attr-defined]
        return made

    return compile_


def inner(function: Function) -> Function:
    """Compile a function when a caller is compiled, whose machine code then contains it.

    A start does not load it. If Python calls it, as tests do, it is compiled at the first call.
    """
    made: Function = numba.njit(cache=True, **_OPTIONS)(function)
    return made


def inlined(function: Function) -> Function:
    """Compile a function into each of its callers."""
    made: Function = numba.njit(inline="always", error_model="numpy", fastmath=_FASTMATH)(function)
    return made
