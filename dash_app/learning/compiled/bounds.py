"""Bounds that keep sums, quotients and logarithms within float64."""

from __future__ import annotations

TINY = 1e-300
"""Stands for 0 in a divisor or a logarithm: x / TINY is finite up to x = 1e8."""

SMALLEST_NORMAL = 2.2250738585072014e-308
"""Stands for a mass of 0, points: the smallest number that keeps all digits."""

DEAD_WEIGHT = 1e-300
"""A component of at most this mixing weight has died: its density is 0."""

WEIGHT_FLOOR = 1e-12
"""The least mixing weight of a component that is to live on. A larger one would change J; with a
smaller one the logarithm of the weight has no useful derivative."""

TINY_MASS = 1e-12
"""The least mass of a group of atoms, points: its mean keeps its digits."""
