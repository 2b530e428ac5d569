"""All ids of the page. A test compares them with the layout and the callbacks."""

from __future__ import annotations

PAGE = "page"

# Stores: messages between the browser's hot path, the callbacks and the server
SESSION = "session"  # the session's id
SETTINGS = "settings"  # constants of the page, sent once
COMMAND = "command"  # hot path to server: a change of the session
ANSWER = "answer"  # server to hot path: the session after the command
FOLLOW = "follow"  # hot path to server: request the state of a run, or stop it
FOLLOWED = "followed"  # server to hot path: the run, and the session if the run is done
LOOK = "look"  # hot path to server: request the current session
SEEN = "seen"  # server to hot path: the session with all points
STATE = "state"  # hot path to callbacks: what the page says and shows
HISTORY = "history"  # hot path to callbacks: the online model after each increment
LOSSES = "losses"  # hot path to callbacks: the losses of the run from scratch
MESSAGE = "message"  # hot path to callbacks: something to tell once

# The plot and its reading
PLOT = "plot"
PLOT_FRAME = "plot-frame"
EMPTY_HINT = "empty-hint"
CURSOR = "axis-cursor"
FRESH_POINTS = "fresh-points"
READOUT = "readout"
SENTENCE = "sentence"
SENTENCE_DETAIL = "sentence-detail"
ANNOUNCEMENT = "announcement"
MESSAGES = "messages"
PROBLEM = "problem"
CONNECTION = "connection"
SCRATCH_AGE = "scratch-age"
LEGEND = tuple(
    f"{kind}-{column}" for kind in ("online", "scratch") for column in ("points", "loss", "nll")
)

# Controls
COMPONENTS = "n-components"
COMPONENTS_VALUE = "n-components-value"
EPOCHS = "epochs"
EPOCHS_VALUE = "epochs-value"
FORGETTING = "half-life"
FORGETTING_VALUE = "half-life-value"
CAPACITY = "capacity"
CAPACITY_VALUE = "capacity-value"
SUMMARY_STATE = "summary-state"
AXIS_LOW = "axis-low"
AXIS_HIGH = "axis-high"
AXIS_NOTE = "points-outside"
MODE = "mode"
METHOD = "method"
SCALE = "scale"
AUTO = "auto"
THEME = "theme"

# Buttons
TRAIN = "train"
UNDO = "undo"
REDO = "redo"
CLEAR = "clear"
PAUSE = "pause"
STOP = "stop"
PLAYING = "playing"
HELP = "help"
HELP_OPEN = "help-open"
COPY = "copy-parameters"
#: Buttons whose press is an action of assets/actions.js.
ACTIONS = (TRAIN, UNDO, REDO, CLEAR, PAUSE, STOP)

# Findings
DIFFERENCE_CHART = "difference-chart"
SCRATCH_CHART = "scratch-loss-chart"
LOSS_CHART = "loss-chart"
DIFFERENCE = "difference"
ONLINE_PARAMETERS = "online-parameters"
SCRATCH_PARAMETERS = "scratch-parameters"
PARAMETERS_NOTE = "parameters-note"
TIMES = "response-times"

#: Controls beside which an error of their field is shown.
FIELDS = (COMPONENTS, FORGETTING, CAPACITY, METHOD, EPOCHS)


def example(name: str) -> str:
    """Return the id of the button that plays the example `name`."""
    return f"example-{name}"


def error(field: str) -> str:
    """Return the id of the element beside a control that shows its error message."""
    return f"{field}-problem"
