"""A figure as measured, beside what it is to reach."""

from __future__ import annotations

import dataclasses
from typing import Optional


@dataclasses.dataclass(frozen=True)
class Bar:
    """A figure as measured beside the most (or least) that it may be; None: to compare with."""

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
