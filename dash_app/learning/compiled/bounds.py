"""Bounds that keep sums, quotients and logarithms within float64."""

from __future__ import annotations

TINY = 1e-300
"""Replaces 0 in a divisor or a logarithm. x / TINY is finite up to x = 1e8."""

SMALLEST_NORMAL = 2.2250738585072014e-308
"""Replaces a mass of 0, in points. It is the smallest float64 of full precision."""

DEAD_WEIGHT = 1e-300
"""A component of at most this mixing weight counts as dead: its density is 0."""

WEIGHT_FLOOR = 1e-12
"""Lower bound of a live component's mixing weight. A larger bound would change J. Below a smaller
one the derivative by the log weight vanishes in rounding."""

TINY_MASS = 1e-12
"""Lower bound of the mass of a group of atoms, in points. Below it the group's mean loses its
digits."""
