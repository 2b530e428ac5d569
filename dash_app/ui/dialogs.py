"""Callbacks of the dialogs and of the story; they run only while these are open."""

from __future__ import annotations

from typing import Any, Optional

import dash
from dash import ClientsideFunction, Input, Output, State

from dash_app.documents import orders_document, selection_document
from dash_app.errors import GMMError
from dash_app.sessions import Sessions
from dash_app.ui import dialog_models as models
from dash_app.ui import ids, orders, selection, story
from dash_app.ui.command_models import read, session_id_of

Json = dict[str, Any]


def register_dialogs(app: dash.Dash, sessions: Sessions) -> None:
    """Connect the dialogs and the story to the sessions."""
    _register_selection(app, sessions)
    _register_orders(app, sessions)
    _register_story(app)


def _register_selection(app: dash.Dash, sessions: Sessions) -> None:
    takes = [Output(ids.take(name), "children") for name in selection.CRITERIA]
    disabled = [Output(ids.take(name), "disabled") for name in selection.CRITERIA]

    def select(of: Optional[str], session_id: Any) -> tuple[Any, ...]:
        document, note, n_components = None, selection.WAITS, 1
        if of:
            document, note, n_components = _selection(sessions, session_id)
        figure = selection.selection_figure(document, n_components, waits=not of)
        waits = [document is None] * len(selection.CRITERIA)
        return (of, figure, note, *selection.takes(document), *waits)

    app.callback(
        Output(ids.SELECTION_OF, "data"),
        Output(ids.SELECTION_CHART, "figure"),
        Output(ids.SELECTION_NOTE, "children"),
        *takes,
        *disabled,
        Input(ids.SELECTION_TASK, "data"),
        State(ids.SESSION, "data"),
    )(select)
    app.clientside_callback(
        ClientsideFunction("dialogs", "select"),
        Output(ids.SELECTION_TASK, "data"),
        Input(ids.SELECTION, "opened"),
        Input(ids.SELECTION_AGAIN, "n_clicks"),
    )
    app.clientside_callback(
        ClientsideFunction("dialogs", "selected"), Input(ids.SELECTION_OF, "data")
    )
    app.clientside_callback(
        ClientsideFunction("dialogs", "open"),
        Output(ids.SELECTION, "opened"),
        Input(ids.SELECTION_OPEN, "n_clicks"),
    )
    app.clientside_callback(
        ClientsideFunction("dialogs", "taken"),
        Output(ids.SELECTION_CHART, "figure", allow_duplicate=True),
        Input(ids.SELECTION_CHART, "clickData"),
        *(Input(ids.take(name), "n_clicks") for name in selection.CRITERIA),
        State(ids.SELECTION_CHART, "figure"),
        *(State(ids.take(name), "children") for name in selection.CRITERIA),
    )


def _selection(sessions: Sessions, session_id: Any) -> tuple[Optional[Json], str, int]:
    try:
        known_id = session_id_of(session_id)
        n_components = sessions.view(known_id).n_components
        document = selection_document(sessions.selections.of(known_id))
    except GMMError as error:
        return None, str(error), 1
    return document, selection.verdict(document), n_components


def _register_orders(app: dash.Dash, sessions: Sessions) -> None:
    def train(task: Json, results: Optional[Json], session_id: Any) -> Json:
        """Add the next ends of one learner to the results; those of other points go."""
        read(models.OrdersTask, task)
        if results is not None:
            read(models.OrdersResults, results)
        known = results["by"] if results and results["of"] == task["of"] else {}
        name = task["learner"]
        found = _orders(sessions, session_id, name, known.get(name, {}), task["n_ends"])
        return {"of": task["of"], "axis": task["axis"], "by": {**known, name: found}}

    def draw(results: Optional[Json], learner: Any) -> tuple[Any, ...]:
        if results is not None:
            read(models.OrdersResults, results)
        by: dict[str, Json] = results["by"] if results else {}
        document = by.get(str(learner), {})
        strip = orders.shuffles_figure(by)
        if results is None or "orders" not in document:
            error = document.get("error", "")
            empty = orders.ends_figure(None, (-1.0, 1.0), waits=not error)
            return empty, error, None, strip
        figure = orders.ends_figure(document, tuple(results["axis"]))
        return figure, orders.verdict(document), orders.order_rows(document), strip

    app.callback(
        Output(ids.ORDERS_RESULTS, "data"),
        Input(ids.ORDERS_TASK, "data"),
        State(ids.ORDERS_RESULTS, "data"),
        State(ids.SESSION, "data"),
    )(train)
    app.callback(
        Output(ids.ORDERS_CHART, "figure"),
        Output(ids.ORDERS_NOTE, "children"),
        Output(ids.ORDERS_TABLE, "children"),
        Output(ids.SHUFFLES_CHART, "figure"),
        Input(ids.ORDERS_RESULTS, "data"),
        Input(ids.ORDERS_LEARNER, "value"),
    )(draw)
    app.clientside_callback(
        ClientsideFunction("dialogs", "openOrders"),
        Output(ids.ORDERS, "opened"),
        Output(ids.ORDERS_LEARNER, "value"),
        Input(ids.ORDERS_OPEN, "n_clicks"),
        State(ids.RACING, "value"),
    )
    app.clientside_callback(
        ClientsideFunction("dialogs", "orders"),
        Input(ids.ORDERS, "opened"),
        Input(ids.ORDERS_LEARNER, "value"),
        Input(ids.ORDERS_RESULTS, "data"),
        Input(ids.ORDERS_AGAIN, "n_clicks"),
        State(ids.RACING, "value"),
    )


def _orders(sessions: Sessions, session_id: Any, learner: str, before: Json, n_ends: int) -> Json:
    """Return the ends of before and the next ones, how many are left, and the seconds for one."""
    ends = {name: before.get(name, []) for name in ("orders", "shuffles")}
    n_before = sum(map(len, ends.values()))
    part = slice(n_before, n_before + n_ends)
    try:
        found = sessions.orders.of(session_id_of(session_id), learner, orders.N_SHUFFLES, part=part)
    except GMMError as error:
        return {"error": f"{orders.title_of(learner)}: {error}"}
    document = orders_document(found)
    joined = {name: ends[name] + document[name] for name in ends}
    n_done = sum(map(len, joined.values()))
    left = len(orders.ORDERS) + orders.N_SHUFFLES - n_done
    end_s = found.time_s / max(1, n_done - n_before)
    return {**document, **joined, "left": left, "end_s": end_s}


def _register_story(app: dash.Dash) -> None:
    def words(told: Json) -> tuple[Any, ...]:
        read(models.StoryTold, {"told": told})
        return story.words(told)

    app.callback(
        Output(ids.STORY_TITLE, "children"),
        Output(ids.STORY_PROGRESS, "children"),
        Output(ids.STORY_TEXT, "children"),
        Output(ids.STORY_NEXT, "children"),
        Output(ids.STORY_BACK, "disabled"),
        Input(ids.STORY, "data"),
    )(words)
