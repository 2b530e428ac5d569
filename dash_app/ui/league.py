"""The league table, which is the legend: one row a learner. And the menu that adds learners."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

from dash_app.ui import ids
from dash_app.ui.lines import ADDED, ALWAYS, LINES, Line
from dash_app.ui.parts import hint, term

#: Columns of the table by the name that their cells have, with the term that explains them.
COLUMNS = {
    "loss": term("loss"),
    "nll": term("mean negative log-likelihood", "mean \u2212log-likelihood"),
    "distance": term("distance"),
    "gap": term("gap"),
    "time": term("time of an update", "ms"),
    "touched": term("points touched", "touched"),
    "truth": term("distance to the truth", "to truth"),
    "held-out": term("held-out loss", "held out"),
}


def league_table() -> dmc.Table:
    """Return the table; rows of learners that nobody has added are hidden."""
    heads = [
        html.Th(html.Span("learner", className="unseen"), scope="col"),
        *(html.Th(head, scope="col", className=f"{name}-column") for name, head in COLUMNS.items()),
    ]
    return dmc.Table(
        [
            dmc.TableThead(dmc.TableTr(heads)),
            dmc.TableTbody([_row(line) for line in LINES.values()]),
        ],
        className="figures legend",
        withRowBorders=False,
        tabularNums=True,
    )


def _row(line: Line) -> html.Tr:
    always = line.name in ALWAYS
    cells = [
        html.Td("\u2013", id=ids.cell(line.name, column), className=f"{column}-column")
        for column in COLUMNS
    ]
    colour = {"color": f"var(--{line.colour}, var(--ink-soft))", "background": line.swatch}
    swatch = html.Span(className="swatch", style=colour)
    name: Any = term(line.title.lower(), line.title) if always else _switch(line)
    return html.Tr(
        [html.Th([swatch, name], scope="row", className="legend-entry"), *cells],
        id=ids.row(line.name),
        className=line.colour if always else "added",
        hidden=not always,
    )


def _switch(line: Line) -> dmc.Switch:
    return dmc.Switch(
        id=ids.switch(line.name),
        label=line.title,
        checked=True,
        size="xs",
        persistence=True,
        persistence_type="session",
    )


def compare_menu() -> dmc.Menu:
    """Return the menu: what the models can be compared with, and what else there is to see.

    It is mounted while it is closed, since keys press its items.
    """
    items = [_learner_item(line) for line in ADDED]
    # Mantine puts the attributes of a menu's button onto a box of its own: that is the button
    box: Any = {"component": "button", "type": "button", "className": "menu-button"}
    target = html.Span("Compare with \u2026", id=ids.COMPARE)
    return dmc.Menu(
        [
            dmc.MenuTarget(
                target, boxWrapperProps={**box, **hint("Other learners on the same points")}
            ),
            dmc.MenuDropdown(
                [dmc.MenuLabel("Learners"), *items, dmc.MenuDivider(), *_further_items()]
            ),
        ],
        keepMounted=True,
        position="bottom-end",
        transitionProps={"duration": 0},
    )


def _learner_item(line: Line) -> dmc.MenuItem:
    """Return the item that adds or removes the row of a learner."""
    return dmc.MenuItem(
        line.title,
        id=ids.item(line.name),
        closeMenuOnClick=False,
        leftSection=html.Span("", className="tick"),
    )


def _further_items() -> list[dmc.MenuItem]:
    return [
        _item(
            ids.ORDERS_OPEN,
            "Does order matter?",
            "Where learners end when the same points come in other orders",
        ),
        _item(
            ids.SELECTION_OPEN,
            "How many components?",
            "BIC, AIC, ICL and held-out loss for each number (k)",
            "k",
        ),
        _item(
            ids.TRUTH,
            TRUTH,
            "The density that the points come from, and each learner's distance to it. It is known "
            "while all points come from an example of clumps that do not move",
        ),
        _item(ids.REWIND_OPEN, "Rewind", "What each learner had after each increment (w)", "w"),
        _item(ids.COPY, "Copy", "Copy the parameters of both models as JSON (y)", "y"),
    ]


TRUTH = "The truth"
"""Label of the item that draws the truth; assets/callbacks.js adds why it cannot."""


def _item(name: str, label: str, text: str, key: str = "") -> dmc.MenuItem:
    return dmc.MenuItem(label, id=name, rightSection=key and dmc.Kbd(key, size="xs"), **hint(text))
