"""The help dialog: a short explanation, and all keys."""

from __future__ import annotations

from jinja2 import Environment

IDEA = (
    "Online training updates the model with each new point. It does not visit the earlier points "
    "again.",
    "Training from scratch ignores earlier models and fits all points at once. It is the reference "
    "for the online model.",
    "Both minimise the same loss. The difference between the two curves is the price of online "
    "training. Half of the shaded area between them is the mass that differs.",
    "The loss is in nats a point. Lower is better. It may be negative where points are close "
    "together.",
)

KEYS = (
    ("click", "add a point"),
    ("shift-click, right-click", "remove the point under the mouse (touch: long press)"),
    ("p", "train from scratch; again: stop"),
    ("a", "train from scratch after every change: on or off"),
    ("c", "clear"),
    ("u", "undo, as Ctrl-Z"),
    ("r", "redo, as Ctrl-Shift-Z"),
    ("o, s, b", "show online, from scratch, both"),
    ("1 to 9, -, +", "number of components"),
    ("m", "shorter memory; after the shortest: points keep their weight"),
    ("e", "EM or Adam"),
    ("[, ]", "fewer or more epochs"),
    ("l", "loss over linear or logarithmic passes"),
    ("d", "draw the next example"),
    ("g", "go to the ends of the axis"),
    ("x", "go to the cursor on the axis"),
    ("arrow keys", "move the cursor (with shift: ten steps), Home and End"),
    ("Enter, Delete", "add a point at the cursor, remove the nearest one"),
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
    """Return the closed dialog as static HTML.

    It is not part of the Dash layout. Dash checks every component at each change of the page, and
    the dialog would add half as many again.
    """
    return _DIALOG.render(idea=IDEA, keys=KEYS)
