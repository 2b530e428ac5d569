"""Interrupts (SIGINT, Ctrl-C) that come while compiled code runs."""

from __future__ import annotations

import _signal  # `signal` makes enumerations of its arguments, which takes ten times as long
import functools
import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])


def with_late_interrupts(function: Function, made: Callable[..., Any]) -> Function:
    """Return a function that calls `made`; an interrupt waits until it returns.

    numba makes Python objects of the results by Python functions, and does not check their errors:
    if the handler of the signal raised in one of them, the process would end with a segmentation
    fault. Python runs these handlers in the main thread alone.
    """

    @functools.wraps(function)
    def call(*args: Any) -> Any:
        if threading.get_ident() != threading.main_thread().ident:
            return made(*args)
        usual = _signal.getsignal(_signal.SIGINT)
        if not callable(usual):  # no handler in Python
            return made(*args)
        late: list[tuple[Any, ...]] = []
        _signal.signal(_signal.SIGINT, lambda *signal: late.append(signal))
        try:
            result = made(*args)
        finally:
            _signal.signal(_signal.SIGINT, usual)
        if late:
            usual(*late[0])
        return result

    return cast(Function, call)
