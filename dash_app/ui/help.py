"""The help: a short explanation, the terms of the page, and all keys."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import html

from dash_app.ui import ids

IDEA = (
    "The online model learns from each new point as it comes. It does not keep all points. It "
    "keeps a summary, of at most 256 atoms by default; you can set fewer or more under Memory.",
    "While there are no more different values than atoms, and no forgetting, the summary is the "
    "data. Beyond that number, neighbouring values are merged. An atom keeps their number, mean "
    "and variance; their single positions are lost, and the curve may fit worse. Measured in 45 "
    "fits to 100 to 1,000 points of random mixtures: with 16 atoms, 38 are worse than the best by "
    "more than 0.0001 nats a point; with 128 atoms, one is.",
    "Training from scratch ignores earlier models and fits all points at once. It is the "
    "reference. EM stops when it has converged, at the latest after its steps. Adam takes all its "
    "epochs, whether it has converged or not.",
    "The shaded area between the two curves is the difference. The line above the plot names its "
    "cause where it is known: newer points, other settings, an optimiser that has not converged, "
    "the summary, or searches that ended apart.",
)

#: Terms of the page, one word a thing. The same texts are the hints of the terms on the page.
TERMS = {
    "online": "Trained on each increment as it comes, from a summary of the earlier points.",
    "from scratch": "Trained on all points at once, without an earlier model: the reference. p "
    "trains the session's. To measure the learners, the page also fits by EM as points come: ms, "
    "touched and the chart over the points are of those fits.",
    "loss": "What both trainings lower: the mean negative log-likelihood plus a penalty on narrow "
    "components. The penalty matters while points are few; it may be negative, as the loss may. It "
    "follows the points: losses at different numbers of points are not comparable. Nats a point; "
    "lower is better. That of Online is an upper bound where the summary has merged values, until "
    "it is measured on all points.",
    "mean negative log-likelihood": "Minus the mean logarithm of the density at the points, "
    "without the penalty. Nats a point; lower is better. It is negative where points are close "
    "together. That of Online is at times an upper bound, as its loss.",
    "nat": "The unit of natural logarithms. A loss that is lower by 0.01 nats makes each point "
    "about 1 % likelier.",
    "difference": "Share of the mass that lies elsewhere under the other density (total "
    "variation): half of the area between the two curves.",
    "learner": "A method that learns a mixture from increments. All get the same increments, in "
    "the same order, with the settings of now.",
    "distance": "Share of the mass that lies elsewhere than under a fit from scratch by EM to the "
    "very points that have come (total variation). Online has none while the copy of it that is "
    "measured is in another optimum, as after a change of components.",
    "gap": "Mean log-likelihood of the learner minus that of the fit from scratch by EM, on all "
    "points so far. Nats a point; below 0 the learner fits worse.",
    "time of an update": "Milliseconds of the last update on the server, of a copy of the learner "
    "that runs for this table. Those of the session's own trainings are under Response times.",
    "distance to the truth": "Share of the mass that lies elsewhere than under the truth, the "
    "density that the points of the example come from.",
    "held-out loss": "Mean negative log-likelihood of 1,000 fresh points of the truth. Nats a "
    "point; lower is better.",
    "points touched": "Points or atoms that all updates have read so far. An update counts each of "
    "them once, however many passes it makes.",
    "rewind": "Show what each learner had after an earlier increment. The session does not change.",
    "increment": "The points that are learned together: one click, the clicks that waited for an "
    "answer, or one step of an example. Undo takes back an increment. Of more than 200 the charts "
    "and the rewind join neighbouring ones.",
    "component": "One bell curve of the mixture, with a weight, a mean and a standard deviation. "
    "Press k to see how many the points ask for.",
    "weight": "Share of the points that a component stands for. All weights add up to 1.",
    "std": "Standard deviation of a component, in units of the axis.",
    "summary": "What the online model keeps of the points: at most so many atoms. Fewer atoms take "
    "less memory, and the curve is less exact.",
    "atom": "One value of the summary, or neighbouring values merged: number, mean and variance.",
    "forgetting": "Number of new points after which an old point counts half.",
    "method": "EM: the standard method, stops when it has converged. Adam: gradient steps (e)",
    "epochs": "Adam: passes over all points. EM: bound of its steps; a step may be a whole search "
    "on a summary, so that EM mostly ends before ([ and ]).",
    "response times": "Times of this tab: the last one; half are at most the value under 50 %, and "
    "99 of 100 the value under 99 %.",
}
_GLOSSARY = [name for name in TERMS if name != "response times"]

KEYS = (
    ("click, tap", "add a point"),
    ("shift-click, right-click", "remove the point under the mouse (touch: long press)"),
    ("p", "train from scratch; again: stop"),
    ("a", "train from scratch after every change: on or off"),
    ("c", "clear"),
    ("u", "undo, as Ctrl-Z"),
    ("r", "redo, as Ctrl-Shift-Z"),
    ("o, s, b", "show online, from scratch, both"),
    ("1 to 9, -, +", "number of components"),
    ("m", "faster forgetting; after the fastest: none"),
    ("e", "EM or Adam"),
    ("[, ]", "fewer or more epochs"),
    ("l", "loss over linear or logarithmic steps"),
    ("d", "play the next example"),
    ("Space, Escape", "pause or resume an example that plays, stop it"),
    ("g", "go to the ends of the axis"),
    ("x", "go to the cursor on the axis"),
    ("arrow keys", "move the cursor (with shift: ten steps), Home and End"),
    ("Enter, Delete", "add a point at the cursor, remove the nearest one"),
    ("k", "how many components: criteria for each number"),
    ("y", "copy the parameters as JSON"),
    ("t", "dark or light"),
    ("w", "rewind, or back to the present"),
    ("Left, Right, Home, End", "while rewound: another increment; Space plays, Escape closes"),
    ("?", "this help; Escape closes it"),
)


def help_dialog(tour: dmc.Button) -> dmc.Modal:
    """Return the closed dialog, which offers the tour; mounted only while it is open."""
    return dmc.Modal(
        id=ids.HELP,
        className="help",
        opened=False,
        title=dmc.Text("How to read this page", fw=650),
        size="lg",
        children=[
            *(html.P(sentence) for sentence in IDEA),
            tour,
            _table("Terms", [(name, TERMS[name]) for name in _GLOSSARY]),
            _table("Keys", [(_keys(names), what) for names, what in KEYS]),
        ],
    )


def _keys(names: str) -> list[Any]:
    return [dmc.Kbd(name, size="xs", mr=4) for name in names.split(", ")]


def _table(title: str, rows: list[tuple[Any, str]]) -> html.Div:
    body = [
        dmc.TableTr([html.Th(first, scope="row"), dmc.TableTd(second)]) for first, second in rows
    ]
    table = dmc.Table(dmc.TableTbody(body), verticalSpacing=4, fz="sm")
    return html.Div([dmc.Title(title, order=3, size="sm", mt="md"), table])
