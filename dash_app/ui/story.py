"""The story of two minutes for the first visit: five steps, one thing each.

assets/story.js sets the page up and tells what is on the screen. The sentences are made here, from
the figures of that moment, so that each of them is true of what is drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import erf, sqrt
from typing import Any, Optional

import dash_mantine_components as dmc
from dash import html

from dash_app.learning import LEARNERS
from dash_app.learning.points import DEFAULT_CAPACITY
from dash_app.ui import ids
from dash_app.ui.examples import EXAMPLES
from dash_app.ui.orders import share
from dash_app.ui.parts import button

Json = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One step of the story.

    title : str
    words : what the card says of the figures told; it says what to watch while they are missing
    example : str, key in `EXAMPLES`, or None where a person's own session is shown
    learners : keys in `LEARNERS` of the learners shown beside online and from scratch
    """

    title: str
    words: Callable[[Json], str]
    example: Optional[str] = None
    learners: tuple[str, ...] = ()

    @property
    def available(self) -> list[str]:
        """The learners whose packages are installed."""
        return [name for name in self.learners if name in LEARNERS]


def _a_click(told: Json) -> str:
    online = told.get("online")
    if not online:
        return "Click anywhere in the plot. Each click adds a point, and the blue curve learns it."
    n = online["n_points"]
    points = f"{n:,} point{'' if n == 1 else 's'}"
    return (
        f"The blue curve has learned {points}. Its last update took "
        f"{1e3 * online['time_s']:.1f} ms. Click again and watch."
    )


def _an_order(told: Json) -> str:
    name = _title("gradient")
    gradient = _record(told, "gradient")
    if gradient is None:
        return f"Three clumps come one after the other. “{name}” trains on each increment alone."
    first = told["first"]
    left = _mass(gradient, first["low"], first["high"])
    return (
        f"“{name}” trained on each increment alone. Where the first {first['n']} points lie, "
        f"{_percent(left)} of its mass is left. It ends {share(gradient['tv_to_scratch'])} of the "
        "mass away from the fit from scratch."
    )


def _an_average(told: Json) -> str:
    gradient, stepwise = _record(told, "gradient"), _record(told, "stepwise_em")
    says = f"{_title('stepwise_em')} keeps running averages, no points."
    if gradient is None or stepwise is None:
        return says
    this, other = stepwise["mean_nll"], gradient["mean_nll"]
    against = "better" if this < other else "no better"
    return (
        f"{says} It is {against}: mean \u2212log-likelihood {_fixed(this, 1)} nats, that of Adam "
        f"{_fixed(other, 1)}. Newer points weigh more, so the order matters, too: it ends "
        f"{share(stepwise['tv_to_scratch'])} away."
    )


def _a_summary(told: Json) -> str:
    summary, scratch = _record(told, "summary"), _record(told, "scratch")
    says = (
        f"Online keeps a summary of at most {DEFAULT_CAPACITY} atoms, and searches for better "
        "optima."
    )
    if summary is None or scratch is None:
        return says
    apart = summary["tv_to_scratch"]
    ends = "no difference to see" if apart < 0.001 else f"{share(apart)} of the mass away"
    room = " The summary still has room." if summary["n_points"] < DEFAULT_CAPACITY else ""
    return (
        f"{says} After the same {summary['n_points']} points: {ends}. Read so far: "
        f"{summary['n_touched']:,} atoms, and {scratch['n_touched']:,} points from scratch.{room}"
    )


def _a_change(told: Json) -> str:
    says = "The clump moves. With a half-life of 20 a point counts half after 20 newer ones."
    online = told.get("online")
    if not told.get("done") or not online:
        return says
    centre = sum(w * m for w, m in zip(online["weights"], online["means"]))
    return (
        f"{says} The centre of the curve is at {_fixed(centre, 2)}, the mean of all "
        f"{online['n_points']} points at {_fixed(told['mean'], 2)}, that of the last ten at "
        f"{_fixed(told['last_mean'], 2)}."
    )


