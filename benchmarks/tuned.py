"""The tuned numbers and the moves of the learner, found in its modules, and how to change them."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, Optional

import numpy as np

PACKAGE = "dash_app.learning"

TRAINING = ("tuning", "tracking", "search", "scratch")
"""Modules that train, online and from scratch. The numbers of others are limits, definitions or of
another method; those of the compiled loops are machine code."""


@dataclass(frozen=True)
class TunedNumber:
    """A number among a module's constants; `index` is its place in a tuple."""

    module: str
    name: str
    index: Optional[int]
    value: float

    @property
    def label(self) -> str:
        """The number's name, with its place in a tuple."""
        place = "" if self.index is None else f"[{self.index}]"
        return f"{self.module}.{self.name}{place}"


class Variant(NamedTuple):
    """A change of constants, by (module, name), or a move to switch off; neither: no change."""

    name: str
    constants: dict[tuple[str, str], Any]
    move: Optional[Callable[..., Any]]


def modules() -> list[ModuleType]:
    """Return the modules that train."""
    return [importlib.import_module(f"{PACKAGE}.{name}") for name in TRAINING]


def tuned_numbers() -> list[TunedNumber]:
    """Return every number among the constants that the modules define."""
    return [number for module in modules() for number in _numbers_of(module)]


def _numbers_of(module: ModuleType) -> Iterator[TunedNumber]:
    short = module.__name__.rpartition(".")[2]
    for name in _constants(module):
        value = getattr(module, name)
        items: list[tuple[Optional[int], Any]] = [(None, value)]
        if isinstance(value, tuple):
            items = list(enumerate(value))
        for index, item in items:
            if isinstance(item, (int, float)) and not isinstance(item, bool):
                yield TunedNumber(short, name, index, item)


def _constants(module: ModuleType) -> list[str]:
    """Return the names in capitals that a module assigns, in order."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    targets = [t for node in tree.body if isinstance(node, ast.Assign) for t in node.targets]
    names = [n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)]
    return [name for name in names if re.fullmatch("_?[A-Z][A-Z0-9_]*", name)]


def variants_of(number: TunedNumber) -> list[Variant]:
    """Return the variants of a number: off, half, double and, for a real one, without bound."""
    values: dict[str, float] = {"off": type(number.value)(0)}
    if isinstance(number.value, int):
        values["half"] = number.value // 2
    else:
        values |= {"half": number.value / 2, "without bound": np.inf}
    values["double"] = 2 * number.value
    whole = getattr(sys.modules[f"{PACKAGE}.{number.module}"], number.name)
    found = []
    for what, value in values.items():
        if value == number.value or (what == "half" and value == 0):
            continue
        changed_to: Any = value
        if number.index is not None:
            changed_to = (*whole[: number.index], value, *whole[number.index + 1 :])
        key = (number.module, number.name)
        found.append(Variant(f"{number.label}, {what}", {key: changed_to}, None))
    return found


def moves() -> list[Variant]:
    """Return a variant without each function that makes candidates for an objective."""
    found = []
    for module in modules():
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ != module.__name__:
                continue
            annotations = list(function.__annotations__.items())
            makes = function.__annotations__.get("return") == "Candidates"
            if makes and annotations[0][1] == "Objective" and not name.startswith("_"):
                found.append(Variant(f"without {name}", {}, function))
    return found


@contextmanager
def changed(variant: Variant) -> Iterator[None]:
    """Change the constants and the move wherever they were imported, and change them back."""
    learner = [module for name, module in sys.modules.items() if name.startswith(PACKAGE)]
    before: list[tuple[ModuleType, str, Any]] = []

    def put(owner: str, name: str, new: Any) -> None:
        old = getattr(sys.modules[owner], name)
        for module in learner:
            # a private name is not imported; another module's may have an equal value
            is_known = module.__name__ == owner or not name.startswith("_")
            if is_known and vars(module).get(name) is old:
                before.append((module, name, old))
                setattr(module, name, new)

    try:
        for (short, name), value in variant.constants.items():
            put(f"{PACKAGE}.{short}", name, value)
        if variant.move is not None:
            move = variant.move
            put(move.__module__, move.__name__, _without_candidates(move))
        yield
    finally:
        for module, name, old in before:
            setattr(module, name, old)


def _without_candidates(move: Callable[..., Any]) -> Callable[..., Any]:
    def none(*arguments: Any, **keywords: Any) -> Any:
        return move(*arguments, **keywords)[:0]

    return none
