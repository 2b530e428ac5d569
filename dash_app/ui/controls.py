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
#: Steps of the memory slider: the half-life in points, None for a model that never forgets.
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
            "Forget all earlier fits and train on all points at once (p)",
            key="p",
            kind="primary",
        ),
        html.Button(
            "After every change, by itself",
            id=ids.AUTO,
            className="switch",
            title="Train from scratch after every change without being asked (a)",
            type="button",
            role="switch",
            **{"aria-checked": "false"},
        ),
        choice(
            "method",
            "Method",
            "EM: the classical way, stops by itself. Adam: small steps along the gradient (e)",
            ids.METHODS,
            "EM",
            "Adam",
        ),
        slider(
            ids.EPOCHS,
            ids.EPOCHS_VALUE,
            "Epochs, at most",
            "How often training from scratch may pass over all points ([ and ])",
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
            "How many bell curves the density is made of. Keys: 1 to 9, or - and +",
            (1, MAX_COMPONENTS, 1),
            DEFAULT_COMPONENTS,
        ),
        slider(
            ids.MEMORY,
            ids.MEMORY_VALUE,
            "Memory",
            "Whether old points count less: after how many new ones a point counts half (m)",
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
                button(ids.UNDO, "Undo", "Take back the last change (u)", key="u"),
                button(ids.REDO, "Redo", "Do it again after all (r)", key="r"),
                button(ids.CLEAR, "Clear", "Remove all points and both models (c)", key="c"),
            ],
        ),
        html.P("Examples", className="label", id="examples-label"),
        html.Div(_example_buttons(), className="examples", role="group", **_named("examples")),
        html.Div(
            className="axis",
            title="The part of the axis that is shown; it grows where points lie outside (g)",
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
