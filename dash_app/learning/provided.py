"""A `Mixture` as the provided `GMMSimple`, and back.

torch is imported with this module and with `adam`, nowhere else in the package: it takes seconds
to load.
"""

from __future__ import annotations

import numpy as np
import torch

from dash_app.learning.mixture import Array, Mixture
from gmm import GMMSimple, extract_gmm_parameters

ZERO_WEIGHT_LOGIT = -800.0
"""A logit so low that softmax in float64 gives an exact 0; the highest is at least log(1/K)."""


def to_gmm(mixture: Mixture) -> tuple[GMMSimple, float, float]:
    """Return the mixture as a model in standardised units, and what takes it back to data units.

    Parameters
    ----------
    mixture : Mixture, data units

    Returns
    -------
    model : GMMSimple, float64
    data_mean, data_std : float, data units
        The mixture's own mean and standard deviation. The mean is 0 instead where a component
        sits so close to 0 that subtracting would cost its digits.

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
    # set, not copied into: the parameters become float64
    model.pi.data = torch.from_numpy(logits[None])
    model.mu.data = torch.from_numpy((mixture.means - data_mean)[None] / data_std)
    model.sigma.data = torch.from_numpy(_inverse_softplus(mixture.stds[None] / data_std))
    return model, data_mean, data_std


def from_gmm(model: GMMSimple, data_mean: float, data_std: float) -> Mixture:
    """Return the model's mixture in data units; float32 parameters keep their own precision."""
    pi, mu, sigma = extract_gmm_parameters(model, data_mean, data_std)
    return Mixture(pi / pi.sum(), mu, np.square(sigma))


def _standardisation(mixture: Mixture) -> tuple[float, float]:
    weights, means, stds = mixture.weights, mixture.means, mixture.stds
    mean = float(weights @ means)
    # scaled before it is squared: 1e150 and 1e-150 stay in range
    scale = float(max(np.abs(means - mean).max(), stds.max()))
    std = scale * float(np.sqrt(weights @ (((means - mean) / scale) ** 2 + (stds / scale) ** 2)))
    for data_mean in (mean, 0.0):
        there_and_back = (means - data_mean) / std * std + data_mean
        if (np.abs(there_and_back - means) <= 1e-12 * np.abs(means)).all():
            return data_mean, std
    return 0.0, 1.0  # a mean so near 0 that the division leaves the range of float64


def _inverse_softplus(values: Array) -> Array:
    inverse: Array = values + np.log(-np.expm1(-values))
    return inverse
