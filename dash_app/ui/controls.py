"""The controls: points, model, training from scratch."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from dash_app.ui import ids
from dash_app.ui.examples import EXAMPLES
from dash_app.ui.parts import button, choice, error_message, slider

MAX_COMPONENTS = 12
DEFAULT_COMPONENTS = 3
EPOCHS_RANGE = (50, 2000, 50)
DEFAULT_EPOCHS = 200
#: Steps of the memory slider: half-lives in points; None: points keep their weight.
MEMORY_STEPS = (None, 500, 200, 100, 50, 20, 10)


def build_controls() -> html.Aside:
    """Return the column of controls."""
    return html.Aside(
        className="controls",
        **{"aria-label": "Controls"},
        children=[_points_group(), _model_group(), _scratch_group()],
    )


def _group(title: str, *children: Any, name: str) -> html.Section:
    return html.Section([html.H2(title), *children], className=f"group {name}")


def _scratch_group() -> html.Section:
    return _group(
        "From scratch",
        button(
            ids.TRAIN,
            html.Span("Train from scratch", id=f"{ids.TRAIN}-label"),
            "Train on all points at once, without earlier models (p)",
            key="p",
            kind="primary",
        ),
        html.Button(
            "Automatically after every change",
            id=ids.AUTO,
            className="switch",
            title="Train from scratch automatically after every change (a)",
            type="button",
            role="switch",
            **{"aria-checked": "false"},
        ),
        choice(
            "method",
            "Method",
            "EM: the standard method, stops when it has converged. Adam: gradient steps (e)",
            ids.METHODS,
            "EM",
            "Adam",
        ),
        slider(
            ids.EPOCHS,
            ids.EPOCHS_VALUE,
            "Epochs, at most",
            "Maximum number of passes over all points from scratch ([ and ])",
            EPOCHS_RANGE,
            DEFAULT_EPOCHS,
        ),
        name="scratch",
    )


def _model_group() -> html.Section:
    return _group(
        "Model",
        slider(
            ids.COMPONENTS,
            ids.COMPONENTS_VALUE,
            "Components",
            "Number of bell curves in the density. Keys: 1 to 9, or - and +",
            (1, MAX_COMPONENTS, 1),
            DEFAULT_COMPONENTS,
        ),
        slider(
            ids.MEMORY,
            ids.MEMORY_VALUE,
            "Memory",
            "Number of new points after which an old point counts half (m)",
            (0, len(MEMORY_STEPS) - 1, 1),
            0,
        ),
        name="model",
    )


def _points_group() -> html.Section:
    return _group(
        "Points",
        html.Div(
            className="row",
            children=[
                button(ids.UNDO, "Undo", "Undo the last change (u)", key="u"),
                button(ids.REDO, "Redo", "Redo the last undone change (r)", key="r"),
                button(ids.CLEAR, "Clear", "Remove all points and both models (c)", key="c"),
            ],
        ),
        html.P("Examples", className="label", id="examples-label"),
        html.Div(_example_buttons(), className="examples", role="group", **_named("examples")),
        html.Div(
            className="axis",
            title="The visible part of the axis; it grows if points are outside (g)",
            children=[
                html.Span("Axis from", className="label"),
                _number(ids.AXIS_LOW, -1, "Left end of the axis"),
                html.Span("to", className="label"),
                _number(ids.AXIS_HIGH, 1, "Right end of the axis"),
            ],
        ),
        error_message("axis"),
        name="points",
    )


def _named(name: str) -> dict[str, str]:
    return {"aria-labelledby": f"{name}-label"}


def _example_buttons() -> list[html.Button]:
    return [
        button(ids.example(each.name), each.label, each.hint, kind="chip")
        for each in EXAMPLES.values()
    ]


def _number(name: str, value: float, label: str) -> html.Label:
    box = dcc.Input(id=name, type="text", inputMode="decimal", value=str(value), debounce=True)
    return html.Label([html.Span(label, className="unseen"), box], className="number")
