"""Conversion between `Mixture` and the provided `GMMSimple`.

Only this module and `adam` import torch, because torch takes seconds to load.
"""

from __future__ import annotations

import numpy as np
import torch

from dash_app.learning.mixture import Array, Mixture
from gmm import GMMSimple, extract_gmm_parameters

ZERO_WEIGHT_LOGIT = -800.0
"""Logit of a weight of 0. The largest logit is at least log(1/K), so softmax in float64 gives an
exact 0."""


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
    data_mean, data_std = _standardisation(mixture)
    with np.errstate(divide="ignore"):
        logits = np.maximum(np.log(mixture.weights), ZERO_WEIGHT_LOGIT)
    model = GMMSimple(mixture.n_components)
    # assigning `data` makes the parameters float64; copying into them would keep float32
    model.pi.data = torch.from_numpy(logits[None])
    model.mu.data = torch.from_numpy((mixture.means - data_mean)[None] / data_std)
    model.sigma.data = torch.from_numpy(_inverse_softplus(mixture.stds[None] / data_std))
    return model, data_mean, data_std


def from_gmm(model: GMMSimple, data_mean: float, data_std: float) -> Mixture:
    """Return the model's mixture in data units, in float64.

    Parameters in float32 keep the precision of float32.
    """
    pi, mu, sigma = extract_gmm_parameters(model, data_mean, data_std)
    return Mixture(pi / pi.sum(), mu, np.square(sigma))


def _standardisation(mixture: Mixture) -> tuple[float, float]:
    weights, means, stds = mixture.weights, mixture.means, mixture.stds
    mean = float(weights @ means)
    # scale before squaring, so that 1e150 and 1e-150 stay in the range of float64
    scale = float(max(np.abs(means - mean).max(), stds.max()))
    std = scale * float(np.sqrt(weights @ (((means - mean) / scale) ** 2 + (stds / scale) ** 2)))
    for data_mean in (mean, 0.0):
        there_and_back = (means - data_mean) / std * std + data_mean
        if (np.abs(there_and_back - means) <= 1e-12 * np.abs(means)).all():
            return data_mean, std
    return 0.0, 1.0  # a mean is so close to 0 that dividing it underflows


def _inverse_softplus(values: Array) -> Array:
    inverse: Array = values + np.log(-np.expm1(-values))
    return inverse
