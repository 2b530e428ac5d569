"""The state of an online learner as plain arrays and numbers, and back, bit for bit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Optional

import numpy as np
from numpy.typing import ArrayLike

from dash_app.errors import StateError
from dash_app.learning.mixture import Array, Mixture
from dash_app.learning.objective import Candidates
from dash_app.learning.points import check_number, check_whole
from dash_app.learning.summary import WeightedSummary
from dash_app.learning.tracking import Incumbent, TrackingState

STATE_VERSION = 9
"""Version of the format."""

_LARGEST = float(np.finfo(np.float64).max)


def to_plain(
    settings: Mapping[str, Any],
    n_points: int,
    summary: WeightedSummary,
    tracking: Optional[TrackingState],
) -> dict[str, Any]:
    """Return the state; `tracking` is None before the first point."""
    return {
        "version": STATE_VERSION,
        **settings,
        "n_points": n_points,
        "exact": summary.exact,
        "bounds": np.array([summary.low, summary.high]),
        "atom_means": summary.means.copy(),
        "atom_masses": summary.masses.copy(),
        "atom_variances": summary.variances.copy(),
        **({"mixture": None} if tracking is None else _tracking_to_plain(tracking)),
    }


def check_version(plain: object) -> None:
    """Raise StateError if this is no state, or one of another version."""
    if not isinstance(plain, Mapping):
        raise StateError(f"expected a learner's state, got {type(plain).__name__}")
    version = plain.get("version")
    if version != STATE_VERSION:
        raise StateError(f"expected a learner's state of version {STATE_VERSION}, got {version}")


# the functions below raise KeyError, TypeError, ValueError, IndexError or OverflowError for a
# damaged state


def read_n_points(plain: Mapping[str, Any], summary: WeightedSummary) -> int:
    """Return the number of points added, minus the number removed."""
    n_points = check_whole("n_points", plain["n_points"], 0, 2**62)
    if (n_points > 0) != (summary.n_atoms > 0):
        raise ValueError(f"expected atoms of {n_points} points, got {summary.n_atoms} atoms")
    return n_points


def read_summary(plain: Mapping[str, Any], capacity: int) -> WeightedSummary:
    """Return the summary."""
    names = ("atom_means", "atom_masses", "atom_variances")
    # numpy makes NaN of None
    means, masses, variances = (np.array(plain[name], dtype=np.float64) for name in names)
    if means.ndim != 1 or not means.shape == masses.shape == variances.shape:
        shapes = ", ".join(str(each.shape) for each in (means, masses, variances))
        raise ValueError(f"expected lists of one length for {', '.join(names)}, got {shapes}")
    if not np.isfinite([means, masses, variances]).all():
        raise ValueError(f"expected finite numbers for {', '.join(names)}")
    if not isinstance(plain["exact"], bool):
        raise TypeError(f"expected true or false for exact, got {plain['exact']!r}")
    sound = (np.diff(means) > 0).all() and (masses > 0).all() and (variances >= 0).all()
    if means.size > capacity or not sound:
        raise ValueError(
            f"expected at most {capacity} atoms in ascending order, masses above 0 and variances "
            f"of at least 0, got means {means}, masses {masses} and variances {variances}"
        )
    low, high = (float(bound) for bound in plain["bounds"])
    if means.size and not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise ValueError(f"expected finite bounds in ascending order, got {low} and {high}")
    return WeightedSummary(capacity, means, masses, variances, plain["exact"], low, high)


def read_tracking(plain: Mapping[str, Any], n_points: int) -> Optional[TrackingState]:
    """Return what the next update needs to know; None before the first point."""
    if (plain["mixture"] is None) != (n_points == 0):
        raise ValueError(f"expected a mixture with points only, got {n_points} points")
    if plain["mixture"] is None:
        return None
    size = plain["n_components"]
    mixture = _from_array(plain["mixture"], size)
    return TrackingState(
        Incumbent(
            Mixture(mixture.weights[0], mixture.means[0], mixture.variances[0]),
            check_number("objective", plain["objective"], -_LARGEST),
            check_number("mean_nll", plain["mean_nll"], -_LARGEST),
        ),
        _from_array(plain["archive"], size),
        misfit_nats=check_number("misfit_nats", plain["misfit_nats"], 0.0),
        n_new=check_number("n_new", plain["n_new"], 0.0),
        turn=check_whole("turn", plain["turn"], 0, 2**62),
    )


def _tracking_to_plain(state: TrackingState) -> dict[str, Any]:
    incumbent = state.incumbent
    mixture = incumbent.mixture
    parts = (mixture.weights, mixture.means, mixture.variances)
    return {
        "mixture": _to_array(Candidates(*(part[None] for part in parts))),
        "objective": incumbent.objective,
        "mean_nll": incumbent.mean_nll,
        "archive": _to_array(state.archive),
        "misfit_nats": state.misfit_nats,
        "n_new": state.n_new,
        "turn": state.turn,
    }


def _to_array(candidates: Candidates) -> Array:
    """Return shape (n_candidates, 3, K): weights, means, variances."""
    return np.stack([candidates.weights, candidates.means, candidates.variances], axis=1)


def _from_array(values: ArrayLike, n_components: int) -> Candidates:
    array = np.array(values, dtype=np.float64)
    if array.size == 0:  # JSON keeps no shape of an empty array
        return Candidates.none(n_components)
    if array.shape[1:] != (3, n_components) or not np.isfinite(array).all():
        raise ValueError(
            f"expected finite weights, means and variances of {n_components} components, got "
            f"shape {array.shape}"
        )
    if (array[:, 0] < 0).any() or (array[:, 2] <= 0).any():
        raise ValueError("expected weights of at least 0 and variances above 0")
    return Candidates(array[:, 0], array[:, 1], array[:, 2])
