"""Does the order of arrival matter? The dialog with the same points in other orders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

import dash_mantine_components as dmc
import numpy as np
import plotly.graph_objects as go
from dash import dcc, html

from dash_app.learning import LEARNERS, Mixture
from dash_app.learning.grid import grid
from dash_app.learning.mixture import Array
from dash_app.ui import ids
from dash_app.ui.figures import GRAPH_CONFIG, chart_figure
from dash_app.ui.lines import LINES
from dash_app.ui.parts import old_mark

Json = dict[str, Any]

#: The orders: name for people, and the line.
ORDERS = {
    "arrival": ("as they came", "solid"),
    "sorted": ("sorted, left to right", "8px,3px"),
    "reversed": ("sorted, right to left", "2px,3px"),
    "clusters": ("clump after clump", "10px,3px,2px,3px"),
    "shuffled": ("shuffled", "5px,3px"),
}
N_SHUFFLES = 10
N_EQUAL, REACH_STDS = 201, 4.0
"""Positions of a drawn density. More draw it smoother and send more to the browser."""

_SHUFFLES = f"{N_SHUFFLES} shuffles: distance to from scratch, of the mass"

#: Colour of the band; it is seen on light and on dark.
_BAND = "rgba(128, 128, 128, 0.25)"

#: Learners whose end depends on an order; that of the fit from scratch does not.
CHOICES = tuple(name for name in LEARNERS if name != "scratch")
_OURS = "summary"


def orders_dialog() -> dmc.Modal:
    """Return the closed dialog."""
    chooser = dmc.Select(
        id=ids.ORDERS_LEARNER,
        label="Learner",
        data=[{"value": name, "label": title_of(name)} for name in CHOICES],
        value=_OURS,
        allowDeselect=False,
        size="xs",
        w=220,
        comboboxProps={"withinPortal": False},
    )
    return dmc.Modal(
        id=ids.ORDERS,
        className="study",
        opened=False,
        title=dmc.Text("Does the order of the points matter?", fw=650),
        size="xl",
        children=[
            html.P("The same points in other orders: where does a learner end?", className="note"),
            chooser,
            _chart(ids.ORDERS_CHART, ends_figure(None, (-1.0, 1.0), waits=True), 210),
            html.P("", id=ids.ORDERS_NOTE, className="study-note", role="status"),
            old_mark(ids.ORDERS_OLD, ids.ORDERS_AGAIN),
            html.Div(id=ids.ORDERS_TABLE, style={"minHeight": 174}),
            dmc.Title(_SHUFFLES, order=3, size="sm", mt="sm"),
            _chart(ids.SHUFFLES_CHART, shuffles_figure({}), 140),
        ],
    )


def _chart(name: str, figure: go.Figure, height: int) -> html.Div:
    graph = dcc.Graph(id=name, figure=figure, config=GRAPH_CONFIG, responsive=True)
    return html.Div(graph, className="chart", style={"height": height})


def title_of(name: str) -> str:
    """Return the name of a learner on the page."""
    return LINES[name].title


def mixture_of(document: Json) -> Mixture:
    """Return the mixture of a document that has weights, means and variances."""
    return Mixture(*(np.array(document[name]) for name in ("weights", "means", "variances")))


def ends_figure(
    document: Optional[Json], axis: tuple[float, float], *, waits: bool = False
) -> go.Figure:
    """Return the densities at the end of each order over a band of all of them.

    Parameters
    ----------
    document : answer of `GET .../orders`; None draws no curve
    axis : the ends of the axis, data units
    waits : bool, whether a document is to come, which the chart says
    """
    low, high, xs, curves = _ends(document, axis)
    band = {"x": xs, "hoverinfo": "skip", "line": {"width": 0}, "mode": "lines"}
    figure = chart_figure(
        "x",
        {**band, "uid": "orders-low", "y": low},
        {**band, "uid": "orders-band", "y": high, "fill": "tonexty", "fillcolor": _BAND},
        *(
            {
                "uid": f"orders-{order}",
                "name": label,
                "x": xs,
                "y": curves.get(order, []),
                "line": {"width": 2, "dash": dash},
                "hovertemplate": "%{y:.3f}<extra>%{fullData.name}</extra>",
            }
            for order, (label, dash) in ORDERS.items()
        ),
        empty="Training \u2026" if waits else "",
    )
    return figure.update_layout(
        xaxis={"visible": document is not None},
        yaxis={"visible": document is not None, "rangemode": "tozero"},
    )


def _ends(
    document: Optional[Json], axis: tuple[float, float]
) -> tuple[list[float], list[float], list[float], Mapping[str, list[float]]]:
    if document is None:
        return [], [], [], {}
    ends = {each["order"]: mixture_of(each) for each in document["orders"]}
    all_ends = [*ends.values(), *(mixture_of(each) for each in document["shuffles"])]
    xs = grid(list(ends.values()), *axis, n_equal=N_EQUAL, reach_stds=REACH_STDS)
    densities: Array = np.stack([mixture.density(xs) for mixture in all_ends])
    curves = {order: ends[order].density(xs).tolist() for order in ends}
    return densities.min(0).tolist(), densities.max(0).tolist(), xs.tolist(), curves


def shuffles_figure(results: Mapping[str, Json]) -> go.Figure:
    """Return one row of dots a learner: the distance of each shuffle to from scratch, per cent."""
    done = [name for name, each in results.items() if "shuffles" in each]
    titles = [title_of(name) for name in done]
    named = list(zip(titles, done))
    dots = [(title, each) for title, name in named for each in results[name]["shuffles"]]
    came = [(title, _arrival(results[name])) for title, name in named]
    figure = chart_figure(
        "",
        {
            "uid": "orders-shuffles",
            "name": "shuffled",
            "mode": "markers",
            "x": [each["tv_to_scratch"] for _, each in dots],
            "y": [title for title, _ in dots],
            "marker": {"size": 9, "opacity": 0.55},
            "hovertemplate": "%{x:.2%}<extra>shuffled</extra>",
        },
        {
            "uid": "orders-came",
            "name": "as they came",
            "mode": "markers",
            "x": [each["tv_to_scratch"] for _, each in came],
            "y": [title for title, _ in came],
            "marker": {"size": 11, "symbol": "diamond-open", "line": {"width": 2}},
            "hovertemplate": "%{x:.2%}<extra>as they came</extra>",
        },
        empty="" if results else "Training \u2026",
    )
    shown = {"visible": bool(done)}
    top = max([0.05, *(1.15 * each["tv_to_scratch"] for _, each in (*dots, *came))])
    return figure.update_layout(
        hovermode="closest",
        xaxis={"range": [-0.03 * top, top], "tickformat": ".0%", **shown},
        yaxis={
            "type": "category",
            "categoryorder": "array",
            "categoryarray": titles[::-1],
            "range": [-0.6, max(len(done), 3) - 0.4],
            **shown,
        },
        margin={"l": 150},
    )


def _arrival(document: Json) -> Json:
    return next(each for each in document["orders"] if each["order"] == "arrival")


def order_rows(document: Json) -> dmc.Table:
    """Return the table of the orders: distance to from scratch, points touched."""
    heads = ("order", "distance to from scratch", "points touched")
    rows = [
        dmc.TableTr(
            [
                html.Th([_swatch(each["order"]), ORDERS[each["order"]][0]], scope="row"),
                dmc.TableTd(share(each["tv_to_scratch"])),
                dmc.TableTd(f"{each['n_touched']:,}"),
            ]
        )
        for each in document["orders"]
    ]
    head = dmc.TableTr([html.Th(text, scope="col") for text in heads])
    body = [dmc.TableThead(head), dmc.TableTbody(rows)]
    return dmc.Table(body, fz="sm", tabularNums=True, verticalSpacing=3)


def _swatch(order: str) -> html.Span:
    return html.Span(className=f"swatch orders-{order}")


def share(value: float) -> str:
    """Return a share of the mass in per cent.

    >>> share(0.7144), share(0.00001), share(0.0)
    ('71 %', 'less than 0.01 %', '0 %')
    """
    percent = 100.0 * value
    if 0.0 < percent < 0.01:
        return "less than 0.01 %"
    return f"{percent:.0f} %" if percent >= 10.0 or percent == 0.0 else f"{percent:.2g} %"


def verdict(document: Json) -> str:
    """Return how many trainings are done, or how far from scratch they end; and of what.

    The same points have fewer orders than trainings where they are few or equal.
    """
    ends = [*document["orders"], *document["shuffles"]]
    title = title_of(document["learner"])
    left = document.get("left", 0)
    n_points, k = document["n_points"], document["n_components"]
    of = f"Computed from {n_points:,} points, with {k} component{'s' * (k > 1)}."
    if left:
        return f"{title}: {len(ends)} of {len(ends) + left} trainings are done. {of}"
    distances = [each["tv_to_scratch"] for each in ends]
    low, high = min(distances), max(distances)
    what = f"{len(ends)} trainings on the same points"
    if high < 1e-4:
        return f"{title}: {what} end within 0.01 % of the mass of the fit from scratch. {of}"
    how_far = f"at most {share(high)}" if low < 1e-4 else f"{share(low)} to {share(high)}"
    return f"{title}: {what} end {how_far} of the mass away from the fit from scratch. {of}"
