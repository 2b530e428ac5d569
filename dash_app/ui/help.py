"""The help dialog: the idea in four sentences, and every key."""

from __future__ import annotations

from jinja2 import Environment

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
    ("m", "shorter memory, and round again to one that never forgets"),
    ("e", "EM or Adam"),
    ("[, ]", "fewer or more epochs"),
    ("l", "loss over linear or logarithmic passes"),
    ("d", "draw the next example"),
    ("g", "go to the ends of the axis"),
    ("x", "go to the cursor on the axis"),
    ("arrow keys", "move the cursor (with shift: ten steps), Home and End"),
    ("Enter, Delete", "add a point at the cursor, take the nearest one back"),
    ("y", "copy the parameters as JSON"),
    ("t", "dark or light"),
    ("?", "this help; Escape closes it"),
)


_DIALOG = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string("""\
<dialog id="help" class="help" aria-labelledby="help-title">
  <form method="dialog" class="card-head">
    <h2 id="help-title">How to read this page</h2>
    <button class="button quiet" title="Close (Escape)">Close</button>
  </form>
{% for sentence in idea %}
  <p>{{ sentence }}</p>
{% endfor %}
  <table class="keys">
{% for names, what in keys %}
    <tr>
      <th scope="row">{% for name in names.split(", ") %}<kbd>{{ name }}</kbd> {% endfor %}</th>
      <td>{{ what }}</td>
    </tr>
{% endfor %}
  </table>
</dialog>""")


def help_dialog() -> str:
    """Return the dialog, closed, as HTML.

    It never changes, so Dash need not know it: of every change of the page Dash asks each of its
    components whether it is touched, and a third of them would be here.
    """
    return _DIALOG.render(idea=IDEA, keys=KEYS)
