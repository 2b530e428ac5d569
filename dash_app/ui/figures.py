"""The initial figures: axes, traces and styles, without data.

The browser adds the data. assets/plot.js draws the plot, because a click is too quick for a
callback. The small charts are Outputs of callbacks (assets/charts.js); the style sheet gives them
their colours, by the `uid` of a trace.
"""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

#: Height of the strip of points, as a share of the plot's height.
RUG_SHARE = 0.17

#: Traces of the plot in drawing order. `meta` is a colour variable of the style sheet. The browser
#: finds a trace and its SVG path by the `uid`.
_CURVES: tuple[dict[str, Any], ...] = (
    {
        "uid": "online-components",
        "name": "online, components",
        "meta": "online",
        "line": {"width": 1},
    },
    {
        "uid": "scratch-components",
        "name": "from scratch, components",
        "meta": "scratch",
        "line": {"width": 1, "dash": "dash"},
    },
    {"uid": "online", "name": "online", "meta": "online", "line": {"width": 2.5}},
    {
        "uid": "scratch",
        "name": "from scratch",
        "meta": "scratch",
        "line": {"width": 2.5, "dash": "7px,5px"},
    },
)
#: The numbers that the table of parameters gives to the components, above their peaks.
_NUMBERS = {
    "uid": "numbers",
    "mode": "text",
    "meta": "points",
    "textposition": "top center",
    "cliponaxis": False,
}
_POINTS: tuple[dict[str, Any], ...] = (
    {"uid": "many", "name": "many points", "mode": "lines", "line": {"width": 1}},
    {
        "uid": "points",
        "name": "points",
        "mode": "markers",
        "marker": {"size": 9, "line": {"width": 1}},
    },
)


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
    curves = [
        {**bare, "mode": "lines", **trace, "line": {"simplify": False, **trace["line"]}}
        for trace in _CURVES
    ]
    numbers = {**bare, "text": [], **_NUMBERS}
    points = [{**bare, "yaxis": "y2", "meta": "points", **trace} for trace in _POINTS]
    layout = _bare_layout(
        # a click on an empty area has a position only if hovermode is on; all traces skip hover
        clickanywhere=True,
        hovermode="closest",
        margin={"l": 44, "r": 16, "t": 12, "b": 34},
        xaxis=_bare_axis(range=[-1, 1], anchor="y2", ticks="outside", ticklen=5),
        yaxis=_bare_axis(domain=[RUG_SHARE, 1], range=[0, 1], rangemode="tozero", nticks=5),
        yaxis2=_bare_axis(domain=[0, RUG_SHARE], range=[0, 1], visible=False),
    )
    return go.Figure({"data": [*curves, numbers, *points], "layout": layout})


def chart_figure(x_title: str, empty: str, *traces: dict[str, Any]) -> go.Figure:
    """Return a small chart of lines, one for each of `traces`; `empty` is shown without data."""
    lines = [{"mode": "lines", "x": [], "y": [], **trace} for trace in traces]
    layout = _bare_layout(
        hovermode="x",
        margin={"l": 46, "r": 10, "t": 8, "b": 36},
        xaxis=_bare_axis(
            nticks=5, showline=True, title={"text": x_title, "standoff": 6, "font": {"size": 11}}
        ),
        yaxis=_bare_axis(nticks=4, showline=True),
        annotations=[_centred(empty)],
    )
    return go.Figure({"data": lines, "layout": layout})


def _centred(text: str) -> dict[str, Any]:
    middle = {"x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper"}
    return {"text": text, "showarrow": False, "font": {"size": 12}, **middle}


_LOSS_HOVER = "%{y:.4f} nats a point<extra>%{fullData.name}</extra>"


def loss_figure() -> go.Figure:
    """Return the chart of both losses after each increment: the distance is the message."""
    return chart_figure(
        "increment",
        "Loss after each increment,<br>online and from scratch",
        {
            "uid": "online-loss",
            "name": "online",
            "line": {"width": 1.5},
            "marker": {"size": 5},
            "hovertemplate": _LOSS_HOVER,
        },
        {
            "uid": "scratch-loss",
            "name": "from scratch",
            "mode": "markers",
            "marker": {"size": 6, "symbol": "diamond"},
            "hovertemplate": _LOSS_HOVER,
        },
    )


def difference_figure() -> go.Figure:
    """Return the chart of the difference, at increments with a model from scratch of their own."""
    return chart_figure(
        "increment",
        "Train from scratch (p)<br>to measure the difference",
        {
            "uid": "difference",
            "name": "difference",
            "mode": "lines+markers",
            "line": {"width": 1.5},
            "marker": {"size": 5},
            "hovertemplate": "%{y:.2%} of the mass<extra></extra>",
        },
    ).update_layout(yaxis={"tickformat": "~%", "rangemode": "tozero"})


def scratch_loss_figure() -> go.Figure:
    """Return the chart of the loss after each pass of the run from scratch."""
    return chart_figure(
        "pass over the points",
        "Loss of the training from scratch:<br>press p",
        {
            "uid": "run-loss",
            "name": "from scratch",
            "line": {"width": 1.5, "simplify": False},
            "marker": {"size": 5},
            "hovertemplate": "%{y:.4f} nats a point<extra></extra>",
        },
    )
