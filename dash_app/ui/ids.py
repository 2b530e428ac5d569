"""Every id of the page, once. A test holds them against the layout and the callbacks."""

from __future__ import annotations

PAGE = "page"

# Stores: what the browser and the server say to one another.
SESSION = "session"  # the session's id, kept by the tab
SETTINGS = "settings"  # what the page is told once: bounds, steps, prefixes
COMMAND = "command"  # browser to server: one change of the session, in order
ANSWER = "answer"  # server to browser: the session after it
FOLLOW = "follow"  # browser to server: how far is the run? stop it!
FOLLOWED = "followed"  # server to browser: the run, and the session once it is done
LOOK = "look"  # browser to server: show me the session as it is now
SEEN = "seen"  # server to browser: the session with all of its points

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
    """Return the id of the place beside a control where its error message is shown."""
    return f"{field}-error"
