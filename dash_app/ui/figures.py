"""The initial figures: axes, traces and styles, without data.

The browser adds the data. assets/plot.js draws the plot, because a click is too quick for a
callback. The small charts are Outputs of callbacks (assets/charts.js). The style sheet gives all of
them their colours, by the `uid` of a trace.
"""

from __future__ import annotations

from math import log10
from typing import Any

import plotly.graph_objects as go

from dash_app.learning.race import REFERENCE
from dash_app.ui import ids
from dash_app.ui.lines import ADDED, LINES, Line

#: How every graph of the page behaves.
GRAPH_CONFIG = {"displayModeBar": False, "doubleClick": False, "scrollZoom": False}

#: Height of the strip below the curves, where assets/points.js draws the points, as a share of the
#: plot's height.
RUG_SHARE = 0.17

#: Smallest distance that the chart tells apart, a share of the mass: one in ten thousand.
LEAST_DISTANCE = 1e-4

#: Traces of the plot in drawing order. The browser finds a trace and its SVG path by the `uid`.
_CURVES: tuple[dict[str, Any], ...] = (
    {
        "uid": "online-components",
        "name": "online, components",
        "line": {"width": 1},
    },
    {
        "uid": "scratch-components",
        "name": "from scratch, components",
        "line": {"width": 1, "dash": "dash"},
    },
    {"uid": "online", "name": "online", "line": {"width": 2.5}},
    {
        "uid": "scratch",
        "name": "from scratch",
        "line": {"width": 2.5, "dash": "7px,5px"},
    },
)
#: The density that the points of an example come from, where it is known.
_TRUTH = {
    "uid": "truth",
    "name": "truth",
    "line": {"width": 2, "dash": "2px,4px"},
    "visible": False,
}
#: The numbers that the table of parameters gives to the components, above their peaks.
_NUMBERS = {
    "uid": "numbers",
    "mode": "text",
    "textposition": "top center",
    "cliponaxis": False,
}


def _bare_axis(**settings: Any) -> dict[str, Any]:
    return {"zeroline": False, "fixedrange": True, "automargin": False, **settings}


def _bare_layout(**settings: Any) -> dict[str, Any]:
    return {
        "template": "none",
        "showlegend": False,
        "hovermode": False,
        "dragmode": False,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "uirevision": "fixed",
        **settings,
    }


def plot_figure() -> go.Figure:
    """Return the plot: both densities over the points; it accepts clicks anywhere."""
    bare = {"x": [], "y": [], "hoverinfo": "skip"}
    added = [
        {
            "uid": line.colour,
            "name": line.title,
            "line": {"width": 2, "dash": line.plotly_dash},
            "visible": False,
        }
        for line in ADDED
    ]
    curves = [
        {**bare, "mode": "lines", **trace, "line": {"simplify": False, **trace["line"]}}
        for trace in (*added, *_CURVES, _TRUTH)
    ]
    numbers = {**bare, "text": [], **_NUMBERS}
    layout = _bare_layout(
        # a click on an empty area has a position only if hovermode is on; all traces skip hover
        clickanywhere=True,
        hovermode="closest",
        margin={"l": 58, "r": 16, "t": 12, "b": 34},
        font={"size": 12},
        xaxis=_bare_axis(
            range=[-1, 1],
            showline=True,
            anchor="free",
            position=0,
            ticks="outside",
            ticklen=5,
            exponentformat="e",
            minexponent=8,  # an exponent would hide where on a short axis a tick is
        ),
        yaxis=_bare_axis(
            domain=[RUG_SHARE, 1],
            range=[0, 1],
            rangemode="tozero",
            nticks=5,
            showline=True,
            ticks="outside",
            ticklen=5,
            exponentformat="e",  # not the letters of SI
        ),
    )
    return go.Figure({"data": [*curves, numbers], "layout": layout})


