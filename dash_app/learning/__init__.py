"""The learner: mixtures trained online and from scratch. It imports nothing of the web.

A name is imported when it is first used. What needs a mixture only, such as the operator's command
`sessions list`, then loads neither numba nor the compiled loops, which take most of a second.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__all__ = [
    "LEARNERS",
    "Comparison",
    "FitResult",
    "Mixture",
    "OnlineGaussianMixture",
    "Record",
    "WeightedSummary",
    "compare",
    "fit_from_scratch",
    "mean_log_likelihood",
    "timeline",
    "total_variation",
]

if TYPE_CHECKING:
    from dash_app.learning.comparison import Comparison, compare, total_variation
    from dash_app.learning.learners import LEARNERS
    from dash_app.learning.mixture import Mixture
    from dash_app.learning.objective import mean_log_likelihood
    from dash_app.learning.online import OnlineGaussianMixture
    from dash_app.learning.race import Record
    from dash_app.learning.scratch import FitResult, fit_from_scratch
    from dash_app.learning.summary import WeightedSummary
    from dash_app.learning.timelines import timeline
else:
    # type checkers read the imports above instead: this would allow them every name
    _MODULES = {
        "LEARNERS": "learners",
        "Comparison": "comparison",
        "FitResult": "scratch",
        "Mixture": "mixture",
        "OnlineGaussianMixture": "online",
        "Record": "race",
        "WeightedSummary": "summary",
        "compare": "comparison",
        "fit_from_scratch": "scratch",
        "mean_log_likelihood": "objective",
        "timeline": "timelines",
        "total_variation": "comparison",
    }

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
