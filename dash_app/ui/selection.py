"""How many components: the dialog with four criteria for each number of components."""

from __future__ import annotations

from typing import Any, Optional

import dash_mantine_components as dmc
import plotly.graph_objects as go
from dash import dcc, html

from dash_app.ui import ids
from dash_app.ui.figures import GRAPH_CONFIG, chart_figure
from dash_app.ui.parts import button, old_mark

Json = dict[str, Any]

#: The criteria: name for people, what each of them asks, and its line in the chart.
CRITERIA = {
    "bic": (
        "BIC",
        "Which number is most probable, given the points? An approximation.",
        "solid",
        "circle",
    ),
    "aic": ("AIC", "Which number predicts new points best? An estimate.", "6px,3px", "square"),
    "icl": ("ICL", "How many separate clumps? As BIC, but overlap counts against.", "2px,3px", "x"),
    "held_out": (
        "Held out",
        "Which number predicts best each fifth of the points, trained on the other four?",
        "9px,3px,2px,3px",
        "diamond",
    ),
}

#: Smallest top of the chart, nats per point; less than that makes no difference that matters.
LEAST_TOP_NATS = 0.05
#: The chart reaches so many times as far as the neighbours of the best numbers. More shows more of
#: the bad numbers, and flattens the rest.
ROOM = 2.5

WAITS = "Computing \u2026"
_HOVER = "%{x} components: %{y:.4f} nats a point<extra>%{fullData.name}</extra>"


def selection_dialog() -> dmc.Modal:
    """Return the closed dialog."""
    empty = selection_figure(None, 1, waits=True)
    chart = dcc.Graph(id=ids.SELECTION_CHART, figure=empty, config=GRAPH_CONFIG, responsive=True)
    return dmc.Modal(
        id=ids.SELECTION,
        className="study",
        opened=False,
        title=dmc.Text("How many components?", fw=650),
        size="lg",
        children=[
            html.P(
                "Each curve is zero at the number that its criterion takes. Click on a number to "
                "take it.",
                className="note",
            ),
            html.Div(chart, className="chart", style={"height": 210}),
            html.P(WAITS, id=ids.SELECTION_NOTE, className="study-note", role="status"),
            old_mark(ids.SELECTION_OLD, ids.SELECTION_AGAIN),
            dmc.Table(
                dmc.TableTbody([_row(name) for name in CRITERIA]), fz="sm", horizontalSpacing=4
            ),
        ],
    )


def _row(name: str) -> dmc.TableTr:
    label, question, _dash, _symbol = CRITERIA[name]
    take = button(
        ids.take(name), "\u2013", f"Take the number that {label} takes", disabled=True, miw=44
    )
    swatch = html.Span(className=f"swatch selection-{name}")
    return dmc.TableTr(
        [
            html.Th([swatch, label], scope="row", style={"whiteSpace": "nowrap"}),
            dmc.TableTd(question),
            dmc.TableTd(take),
        ]
    )


def selection_figure(
    document: Optional[Json], n_components: int, *, waits: bool = False
) -> go.Figure:
    """Return the chart of the criteria, each as the excess over its least value.

    Parameters
    ----------
    document : answer of `GET .../selection`; None draws no curve
    n_components : int, the session's, which the chart marks
    waits : bool, whether a document is to come, which the chart says
    """
    curves = {name: [] if document is None else excess(document, name) for name in CRITERIA}
    top = _top(document, curves)
    now = {"x": [n_components] * 2, "y": [0.0, top]} if document else {}
    figure = chart_figure(
        "number of components",
        {"uid": "selection-now", "name": "now", "hoverinfo": "skip", "line": {"width": 6}, **now},
        *(
            {
                "uid": f"selection-{name}",
                "name": label,
                "mode": "lines+markers",
                "x": [] if document is None else document["n_components"],
                "y": curves[name],
                "line": {"width": 1.5, "dash": dash},
                "marker": {"symbol": symbol, "size": _sizes(document, name)},
                "hovertemplate": _HOVER,
            }
            for name, (label, _question, dash, symbol) in CRITERIA.items()
        ),
        empty=WAITS if waits else "",
    )
    figure.update_layout(
        clickmode="event",
        xaxis={"dtick": 1, "nticks": 0, "visible": document is not None},
        yaxis={
            "range": [-0.06 * top, top],
            "title": {"text": "excess, nats a point", "font": {"size": 11}, "standoff": 4},
            "visible": document is not None,
        },
        margin={"l": 58},
    )
    if document is not None:
        numbers = document["n_components"]
        figure.update_layout(xaxis={"range": [numbers[0] - 0.4, numbers[-1] + 0.4]})
    return figure


def excess(document: Json, name: str) -> list[float]:
    """Return how far a criterion is above its least value, nats per point.

    BIC, AIC and ICL are twice a sum over the points; the held-out loss is a mean.

    >>> excess({"bic": [14.0, 10.0], "n_points": 4}, "bic")
    [0.5, 0.0]
    """
    values = document[name]
    scale = 1.0 if name == "held_out" else 2.0 * document["n_points"]
    return [(value - min(values)) / scale for value in values]


def _top(document: Optional[Json], curves: dict[str, list[float]]) -> float:
    """Return the top of the chart: very bad numbers are beyond it."""
    if document is None:
        return 1.0
    beside = [
        curve[index]
        for name, curve in curves.items()
        for index in _neighbours(document["best"][name] - document["n_components"][0], len(curve))
    ]
    highest = max(max(curve) for curve in curves.values())
    return max(LEAST_TOP_NATS, min(ROOM * max(beside, default=0.0), 1.1 * highest))


def _neighbours(index: int, length: int) -> list[int]:
    return [each for each in (index - 1, index + 1) if 0 <= each < length]


def _sizes(document: Optional[Json], name: str) -> list[int]:
    if document is None:
        return []
    return [12 if k == document["best"][name] else 5 for k in document["n_components"]]


def verdict(document: Json) -> str:
    """Return that the criteria agree, or why they do not, and of how many points."""
    best = sorted(set(document["best"].values()))
    if len(best) == 1:
        said = f"All four take {best[0]}."
    else:
        said = document["reason"] or f"They take from {best[0]} to {best[-1]}."
    return f"{said} Computed from {document['n_points']:,} points."


def takes(document: Optional[Json]) -> list[str]:
    """Return the label of each criterion's button: the number that it takes."""
    return [str(document["best"][name]) if document else "\u2013" for name in CRITERIA]
