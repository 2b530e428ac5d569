"""What numba is told: types, order of sums, where the machine code is kept."""

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

# sums may be taken in any order, the same one at each call; NaN and infinities stay what they are
_FASTMATH = {"reassoc", "contract", "nsz"}


def cache_folder(sources: Path) -> Path:
    """Return where the machine code of a folder's functions is kept.

    Beside the source, or in the user's cache where that is not writable. By itself numba looks only
    at the file of a function, and not at those of the functions that it calls: each state of the
    folder has a place of its own.
    """
    digest = hashlib.sha256()
    for file in sorted(sources.glob("*.py")):
        digest.update(file.read_bytes())
    writable = os.access(sources, os.W_OK)
    of_user = platformdirs.user_cache_dir("gaussian-mixture-trainer", appauthor=False)
    parent = sources / "__pycache__" if writable else Path(of_user)
    return parent / f"compiled-{digest.hexdigest()[:16]}"


def number_of_functions(sources: Path) -> int:
    """Return how many functions of a folder are compiled by `compiled`."""
    texts = (file.read_text(encoding="utf-8") for file in sources.glob("*.py"))
    return sum(len(re.findall(r"^@compiled\(", text, re.MULTILINE)) for text in texts)


PROGRESS.expect(number_of_functions(Path(__file__).parent))
if not numba.config.CACHE_DIR:  # which NUMBA_CACHE_DIR sets
    numba.config.CACHE_DIR = str(cache_folder(Path(__file__).parent))


def compiled(signature: str) -> Callable[[Function], Function]:
    """Return a decorator that compiles a function at once, for arguments of these types alone.

    Parameters
    ----------
    signature : of numba, "f8(f8[::1], i8)"
    """

    def compile_(function: Function) -> Function:
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": _FASTMATH}
        try:
            made: Function = numba.njit(signature, cache=True, **options)(function)
        except RuntimeError as error:  # no place to keep it
            logger.warning("%s is compiled anew at each start: %s", function.__name__, error)
            made = numba.njit(signature, **options)(function)
        PROGRESS.made(was_compiled=bool(made.stats.cache_misses))  # type: ignore[attr-defined]
        return made

    return compile_


def inlined(function: Function) -> Function:
    """Compile a function as a part of those that call it."""
    made: Function = numba.njit(inline="always", error_model="numpy", fastmath=_FASTMATH)(function)
    return made
