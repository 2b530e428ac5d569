"""The names of `dash_app.learning`: each is there, and is imported when it is first used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import dash_app.learning
from dash_app.learning.timelines import timeline

ROOT = Path(__file__).resolve().parents[2]
APPLICATION = {"flask", "werkzeug", "dash", "plotly", "pydantic", "sqlalchemy", "torch"}


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
def loaded():
    print(*{name.partition(".")[0] for name in sys.modules})
from dash_app.learning import Mixture
loaded()
from dash_app.learning import WeightedSummary
from dash_app.compilation_progress import PROGRESS
print(PROGRESS.n_done == PROGRESS.n_functions > 0)
from dash_app.learning import *
loaded()
"""


def test_names_load_what_they_need_and_nothing_of_the_application(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STEPS],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    of_mixture, all_are_compiled, of_all = done.stdout.splitlines()
    assert not {"numba", "scipy"} & set(of_mixture.split())
    # what needs one compiled loop loads all: the progress counts all, and would never end otherwise
    assert all_are_compiled == "True"
    assert set(of_all.split()) >= {"numpy", "scipy", "numba", "platformdirs"}
    assert not APPLICATION & set(of_all.split())
