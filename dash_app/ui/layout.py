"""The page's structure: controls on the left, the plot in the middle, findings on the right.

Texts are here, styles are in assets/*.css, behaviour is in assets/*.js and callbacks.py.
"""

from __future__ import annotations

from typing import Any, Optional

import plotly.graph_objects as go
from dash import dcc, html

from dash_app.config import Config
from dash_app.ui import ids
from dash_app.ui.controls import MEMORY_STEPS, build_controls
from dash_app.ui.figures import (
    difference_figure,
    online_loss_figure,
    plot_figure,
    scratch_loss_figure,
)
from dash_app.ui.help import help_dialog
from dash_app.ui.parts import button, choice

#: Dash's default page plus the language, for screen readers, and the help dialog.
_PAGE = """<!DOCTYPE html>
<html lang="en">
    <head>
        {%metas%}
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>{%title%}</title>
        {%favicon%}
        {%css%}
    </head>
    <body>
        {%app_entry%}
        {help}
        <footer>{%config%}{%scripts%}{%renderer%}</footer>
    </body>
</html>"""
_GRAPH_CONFIG = {"displayModeBar": False, "doubleClick": False, "scrollZoom": False}
_MEMORY_STORES = (ids.COMMAND, ids.ANSWER, ids.FOLLOW, ids.FOLLOWED, ids.LOOK, ids.SEEN)


def page_template() -> str:
    """Return the HTML template for Dash."""
    return _PAGE.replace("{help}", help_dialog())


def build_layout(config: Config) -> html.Div:
    """Return the whole page, without the state of a session."""
    return html.Div(
        id=ids.PAGE,
        disable_n_clicks=True,  # otherwise Dash counts each click on the page, at 2 ms a click
        className="page",
        children=[
            *_stores(),
            _header(),
            html.Main(className="board", children=[build_controls(), _stage(), _findings()]),
            html.Div(id=ids.ANNOUNCEMENT, className="unseen", role="status", **_live("polite")),
        ],
    )


def _stores() -> list[dcc.Store]:
    settings = {"memory_steps": MEMORY_STEPS}
    return [
        dcc.Store(id=ids.SESSION, storage_type="session"),
        dcc.Store(id=ids.SETTINGS, data=settings),
        *(dcc.Store(id=name) for name in _MEMORY_STORES),
    ]


def _live(how: str) -> dict[str, str]:
    return {"aria-live": how, "aria-atomic": "true"}


def _header() -> html.Header:
    return html.Header(
        className="header",
        children=[
            html.H1(["Online ", html.Span("vs", className="versus"), " from scratch"]),
            html.P("A Gaussian mixture that learns from every click.", className="tagline"),
            html.Span("connecting", id=ids.CONNECTION, className="connection"),
            button(ids.THEME, "Dark", "Switch between dark and light colours (t)"),
            button(ids.HELP_OPEN, "Help", "How to read this page, and all keys (?)"),
        ],
    )


def _modechoice() -> html.Div:
    hint = "Which density to draw. Keys: o online, s from scratch, b both"
    return choice("mode", "Densities shown", hint, ids.MODES, "Online", "From scratch", "Both")


def _stage() -> html.Section:
    return html.Section(
        className="stage",
        **{"aria-label": "Plot"},
        children=[
            html.Div(
                className="headline",
                children=[
                    html.P(id=ids.SENTENCE, className="sentence"),
                    html.P(id=ids.SENTENCE_DETAIL, className="detail"),
                ],
            ),
            html.Div(
                className="legend-row",
                children=[
                    html.Div(
                        className="legend",
                        children=[
                            html.Span(id=ids.LEGEND_ONLINE, className="legend-entry online"),
                            html.Span(id=ids.LEGEND_SCRATCH, className="legend-entry scratch"),
                        ],
                    ),
                    _modechoice(),
                ],
            ),
            _plot_frame(),
            html.P(id=ids.PROBLEM, className="problem", role="alert"),
            _tables(),
        ],
    )


def _plot_frame() -> html.Div:
    cursor_state = {
        "aria-label": "Position on the axis",
        "aria-valuemin": "-1",
        "aria-valuemax": "1",
        "aria-valuenow": "0",
        "aria-describedby": "cursor-keys",
    }
    return html.Div(
        id=ids.PLOT_FRAME,
        disable_n_clicks=True,
        className="plot-frame",
        children=[
            _graph(ids.PLOT, plot_figure(), "plot"),
            html.Div(
                id=ids.EMPTY_HINT,
                className="empty-hint",
                children=[
                    html.P("Click anywhere to add a point", className="empty-title"),
                    html.P("The online model learns from it at once."),
                ],
            ),
            html.Div(id=ids.FRESH_POINTS, className="fresh-points"),
            html.Div(id=ids.READOUT, className="readout"),
            html.Div(
                id=ids.CURSOR, className="cursor", role="slider", tabIndex="0", **cursor_state
            ),
            html.Span(
                "Arrow keys move, Enter adds a point, Delete removes the nearest",
                id="cursor-keys",
                className="unseen",
            ),
        ],
    )


def _graph(name: str, figure: go.Figure, class_name: str) -> dcc.Graph:
    return dcc.Graph(
        id=name, figure=figure, config=_GRAPH_CONFIG, className=class_name, responsive=True
    )


def _tables() -> html.Div:
    return html.Div(
        className="tables",
        children=[
            html.Section(
                className="card parameters-card",
                children=[
                    html.Div(
                        [html.H2("Parameters"), button(ids.COPY, "Copy", "Copy as JSON (y)")],
                        className="card-head",
                    ),
                    html.Div(id=ids.PARAMETERS, className="parameters", tabIndex="0", role="group"),
                ],
            ),
            html.Section(
                className="card times-card",
                children=[html.H2("Response times"), html.Div(id=ids.TIMES, className="times")],
            ),
        ],
    )


def _findings() -> html.Aside:
    hint = "Linear or logarithmic axis of passes (l)"
    scale = choice("scale", "Count of passes", hint, ids.SCALES, "lin", "log")
    return html.Aside(
        className="findings",
        **{"aria-label": "Findings"},
        children=[
            _finding("Difference over time", ids.DIFFERENCE, ids.DIFFERENCE_CHART, key=_key()),
            _finding("Loss from scratch", ids.SCRATCH_LOSS, ids.SCRATCH_CHART, scale),
            _finding("Loss online", ids.ONLINE_LOSS, ids.ONLINE_CHART),
        ],
    )


_HINTS = {
    ids.DIFFERENCE_CHART: "The difference between both models, after a training from scratch",
    ids.SCRATCH_CHART: "The loss of the training from scratch: press p",
    ids.ONLINE_CHART: "The loss of the online model after each increment",
}
_CHARTS = {
    ids.DIFFERENCE_CHART: difference_figure,
    ids.SCRATCH_CHART: scratch_loss_figure,
    ids.ONLINE_CHART: online_loss_figure,
}


def _finding(
    title: str, value_id: str, chart_id: str, *extra: Any, key: Optional[html.Div] = None
) -> html.Section:
    head = [html.H2(title), *extra, html.Span("\u2013", id=value_id, className="value")]
    chart = _graph(chart_id, _CHARTS[chart_id](), "chart")
    return html.Section(
        [html.Div(head, className="card-head"), key, chart],
        className="card finding",
        **{"data-empty": "yes", "data-hint": _HINTS[chart_id]},
    )


def _key() -> html.Div:
    entries = [html.Span("mass that differs"), html.Span("log-likelihood gap", className="gap")]
    hint = "Hollow marks: the model from scratch was trained before the newest points"
    return html.Div(entries, className="key-row", title=hint)
