"""The help dialog: the idea in four sentences, and every key."""

from __future__ import annotations

from dash import html

from dash_app.ui import ids

IDEA = (
    "Every point you add is learned online: the model is updated from the new point alone, without "
    "going through the earlier ones again.",
    "Training from scratch forgets everything and fits all points at once. It is what the online "
    "model would like to be.",
    "Both seek the same thing, so whatever differs between the two curves is the price of learning "
    "one by one. The shaded area between them is that difference; one half of it is the share of "
    "mass that lies elsewhere.",
    "Loss is measured in nats a point: lower is better, and below zero is fine where points lie "
    "close together.",
)

KEYS = (
    ("click", "add a point"),
    ("shift-click, right-click", "take the point under the mouse back (touch: press long)"),
    ("p", "train from scratch; again: stop"),
    ("a", "train from scratch after every change, or not"),
    ("c", "clear"),
    ("u", "undo, as Ctrl-Z"),
    ("r", "redo, as Ctrl-Shift-Z"),
    ("o, s, b", "show online, from scratch, both"),
    ("1 to 9, -, +", "number of components"),
    ("e", "EM or Adam"),
    ("l", "loss over linear or logarithmic passes"),
    ("x", "go to the cursor on the axis"),
    ("arrow keys", "move the cursor (with shift: ten steps), Home and End"),
    ("Enter, Delete", "add a point at the cursor, take the nearest one back"),
    ("y", "copy the parameters as JSON"),
    ("t", "dark or light"),
    ("?", "this help; Escape closes it"),
)


def build_help() -> html.Dialog:
    """Return the dialog, closed."""
    rows = [html.Tr([html.Th(_kbd(keys), scope="row"), html.Td(what)]) for keys, what in KEYS]
    return html.Dialog(
        id=ids.HELP,
        className="help",
        **{"aria-labelledby": "help-title"},
        children=[
            html.Div(
                className="card-head",
                children=[
                    html.H2("How to read this page", id="help-title"),
                    html.Button(
                        "Close", id=ids.HELP_CLOSE, className="button quiet", title="Close (Escape)"
                    ),
                ],
            ),
            *(html.P(sentence) for sentence in IDEA),
            html.Table([html.Tbody(rows)], className="keys"),
        ],
    )


def _kbd(keys: str) -> list[object]:
    parts: list[object] = []
    for each in keys.split(", "):
        parts += [html.Kbd(each), " "]
    return parts
