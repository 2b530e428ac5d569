"""The controls: points, model, training from scratch."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

from dash_app.learning.points import DEFAULT_CAPACITY
from dash_app.ui import ids
from dash_app.ui.examples import EXAMPLES
from dash_app.ui.parts import KEPT, button, card, choice, error_message, hint, slider, term

MAX_COMPONENTS = 12
DEFAULT_COMPONENTS = 3
EPOCHS_RANGE = (50, 2000, 50)
DEFAULT_EPOCHS = 200
#: Steps of the slider of forgetting: half-lives in points; None: points keep their weight.
HALF_LIVES = (None, 500, 200, 100, 50, 20, 10)
#: Steps of the slider of the summary: its capacity in atoms.
CAPACITIES = (16, 32, 64, 128, 256, 512, 1024)


def build_controls() -> list[html.Section]:
    """Return the cards of controls."""
    return [_points_card(), _model_card(), _scratch_card()]


def _scratch_card() -> html.Section:
    return card(
        "From scratch",
        button(
            ids.TRAIN,
            "Train from scratch",
            "Train on all points at once, without earlier models (p)",
            key="p",
            variant="filled",
            color="scratch",
            size="sm",
            fullWidth=True,
            justify="space-between",  # the label changes while it trains, and stays where it is
            fw=600,
            c="var(--on-scratch)",
        ),
        html.Div(
            dmc.Switch(
                id=ids.AUTO,
                label="After every change",
                size="sm",
                color="scratch",
                **KEPT,
            ),
            **hint("Train from scratch automatically after every change (a)"),
        ),
        html.Div(
            [
                term("method", "Method"),
                choice(
                    ids.METHOD,
                    "Method",
                    "EM: the standard method, it stops when converged. Adam: gradient steps (e)",
                    (("em", "EM"), ("adam", "Adam")),
                ),
            ],
            className="row",
        ),
        error_message(ids.METHOD),
        slider(
            ids.EPOCHS,
            term("epochs", "Epochs, at most"),
            EPOCHS_RANGE,
            DEFAULT_EPOCHS,
            str(DEFAULT_EPOCHS),
            color="scratch",
            **KEPT,
        ),
        name="scratch",
    )


def _model_card() -> html.Section:
    components = slider(
        ids.COMPONENTS,
        term("component", "Components"),
        (1, MAX_COMPONENTS, 1),
        DEFAULT_COMPONENTS,
        str(DEFAULT_COMPONENTS),
    )
    return card("Model", components, _memory(), name="model")


def _memory() -> html.Details:
    """Return what the online model keeps of the past; most people never need to open it.

    `dmc.Accordion` is not used: what it hides misses the updates of its callbacks.
    """
    inside = [
        slider(
            ids.FORGETTING,
            term("forgetting", "Forgetting"),
            (0, len(HALF_LIVES) - 1, 1),
            0,
            "none",
        ),
        slider(
            ids.CAPACITY,
            term("summary", "Summary"),
            (0, len(CAPACITIES) - 1, 1),
            CAPACITIES.index(DEFAULT_CAPACITY),
            f"{DEFAULT_CAPACITY} atoms",
        ),
        dmc.Text(id=ids.SUMMARY_STATE, size="xs", c="dimmed", mih=32),
    ]
    summary = html.Summary("Memory")
    return html.Details([summary, *inside], className="memory")


def _points_card() -> html.Section:
    wide = {"fullWidth": True, "px": 2}
    return card(
        "Points",
        html.Div(
            [
                button(ids.UNDO, "Undo", "Undo the last change (u)", "u", disabled=True, **wide),
                button(
                    ids.REDO, "Redo", "Redo the last undone change (r)", "r", disabled=True, **wide
                ),
                button(
                    ids.CLEAR, "Clear", "Remove all points and both models (c)", key="c", **wide
                ),
            ],
            className="row",
        ),
        html.Div(
            [html.Span("Examples", id=ids.PLAYING, className="label"), *_playing_buttons()],
            className="row",
        ),
        html.Div(
            [_example_button(name) for name in EXAMPLES],
            className="examples",
            role="group",
            **{"aria-label": "Examples"},
        ),
        _axis(),
        name="points",
    )


def _playing_buttons() -> list[dmc.Button]:
    small = {"size": "compact-xs", "className": "while-playing"}
    return [
        button(ids.PAUSE, "Pause", "Pause or resume the example (Space)", **small),
        button(ids.STOP, "Stop", "Stop the example; its points stay (Escape)", **small),
    ]


def _example_button(name: str) -> dmc.Button:
    each = EXAMPLES[name]
    return button(ids.example(name), each.label, each.hint, size="compact-xs", radius="xl")


def _axis() -> html.Div:
    low = _number(ids.AXIS_LOW, "Left end of the axis", "\u22121")
    high = _number(ids.AXIS_HIGH, "Right end of the axis", "1")
    words = html.Span("Axis", className="label"), html.Span("to", className="label")
    explained = hint("The visible part of the axis (g). An empty box shows all points.")
    row = html.Div([words[0], low, words[1], high], className="row", **explained)
    return html.Div([row, html.P(id=ids.AXIS_NOTE, className="note", role="status")])


def _number(name: str, label: str, placeholder: str) -> dmc.TextInput:
    """Return a box for a number. `dmc.NumberInput` is not used: it takes 1e-3 as -13."""
    settings: dict[str, Any] = {"aria-label": label}
    return dmc.TextInput(
        id=name,
        value="",
        placeholder=placeholder,
        debounce=True,
        size="xs",
        inputProps={"inputMode": "decimal"},
        **settings,
    )