STEPS = (
    Step("Click, and a curve follows", _a_click),
    Step("The order of arrival", _an_order, "one-after-the-other", ("gradient",)),
    Step(
        "Running averages",
        _an_average,
        "one-after-the-other",
        ("gradient", "stepwise_em"),
    ),
    Step("A bounded summary and a search", _a_summary, "one-after-the-other"),
    Step("The world changes", _a_change, "drift"),
)


GONE = (
    "The session was changed: this is no longer the example of the step. Undo takes a change back; "
    "Back and then Next play the example again."
)
"""What the card says where a person has cleared the example, or changed what its words are of."""


def script() -> list[Json]:
    """Return what the browser sets up, step by step."""
    return [_scene(step) for step in STEPS]


def _scene(step: Step) -> Json:
    example = None if step.example is None else EXAMPLES[step.example]
    return {
        "example": step.example,
        "learners": step.available,
        "n_points": 0 if example is None else len(example.points()),
        "half_life": None if example is None else example.half_life,
    }


def words(told: Json) -> tuple[str, str, str, str, bool]:
    """Return title, progress, text, the label of the button that goes on, and if it is the first.

    Parameters
    ----------
    told : `step` and what is on the screen, from assets/story.js
    """
    index = max(0, min(int(told["step"]), len(STEPS) - 1))
    step = STEPS[index]
    text = GONE if told.get("gone") else step.words(told)
    if index == 1 and told.get("kept"):
        text += " Your own points come back at the end."
    last = index == len(STEPS) - 1
    progress = f"{index + 1} of {len(STEPS)}"
    return step.title, progress, text, "Done" if last else "Next", index == 0


def offer() -> html.Button:
    """Return the link in the empty plot."""
    return html.Button(
        "New here? Two minutes show what to watch.", id=ids.STORY_OPEN, className="story-offer"
    )


def again() -> dmc.Button:
    """Return the button in the help."""
    return button(ids.STORY_AGAIN, "Show the two minutes again", "Five steps; Escape leaves them")


def card() -> html.Section:
    """Return the card of the story; the style sheet hides it until it is told."""
    small = {"size": "compact-xs"}
    return html.Section(
        id=ids.STORY_CARD,
        className="story",
        **{"aria-label": "Two minutes"},
        children=[
            html.Div(
                [
                    html.Strong(id=ids.STORY_TITLE),
                    html.Span(id=ids.STORY_PROGRESS, className="label"),
                ],
                className="story-head",
            ),
            html.P(id=ids.STORY_TEXT, className="story-text", role="status"),
            html.Div(
                [
                    button(ids.STORY_LEAVE, "Skip", "Leave; your own points come back", **small),
                    button(ids.STORY_BACK, "Back", "The step before", **small),
                    button(ids.STORY_NEXT, "Next", "The next step", variant="filled", **small),
                ],
                className="story-buttons",
            ),
        ],
    )


def _title(name: str) -> str:
    return LEARNERS[name].title if name in LEARNERS else name.replace("_", " ")


def _record(told: Json, name: str) -> Optional[Json]:
    """Return the record of a learner at the end of the example; None before."""
    found: Optional[Json] = told.get("records", {}).get(name) if told.get("done") else None
    return found


def _mass(record: Json, low: float, high: float) -> float:
    """Return the mass of a mixture between two values.

    >>> round(_mass({"weights": [1.0], "means": [0.0], "variances": [1.0]}, -1.0, 1.0), 4)
    0.6827
    """
    mass = 0.0
    for weight, mean, variance in zip(record["weights"], record["means"], record["variances"]):
        std = sqrt(variance)
        mass += weight * (_below((high - mean) / std) - _below((low - mean) / std))
    return mass


def _below(z: float) -> float:
    return 0.5 * (1.0 + erf(z / sqrt(2.0)))


def _percent(value: float) -> str:
    return "less than 1 %" if 0.0 <= value < 0.01 else f"{100.0 * value:.0f} %"


def _fixed(value: float, decimals: int) -> str:
    """Return a number with a true minus sign, and a zero with none.

    >>> _fixed(-0.001, 2)
    '0.00'
    """
    return f"{round(value, decimals) + 0.0:.{decimals}f}".replace("-", "\u2212")
