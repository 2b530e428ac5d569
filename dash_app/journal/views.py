"""What the use-cases return: sessions as they stand, immutable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from dash_app.journal.live import Live
from dash_app.learning import Comparison
from dash_app.records.operations import ROOT
from dash_app.records.versions import ModelVersion


@dataclass(frozen=True)
class SessionView:
    """A session as it stands at `revision`, the number of operations in its log.

    Attributes
    ----------
    half_life : new points after which an old one counts half; None: nothing is forgotten
    prior_weight : pseudo-observations of each component's variance
    online, scratch : the current models; None without points, or before the first training
    created_at : seconds since 1970
    """

    id: str
    n_components: int
    half_life: Optional[float]
    prior_weight: float
    seed: int
    n_points: int
    revision: int
    online: Optional[ModelVersion]
    scratch: Optional[ModelVersion]
    can_undo: bool
    can_redo: bool
    created_at: float


@dataclass(frozen=True)
class Synchronised:
    """What `synchronise` did: `n_new` points trained on, in `time_s` wall seconds."""

    view: SessionView
    n_new: int
    time_s: float


@dataclass(frozen=True)
class ModelComparison:
    """How far the online model is from the one from scratch, and which two were compared."""

    online: ModelVersion
    scratch: ModelVersion
    difference: Comparison


def view_of(live: Live) -> SessionView:
    """Return the session in memory as it stands."""
    state = live.state
    return SessionView(
        id=live.record.id,
        n_components=state.settings.n_components,
        half_life=state.settings.half_life,
        prior_weight=state.settings.prior_weight,
        seed=state.settings.seed,
        n_points=state.n_points,
        revision=live.seq,
        online=state.online,
        scratch=live.scratch,
        can_undo=state.node != ROOT,
        can_redo=state.node != live.tip,
        created_at=live.record.created_at,
    )
