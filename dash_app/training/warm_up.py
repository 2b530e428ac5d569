"""torch, loaded when somebody is about to need it: it takes seconds and 200 MB.

Its import and its first step take seconds each. Most sessions never train by Adam.
"""

from __future__ import annotations

import gc
import threading
from functools import lru_cache

_lock = threading.Lock()


def warm_up() -> threading.Thread:
    """Load torch in the background, once in a process; returns the thread that does."""
    with _lock:
        return _started()


@lru_cache(maxsize=1)
def _started() -> threading.Thread:
    thread = threading.Thread(target=_load, name="warm-up", daemon=True)
    thread.start()
    return thread


def _load() -> None:
    import torch

    from dash_app.learning.adam import fit_adam

    # a model of ten numbers gains nothing from more, and each thread of a server would make its own
    torch.set_num_threads(1)
    fit_adam([0.0, 1.0], 1, epochs=1)
    # what is loaded now stays: looking through all of it for garbage stops every thread for 0.1 s
    gc.collect()
    gc.freeze()
