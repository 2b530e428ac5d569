"""Conversion between `Mixture` and the provided `GMMSimple`.

Only this module and `adam` import torch, because torch takes seconds to load.
"""

from __future__ import annotations

import numpy as np
import torch

from dash_app.learning.adam_steps import parameters_of, standardisation
from dash_app.learning.mixture import Mixture
from gmm import GMMSimple, extract_gmm_parameters


def to_gmm(mixture: Mixture) -> tuple[GMMSimple, float, float]:
    """Return the mixture as a model in standardised units, with its mean and standard deviation.

    Parameters
    ----------
    mixture : Mixture, data units

    Returns
    -------
    model : GMMSimple, float64
    data_mean, data_std : float, data units
        The mixture's own mean and standard deviation. data_mean is 0 instead if a component is so
        close to 0 that subtracting the mean would lose its digits.

    Examples
    --------
    >>> pair = Mixture(np.array([0.25, 0.75]), np.array([1.0, 5.0]), np.array([4.0, 0.01]))
    >>> model, data_mean, data_std = to_gmm(pair)
    >>> data_mean
    4.0
    >>> from_gmm(model, data_mean, data_std).stds.round(12).tolist()
    [2.0, 0.1]
    """
    data_mean, data_std = standardisation(mixture)
    model = GMMSimple(mixture.n_components)
    # assigning `data` makes the parameters float64; copying into them would keep float32
    parameters = parameters_of(mixture, data_mean, data_std)
    for parameter, values in zip((model.pi, model.mu, model.sigma), parameters):
        parameter.data = torch.from_numpy(values[None].copy())
    return model, data_mean, data_std


def from_gmm(model: GMMSimple, data_mean: float, data_std: float) -> Mixture:
    """Return the model's mixture in data units, in float64.

    Parameters in float32 keep the precision of float32.
    """
    pi, mu, sigma = extract_gmm_parameters(model, data_mean, data_std)
    return Mixture(pi / pi.sum(), mu, np.square(sigma))
