"""A measured figure and its bound."""

from __future__ import annotations

import dataclasses
from typing import Optional


@dataclasses.dataclass(frozen=True)
class Bar:
    """A measured figure with its upper (or lower) bound; None: no bound, for comparison only."""

    name: str
    value: float
    bar: Optional[float] = None
    unit: str = "ms"
    at_least: bool = False
    digits: int = 1

    def __str__(self) -> str:
        line = f"{self.name:<58} {self.value:9.{self.digits}f} {self.unit:<5}"
        if self.bar is None:
            return line.rstrip()
        met = self.value >= self.bar if self.at_least else self.value <= self.bar
        return f"{line} bar {self.bar:7.{self.digits}f}  {'met' if met else 'MISSED'}"
