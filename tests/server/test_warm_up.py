"""torch is loaded once, and is there when the thread has ended."""

from __future__ import annotations

import gc
import sys

from dash_app.learning.adam import fit_adam
from dash_app.training.warm_up import warm_up


def test_it_loads_torch_once_and_leaves_it_out_of_the_garbage() -> None:
    thread = warm_up()
    assert warm_up() is thread
    thread.join(60)
    assert not thread.is_alive()
    assert "torch" in sys.modules
    assert gc.get_freeze_count() > 0
    assert fit_adam([0.0, 1.0], 1, epochs=2).n_iter == 2
