"""The page's structure: controls on the left, the plot in the middle, findings on the right.

Texts are here, styles are in assets/*.css. What changes is an Output of callbacks.py, except for
the inside of the plot: assets/ draws it, because there 30 ms count. Controls begin as
assets/callbacks.js shows them without a session, so that the first load changes none.
"""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dash_app.config import Config
from dash_app.learning.points import MAX_MAGNITUDE
from dash_app.ui import ids, story
from dash_app.ui.controls import CAPACITIES, HALF_LIVES, MAX_COMPONENTS, build_controls
from dash_app.ui.delivery import PRELOADED
from dash_app.ui.examples import EXAMPLES, Example
from dash_app.ui.figures import GRAPH_CONFIG, plot_figure
from dash_app.ui.findings import EMPTY, findings, graphs
from dash_app.ui.help import help_dialog
from dash_app.ui.league import COLUMNS, compare_menu, league_table, rows
from dash_app.ui.lines import ADDED, LINES
from dash_app.ui.orders import orders_dialog
from dash_app.ui.parts import button, card, choice, figures, heading, hint, term
from dash_app.ui.rewind import branch_dialog, rewind_bar
from dash_app.ui.selection import selection_dialog

#: Dash's default page, with the language for screen readers and a description for search engines.
PAGE_TEMPLATE = """<!DOCTYPE html>
<html lang="en">
    <head>
        {%metas%}
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="description" content="Click points onto an axis: a Gaussian mixture learns from
        each of them online, and from scratch on all of them. See how far the two are apart.">
        <title>{%title%}</title>
        <link rel="icon" type="image/svg+xml" href="favicon.ico">
        PRELOADS
        {%css%}
    </head>
    <body>
        {%app_entry%}
        <footer>{%config%}{%scripts%}{%renderer%}</footer>
    </body>
</html>""".replace(
    "PRELOADS",
    "".join(
        f'<link rel="preload" href="{path}" as="{kind}"{" crossorigin" * (kind == "fetch")}>'
        for path, kind in PRELOADED.items()
    ),
)
_STORES = (
    *(ids.SESSION, ids.STATE, ids.GRAPH, ids.SENTENCES, ids.MESSAGE),
    *(ids.shown(group) for group in ids.GROUPS),
    *(ids.told(chart) for chart in ids.CHARTS),
    *(ids.SELECTION_TASK, ids.SELECTION_OF, ids.ORDERS_TASK, ids.ORDERS_RESULTS, ids.STORY),
)
#: The colours of the models: shade 7 where the page is light, 4 where it is dark. And the greys.
_COLOURS = {
    "online": (
        *("#e8f2fc", "#cfe3f7", "#a9cff3", "#8ac2f9", "#6cb6ff"),
        *("#3f93e0", "#2179c9", "#0b62b0", "#08508f", "#053c6d"),
    ),
    "dark": (
        *("#e9eef4", "#a9b4c1", "#8593a3", "#5b6876", "#3d4a59"),
        *("#303b48", "#202934", "#161d26", "#0e131a", "#0a0e13"),
    ),
    "scratch": (
        *("#fdf1e7", "#fae0c9", "#f9ca9f", "#fcb77f", "#ffa765"),
        *("#e07b2f", "#c95f17", "#b54708", "#933a06", "#702c04"),
    ),
}
_DIALOG = {"transitionProps": {"duration": 0}, "closeButtonProps": {"aria-label": "Close"}}
_THEME = {
    "fontFamily": "var(--font)",
    "headings": {"fontFamily": "var(--font)", "fontWeight": "650"},
    "colors": {name: list(shades) for name, shades in _COLOURS.items()},
    "primaryColor": "online",
    "primaryShade": {"light": 7, "dark": 4},
    "autoContrast": True,
    "defaultRadius": "md",
    "cursorType": "pointer",
    "respectReducedMotion": True,
    "components": {"Modal": {"defaultProps": _DIALOG}},
}


def build_layout(config: Config) -> dmc.MantineProvider:
    """Return the whole page, without the state of a session."""
    page = html.Div(
        id=ids.PAGE,
        disable_n_clicks=True,  # otherwise Dash counts each click on the page, at 2 ms a click
        className="page",
        children=[
            *_stores(),
            _header(),
            html.Main(className="board", children=[_left(), _stage(), findings()]),
            html.Div(id=ids.ANNOUNCEMENT, className="unseen", role="status"),
            dmc.NotificationContainer(id=ids.MESSAGES, position="bottom-center"),
            help_dialog(story.again()),
            branch_dialog(),
            selection_dialog(),
            orders_dialog(),
            story.card(),
        ],
    )
    return dmc.MantineProvider(page, theme=_THEME, defaultColorScheme="auto")


