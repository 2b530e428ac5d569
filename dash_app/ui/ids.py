"""All ids of the page. A test compares them with the layout and the callbacks."""

from __future__ import annotations

PAGE = "page"

# Stores: messages between the browser and the server
SESSION = "session"  # the session's id, stored by the tab
SETTINGS = "settings"  # constants of the page, sent once
COMMAND = "command"  # browser to server: a change of the session
ANSWER = "answer"  # server to browser: the session after the command
FOLLOW = "follow"  # browser to server: request the state of a run, or stop it
FOLLOWED = "followed"  # server to browser: the run, and the session if the run is done
LOOK = "look"  # browser to server: request the current session
SEEN = "seen"  # server to browser: the session with all points

# The plot and its reading
PLOT = "plot"
PLOT_FRAME = "plot-frame"
EMPTY_HINT = "empty-hint"
CURSOR = "axis-cursor"
FRESH_POINTS = "fresh-points"
READOUT = "readout"
SENTENCE = "sentence"
SENTENCE_DETAIL = "sentence-detail"
LEGEND_ONLINE = "legend-online"
LEGEND_SCRATCH = "legend-scratch"
ANNOUNCEMENT = "announcement"
PROBLEM = "problem"
CONNECTION = "connection"

# Controls
COMPONENTS = "n-components"
COMPONENTS_VALUE = "n-components-value"
EPOCHS = "epochs"
EPOCHS_VALUE = "epochs-value"
MEMORY = "memory"
MEMORY_VALUE = "memory-value"
AXIS_LOW = "axis-low"
AXIS_HIGH = "axis-high"

# Buttons
TRAIN = "train"
UNDO = "undo"
REDO = "redo"
CLEAR = "clear"
THEME = "theme"
HELP_OPEN = "help-open"
COPY = "copy-parameters"
AUTO = "auto"
MODES = ("mode-online", "mode-scratch", "mode-both")
METHODS = ("method-em", "method-adam")
SCALES = ("scale-linear", "scale-log")
BUTTONS = (
    TRAIN,
    UNDO,
    REDO,
    CLEAR,
    THEME,
    HELP_OPEN,
    COPY,
    AUTO,
    *MODES,
    *METHODS,
    *SCALES,
)

# Findings
DIFFERENCE_CHART = "difference-chart"
SCRATCH_CHART = "scratch-loss-chart"
ONLINE_CHART = "online-loss-chart"
SCRATCH_LOSS = "scratch-loss"
ONLINE_LOSS = "online-loss"
DIFFERENCE = "difference"
PARAMETERS = "parameters"
TIMES = "response-times"


def example(name: str) -> str:
    """Return the id of the button that draws the example `name`."""
    return f"example-{name}"


def error(field: str) -> str:
    """Return the id of the element beside a control that shows its error message."""
    return f"{field}-error"
