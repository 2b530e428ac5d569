"""The rewind: a slider over the increments, and the question from where a click goes on."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

from dash_app.ui import ids
from dash_app.ui.parts import button, choice, term

#: Speeds of the rewind as it plays, as multiples of 2.5 increments a second.
SPEEDS = ("1", "3", "9")


def rewind_bar() -> html.Div:
    """Return the slider with its buttons; the style sheet hides it while the present is shown."""
    slider = dmc.Slider(
        id=ids.REWIND,
        min=1,
        max=2,
        step=1,
        value=1,
        label=None,
        thumbLabel="increment",
        updatemode="drag",
        size="sm",
        flex=1,
        miw=120,
    )
    speed = choice(
        ids.SPEED,
        "Speed",
        "How fast it plays",
        [(speed, f"{speed}\u00d7") for speed in SPEEDS],
    )
    return html.Div(
        [
            term("rewind", "Rewind"),
            button(
                ids.REWIND_BACK, "\u2039", "One increment back (Left)", **{"aria-label": "Back"}
            ),
            button(ids.REWIND_PLAY, "Play", "Play the increments, or pause (Space)", w=58),
            button(ids.REWIND_ON, "\u203a", "One increment on (Right)", **{"aria-label": "On"}),
            slider,
            speed,
            button(ids.REWIND_CLOSE, "Close", "Back to the present (Escape)"),
        ],
        className="rewind",
        role="group",
        **{"aria-label": "Rewind"},
    )


def branch_dialog() -> dmc.Modal:
    """Return the closed dialog that a click on the rewound plot opens."""
    wide: dict[str, Any] = {"size": "sm", "fullWidth": True, "justify": "space-between"}
    return dmc.Modal(
        id=ids.BRANCH,
        opened=False,
        title=dmc.Text("The plot shows the past", fw=650),
        size="sm",
        children=dmc.Stack(
            [
                html.P(
                    "Where do you want to add the point? To go on from here removes the later "
                    "points; undo brings them back.",
                    id=ids.BRANCH_TEXT,
                ),
                button(
                    ids.BRANCH_HERE,
                    "Go on from here",
                    "Remove the later points, then add this one",
                    **wide,
                ),
                button(ids.BRANCH_END, "Add at the end", "Add it after all other points", **wide),
                button(ids.BRANCH_CANCEL, "Cancel", "Add nothing", **wide),
            ],
            gap=8,
        ),
    )
