"""Small parts of the page: button, choice, slider, error message."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from dash_app.ui import ids


def button(name: str, label: Any, hint: str, key: str = "", kind: str = "quiet") -> html.Button:
    """Return a button; its hint explains it to a beginner and names the key."""
    return html.Button(
        [label, html.Kbd(key)] if key else label,
        id=name,
        title=hint,
        className=f"button {kind}",
        type="button",
    )


def choice(name: str, label: str, hint: str, buttons: tuple[str, ...], *labels: str) -> html.Div:
    """Return a group of buttons of which one is pressed; assets/show.js sets which."""
    return html.Div(
        className="choice",
        title=hint,
        children=[
            html.Span(label, className="label", id=f"{name}-label"),
            html.Div(
                [
                    html.Button(text, id=each, type="button", **{"aria-pressed": "false"})
                    for each, text in zip(buttons, labels)
                ],
                className="segmented",
                role="group",
                **{"aria-labelledby": f"{name}-label"},
            ),
            error_message(name),
        ],
    )


def slider(
    name: str, value_id: str, label: str, hint: str, bounds: tuple[int, int, int], value: int
) -> html.Div:
    """Return a slider with its label and its value."""
    low, high, step = bounds
    return html.Div(
        className="field",
        title=hint,
        children=[
            html.Div(
                [
                    html.Label(label, htmlFor=name, className="label"),
                    html.Output(id=value_id, className="value", htmlFor=name),
                ],
                className="field-head",
            ),
            dcc.Input(id=name, type="range", min=low, max=high, step=step, value=value),
            error_message(name),
        ],
    )


def error_message(name: str) -> html.P:
    """Return the element that shows the error message of a control."""
    return html.P(id=ids.error(name), className="error", role="alert")
