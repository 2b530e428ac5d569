"""Learners along one stream: how far each is from the fit from scratch after each increment.

The learners run side by side on the same increments. The result is a generator, so that it can be
shown while it is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Optional

from numpy.typing import ArrayLike

from dash_app.errors import EmptyDataError, OutOfRangeError
from dash_app.learning.learners import LEARNERS
from dash_app.learning.mixture import Mixture
from dash_app.learning.points import as_points
from dash_app.learning.race import Race, Record, Step, divided


def timeline(
    increments: Iterable[ArrayLike],
    learners: Sequence[str] = ("summary", "scratch"),
    n_components: int = 3,
    seed: int = 0,
    truth: Optional[Mixture] = None,
    prior_weight: float = 1.0,
) -> Iterator[Record]:
    """Train learners on the same increments; yield one record a learner after each increment.

    Everything but the times is determined by the arguments.

    Parameters
    ----------
    increments : arrays, each shape (n_new,), data units
        More than 200 increments are divided anew, evenly in log n.
    learners : keys of `LEARNERS`
    n_components : int, 1 to 50
    seed : int, of every learner
    truth : Mixture, the density that the points were drawn from
    prior_weight : float >= 0, pseudo-observations of each component's variance

    Yields
    ------
    Record : in the order of `learners`, increment by increment

    Raises
    ------
    OutOfRangeError : if a learner is not known
    EmptyDataError, NonFiniteError, OutOfRangeError, ShapeError : for invalid increments

    Examples
    --------
    >>> records = list(timeline([[-1.0, -1.1], [2.0, 2.1]], ["scratch"], n_components=2))
    >>> [(each.learner, each.n_points) for each in records]
    [('scratch', 2), ('scratch', 4)]
    """
    unknown = [name for name in learners if name not in LEARNERS]
    if unknown or not learners:
        expected = ", ".join(LEARNERS)
        raise OutOfRangeError(f"expected learners of {expected}, got {unknown}", "learners")
    checked = [as_points(increment) for increment in increments]
    if not checked:
        raise EmptyDataError("expected at least one increment, got none", "increments")
    race = Race(n_components, seed=seed, prior_weight=prior_weight)
    race.follow(divided([Step(points, truth) for points in checked]))
    return (race.record(step, name) for step in range(len(race.steps)) for name in learners)
