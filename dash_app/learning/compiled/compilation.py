"""How numba compiles: argument types, floating-point rules and the cache of machine code."""

from __future__ import annotations

import hashlib
import inspect
import logging
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import llvmlite.binding as llvm
import numba
import platformdirs
from numba.core import cgutils
from numba.extending import lower_builtin, register_jitable, type_callable

from dash_app.compilation_progress import PROGRESS
from dash_app.learning.compiled.interrupts import with_late_interrupts

logger = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable[..., Any])

# The compiler may reorder a sum, but the order is the same at each call. NaN and infinity keep
# their meaning.
_FASTMATH = {"reassoc", "contract", "nsz"}


def cache_folder(sources: Path) -> Path:
    """Return the folder that caches the machine code of the functions in `sources`.

    It is in the folder that the variable NUMBA_CACHE_DIR names; else beside the source, or in the
    user's cache if the source folder is not writable. Its name contains a hash of all source files:
    numba alone would check only the file of a function, not the files of the functions that it
    calls, and these may take other arguments by now.
    """
    digest = hashlib.sha256()
    for file in sorted(sources.glob("*.py")):
        digest.update(file.read_bytes())
    writable = os.access(sources, os.W_OK)
    of_user = platformdirs.user_cache_dir("gaussian-mixture-trainer", appauthor=False)
    parent = sources / "__pycache__" if writable else Path(of_user)
    if os.environ.get("NUMBA_CACHE_DIR"):
        parent = Path(os.environ["NUMBA_CACHE_DIR"])
    return parent / f"compiled-{digest.hexdigest()[:16]}"


def number_of_functions(sources: Path) -> int:
    """Return how many functions in `sources` have the decorator `compiled`."""
    texts = (file.read_text(encoding="utf-8") for file in sources.glob("*.py"))
    return sum(len(re.findall(r"^@compiled\(", text, re.MULTILINE)) for text in texts)


PROGRESS.expect(number_of_functions(Path(__file__).parent))
numba.config.CACHE_DIR = str(cache_folder(Path(__file__).parent))


_RULES: dict[str, Any] = {"error_model": "numpy", "fastmath": _FASTMATH, "no_cfunc_wrapper": True}


def compiled(signature: str, *, allocates: bool = True) -> Callable[[Function], Function]:
    """Return a decorator that compiles a function immediately, for these argument types only.

    It is for functions that Python calls, and for large ones with several callers: each start loads
    their machine code. Other compiled functions call that machine code; theirs does not contain it.

    Parameters
    ----------
    signature : numba signature, for example "f8(f8[::1], i8)"
    allocates : bool, whether the function makes arrays
        If not, numba leaves out the counting of references. Each count is an atomic instruction: a
        step of EM would have over a hundred of them, a tenth of its time.
    """
    rules = {**_RULES, "_nrt": allocates}

    def compile_(function: Function) -> Function:
        try:
            made = numba.njit(signature, cache=True, nogil=True, **rules)(function)
        except RuntimeError as error:  # no writable cache
            logger.warning("%s is compiled anew at each start: %s", function.__name__, error)
            made = numba.njit(signature, nogil=True, **rules)(function)
        PROGRESS.made(was_compiled=bool(made.stats.cache_misses))
        return _called_by_name(function, made)

    return compile_


def _called_by_name(function: Function, made: Any) -> Function:
    """Return a function that calls `made`, and which other compiled functions call by a symbol.

    Were it a dispatcher of numba, each caller would be compiled together with all of its code, and
    the first compilation would take longer.
    """
    (result,) = made.overloads.values()
    signature, native = result.signature, result.fndesc.llvm_func_name
    symbol = f"{function.__module__}.{function.__qualname__}"
    llvm.add_symbol(symbol, result.library.get_pointer_to_function(native))

    call = with_late_interrupts(function, made)

    def type_(_context: Any) -> Any:
        def signature_of(*_args: Any) -> Any:
            return signature

        # numba matches the arguments of a call by it
        signature_of.pysig = inspect.signature(function)  # type: ignore[attr-defined]
        return signature_of

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        convention = context.call_conv
        native_type = convention.get_function_type(sig.return_type, sig.args)
        callee = cgutils.get_or_insert_function(builder.module, native_type, symbol)
        status, value = convention.call_function(builder, callee, sig.return_type, sig.args, args)
        with cgutils.if_unlikely(builder, status.is_error):
            convention.return_status_propagate(builder, status)
        return value

    type_callable(call)(type_)
    lower_builtin(call, *signature.args)(lower)
    return call


def inner(function: Function) -> Function:
    """Compile a function when a caller is compiled, whose machine code then contains it.

    A start does not load it. If Python calls it, as tests do, the function itself runs, slowly.
    """
    made: Function = register_jitable(**_RULES)(function)
    return made


def inlined(function: Function) -> Function:
    """Compile a function into each of its callers."""
    made: Function = numba.njit(inline="always", error_model="numpy", fastmath=_FASTMATH)(function)
    return made
