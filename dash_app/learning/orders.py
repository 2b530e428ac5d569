"""Does the order of arrival matter: where a learner ends after the same points in other orders.

The increments keep their sizes; only the points in them change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np
from numpy.typing import ArrayLike

from dash_app.errors import EmptyDataError, OutOfRangeError
from dash_app.learning.comparison import total_variation
from dash_app.learning.learners import LEARNERS
from dash_app.learning.mixture import Array, Mixture
from dash_app.learning.points import DEFAULT_CAPACITY, as_points
from dash_app.learning.scratch import fit_from_scratch
from dash_app.learning.search import OnStep

SHUFFLED = "shuffled"

ORDERS = ("arrival", "sorted", "reversed", "clusters", SHUFFLED)
"""Orders in which the points can come. "reversed" is from the largest to the smallest. "clusters"
is one cluster after the other, from left to right; within one the points keep their order."""


@dataclass(frozen=True)
class End:
    """Where a learner ended.

    order : one of ORDERS
    seed : int, of the shuffle; without effect on the other orders
    mixture : Mixture, data units
    tv_to_scratch : float, 0 to 1, total variation to the fit from scratch to all points
    n_touched : int, points or atoms that the updates have read
    """

    order: str
    seed: int
    mixture: Mixture
    tv_to_scratch: float
    n_touched: int


@dataclass(frozen=True)
class Ends:
    """The ends of one learner, and the fit from scratch to the same points.

    orders : one end for each of ORDERS, or of a part of them
    shuffles : the ends of further shuffles
    """

    scratch: Mixture
    orders: tuple[End, ...]
    shuffles: tuple[End, ...]


def in_order(
    increments: Sequence[ArrayLike],
    order: str,
    *,
    n_components: int,
    seed: int = 0,
    on_step: OnStep = lambda: None,
) -> list[Array]:
    """Return the same points in another order, in increments of the same sizes.

    Parameters
    ----------
    increments : arrays, each shape (n_new,), at least one
    order : one of ORDERS
    n_components : int, number of clusters
        A point belongs to the most probable component of the fit from scratch to all points.
    seed : int, of the shuffle
    on_step : called between the parts of that fit; an exception from it ends the work

    Examples
    --------
    >>> parts = [np.array([3.0]), np.array([1.0, 2.0])]
    >>> [each.tolist() for each in in_order(parts, "reversed", n_components=1)]
    [[3.0], [2.0, 1.0]]
    """
    if order not in ORDERS:
        raise OutOfRangeError(f"expected an order of {ORDERS}, got {order!r}", "order")
    parts = [as_points(each) for each in increments]
    if order == "arrival":
        return parts
    points = np.concatenate(parts)
    if order == SHUFFLED:
        points = np.random.default_rng(seed).permutation(points)
    elif order == "clusters":
        mixture = fit_from_scratch(points, n_components, on_step=on_step).mixture
        # components are sorted by mean
        cluster = mixture.component_log_density(points).argmax(axis=1)
        points = points[np.argsort(cluster, kind="stable")]
    else:
        points = np.sort(points)
        if order == "reversed":
            points = points[::-1].copy()
    return np.split(points, np.cumsum([each.size for each in parts])[:-1])


def ends_by_order(
    increments: Sequence[ArrayLike],
    learner: str,
    n_components: int,
    *,
    seed: int = 0,
    prior_weight: float = 1.0,
    capacity: int = DEFAULT_CAPACITY,
    n_shuffles: int = 10,
    shuffle_seed: int = 0,
    part: slice = slice(None),
    scratch: Optional[Mixture] = None,
    on_step: OnStep = lambda: None,
) -> Ends:
    """Train a learner on the increments in each order; return where it ends.

    Everything is determined by the arguments.

    Parameters
    ----------
    increments : arrays, each shape (n_new,), data units
    learner : key of `LEARNERS`
    n_components : int, 1 to 50
    seed : int, of the learner
    prior_weight, capacity : of the learner, see `Learner`
    n_shuffles : int >= 0, number of further shuffles
    shuffle_seed : int >= 0, seed of the first shuffle; the further ones have the seeds after it
    part : slice, which of all these ends; the others are left out
    scratch : Mixture, the fit from scratch to all points, where it is known from another part
    on_step : called before each update; an exception from it ends the work

    Raises
    ------
    OutOfRangeError : if the learner is not known
    EmptyDataError : without increments
    """
    if learner not in LEARNERS:
        expected = ", ".join(LEARNERS)
        raise OutOfRangeError(f"expected a learner of {expected}, got {learner!r}", "learner")
    if not increments:
        raise EmptyDataError("expected at least one increment, got none", "increments")
    parts = [as_points(each) for each in increments]
    points = np.concatenate(parts)
    on_step()
    if scratch is None:
        scratch = fit_from_scratch(
            points, n_components, prior_weight=prior_weight, on_step=on_step
        ).mixture
    reference = scratch

    def end(order: str, order_seed: int) -> End:
        learning = LEARNERS[learner](
            n_components, seed=seed, prior_weight=prior_weight, capacity=capacity
        )
        ordered = in_order(
            parts, order, n_components=n_components, seed=order_seed, on_step=on_step
        )
        for part in ordered:
            on_step()
            learning.partial_fit(part, on_step)
        mixture = learning.mixture
        apart = total_variation(mixture, reference)
        return End(order, order_seed, mixture, apart, learning.n_touched)

    wanted = [(order, shuffle_seed if order == SHUFFLED else seed) for order in ORDERS]
    wanted += [(SHUFFLED, shuffle_seed + 1 + index) for index in range(n_shuffles)]
    ends = [end(*each) for each in wanted[part]]
    n_orders = len(ORDERS[part])
    return Ends(reference, tuple(ends[:n_orders]), tuple(ends[n_orders:]))
