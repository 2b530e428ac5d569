"""The difference between the two models of a session, at a cost that the capacity bounds."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Optional, Union

from dash_app.journal.live import Live
from dash_app.learning import WeightedSummary, mean_log_likelihood, total_variation
from dash_app.records.versions import ModelVersion, Training

SETTINGS, POINTS, OPTIMISER = "settings", "points", "optimiser"
"""Causes of a difference between the two models, apart from the summary of online training."""

_N_KEPT = 1_000
"""Differences kept in memory, over all sessions: every tab of a session asks for the same one."""


@dataclass(frozen=True, eq=False)
class Basis:
    """The two models of a session, and what their comparison needs.

    Attributes
    ----------
    summary : the points as the online learner holds them
    current : whether the model from scratch has the session's points and number of components
    cause : of the difference; None for the summary
    """

    online: ModelVersion
    scratch: ModelVersion
    summary: WeightedSummary
    current: bool
    cause: Optional[str]

    @classmethod
    def of(cls, live: Live) -> Optional[Basis]:
        """Return the basis of a session in memory; None unless both models exist."""
        online, training = live.state.online, live.training
        if training is None or online is None:
            return None
        cause = _stale_because(live, training)
        current = cause is None
        if current and not training.converged:
            cause = OPTIMISER
        return cls(online, training.version, live.state.learner.summary, current, cause)


@dataclass(frozen=True)
class Difference:
    """The difference between the two models.

    Attributes
    ----------
    total_variation : float, 0 to 1
    gap : float, nats per point, the mean log-likelihood of the points, online minus from scratch
        None if it is not finite, or if the summary has merged values: online is fitted to the
        summary, so even the sign on the points may be another.
    current, cause : see `Basis`
    """

    total_variation: float
    gap: Optional[float]
    current: bool
    cause: Optional[str]


class Differences:
    """Computes differences, and caches them, because models never change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[Union[str, float], ...], tuple[float, Optional[float]]] = (
            OrderedDict()
        )

    def of(self, session_id: str, basis: Basis) -> Difference:
        """Return the difference between the two models of the basis."""
        online, scratch = basis.online, basis.scratch
        # the times are in the key: a deleted session may be imported again from an older export
        models = (online.number, online.created_at, scratch.number, scratch.created_at)
        key = (session_id, *models)
        with self._lock:
            known = self._known.get(key)
        if known is None:
            known = _measured(basis)
            with self._lock:
                self._known[key] = known
                if len(self._known) > _N_KEPT:
                    self._known.popitem(last=False)
        return Difference(*known, basis.current, basis.cause)


def _measured(basis: Basis) -> tuple[float, Optional[float]]:
    p, q = basis.online.mixture, basis.scratch.mixture
    if not basis.summary.exact:
        return total_variation(p, q), None
    # the model's own mean_nll may be of points before the last change of the settings
    gap = mean_log_likelihood(basis.summary, p) - mean_log_likelihood(basis.summary, q)
    return total_variation(p, q), gap if math.isfinite(gap) else None


def _stale_because(live: Live, training: Training) -> Optional[str]:
    # neither the capacity nor a half-life without newer points changes a fit from scratch
    if training.version.mixture.n_components != live.state.settings.n_components:
        return SETTINGS
    return None if training.data == live.state.data else POINTS
