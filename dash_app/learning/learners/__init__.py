"""Learners that can be compared on the same stream, one module each.

A module of this package with a subclass of `Learner` is found by itself.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from inspect import isabstract
from types import GenericAlias, MappingProxyType

from dash_app.learning.learners.base import Learner


def _found() -> Iterator[tuple[str, type[Learner]]]:
    for name in sorted(module.name for module in pkgutil.iter_modules(__path__)):
        module = importlib.import_module(f"{__name__}.{name}")
        for value in vars(module).values():
            # Python 3.9 and 3.10 count an alias such as list[int] as a type
            if not isinstance(value, type) or isinstance(value, GenericAlias):
                continue
            if not issubclass(value, Learner):
                continue
            own = value.__module__ == module.__name__ and not isabstract(value)
            if own and value.is_available():
                yield name, value


LEARNERS: Mapping[str, type[Learner]] = MappingProxyType(dict(_found()))
"""The learners whose packages are installed, by name: `LEARNERS[name](n_components, seed=0)`."""

__all__ = ["LEARNERS", "Learner"]
