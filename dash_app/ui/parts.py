"""Small parts of the page: cards, dialogs, hints, buttons, choices and sliders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dash_app.ui import ids
from dash_app.ui.help import TERMS

#: Settings of a control whose value the browser keeps over a reload, for the tab.
KEPT: dict[str, Any] = {"persistence": True, "persistence_type": "session"}


def hint(text: str) -> dict[str, str]:
    """Return the attributes of a part with a hint, which a mouse, the focus and a touch show.

    The style sheet draws it. `dmc.Tooltip` is not used: with one on each of 45 parts, Dash compares
    470,000 paths of the layout at each click.
    """
    return {"data-hint": text}


def explained(name: str, class_name: str = "") -> dict[str, str]:
    """Return the attributes of a part that is a term; its hint is its text in the glossary."""
    return {"className": f"term {class_name}".strip(), "tabIndex": "0", **hint(TERMS[name])}


def term(name: str, label: str = "") -> html.Span:
    """Return a term that explains itself."""
    return html.Span(label or name, **explained(name))


def heading(title: str, name: str = "") -> html.H2:
    """Return the heading of a card; `name` is the term that it is, if it is one."""
    return html.H2(title, **(explained(name) if name else {}))


def card(title: Any, *children: Any, name: str) -> html.Section:
    """Return a card below a heading, which may be a text.

    `dmc.Paper` and `dmc.Stack` are not used: Dash asks each component in each step of each
    callback, and a style sheet does the same with one element.
    """
    head = heading(title) if isinstance(title, str) else title
    return html.Section([head, *children], className=f"card {name}")


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
        transitionDuration=0,
        **{"aria-label": label},
        **hint(text),
        **KEPT,
    )


def slider(
    name: str,
    label: html.Span,
    bounds: tuple[int, int, int],
    at: int,
    words: str,
    **settings: Any,
) -> html.Div:
    """Return a slider with its label, its value in words and its error."""
    low, high, step = bounds
    control = dmc.Slider(
        id=name,
        min=low,
        max=high,
        step=step,
        value=at,
        label=None,
        thumbLabel=label.children,
        updatemode="drag",
        size="sm",
        **settings,
    )
    value = html.Span(words, id=ids.value(name), className="value")
    return html.Div([label, value, control, error_message(name)], className="field")


def figures(class_name: str, label: str, *body: Any, **settings: Any) -> dmc.Table:
    """Return a table of numbers; its columns have a fixed width, so that a number moves nothing."""
    return dmc.Table(
        list(body) or None,
        className=f"figures {class_name}",
        layout="fixed",
        fz=12,
        withRowBorders=False,
        tabularNums=True,
        **{"aria-label": label},
        **settings,
    )


def old_mark(name: str, again: str) -> html.Div:
    """Return what says that a dialog is of earlier points, with a button to compute again."""
    return html.Div(
        [
            html.Span("Points or settings have changed.", className="note"),
            button(again, "Compute again", "Compute it with the points and settings of now"),
        ],
        id=name,
        className="study-old",
        hidden=True,
        role="status",
    )


def error_message(name: str) -> html.P:
    """Return the element that shows the error message of a control."""
    return html.P(id=ids.error(name), className="error", role="alert")
