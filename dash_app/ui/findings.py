"""The findings: small charts of the race and of the run from scratch.

A graph takes 100 ms to make. So a frame holds a sentence until there are data for its graph.
"""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from dash_app.ui import ids
from dash_app.ui.figures import CHART_FIGURES, GRAPH_CONFIG
from dash_app.ui.parts import card, choice, heading

#: What a frame says while there are no data.
EMPTY = {
    ids.DISTANCE_CHART: "Distance to a fit from scratch, measured at each increment",
    ids.LOSS_CHART: "Loss on all points so far, at each increment",
    ids.TOUCHED_CHART: "Points or atoms read by all updates so far",
    ids.SCRATCH_CHART: "Loss of the training from scratch: press p",
}


def findings() -> html.Aside:
    """Return the column of charts."""
    scale = choice(
        ids.SCALE,
        "Count of steps",
        "Linear or logarithmic axis of steps (l)",
        (("linear", "lin"), ("log", "log")),
    )
    cursor = html.Span(className="chart-cursor", hidden=True)
    race = [
        _finding(chart, heading(label, name), cursor)
        for chart, name, label in (
            (ids.DISTANCE_CHART, "distance", "Distance to from scratch"),
            (ids.LOSS_CHART, "loss", "Loss"),
            (ids.TOUCHED_CHART, "points touched", "Points touched"),
        )
    ]
    head = html.Div([heading("Loss from scratch", "from scratch"), scale], className="head")
    of_run = _finding(ids.SCRATCH_CHART, head)
    return html.Aside([*race, of_run], className="findings", **{"aria-label": "Findings"})


def _finding(chart: str, head: Any, *over: Any) -> html.Section:
    """Return a card with the frame of a chart, and what lies over the frame."""
    frame = html.Div(_sentence(chart), id=ids.frame(chart), disable_n_clicks=True)
    held = html.Div([frame, *over], className="chart", disable_n_clicks=True)
    return card(head, held, name="finding")


def _sentence(chart: str) -> html.P:
    return html.P(EMPTY[chart], className="chart-empty")


def graphs() -> dict[str, dcc.Graph]:
    """Return the graphs by id, without data; assets/callbacks.js puts them into their frames."""
    return {
        name: dcc.Graph(
            id=name,
            figure=figure(),
            config=GRAPH_CONFIG,
            responsive=True,
            clear_on_unhover=True,
        )
        for name, figure in CHART_FIGURES.items()
    }
