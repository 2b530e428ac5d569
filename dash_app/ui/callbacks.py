"""Callbacks of the page.

The hot path in assets/ sends what a person does to the server (see exchange.py) and puts the state
of the page into a store. Clientside callbacks of assets/callbacks.js make Outputs of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dash
from dash import ALL, ClientsideFunction, Input, Output, State
from dash.dependencies import DashDependency

from dash_app.sessions import Sessions
from dash_app.training.warm_up import warm_up
from dash_app.ui import ids
from dash_app.ui.dialogs import register_dialogs
from dash_app.ui.examples import EXAMPLES

#: Wires a function of assets/callbacks.js, by its name, to Outputs, Inputs and States.
Browser = Callable[..., None]


def register_callbacks(app: dash.Dash, sessions: Sessions) -> None:
    """Connect the page to the sessions."""
    _register_browser(app)
    _register_adam(app)
    register_dialogs(app, sessions)


def _register_adam(app: dash.Dash) -> None:
    """Load torch when a person chooses Adam: it takes seconds, and the training waits for it."""

    def prepare(method: Any) -> None:
        if method == "adam":
            warm_up()

    app.callback(Input(ids.METHOD, "value"))(prepare)


def _register_browser(app: dash.Dash) -> None:
    def browser(function: str, *wiring: DashDependency, **settings: Any) -> None:
        app.clientside_callback(ClientsideFunction("callbacks", function), *wiring, **settings)

    _register_hot_path(browser)
    _register_shown(browser)
    _register_charts(browser)
    _register_race(browser)
    _register_controls(browser)


def _register_hot_path(browser: Browser) -> None:
    """Hand the hot path what it needs; it draws the plot by itself."""
    kept = *_CHOICES, (ids.SPEED, "value")
    browser("boot", Input(ids.SETTINGS, "data"), *(State(*each) for each in kept), **_AT_START)
    pressed = [*ids.ACTIONS, *(ids.example(name) for name in EXAMPLES)]
    browser("pressed", *(Input(name, "n_clicks") for name in pressed))


def _children(*names: str) -> list[Output]:
    return [Output(name, "children") for name in names]


#: For callbacks that take over what the browser has kept over a reload; the rest wait for a change.
_AT_START = {"prevent_initial_call": False}
_CHOICES = (ids.MODE, "value"), (ids.METHOD, "value"), (ids.AUTO, "checked")
_SLIDERS = (ids.COMPONENTS, ids.FORGETTING, ids.CAPACITY)

#: What shows the state and changes with each click. It is one callback: Dash tells all components
#: of each step of each callback, which takes 1 ms a step. The figures of the league table would be
#: 16 Outputs more: so assets/table.js writes them by itself.
_READINGS = (
    *_children(ids.SENTENCE, ids.SENTENCE_DETAIL, ids.ANNOUNCEMENT, ids.PLAYING),
    Output(ids.ONLINE_PARAMETERS, "data"),
    Output(ids.SCRATCH_PARAMETERS, "data"),
    Output(ids.PARAMETERS_NOTE, "children"),
    Output(ids.TIMES, "data"),
    Output(ids.SUMMARY_STATE, "children"),
)
#: What shows the state and changes seldom, by group. Dash renders each Output of a callback again,
#: also one that does not change; so each group has a store, written when one of the group changes.
_CONTROLS = {
    "rewind": [
        Output(ids.REWIND, "max"),
        Output(ids.REWIND, "value"),
        *_children(ids.REWIND_PLAY),
        Output(ids.BRANCH_HERE, "disabled"),
    ],
    "problems": _children(ids.PROBLEM, *(ids.error(field) for field in ids.FIELDS)),
    "connection": [Output(ids.CONNECTION, "children"), Output(ids.CONNECTION, "color")],
    "working": _children(ids.TRAIN, ids.PAUSE),
    "buttons": [
        Output(ids.UNDO, "disabled"),
        Output(ids.REDO, "disabled"),
        Output(ids.TRUTH, "disabled"),
        *_children(ids.TRUTH),
    ],
    "axis": [
        Output(ids.AXIS_LOW, "placeholder"),
        Output(ids.AXIS_HIGH, "placeholder"),
        Output(ids.AXIS_NOTE, "children"),
    ],
    "studies": [Output(ids.SELECTION_OLD, "hidden"), Output(ids.ORDERS_OLD, "hidden")],
    "settings": [
        *_children(*(ids.value(name) for name in _SLIDERS)),
        *(Output(name, "value") for name in _SLIDERS),
    ],
}


def _register_shown(browser: Browser) -> None:
    """Show the state as text, tables and messages, and let the controls show the session."""
    positions = [State(name, "value") for name in _SLIDERS]
    browser("readings", *_READINGS, Input(ids.STATE, "data"))
    for group, outputs in _CONTROLS.items():
        given = Input(ids.shown(group), "data")
        if group == "settings":
            browser("settings", *outputs, given, *positions)
        else:
            browser("control", *outputs, given)
    browser("message", Output(ids.MESSAGES, "sendNotifications"), Input(ids.MESSAGE, "data"))
    browser("copy", Output(ids.MESSAGE, "data"), Input(ids.COPY, "n_clicks"))
    browser("help", Output(ids.HELP, "opened"), Input(ids.HELP_OPEN, "n_clicks"))


def _register_charts(browser: Browser) -> None:
    """Make the small charts one by one, and draw their data."""
    browser(
        "sentences",
        *_children(*map(ids.sentence, ids.CHARTS)),
        Input(ids.SENTENCES, "data"),
        State(ids.LATER, "data"),
    )
    browser(
        "graph",
        *_children(*map(ids.frame, ids.CHARTS)),
        Input(ids.GRAPH, "data"),
        State(ids.LATER, "data"),
        State(ids.SCALE, "value"),
        *(State(ids.told(chart), "data") for chart in ids.CHARTS),
    )
    browser(
        "race",
        Output(ids.RACE_CHART, "figure"),
        Input(ids.told(ids.RACE_CHART), "data"),
        State(ids.RACE_CHART, "figure"),
    )
    browser("hovered", Input(ids.RACE_CHART, "hoverData"))
    browser("increment", Input(ids.RACE_CHART, "clickData"))
    browser(
        "run",
        Output(ids.SCRATCH_CHART, "figure"),
        Output(ids.SCRATCH_CHART, "extendData"),
        Input(ids.told(ids.SCRATCH_CHART), "data"),
        Input(ids.SCALE, "value"),
        State(ids.SCRATCH_CHART, "figure"),
    )


def _register_race(browser: Browser) -> None:
    """Add learners, show and hide their lines, and rewind."""
    browser(
        "rows",
        Output(ids.ADDED_ROWS, "children"),
        Input(ids.RACING, "value"),
        State(ids.LATER, "data"),
        **_AT_START,
    )
    browser(
        "compared",
        Input(ids.RACING, "value"),
        Input(ids.switch(ALL), "checked"),
        State(ids.SETTINGS, "data"),
        **_AT_START,
    )
    browser("wound", Input(ids.REWIND, "value"), Input(ids.SPEED, "value"))


def _register_controls(browser: Browser) -> None:
    """Let the controls change the session, and what the page alone has."""
    browser(
        "axis",
        Output(ids.AXIS_LOW, "error"),
        Output(ids.AXIS_HIGH, "error"),
        Input(ids.AXIS_LOW, "value"),
        Input(ids.AXIS_HIGH, "value"),
    )
    browser(
        "epochs", Output(ids.value(ids.EPOCHS), "children"), Input(ids.EPOCHS, "value"), **_AT_START
    )
    for name in _SLIDERS:
        browser("configured", Input(name, "value"))
    browser("chosen", *(Input(*each) for each in _CHOICES))
