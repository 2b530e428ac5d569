"""How each learner is drawn: its colour, its dash and its name.

A colour alone does not tell the learners apart, so each has a dash too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dash_app.learning import LEARNERS

#: The learners that always run, with the colour variable and the name that they have on the page.
ALWAYS = MappingProxyType({"summary": ("online", "Online"), "scratch": ("scratch", "From scratch")})
_DASHES = ((), (7, 5))
#: Dashes and gaps of the others, in pixels.
_OTHER_DASHES = (
    (2, 3),
    (10, 3, 2, 3),
    (5, 3),
    (12, 4),
    (2, 3, 2, 3, 8, 3),
    (4, 2, 4, 6),
    (1, 2),
    (14, 3, 4, 3),
)


@dataclass(frozen=True)
class Line:
    """How a learner is drawn.

    name : str, key in `LEARNERS`
    title : str, for people
    colour : str, a colour variable of the style sheet; it is the `uid` of the learner's traces too
    dash : lengths of dashes and gaps, px; none for a whole line
    """

    name: str
    title: str
    colour: str
    dash: tuple[int, ...]

    @property
    def plotly_dash(self) -> str:
        """The dash as plotly reads it."""
        return ",".join(f"{length}px" for length in self.dash) or "solid"

    @property
    def swatch(self) -> str:
        """The dash as a background of the style sheet."""
        stops, end = [], 0
        for index, length in enumerate(self.dash or (1,)):
            colour = "transparent" if index % 2 else "currentColor"
            stops.append(f"{colour} {end}px {end + length}px")
            end += length
        return f"repeating-linear-gradient(90deg, {', '.join(stops)})"


def _drawn() -> dict[str, Line]:
    always = [
        Line(name, title, colour, dash)
        for (name, (colour, title)), dash in zip(ALWAYS.items(), _DASHES)
    ]
    others = [
        Line(name, LEARNERS[name].title, f"learner-{index + 1}", _OTHER_DASHES[index % 8])
        for index, name in enumerate(name for name in LEARNERS if name not in ALWAYS)
    ]
    return {line.name: line for line in [*always, *others]}


LINES: Mapping[str, Line] = MappingProxyType(_drawn())
"""The line of each learner: those that always run first."""

ADDED = tuple(line for name, line in LINES.items() if name not in ALWAYS)
"""The lines of the learners that a person can add."""
