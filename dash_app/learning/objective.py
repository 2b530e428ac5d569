"""The objective J, which online training and training from scratch both maximise.

    J = (1/n) [ sum_i log sum_k w_k N(x_i | m_k, v_k) - (a/2) sum_k ( log v_k + s2 / v_k ) ]
    s2 = (std(x) / (2 K))^2,   v_k >= (0.01 std(x))^2,   a = prior_weight

The penalty acts like `a` pseudo-observations of variance s2 for each component's variance. This
penalised likelihood is bounded and consistent: Ciuperca, Ridolfi and Idier (2003), Scandinavian
Journal of Statistics 30:45; Chen, Tan and Zhang (2008), Statistica Sinica 18:443.

Computations use standardised data, with mean 0 and variance 1. A batch of candidate mixtures is
stored as arrays of shape (n_candidates, n_components).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Optional

import numpy as np

from dash_app.errors import EmptyDataError
from dash_app.learning.compiled.batches import sort_by_mean
from dash_app.learning.compiled.penalty import log_priors
from dash_app.learning.compiled.responsibilities import objective_values
from dash_app.learning.compiled.signatures import Atoms, Batch, Prior
from dash_app.learning.mixture import Array, Mixture
from dash_app.learning.points import MIN_SPREAD
from dash_app.learning.summary import WeightedSummary

FLOOR_RATIO = 0.01
"""Lower bound of a component's standard deviation, in standard deviations of the data."""

