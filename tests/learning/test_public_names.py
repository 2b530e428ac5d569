"""The names of `dash_app.learning`: each is there, and is imported when it is first used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import dash_app.learning
from dash_app.learning.timelines import timeline


@pytest.mark.parametrize("name", dash_app.learning.__all__)
def test_each_name_is_of_the_package_and_is_listed(name: str) -> None:
    value = getattr(dash_app.learning, name)
    assert value is getattr(dash_app.learning, name)
    assert getattr(value, "__module__", "dash_app.learning.").startswith("dash_app.learning.")
    assert name in dir(dash_app.learning)


def test_another_name_is_an_error_and_a_module_is_found() -> None:
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        dash_app.learning.no_such_name  # noqa: B018
    with pytest.raises(ImportError):
        from dash_app.learning import no_such_name  # noqa: F401
    from dash_app.learning import tuning

    assert tuning.__name__ == "dash_app.learning.tuning"


def test_no_name_is_that_of_a_module() -> None:
    # the import of such a module would put the module in the place of the name
    assert callable(timeline)
    assert dash_app.learning.timeline is timeline


STEPS = """
import sys
from dash_app.learning import Mixture
import dash_app.store
print(*(name for name in sys.modules if name.partition(".")[0] in ("numba", "scipy")))
from dash_app.learning import WeightedSummary
from dash_app.compilation_progress import PROGRESS
print(PROGRESS.n_done == PROGRESS.n_functions > 0)
"""


def test_mixtures_need_no_compiled_loop_and_what_needs_one_loads_all() -> None:
    # the progress of the compilation counts all: it would never end after a part of them
    command = [sys.executable, "-c", STEPS]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["", "True"]
