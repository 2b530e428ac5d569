"""Fits of each size: near the optimum of the full search, and each a mixture of its size."""

from __future__ import annotations

import numpy as np
import pytest

from dash_app.learning import Mixture, WeightedSummary, fit_from_scratch
from dash_app.learning.component_fits import fits_of_sizes
from dash_app.learning.objective import Objective
from testbed.streams import named_streams

STREAMS = {
    stream.name: stream
    for stream in named_streams()
    if stream.name in ("separated", "overlapping", "five modes", "galaxies", "Old Faithful")
}


def j_of(summary: WeightedSummary, mixture: Mixture) -> float:
    objective = Objective.of_summary(summary, mixture.n_components, 1.0)
    return float(objective.value(objective.standardised(mixture))[0])


@pytest.mark.parametrize("name", STREAMS)
def test_each_fit_is_nearly_as_good_as_one_from_scratch(name: str) -> None:
    """Half a nat over all points is far less than a component costs: 6 / 2 nats in AIC."""
    points = STREAMS[name].points
    summary = WeightedSummary(1024).with_points(points)
    fits = fits_of_sizes(summary, 10)
    assert [each.n_components for each in fits] == list(range(1, 11))
    for each in fits[:6]:
        best = fit_from_scratch(points, each.n_components).mixture
        assert points.size * (j_of(summary, best) - j_of(summary, each)) < 0.5


def test_one_component_is_in_closed_form() -> None:
    """-1 and 1: the standard deviation is 1, s2 = 1/4, v = (s2 + 2) / (1 + 2)."""
    (one,) = fits_of_sizes(WeightedSummary(16).with_points(np.array([-1.0, 1.0])), 1)
    assert abs(one.means[0]) < 1e-9
    assert abs(one.variances[0] - 0.75) < 1e-9


def test_between_two_fits_it_can_be_ended() -> None:
    class EndedError(Exception):
        pass

    def end() -> None:
        raise EndedError

    with pytest.raises(EndedError):
        fits_of_sizes(WeightedSummary(16).with_points(np.array([-1.0, 1.0])), 1, on_step=end)
