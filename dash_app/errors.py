"""The exceptions of the project, one tree.

GMMError
├── DataError (ValueError)              what was handed in cannot be used
│   ├── EmptyDataError                  no point where at least one is needed
│   ├── NonFiniteError                  NaN or an infinity, names the index
│   ├── OutOfRangeError                 a number outside of its range
│   ├── ShapeError                      not a list of numbers
│   └── UnknownPointError               taking back a value that is not held
├── StateError (ValueError)             a serialised state that cannot be read
├── RefusedError                        the operation does not apply as things stand
├── SessionNotFoundError (LookupError)  no session of that id
├── RunNotFoundError (LookupError)      no training run of that id
├── ConflictError                       somebody else wrote first, retries used up
├── BusyError                           too many wait already, or the wait was too long
├── RateError                           a client asks for more than it may in a minute
├── BudgetError                         a training took longer than it may
├── StoreError                          the store cannot be used as it is
│   └── StoreBusyError                  another program holds it; try again
├── SettingError (ValueError)           a setting that cannot be read
└── CancelledError                      a training run was told to stop
"""

from __future__ import annotations

from typing import Optional


class GMMError(Exception):
    """Root of the tree; `field` names the value at fault where there is one."""

    field: Optional[str] = None
    retry_after_s: Optional[int] = None
    """Where the same request may succeed later: when."""

    def __init__(self, message: str, field: Optional[str] = None) -> None:
        super().__init__(message)
        self.field = field


class DataError(GMMError, ValueError):
    """What was handed in cannot be used."""


class EmptyDataError(DataError):
    """No point where at least one is needed."""


class NonFiniteError(DataError):
    """NaN or an infinity among the values."""


class OutOfRangeError(DataError):
    """A number outside of its range."""


class ShapeError(DataError):
    """Not a one-dimensional list of numbers."""


class UnknownPointError(DataError):
    """A value is taken back that was never seen."""


class StateError(GMMError, ValueError):
    """A serialised state of another version, or a damaged one."""


class RefusedError(GMMError):
    """The operation does not apply as things stand."""


class SessionNotFoundError(GMMError, LookupError):
    """No session of that id."""


class RunNotFoundError(GMMError, LookupError):
    """No training run of that id."""


class ConflictError(GMMError):
    """Another writer was first, again and again."""


class BusyError(GMMError):
    """Too many requests wait already, or this one has waited too long."""

    retry_after_s = 2


class RateError(GMMError):
    """A client asks for more than it may in a minute."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class BudgetError(GMMError):
    """A training took longer than it may."""


class StoreError(GMMError):
    """The store cannot be used as it is."""

    retry_after_s = 1


class StoreBusyError(StoreError):
    """Another program holds the store, and did for as long as a writer waits."""


class SettingError(GMMError, ValueError):
    """A setting that cannot be read; `field` is its name."""


class CancelledError(GMMError):
    """A training run was told to stop."""
