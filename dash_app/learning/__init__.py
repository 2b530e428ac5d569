"""The learner: mixtures trained online and from scratch. It imports nothing of the web."""

from dash_app.learning.comparison import Comparison, compare, total_variation
from dash_app.learning.learners import LEARNERS
from dash_app.learning.mixture import Mixture
from dash_app.learning.objective import mean_log_likelihood
from dash_app.learning.online import OnlineGaussianMixture
from dash_app.learning.race import Record
from dash_app.learning.scratch import FitResult, fit_from_scratch
from dash_app.learning.summary import WeightedSummary
from dash_app.learning.timeline import timeline

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
