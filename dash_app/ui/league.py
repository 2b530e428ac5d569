"""The league table, which is the legend: one row a learner. And the menu that adds learners."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import html

from dash_app.ui import ids
from dash_app.ui.lines import ADDED, ALWAYS, LINES, Line
from dash_app.ui.parts import KEPT, button, explained, figures

#: Columns of the table by the name that their cells have: the term, and what the head says.
COLUMNS = {
    "loss": ("loss", "loss"),
    "nll": ("mean negative log-likelihood", "mean \u2212log-likelihood"),
    "distance": ("distance", "distance"),
    "gap": ("gap", "gap"),
    "time": ("time of an update", "ms"),
    "touched": ("points touched", "touched"),
    "truth": ("distance to the truth", "to truth"),
    "held-out": ("held-out loss", "held out"),
}


def league_table() -> dmc.Table:
    """Return the table; the rows of learners that a person adds have a body of their own."""
    heads = [
        html.Th(scope="col", **{"aria-label": "learner"}),
        *(
            html.Th(label, scope="col", **explained(name, f"{column}-column"))
            for column, (name, label) in COLUMNS.items()
        ),
    ]
    return figures(
        "legend",
        "Learners",
        html.Thead(html.Tr(heads)),
        html.Tbody([_row(LINES[name]) for name in ALWAYS]),
        html.Tbody([], id=ids.ADDED_ROWS),
        mt=4,
    )


def rows() -> dict[str, html.Tr]:
    """Return the rows of the learners that a person can add, by name."""
    return {line.name: _row(line) for line in ADDED}


def _row(line: Line) -> html.Tr:
    always = line.name in ALWAYS
    cells = [
        html.Td("\u2013", id=ids.cell(line.name, column), className=f"{column}-column")
        for column in COLUMNS
    ]
    swatch = {"--colour": f"var(--{line.colour}, var(--ink-soft))", "--swatch": line.swatch}
    if always:
        style = explained(line.title.lower(), "legend-entry")
        name = html.Th(line.title, scope="row", style=swatch, **style)
    else:
        name = html.Th(_switch(line), scope="row", style=swatch, className="legend-entry")
    row_class = line.colour if always else "added"
    return html.Tr([name, *cells], id=ids.row(line.name), className=row_class)


def _switch(line: Line) -> dmc.Switch:
    # not kept over a reload: Dash would show what it has kept, but not tell the callback
    return dmc.Switch(id=ids.switch(line.name), label=line.title, checked=True, size="xs")


def compare_menu() -> html.Details:
    """Return the menu: what the models can be compared with, and what else there is to see.

    `dmc.Menu` is not used: each of its items lets Dash compare all paths of the layout in each step
    of each callback (see `hint`).
    """
    target = html.Summary(
        "Compare with \u2026",
        id=ids.COMPARE,
        className="menu-button",
    )
    learners = dmc.CheckboxGroup(
        html.Div([_learner(line) for line in ADDED], className="menu-learners"),
        id=ids.RACING,
        label="Learners",
        value=[],
        **KEPT,
    )
    inside = html.Div([learners, *_further()], className="menu-items")
    return html.Details([target, inside], className="menu")


def _learner(line: Line) -> dmc.Checkbox:
    """Return the box that adds or removes the row of a learner."""
    settings = {"size": "xs", "radius": "xs"}  # with that of the theme they were circles
    return dmc.Checkbox(id=ids.item(line.name), label=line.title, value=line.name, **settings)


def _further() -> list[dmc.Button]:
    style = {"variant": "subtle", "justify": "flex-start", "color": "gray"}
    return [
        button(
            ids.ORDERS_OPEN,
            "Does order matter?",
            "Where learners end when the same points come in other orders",
            **style,
        ),
        button(
            ids.SELECTION_OPEN,
            "How many components?",
            "BIC, AIC, ICL and held-out loss for each number (k)",
            "k",
            **style,
        ),
        button(
            ids.TRUTH,
            TRUTH,
            "The density that the points come from, and each learner's distance to it. It is known "
            "while all points come from an example of clumps that do not move",
            disabled=True,
            **style,
        ),
        button(
            ids.REWIND_OPEN,
            "Rewind",
            "What each learner had after each increment (w)",
            "w",
            **style,
        ),
        button(ids.COPY, "Copy", "Copy the parameters of both models as JSON (y)", "y", **style),
    ]


TRUTH = "The truth: of fixed clumps only"
"""Label of the item that draws the truth, while there is none."""
