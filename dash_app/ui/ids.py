"""All ids of the page. A test compares them with the layout and the callbacks."""

from __future__ import annotations

from typing import Any

PAGE = "page"

# Stores: messages between the browser's hot path and the callbacks
SESSION = "session"  # the session's id
SETTINGS = "settings"  # constants of the page, sent once
STATE = "state"  # hot path to callbacks: what the page says and shows
GRAPH = "graph"  # hot path to callbacks: which small chart is to be made now
SENTENCES = "sentences"  # hot path to callbacks: what the small charts say in place of lines
LATER = "later"  # parts of the page that are made when they are needed
MESSAGE = "message"  # hot path to callbacks: something to tell once

# The plot and its reading
PLOT = "plot"
PLOT_FRAME = "plot-frame"
EMPTY_HINT = "empty-hint"
CURSOR = "axis-cursor"
POINTS_LAYER = "points-layer"
READOUT = "readout"
SENTENCE = "sentence"
SENTENCE_DETAIL = "sentence-detail"
ANNOUNCEMENT = "announcement"
MESSAGES = "messages"
PROBLEM = "problem"
CONNECTION = "connection"

# Controls
COMPONENTS = "n-components"
EPOCHS = "epochs"
FORGETTING = "half-life"
CAPACITY = "capacity"
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
COMPARE = "compare"
RACING = "racing"  # the boxes of the learners that are compared, kept for the tab
ADDED_ROWS = "added-rows"
TRUTH = "truth"
# The rewind
REWIND_OPEN = "rewind-open"
REWIND = "rewind"
REWIND_BACK = "rewind-back"
REWIND_PLAY = "rewind-play"
REWIND_ON = "rewind-on"
REWIND_CLOSE = "rewind-close"
SPEED = "rewind-speed"
BRANCH = "branch"
BRANCH_TEXT = "branch-text"
BRANCH_HERE = "branch-here"
BRANCH_END = "branch-end"
BRANCH_CANCEL = "branch-cancel"

# Findings
RACE_CHART = "race-chart"  # over the increments: distance, loss, points touched
SCRATCH_CHART = "scratch-loss-chart"
CHARTS = (RACE_CHART, SCRATCH_CHART)
ONLINE_PARAMETERS = "online-parameters"
SCRATCH_PARAMETERS = "scratch-parameters"
PARAMETERS_NOTE = "parameters-note"
TIMES = "response-times"

# Dialogs that study the points
SELECTION = "selection"
SELECTION_OPEN = "selection-open"
SELECTION_CHART = "selection-chart"
SELECTION_NOTE = "selection-note"
SELECTION_OLD = "selection-old"
SELECTION_AGAIN = "selection-again"
SELECTION_TASK = "selection-task"  # dialog to server: of these points and settings
SELECTION_OF = "selection-of"  # server to dialog: what the criteria shown are of
ORDERS = "orders"
ORDERS_OPEN = "orders-open"
ORDERS_LEARNER = "orders-learner"
ORDERS_CHART = "orders-chart"
ORDERS_NOTE = "orders-note"
ORDERS_OLD = "orders-old"
ORDERS_AGAIN = "orders-again"
ORDERS_TABLE = "orders-table"
SHUFFLES_CHART = "shuffles-chart"
ORDERS_TASK = "orders-task"  # dialog to server: train this learner in other orders
ORDERS_RESULTS = "orders-results"  # server to dialog: where each learner ended

# The story
STORY = "story"  # hot path to server: the step, and what is on the screen
STORY_OPEN = "story-open"
STORY_AGAIN = "story-again"
STORY_CARD = "story-card"
STORY_TITLE = "story-title"
STORY_PROGRESS = "story-progress"
STORY_TEXT = "story-text"
STORY_LEAVE = "story-leave"
STORY_BACK = "story-back"
STORY_NEXT = "story-next"

#: Buttons whose press is an action of assets/actions.js.
ACTIONS = (
    *(TRAIN, UNDO, REDO, CLEAR, PAUSE, STOP, TRUTH),
    *(REWIND_OPEN, REWIND_BACK, REWIND_PLAY, REWIND_ON, REWIND_CLOSE),
    *(BRANCH_HERE, BRANCH_END, BRANCH_CANCEL),
    *(STORY_OPEN, STORY_AGAIN, STORY_LEAVE, STORY_BACK, STORY_NEXT),
)
#: Groups of what shows the state and changes seldom.
GROUPS = (
    *("rewind", "problems", "connection", "working", "buttons", "axis", "studies", "settings"),
)
#: Controls beside which an error of their field is shown.
FIELDS = (COMPONENTS, FORGETTING, CAPACITY, METHOD, EPOCHS)


def example(name: str) -> str:
    """Return the id of the button that plays the example `name`."""
    return f"example-{name}"


def _of(*parts: str) -> str:
    return "-".join(parts).replace("_", "-")


def shown(group: str) -> str:
    """Return the id of the store with what a group of controls is to show."""
    return f"shown-{group}"


def value(slider: str) -> str:
    """Return the id of the words beside a slider that say its value."""
    return f"{slider}-value"


def told(chart: str) -> str:
    """Return the id of the store with the data of a small chart."""
    return chart.replace("-chart", "-told")


def frame(chart: str) -> str:
    """Return the id of the frame of a small chart: the graph is made in it."""
    return chart.replace("-chart", "-frame")


def sentence(chart: str) -> str:
    """Return the id of what a small chart says in place of lines."""
    return chart.replace("-chart", "-sentence")


def row(learner: str) -> str:
    """Return the id of a learner's row in the league table."""
    return _of("row", learner)


def cell(learner: str, column: str) -> str:
    """Return the id of a cell of the league table."""
    return _of(learner, column)


def switch(learner: Any) -> dict[str, Any]:
    """Return the id of the switch that shows or hides a learner's lines; ALL for all of them."""
    return {"part": "switch", "learner": learner}


def item(learner: str) -> str:
    """Return the id of the box in the menu that adds a learner."""
    return _of("compare", learner)


def take(criterion: str) -> str:
    """Return the id of the button that takes the number of components of a criterion."""
    return _of("take", criterion)


def error(field: str) -> str:
    """Return the id of the element beside a control that shows its error message."""
    return f"{field}-problem"
