"""Models of the exported document: they check the type and bounds of every value.

`transfer.log_check` checks how the operations fit together.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Optional, Union

import numpy as np
from pydantic import (
    Base64Bytes,
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    ValidationError,
    model_validator,
)

from dash_app.errors import DataError, StateError
from dash_app.learning.mixture import Mixture
from dash_app.learning.points import MAX_COMPONENTS
from dash_app.records.operations import (
    EARLIER_CAPACITY,
    Change,
    Operation,
    SessionRecord,
    Settings,
    Snapshot,
)
from dash_app.records.versions import ModelVersion
from dash_app.web import fields

FORMAT = "gaussian-mixture-session"
FORMAT_VERSION = 1

_YEAR_10000_S = 253_402_300_800
_Count = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]
_Time = Annotated[fields.Finite, Field(ge=0, lt=_YEAR_10000_S)]
_Parameters = Annotated[list[fields.Finite], Field(min_length=1, max_length=MAX_COMPONENTS)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Settings(_Strict):
    n_components: fields.Components
    half_life: Optional[fields.HalfLife]
    prior_weight: fields.PriorWeight
    seed: fields.Seed
    capacity: fields.Capacity = EARLIER_CAPACITY


class _Session(_Strict):
    id: fields.SessionId
    settings: _Settings
    created_at: _Time


class _Changed(_Strict):
    n_components: fields.Components = 1
    half_life: Optional[fields.HalfLife] = None
    capacity: fields.Capacity = EARLIER_CAPACITY


class _Training(_Strict):
    run: fields.RunId
    method: fields.Method
    epochs: fields.Epochs
    n_iter: _Count
    converged: Annotated[bool, Field(strict=True)]
    era: _Count


class _Target(_Strict):
    target: _Count


class _Undone(_Target):
    n_points: _Count = 0


class _Arrival(_Strict):
    play: _Count = 0


class _OfPoints(_Strict):
    kind: Literal["add", "remove"]
    points: Annotated[list[fields.Point], FailFast(), Field(min_length=1)]
    detail: _Arrival


class _Mixture(_Strict):
    weights: _Parameters
    means: _Parameters
    variances: _Parameters


class _Cleared(_Strict):
    example: Annotated[str, Field(min_length=1, max_length=64)] = ""
    total: _Count = 0
    settings: Optional[_Changed] = None
    truth: Optional[_Mixture] = None

    @model_validator(mode="after")
    def _example_has_a_total(self) -> _Cleared:
        if ("example" in self.model_fields_set) != ("total" in self.model_fields_set):
            raise ValueError("expected example and total together")
        for name in ("settings", "truth"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"expected {name} that are not null")
        if self.truth is not None and "example" not in self.model_fields_set:
            raise ValueError("expected an example beside its truth")
        return self


class _Clear(_Strict):
    kind: Literal["clear"]
    points: None
    detail: _Cleared


class _Configure(_Strict):
    kind: Literal["configure"]
    points: None
    detail: _Changed


class _Train(_Strict):
    kind: Literal["train"]
    points: None
    detail: _Training


class _Undo(_Strict):
    kind: Literal["undo"]
    points: None
    detail: _Undone


class _Redo(_Strict):
    kind: Literal["redo"]
    points: None
    detail: _Target


class _Noted(_Strict):
    request: Literal["remove", "configure", "clear"]
    settings: _Changed = _Changed()


class _Note(_Strict):
    kind: Literal["note"]
    points: None
    detail: _Noted


class _Version(_Strict):
    number: _Count
    kind: Literal["online", "scratch"]
    mixture: _Mixture
    objective: fields.Finite
    mean_nll: fields.Finite
    n_points: _Count
    revision: _Count
    time_s: Annotated[fields.Finite, Field(ge=0)]
    created_at: _Time


class _Operation(_Strict):
    seq: _Count
    change: Union[_OfPoints, _Clear, _Configure, _Train, _Undo, _Redo, _Note] = Field(
        discriminator="kind"
    )
    parent: _Count
    head: _Count
    tip: _Count
    n_models: _Count
    n_points: _Count
    era: _Count
    created_at: _Time
    version: Optional[_Version]
    idempotency_key: Optional[fields.Key]


class _Snapshot(_Strict):
    node: _Count
    depth: _Count
    state_version: _Count
    body: Base64Bytes


class _Document(_Strict):
    format: Literal["gaussian-mixture-session"]
    format_version: Literal[1]
    session: _Session
    operations: Annotated[list[_Operation], FailFast()]
    snapshots: Annotated[list[_Snapshot], FailFast()]


def read_document(
    document: Any, touched_at: float
) -> tuple[SessionRecord, list[Operation], list[Snapshot]]:
    """Return the session in an exported document.

    Raises
    ------
    StateError : a value is missing, has the wrong type or is out of bounds; names its path
    """
    try:
        read = _Document.model_validate(document)
    except ValidationError as error:
        place, message = fields.fault(error)
        where = ".".join(place) or "the document"
        raise StateError(f"{message} at {where} of an exported session") from error
    session = read.session
    record = SessionRecord(
        session.id, Settings(**vars(session.settings)), session.created_at, touched_at
    )
    return (
        record,
        [_operation(each) for each in read.operations],
        [Snapshot(**vars(each)) for each in read.snapshots],
    )


def _operation(read: _Operation) -> Operation:
    change = read.change
    points = None if change.points is None else np.array(change.points, dtype=np.float64)
    detail = change.detail.model_dump(exclude_unset=True)
    if isinstance(change.detail, _Cleared) and change.detail.truth is not None:
        _mixture(read.seq, change.detail.truth)
    version = None if read.version is None else _version(read.seq, read.version)
    placed = Change(change.kind, points, detail)
    return Operation(**{**vars(read), "change": placed, "version": version})


def _version(seq: int, read: _Version) -> ModelVersion:
    return ModelVersion(**{**vars(read), "mixture": _mixture(seq, read.mixture)})


def _mixture(seq: int, read: _Mixture) -> Mixture:
    try:
        return Mixture.from_dict(vars(read))
    except DataError as error:
        raise StateError(f"expected a mixture at operation {seq}: {error}") from error