EQUAL_POINTS_STD_RATIO = 1e-3
"""Standard deviation of the components when all points equal x, relative to max(|x|, 1)."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """A batch of mixtures in standardised units, each array (n_candidates, n_components)."""

    weights: Array
    means: Array
    variances: Array

    def __len__(self) -> int:
        return int(self.means.shape[0])

    def __getitem__(self, index: Any) -> Candidates:
        """Return the candidates that a slice, a mask or a list of indices selects."""
        return Candidates(
            self.weights[index],
            self.means[index],
            self.variances[index],
        )

    def replaced(self, index: Any, others: Candidates) -> Candidates:
        """Return a copy in which `others` replace the candidates of a mask or list of indices."""
        weights, means, variances = self.weights.copy(), self.means.copy(), self.variances.copy()
        weights[index], means[index] = others.weights, others.means
        variances[index] = others.variances
        return Candidates(weights, means, variances)

    @cached_property
    def batch(self) -> Batch:
        """The arrays as compiled loops read them; do not change them."""
        return Batch(
            np.ascontiguousarray(self.weights),
            np.ascontiguousarray(self.means),
            np.ascontiguousarray(self.variances),
        )

    def batch_copy(self) -> Batch:
        """Return a copy that compiled loops may change."""
        return Batch(
            np.array(self.weights, order="C"),
            np.array(self.means, order="C"),
            np.array(self.variances, order="C"),
        )

    @classmethod
    def none(cls, n_components: int) -> Candidates:
        """Return a batch of no candidates."""
        empty = np.empty((0, n_components))
        return cls(empty, empty, empty)

    @classmethod
    def joined(cls, *batches: Candidates) -> Candidates:
        """Return all candidates of several batches."""
        return cls(
            np.concatenate([batch.weights for batch in batches]),
            np.concatenate([batch.means for batch in batches]),
            np.concatenate([batch.variances for batch in batches]),
        )


def sorted_by_mean(candidates: Candidates) -> Candidates:
    """Return the candidates, with the components of each sorted by mean."""
    batch = candidates.batch_copy()
    sort_by_mean(batch)
    return Candidates(*batch)


@dataclass(frozen=True, eq=False)
class Objective:
    """J for one set of atoms and one number of components.

    Parameters
    ----------
    positions, masses, variances : ndarray, shape (n_atoms,), standardised units
    location, scale : float, mean and standard deviation of the data, data units
    n_components : int
    prior_weight : float >= 0, `a`
    """

    positions: Array
    masses: Array
    variances: Array
    location: float
    scale: float
    n_components: int
    prior_weight: float

    @classmethod
    def of_summary(
        cls, summary: WeightedSummary, n_components: int, prior_weight: float
    ) -> Objective:
        """Return J for the atoms of a summary; the summary must not be `all_equal`."""
        location, variance = summary.mean_and_variance()
        return cls.of_atoms(
            (summary.means, summary.masses, summary.variances),
            (location, float(np.sqrt(variance))),
            n_components,
            prior_weight,
        )

    @classmethod
    def of_atoms(
        cls,
        atoms: tuple[Array, Array, Array],
        location_scale: tuple[float, float],
        n_components: int,
        prior_weight: float,
    ) -> Objective:
        """Return J for atoms (means, masses, variances), with a given location and scale.

        A coarse copy of the data uses the standardisation of all data.
        """
        means, masses, variances = atoms
        location, scale = location_scale
        return cls(
            (means - location) / scale,
            masses,
            variances / scale / scale,
            location,
            scale,
            n_components,
            prior_weight,
        )

    @cached_property
    def mass(self) -> float:
        """n of J: the total mass, points."""
        return float(self.masses.sum())

    @property
    def prior_variance(self) -> float:
        """s2 in standardised units."""
        return 0.25 / self.n_components**2

    @property
    def variance_floor(self) -> float:
        """Lower bound of a variance in standardised units."""
        return FLOOR_RATIO**2

    @cached_property
    def atoms(self) -> Atoms:
        """The atoms over which J sums, already standardised."""
        return Atoms(self.positions, self.masses, self.variances, 0.0, 1.0)

    def atoms_of_points(self, points: Array, masses: Optional[Array]) -> Atoms:
        """Return points, data units, as atoms; the compiled loops standardise them."""
        if masses is None:
            masses = np.empty(0)
        return Atoms(points, masses, np.zeros(masses.size), self.location, self.scale)

    @cached_property
    def prior(self) -> Prior:
        """The constants of J."""
        return Prior(self.prior_weight, self.prior_variance, self.variance_floor, self.mass)

    def log_prior(self, candidates: Candidates) -> Array:
        """Return -(a/2) sum_k (log v_k + s2 / v_k), shape (n_candidates,), nats."""
        log_prior: Array = log_priors(self.prior, candidates.batch.variances)
        return log_prior

    def in_data_units(self, objective: float) -> float:
        """Convert J of the standardised data to J of the data, nats per point."""
        log_scale = float(np.log(self.scale))
        penalty_shift = self.prior_weight * self.n_components * log_scale / self.mass
        return objective - log_scale - penalty_shift

    def value(self, candidates: Candidates) -> Array:
        """Return J of each candidate in standardised units, shape (n_candidates,).

        All values of an atom share the same responsibilities. So J is a lower bound of J of the
        points (Verbeek, Nunnink and Vlassis 2006, doi 10.1007/s10618-005-0033-3). It is exact if
        the values of each atom are equal.
        """
        value: Array = objective_values(self.atoms, self.prior, candidates.batch)
        return value

    def of_mixture(self, mixture: Mixture) -> float:
        """Return J of any mixture with its own variances, data units, nats per point."""
        candidates = Candidates(
            np.array(mixture.weights[None]),
            (mixture.means[None] - self.location) / self.scale,
            mixture.variances[None] / self.scale / self.scale,
        )
        return self.in_data_units(float(self.value(candidates)[0]))

    def standardised(self, mixture: Mixture) -> Candidates:
        """Convert a mixture from data units to a batch of one; raise variances to the floor."""
        return self.standardised_batch(
            Candidates(
                np.array(mixture.weights[None]), mixture.means[None], mixture.variances[None]
            )
        )

    def standardised_batch(self, candidates: Candidates) -> Candidates:
        """Convert candidates from data to standardised units; raise variances to the floor."""
        return Candidates(
            candidates.weights,
            (candidates.means - self.location) / self.scale,
            np.maximum(candidates.variances / self.scale / self.scale, self.variance_floor),
        )

    def in_data_scale(self, candidates: Candidates) -> Candidates:
        """Convert candidates from standardised units to data units."""
        return Candidates(
            candidates.weights,
            self.location + self.scale * candidates.means,
            candidates.variances * self.scale * self.scale,
        )

    def mixture(self, candidates: Candidates, index: int = 0) -> Mixture:
        """Return one candidate as a mixture in data units."""
        scaled = self.in_data_scale(candidates[index : index + 1])
        return Mixture(
            scaled.weights[0] / scaled.weights[0].sum(), scaled.means[0], scaled.variances[0]
        )


def mean_log_likelihood(summary: WeightedSummary, mixture: Mixture) -> float:
    """Return the mean log-likelihood of the summary's data under any mixture, nats per point.

    It is exact while the summary is exact, and a lower bound after merging. Its time depends on
    the number of atoms, not on the number of points. Raises EmptyDataError without points.

    Examples
    --------
    >>> points = np.array([0.0, 1.0, 1.0])
    >>> one = Mixture(np.ones(1), np.zeros(1), np.ones(1))
    >>> held = mean_log_likelihood(WeightedSummary(16).with_points(points), one)
    >>> round(held - one.mean_log_likelihood(points), 12)
    0.0
    """
    if summary.n_atoms == 0:
        raise EmptyDataError("expected a summary with points, got an empty one", "summary")
    if all_equal(summary):
        return mixture.mean_log_likelihood(summary.means[:1])
    objective = Objective.of_summary(summary, mixture.n_components, 0.0)
    # not `standardised`: it would raise the variances
    candidate = Candidates(
        np.array(mixture.weights[None]),
        (mixture.means[None] - objective.location) / objective.scale,
        mixture.variances[None] / objective.scale / objective.scale,
    )
    return objective.in_data_units(float(objective.value(candidate)[0]))


def all_equal(summary: WeightedSummary) -> bool:
    """Return whether the spread of the points is 0, or too small for a variance in float64."""
    return bool(
        (summary.n_atoms == 1 and summary.variances[0] <= MIN_SPREAD**2)
        or summary.means[-1] - summary.means[0] <= MIN_SPREAD
    )


def equal_points_mixture(x: float, n_components: int) -> Mixture:
    """Return a mixture for points that all equal x; J has no optimum for them."""
    std = EQUAL_POINTS_STD_RATIO * max(abs(x), 1.0)
    return Mixture(
        np.full(n_components, 1.0 / n_components),
        np.full(n_components, x),
        np.full(n_components, std * std),
    )
