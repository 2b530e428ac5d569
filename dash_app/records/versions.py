"""Model versions: the result of each training. They are never changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dash_app.learning.mixture import Mixture

ONLINE, SCRATCH = "online", "scratch"


@dataclass(frozen=True)
class ModelVersion:
    """One trained model of a session.

    Attributes
    ----------
    number : int, 1, 2, ... within the session, in the order of training
    kind : "online" or "scratch"
    objective, mean_nll : float, nats per point; the page shows the loss, -objective
    n_points : int, points of the training, since the last clear
    revision : int, the revision of the session at which it was trained
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
        """The loss -J that the training minimises, nats per point."""
        return -self.objective

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {**vars(self), "mixture": self.mixture.to_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ModelVersion:
        """Return the version that `to_dict` described."""
        return cls(**{**values, "mixture": Mixture.from_dict(values["mixture"])})


@dataclass(frozen=True)
class Training:
    """A model from scratch, and what it was trained on.

    Attributes
    ----------
    data : int, the last node on the path to its state that changed the points
    run : its id
    method : "em" or "adam"
    converged : whether the training ended by itself, not at its maximum number of epochs
    """

    version: ModelVersion
    data: int
    run: str
    method: str
    converged: bool
