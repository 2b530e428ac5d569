"""Models of what the browser sends back for dialogs and story, by the API's types.

Only what the server reads is described; other names are ignored.
"""

from __future__ import annotations

from typing import Annotated, Literal, Optional, Union

from pydantic import BaseModel, Field

from dash_app.learning import LEARNERS
from dash_app.learning.orders import ORDERS
from dash_app.learning.points import MAX_COMPONENTS
from dash_app.training.orders import MAX_SHUFFLES
from dash_app.ui.command_models import among
from dash_app.web import fields

_Learner = Annotated[str, among(LEARNERS)]
_Share = Annotated[fields.Finite, Field(ge=0, le=1)]
_Shares = Annotated[list[_Share], Field(min_length=1, max_length=MAX_COMPONENTS)]
_Places = Annotated[list[fields.Point], Field(min_length=1, max_length=MAX_COMPONENTS)]
_Variance = Annotated[fields.Finite, Field(gt=0)]
_Variances = Annotated[list[_Variance], Field(min_length=1, max_length=MAX_COMPONENTS)]


class _Mixture(BaseModel):
    """A mixture."""

    weights: _Shares
    means: _Places
    variances: _Variances


class OrdersTask(BaseModel):
    """The learner to train on `n_ends` more orders; `of` is the points and settings."""

    of: Annotated[str, Field(max_length=100)]
    learner: _Learner
    n_ends: Annotated[fields.Count, Field(ge=1)]
    axis: tuple[fields.Point, fields.Point]


class _End(_Mixture):
    order: Annotated[str, among(ORDERS)]
    tv_to_scratch: _Share
    n_touched: fields.Whole


class _Ends(BaseModel):
    learner: _Learner
    n_points: fields.Count
    n_components: fields.Count
    orders: Annotated[list[_End], Field(min_length=1, max_length=len(ORDERS))]
    shuffles: Annotated[list[_End], Field(max_length=MAX_SHUFFLES)]


class _Refused(BaseModel, extra="forbid"):
    error: str


class OrdersResults(BaseModel):
    """What has been found so far, by learner."""

    of: Annotated[str, Field(max_length=100)]
    axis: tuple[fields.Point, fields.Point]
    by: dict[_Learner, Union[_Ends, _Refused]]


class _Online(BaseModel):
    weights: _Shares
    means: _Places
    n_points: fields.Count
    time_s: fields.Finite


class _Record(_Mixture):
    n_points: fields.Count
    n_touched: fields.Whole
    tv_to_scratch: _Share
    mean_nll: fields.Finite


class _First(BaseModel):
    n: fields.Count
    low: fields.Point
    high: fields.Point


class _Told(BaseModel):
    step: Annotated[fields.Count, Field(le=100)]
    kept: bool = False
    gone: bool = False
    online: Optional[_Online] = None


class StoryBegun(_Told):
    """What is on the screen while a step is set up."""

    done: Literal[False] = False


class StoryDone(_Told):
    """What is on the screen once a step's example has been played."""

    done: Literal[True]
    records: dict[_Learner, Optional[_Record]]
    first: _First
    mean: fields.Finite
    last_mean: fields.Finite


class StoryTold(BaseModel):
    """What the story is told; `told` is read whole."""

    told: Union[StoryBegun, StoryDone]
