"""torch, loaded while nobody waits: importing it and its first step take seconds each."""

from __future__ import annotations

import gc
import threading

_lock = threading.Lock()
_thread: list[threading.Thread] = []


def warm_up() -> threading.Thread:
    """Load torch in the background, once in a process; returns the thread that does."""
    with _lock:
        if not _thread:
            _thread.append(threading.Thread(target=_load, name="warm-up", daemon=True))
            _thread[0].start()
    return _thread[0]


def _load() -> None:
    import torch

    from dash_app.learning.adam import fit_adam

    # a model of ten numbers gains nothing from more, and each thread of a server would make its own
    torch.set_num_threads(1)
    fit_adam([0.0, 1.0], 1, epochs=1)
    # what is loaded now stays: looking through all of it for garbage stops every thread for 0.1 s
    gc.collect()
    gc.freeze()
