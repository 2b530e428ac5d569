"""Small parts of the page: cards, hints, buttons, choices and sliders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dash_app.ui import ids
from dash_app.ui.help import TERMS


def hint(text: str) -> dict[str, str]:
    """Return the attributes of a part with a hint, which a mouse, the focus and a touch show.

    The style sheet draws it. `dmc.Tooltip` is not used: with one on each of 45 parts, Dash compares
    470,000 paths of the layout at each click.
    """
    return {"data-hint": text}


def term(name: str, label: str = "") -> html.Span:
    """Return a term that explains itself; its text is that of the glossary in the help."""
    return html.Span(label or name, className="term", tabIndex="0", **hint(TERMS[name]))


def card(title: Any, *children: Any, name: str) -> dmc.Paper:
    """Return a card with a heading."""
    heading = dmc.Title(title, order=2, size="sm") if isinstance(title, str) else title
    inside = dmc.Stack([heading, *children], gap=8)
    return dmc.Paper(inside, withBorder=True, shadow="xs", p="sm", className=f"card {name}")


def button(name: str, label: str, text: str, key: str = "", **settings: Any) -> dmc.Button:
    """Return a button; its hint explains it to a beginner and names the key."""
    shown = {"variant": "default", "size": "compact-sm", "fw": 500, **hint(text), **settings}
    return dmc.Button(label, id=name, rightSection=key or None, **shown)


def choice(
    name: str, label: str, text: str, options: Sequence[tuple[str, str]]
) -> dmc.SegmentedControl:
    """Return a choice of one of `options`, pairs of value and label; the first is chosen.

    The browser keeps the choice over a reload.
    """
    return dmc.SegmentedControl(
        id=name,
        data=[{"value": value, "label": shown} for value, shown in options],
        value=options[0][0],
        size="xs",
        persistence=True,
        persistence_type="session",
        transitionDuration=0,
        **{"aria-label": label},
        **hint(text),
    )


def slider(
    name: str, value_id: str, label: Any, bounds: tuple[int, int, int], value: int, **settings: Any
) -> html.Div:
    """Return a slider with its label, its value in words and its error."""
    low, high, step = bounds
    head = [label, html.Span(id=value_id, className="value")]
    control = dmc.Slider(
        id=name,
        min=low,
        max=high,
        step=step,
        value=value,
        label=None,
        thumbLabel=name.replace("-", " "),
        updatemode="drag",
        size="sm",
        **settings,
    )
    return html.Div(
        [dmc.Group(head, gap=8), control, error_message(name)],
        className="field",
    )


def error_message(name: str) -> html.P:
    """Return the element that shows the error message of a control."""
    return html.P(id=ids.error(name), className="error", role="alert")