def _stores() -> list[dcc.Store]:
    settings = {
        "half_lives": HALF_LIVES,
        "capacities": CAPACITIES,
        "max_components": MAX_COMPONENTS,
        "farthest": MAX_MAGNITUDE,
        "lines": {line.name: line.colour for line in ADDED},
        "columns": list(COLUMNS),
        "examples": {each.name: _example(each) for each in EXAMPLES.values()},
        "story": story.script(),
    }
    return [
        dcc.Store(id=ids.SETTINGS, data=settings),
        dcc.Store(id=ids.LATER, data={"graphs": graphs(), "empty": EMPTY, "rows": rows()}),
        *(dcc.Store(id=name) for name in _STORES),
    ]


def _example(example: Example) -> dict[str, Any]:
    beside = [name for name in example.beside if name in LINES]
    return {"label": example.label, "axis": example.axis, "beside": beside}


def _header() -> html.Header:
    theme = dmc.ColorSchemeToggle(
        id=ids.THEME,
        lightIcon="Dark",  # what a press changes to
        darkIcon="Light",
        variant="default",
        w=52,
        h=26,
        fz="sm",
        **{"aria-label": "Light or dark colours"},
        **hint("Switch between dark and light colours (t)"),
    )
    return html.Header(
        className="header",
        children=[
            dmc.Title("Online vs from scratch", order=1, size="lg"),
            html.P("A Gaussian mixture that learns from every click.", className="tagline"),
            dmc.Badge(
                "connecting",
                id=ids.CONNECTION,
                variant="dot",
                color="gray",
                tt="none",
                fw=400,
                size="lg",
                miw=118,  # of the longer of "connecting" and "connected"
            ),
            theme,
            button(ids.HELP_OPEN, "Help", "How to read this page, and all keys (?)", key="?"),
        ],
    )


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
            html.Div(className="legend-row", children=[_mode_choice(), compare_menu()]),
            league_table(),
            _plot_frame(),
            rewind_bar(),
            _tables(),
        ],
    )


def _left() -> html.Aside:
    head = heading("Response times", "response times")
    table = figures("times", "Response times", id=ids.TIMES, data={})
    times = card(head, table, name="times")
    return html.Aside(
        [*build_controls(), times], className="controls", **{"aria-label": "Controls"}
    )


def _mode_choice() -> dmc.SegmentedControl:
    options = (("both", "Both"), ("online", "Online"), ("scratch", "From scratch"))
    text = "Which density to draw. Keys: o online, s from scratch, b both"
    return choice(ids.MODE, "Densities shown", text, options)


def _plot_frame() -> html.Div:
    named = {"aria-label": "Position on the axis", "aria-describedby": "cursor-keys"}
    return html.Div(
        id=ids.PLOT_FRAME,
        disable_n_clicks=True,
        className="plot-frame",
        children=[
            _plot(),
            html.Div(
                id=ids.EMPTY_HINT,
                className="empty-hint",
                children=[
                    html.P("Click anywhere to add a point", className="empty-title"),
                    html.P("The online model learns from it at once."),
                    story.offer(),
                ],
            ),
            html.Div(id=ids.POINTS_LAYER, className="points-layer", disable_n_clicks=True),
            html.Div(id=ids.READOUT, className="readout", hidden=True),
            html.Div(id=ids.CURSOR, className="cursor", role="slider", tabIndex="0", **named),
            html.Span(
                "Arrow keys move, Enter adds a point, Delete removes the nearest",
                id="cursor-keys",
                className="unseen",
            ),
            html.P(id=ids.PROBLEM, className="problem", role="alert"),
        ],
    )


def _plot() -> html.Div:
    graph = dcc.Graph(id=ids.PLOT, figure=plot_figure(), config=GRAPH_CONFIG, responsive=True)
    return html.Div(graph, className="plot", disable_n_clicks=True)


def _tables() -> html.Section:
    wide: dict[str, Any] = {"data": {}, "w": 270}
    words = term("component"), term("weight"), term("std", "standard deviation (std)")
    return html.Section(
        className="tables",
        children=[
            html.Div([heading("Parameters"), *words], className="head"),
            html.P(id=ids.PARAMETERS_NOTE, className="note"),
            html.Div(
                [
                    figures("online", "Parameters, online", id=ids.ONLINE_PARAMETERS, **wide),
                    figures(
                        "scratch", "Parameters, from scratch", id=ids.SCRATCH_PARAMETERS, **wide
                    ),
                ],
                className="parameters",
            ),
        ],
    )
