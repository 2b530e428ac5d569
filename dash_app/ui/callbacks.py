"""Callbacks of the page: commands run on the server, everything else runs clientside in assets/."""

from __future__ import annotations

import logging
from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State, ctx

from dash_app.errors import GMMError
from dash_app.sessions import Sessions
from dash_app.ui import commands, ids
from dash_app.ui.examples import EXAMPLES

_log = logging.getLogger(__name__)

Json = dict[str, Any]


def register_callbacks(app: dash.Dash, sessions: Sessions) -> None:
    """Connect the page to the sessions."""
    _register_commands(app, sessions)
    _register_browser(app)


def _register_commands(app: dash.Dash, sessions: Sessions) -> None:
    def perform(command: Any, session_id: Any) -> Json:
        return commands.perform(sessions, session_id, command)

    def look(question: Any) -> tuple[Json, Any]:
        seen = commands.look(sessions, question)
        return seen, seen["view"]["id"] if "view" in seen else dash.no_update

    def follow(question: Any, session_id: Any) -> Json:
        return commands.follow(sessions, session_id, question)

    session = State(ids.SESSION, "data")
    app.callback(
        Output(ids.ANSWER, "data"),
        Input(ids.COMMAND, "data"),
        session,
        prevent_initial_call=True,
        on_error=_unexpected,
    )(perform)
    app.callback(
        Output(ids.SEEN, "data"),
        Output(ids.SESSION, "data"),
        Input(ids.LOOK, "data"),
        prevent_initial_call=True,
    )(look)
    app.callback(
        Output(ids.FOLLOWED, "data"),
        Input(ids.FOLLOW, "data"),
        session,
        prevent_initial_call=True,
    )(follow)


def _unexpected(error: Exception) -> Json:
    """Answer a command that raised an unexpected error; the page shows the message.

    Errors of the project go to the error handlers: the value was not a command.
    """
    if isinstance(error, GMMError):
        raise error
    _log.error("a command failed", exc_info=error)
    key = ctx.inputs[f"{ids.COMMAND}.data"]["key"]
    message = "The server failed; see its log. Nothing was changed."
    return {"key": key, "error": {"message": message, "field": None}}


def _register_browser(app: dash.Dash) -> None:
    def browser(function: str, *inputs: Input) -> None:
        app.clientside_callback(ClientsideFunction("callbacks", function), *inputs)

    browser("boot", Input(ids.SETTINGS, "data"))
    browser("answered", Input(ids.ANSWER, "data"))
    browser("seen", Input(ids.SEEN, "data"))
    browser("followed", Input(ids.FOLLOWED, "data"))
    buttons = [*ids.BUTTONS, *(ids.example(name) for name in EXAMPLES)]
    browser("pressed", *(Input(name, "n_clicks") for name in buttons))
    browser("components", Input(ids.COMPONENTS, "value"))
    browser("memory", Input(ids.MEMORY, "value"))
    browser("axis", Input(ids.AXIS_LOW, "value"), Input(ids.AXIS_HIGH, "value"))
    browser("epochs", Input(ids.EPOCHS, "value"))
