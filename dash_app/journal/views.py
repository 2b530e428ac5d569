"""The immutable values that the use-cases return."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional

from dash_app.journal.differences import Basis
from dash_app.journal.live import Live
from dash_app.journal.recent import Recent
from dash_app.learning import Comparison, Mixture
from dash_app.records.operations import ROOT, Played
from dash_app.records.versions import ModelVersion, Training


@dataclass(frozen=True)
class SessionView:
    """A session at `revision`, the number of operations in its log.

    Attributes
    ----------
    half_life : new points after which an old point counts half; None: points keep their weight
    prior_weight : pseudo-observations for each component's variance
    capacity : largest number of atoms of the online learner's summary; n_atoms: those of now
    exact : whether the summary has merged no values
    online, scratch : the current models; None without points or before the first training
    training : that of the model from scratch
    created_at : seconds since 1970
    example : the example that the points come from
    basis : of the difference between the models; None unless both exist
    changes : the last operations, as far as this process has them in memory
    """

    id: str
    n_components: int
    half_life: Optional[float]
    prior_weight: float
    seed: int
    capacity: int
    n_points: int
    revision: int
    online: Optional[ModelVersion]
    training: Optional[Training]
    n_atoms: int
    exact: bool
    can_undo: bool
    can_redo: bool
    created_at: float
    example: Optional[Played] = None
    basis: Optional[Basis] = field(default=None, compare=False)
    changes: tuple[Recent, ...] = field(default=(), compare=False)

    @property
    def scratch(self) -> Optional[ModelVersion]:
        """The current model from scratch."""
        return None if self.training is None else self.training.version

    @property
    def truth(self) -> Optional[Mixture]:
        """The density that all points are drawn from; None where it is not known."""
        return None if self.example is None else self.example.truth


@dataclass(frozen=True)
class Synchronised:
    """Result of `synchronise`: it trained on `n_new` points in `time_s` wall seconds."""

    view: SessionView
    n_new: int
    time_s: float


@dataclass(frozen=True)
class ModelComparison:
    """The difference between the online model and the model from scratch, with both models."""

    online: ModelVersion
    scratch: ModelVersion
    difference: Comparison


def view_of(live: Live) -> SessionView:
    """Return the current view of a session in memory."""
    state = live.state
    return SessionView(
        id=live.record.id,
        n_components=state.settings.n_components,
        half_life=state.settings.half_life,
        prior_weight=state.settings.prior_weight,
        seed=state.settings.seed,
        capacity=state.settings.capacity,
        n_points=state.n_points,
        revision=live.seq,
        online=state.online,
        training=live.training,
        n_atoms=state.learner.summary.n_atoms,
        exact=state.learner.summary.exact,
        can_undo=state.node != ROOT,
        can_redo=state.node != live.tip,
        created_at=live.record.created_at,
        example=state.example,
        basis=Basis.of(live),
        changes=live.changes,
    )
