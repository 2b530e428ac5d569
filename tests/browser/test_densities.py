"""The densities that the browser computes are those of the server."""

from __future__ import annotations

import numpy as np
import pytest
from dash_page import DashPage
from numpy.typing import NDArray

from dash_app.learning import Mixture
from dash_app.learning.grid import grid

pytestmark = pytest.mark.browser

MIXTURES: dict[str, tuple[list[float], list[float], list[float]]] = {
    "wide": ([0.2, 0.3, 0.5], [-0.5, 0.0, 0.6], [0.01, 0.2, 0.05]),
    "needle": ([0.999, 0.001], [0.1, 0.1001], [1.0, 1e-10]),
    "offset": ([0.5, 0.5], [1e6, 1e6 + 0.5], [1e-3, 1e-2]),
}


def test_densities_and_grids_in_the_browser_are_those_of_the_server(page: DashPage) -> None:
    for name, arrays in MIXTURES.items():
        density_is_that_of_the_server(page, name, Mixture(*(np.array(each) for each in arrays)))
    for std in (0.3, 1e-6):
        grid_is_that_of_the_server(page, std)


def density_is_that_of_the_server(page: DashPage, name: str, model: Mixture) -> None:
    code = """
        const [weights, means, variances] = arguments;
        const mixture = {weights, means, variances}, {density} = dash_clientside;
        const xs = density.grid([means[0] - 2, means[0] + 2], [mixture]);
        return [xs, xs.map(x => density.at(mixture, x)),
                xs.map(x => density.responsibilities(mixture, x)[0])];
    """
    found: list[NDArray[np.float64]] = [
        np.array(each) for each in page.script(code, *(each.tolist() for each in arrays_of(model)))
    ]
    x, density, responsibility = found
    assert np.all(np.diff(x) > 0), name
    np.testing.assert_allclose(density, model.density(x), rtol=1e-9, atol=1e-300, err_msg=name)
    np.testing.assert_allclose(
        responsibility, model.responsibilities(x)[:, 0], rtol=1e-7, atol=1e-12, err_msg=name
    )
    best = max(model.density(model.means))
    assert density.max() >= 0.999 * best, name  # no needle falls between two samples


def grid_is_that_of_the_server(page: DashPage, std: float) -> None:
    model = Mixture(np.array([0.4, 0.6]), np.array([-0.9, 0.2]), np.array([std**2, 0.04]))
    code = """
        const [weights, means, variances] = arguments;
        return dash_clientside.density.grid([-1, 0.7], [{weights, means, variances}], 60);
    """
    drawn = page.script(code, *(each.tolist() for each in arrays_of(model)))
    expected = grid([model], -1.0, 0.7, n_equal=60, reach_stds=6.0)
    np.testing.assert_allclose(np.unique(np.round(drawn, 9)), np.unique(np.round(expected, 9)))


def arrays_of(model: Mixture) -> tuple[NDArray[np.float64], ...]:
    return model.weights, model.means, model.variances
