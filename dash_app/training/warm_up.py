"""Load torch in the background, shortly before a training by Adam needs it.

The import and the first step take seconds each. torch needs 200 MB, and most sessions never train
by Adam.
"""

from __future__ import annotations

import gc
import threading
from functools import lru_cache

from dash_app.training.threads import started

_lock = threading.Lock()


def warm_up() -> threading.Thread:
    """Load torch in the background, once in a process; return the thread that loads it.

    Raises
    ------
    BusyError : the process may not start another thread
    """
    with _lock:
        return _started()


@lru_cache(maxsize=1)
def _started() -> threading.Thread:
    return started("warm-up", _load)


def _load() -> None:
    import torch

    from dash_app.learning.adam import fit_adam

    # more threads gain nothing for so small a model, and each server thread would start its own
    torch.set_num_threads(1)
    fit_adam([0.0, 1.0], 1, epochs=1)
    # the loaded modules stay: a garbage collection over them would stop every thread for 0.1 s
    gc.collect()
    gc.freeze()
