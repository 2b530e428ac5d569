"""Model versions: what each training produced, kept for good."""

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

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON: every other form on a wire is a view of these."""
        return {**vars(self), "mixture": self.mixture.to_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ModelVersion:
        """Return the version of `to_dict`."""
        return cls(**{**values, "mixture": Mixture.from_dict(values["mixture"])})
