"""Interrupts (SIGINT, Ctrl-C) that come while compiled code runs."""

from __future__ import annotations

import functools

# `signal` makes enumerations of its arguments, which takes ten times as long
from _signal import SIGINT, getsignal, signal
from collections.abc import Callable
from threading import get_ident, main_thread
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])

_late: list[tuple[Any, ...]] = []
"""Arguments of the handler of the interrupts that wait; it is of the main thread alone."""


def _wait(*arguments: Any) -> None:
    _late.append(arguments)


def with_late_interrupts(function: Function, made: Callable[..., Any]) -> Function:
    """Return a function that calls `made`; an interrupt waits until it returns.

    numba makes Python objects of the results by Python functions, and does not check their errors:
    if the handler of the signal raised in one of them, the process would end with a segmentation
    fault. Python runs these handlers in the main thread alone.
    """

    @functools.wraps(function)
    def call(*args: Any) -> Any:
        if get_ident() != main_thread().ident:
            return made(*args)
        usual = getsignal(SIGINT)
        if not callable(usual):  # no handler in Python
            return made(*args)
        signal(SIGINT, _wait)
        try:
            result = made(*args)
        finally:
            signal(SIGINT, usual)
        if _late:
            arguments = _late.pop()
            _late.clear()
            usual(*arguments)
        return result

    return cast(Function, call)
