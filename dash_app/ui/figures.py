"""The initial figures: axes, traces and styles, without data.

The browser adds the data (assets/plot.js, assets/charts.js). It computes the curves from the
parameters and sets the colours of the theme. No callback outputs a figure.
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
    return go.Figure({"data": [*curves, *points], "layout": layout})


def chart_figure(x_title: str, *traces: dict[str, Any]) -> go.Figure:
    """Return a small chart of lines, one for each of `traces`."""
    lines = [{"mode": "lines", "x": [], "y": [], **trace} for trace in traces]
    layout = _bare_layout(
        hovermode="x",
        margin={"l": 46, "r": 10, "t": 8, "b": 36},
        xaxis=_bare_axis(nticks=5, title={"text": x_title, "standoff": 6, "font": {"size": 11}}),
        yaxis=_bare_axis(nticks=4),
    )
    return go.Figure({"data": lines, "layout": layout})


def difference_figure() -> go.Figure:
    """Return the chart of the difference between both densities after each increment."""
    return chart_figure(
        "increment",
        {
            "name": "mass that differs",
            "meta": "difference",
            "mode": "lines+markers",
            "line": {"width": 1.5},
            "marker": {"size": 5},
            "hovertemplate": "%{y:.2%} of the mass<extra></extra>",
        },
        {
            "name": "log-likelihood gap",
            "meta": "gap",
            "yaxis": "y2",
            "line": {"width": 1.5, "dash": "dot"},
            "hovertemplate": "%{y:.4f} nats a point<extra></extra>",
        },
    ).update_layout(
        margin={"r": 46},
        yaxis={"tickformat": "~%", "rangemode": "tozero"},
        yaxis2=_bare_axis(overlaying="y", side="right", nticks=4, showgrid=False, tickmode="auto"),
    )


def scratch_loss_figure() -> go.Figure:
    """Return the chart of the loss after each iteration of the run from scratch."""
    return chart_figure(
        "pass over the points",
        {
            "name": "loss",
            "meta": "scratch",
            "line": {"width": 1.5},
            "hovertemplate": "%{y:.4f} nats a point<extra></extra>",
        },
    )


def online_loss_figure() -> go.Figure:
    """Return the chart of the online model's loss after each increment."""
    return chart_figure(
        "increment",
        {
            "name": "loss",
            "meta": "online",
            "line": {"width": 1.5, "shape": "hv"},
            "hovertemplate": "%{y:.4f} nats a point<extra></extra>",
        },
    )
