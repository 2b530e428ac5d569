"""The exceptions of the project, one tree.

GMMError
├── DataError (ValueError)              the input is invalid
│   ├── EmptyDataError                  no point, at least one is needed
│   ├── NonFiniteError                  NaN or an infinity; names the index
│   ├── OutOfRangeError                 a number outside its range
│   ├── ShapeError                      not a list of numbers
│   └── UnknownPointError               a point to remove is not active
├── StateError (ValueError)             a serialised state cannot be read
├── RefusedError                        the operation does not apply to the current state
│   └── UntrainedError (AttributeError) a learner has no mixture yet
├── SessionNotFoundError (LookupError)  no session has that id
├── RunNotFoundError (LookupError)      no training run has that id
├── TimelineNotFoundError (LookupError) no timeline has that id
├── ConflictError                       other processes wrote first, all retries failed
├── BusyError                           too many requests wait, or the wait was too long
├── RateError                           a client exceeded its rate limit
├── BudgetError                         a training took too long
├── StoreError                          the store cannot be used
│   └── StoreBusyError                  another program locks the store; try again
├── SettingError (ValueError)           a setting is invalid
└── CancelledError                      a training run was cancelled
"""

from __future__ import annotations

from typing import Optional


class GMMError(Exception):
    """Root of the tree; `field` names the invalid value, if there is one."""

    field: Optional[str] = None
    retry_after_s: Optional[int] = None
    """Seconds after which the same request may succeed; None: it will not."""

    def __init__(self, message: str, field: Optional[str] = None) -> None:
        super().__init__(message)
        self.field = field


def with_cause(error: GMMError) -> str:
    """Return the message and the first line of its cause, for the log.

    Examples
    --------
    >>> error = StoreError("the store cannot be used now; try again")
    >>> error.__cause__ = OSError("connection refused")
    >>> with_cause(error)
    'the store cannot be used now; try again (connection refused)'
    """
    cause = str(error.__cause__ or "").strip().partition("\n")[0]
    return f"{error} ({cause})" if cause else str(error)


class DataError(GMMError, ValueError):
    """The input is invalid."""


class EmptyDataError(DataError):
    """There is no point, but at least one is needed."""


class NonFiniteError(DataError):
    """NaN or an infinity among the values."""


class OutOfRangeError(DataError):
    """A number is outside its range."""


class ShapeError(DataError):
    """Not a one-dimensional list of numbers."""


class UnknownPointError(DataError):
    """A point to remove is not active."""


class StateError(GMMError, ValueError):
    """A serialised state has another version or is damaged."""


class RefusedError(GMMError):
    """The operation does not apply to the current state."""


class UntrainedError(RefusedError, AttributeError):
    """A learner without points has no mixture; `hasattr` says so, too."""


class SessionNotFoundError(GMMError, LookupError):
    """No session has that id."""


class RunNotFoundError(GMMError, LookupError):
    """No training run has that id."""


class TimelineNotFoundError(GMMError, LookupError):
    """No timeline has that id."""


class ConflictError(GMMError):
    """Other processes wrote first, and all retries failed."""


class BusyError(GMMError):
    """Too many requests wait, or this request waited too long."""

    retry_after_s = 2


class RateError(GMMError):
    """A client exceeded its rate limit."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class BudgetError(GMMError):
    """A training took too long."""


class StoreError(GMMError):
    """The store cannot be used."""

    retry_after_s = 1


class StoreBusyError(StoreError):
    """Another program locked the store for longer than a writer waits."""


class SettingError(GMMError, ValueError):
    """A setting is invalid; `field` is its name."""


class CancelledError(GMMError):
    """A training run was cancelled."""