def chart_figure(x_title: str, *traces: dict[str, Any], empty: str = "") -> go.Figure:
    """Return a small chart of lines, one for each of `traces`; `empty` is shown in its middle."""
    lines = [{"mode": "lines", "x": [], "y": [], **trace} for trace in traces]
    layout = _bare_layout(
        hovermode="x",
        margin={"l": 46, "r": 10, "t": 8, "b": 36},
        xaxis=_bare_axis(
            nticks=5, showline=True, title={"text": x_title, "standoff": 6, "font": {"size": 11}}
        ),
        yaxis=_bare_axis(nticks=4, showline=True),
        annotations=[_centred(empty)] if empty else [],
    )
    return go.Figure({"data": lines, "layout": layout})


def _centred(text: str) -> dict[str, Any]:
    middle = {"x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper"}
    return {"text": text, "showarrow": False, "font": {"size": 12}, **middle}


#: The panels of the chart over the increments, from top to bottom: what the mouse shows, the axis.
_PANELS: dict[str, tuple[str, dict[str, Any]]] = {
    "distance": (
        "%{customdata:.3%} of the mass",
        {
            "type": "log",
            "range": [log10(LEAST_DISTANCE) - 0.2, 0.1],
            "tickvals": [LEAST_DISTANCE, 0.001, 0.01, 0.1, 1.0],
            "ticktext": ["\u2264 0.01 %", "0.1 %", "1 %", "10 %", "100 %"],
        },
    ),
    "loss": ("%{y:.4f} nats a point", {}),
    "touched": ("%{y:,} read", {"rangemode": "tozero"}),
}

#: Room above a panel for its heading, as a share of the panel with it; see `.race` of plot.css.
_HEADING_SHARE = 0.24


def race_figure() -> go.Figure:
    """Return the chart over the increments: panels with one axis of points, a line a learner.

    It is one figure, because each costs Dash a round of callbacks and Plotly a redraw.
    """
    traces, axes = [], {}
    for index, (panel, (hover, axis)) in enumerate(_PANELS.items()):
        name = f"y{index + 1}" if index else "y"
        top = 1.0 - index / len(_PANELS)
        domain = [top - 1.0 / len(_PANELS), top - _HEADING_SHARE / len(_PANELS)]
        axes[name.replace("y", "yaxis")] = _bare_axis(
            nticks=4, showline=True, domain=[max(0.0, domain[0]), domain[1]], **axis
        )
        traces += [
            _line_of(line, panel, hover, name)
            for line in LINES.values()
            if (panel, line.name) != ("distance", REFERENCE)
        ]
    figure = chart_figure("points so far", *traces)
    last = f"y{len(_PANELS)}"
    return figure.update_layout(
        margin={"l": 60, "t": 0, "b": 34}, hoverdistance=-1, xaxis={"anchor": last}, **axes
    )


def _line_of(line: Line, panel: str, hover: str, y_axis: str) -> dict[str, Any]:
    """Return the line of a learner in a panel; the browser adds its data."""
    return {
        "uid": f"{line.colour}-{panel}",
        "name": line.title,
        "meta": {"learner": line.name, "panel": panel},
        "yaxis": y_axis,
        "line": {"width": 1.5, "dash": line.plotly_dash},
        "marker": {"size": 5},
        "hovertemplate": f"{hover}<extra>%{{fullData.name}}</extra>",
        "visible": False,
    }


def scratch_loss_figure() -> go.Figure:
    """Return the chart of the loss after each step of the run from scratch."""
    return chart_figure(
        "step",
        {
            "uid": "run-loss",
            "name": "from scratch",
            "line": {"width": 1.5, "simplify": False},
            "marker": {"size": 5},
            "hovertemplate": "%{y:.4f} nats a point<extra></extra>",
        },
    )


CHART_FIGURES = {
    ids.RACE_CHART: race_figure,
    ids.SCRATCH_CHART: scratch_loss_figure,
}
"""What makes the small charts, by id."""
