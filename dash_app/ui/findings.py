"""The findings: small charts of the race and of the run from scratch.

A graph takes 100 ms to make. So assets/charts.js has them made when the page has been drawn.
"""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from dash_app.ui import ids
from dash_app.ui.figures import CHART_FIGURES, GRAPH_CONFIG
from dash_app.ui.parts import card, choice, heading

#: What a chart says while there are no data.
EMPTY = {
    ids.RACE_CHART: "A line for each learner, with a value after each increment",
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
    panels = [
        heading("Distance to from scratch", "distance"),
        heading("Loss", "loss"),
        heading("Points touched", "points touched"),
    ]
    cursor = html.Span(className="chart-cursor", hidden=True)
    race = html.Section(_chart(ids.RACE_CHART, *panels, cursor), className="card finding race")
    head = html.Div([heading("Loss from scratch", "from scratch"), scale], className="head")
    of_run = card(head, _chart(ids.SCRATCH_CHART), name="finding")
    return html.Aside([race, of_run], className="findings", **{"aria-label": "Findings"})


def _chart(chart: str, *over: Any) -> html.Div:
    """Return the frame of a chart, with what lies over it."""
    sentence = html.P(EMPTY[chart], id=ids.sentence(chart), className="chart-sentence")
    frame = html.Div(id=ids.frame(chart), className="chart-frame", disable_n_clicks=True)
    return html.Div([sentence, frame, *over], className="chart", disable_n_clicks=True)


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
