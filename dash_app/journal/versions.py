"""Model versions: what each training produced, kept for good."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dash_app.errors import StateError
from dash_app.learning.mixture import Mixture

ONLINE, SCRATCH = "online", "scratch"


@dataclass(frozen=True)
class ModelVersion:
    """One trained model of a session.

    Attributes
    ----------
    number : int, 1, 2, ... within the session, in the order in which they were trained
    kind : "online" or "scratch"
    objective, mean_nll : float, nats per point; the loss that is shown is -objective
    n_points : int, points it was trained on, since the last clear
    revision : int, the session's revision whose points it was trained on
    time_s : float, wall seconds of the training
    created_at : float, seconds since 1970
    """

    number: int
    kind: str
    mixture: Mixture
    objective: float
    mean_nll: float
    n_points: int
    revision: int
    time_s: float
    created_at: float

    @property
    def loss(self) -> float:
        """What the training lowered: -J, nats per point."""
        return -self.objective


def mixture_to_bytes(mixture: Mixture) -> bytes:
    """Return weights, means, variances as little-endian float64, one after the other."""
    parts = (mixture.weights, mixture.means, mixture.variances)
    return b"".join([part.astype("<f8").tobytes() for part in parts])


def mixture_from_bytes(body: bytes) -> Mixture:
    """Return the mixture of `mixture_to_bytes`.

    Examples
    --------
    >>> one = Mixture(np.array([1.0]), np.array([0.1]), np.array([0.2]))
    >>> mixture_from_bytes(mixture_to_bytes(one)) == one
    True
    """
    values = np.frombuffer(body, "<f8").astype(np.float64)
    if values.size == 0 or values.size % 3:
        raise StateError(f"expected three lists of one length, got {values.size} numbers")
    weights, means, variances = values.reshape(3, -1)
    return Mixture(weights, means, variances)
