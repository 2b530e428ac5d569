"""Expectation-maximisation for the shared objective, on batches of candidate mixtures.

Source: Dempster, Laird and Rubin (1977), JRSS B 39:1; Bishop (2006), Pattern Recognition and
Machine Learning, section 9.2. The M-step of the variances carries the pseudo-observations of
`objective.Objective`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dash_app.learning.mixture import Array
from dash_app.learning.objective import Candidates, Objective


@dataclass(frozen=True, eq=False)
class SufficientStats:
    """Mass, mean and centred scatter of each component; `a + b` is that of both data.

    Each array is (n_candidates, n_components), standardised units.

    Examples
    --------
    >>> one = SufficientStats(np.array([[1.0]]), np.array([[0.0]]), np.array([[0.0]]))
    >>> two = SufficientStats(np.array([[1.0]]), np.array([[2.0]]), np.array([[0.0]]))
    >>> both = one + two
    >>> both.mass.item(), both.means.item(), both.scatter.item()
    (2.0, 1.0, 2.0)
    """

    mass: Array
    means: Array
    scatter: Array

    def __add__(self, other: SufficientStats) -> SufficientStats:
        """Merge, after Chan, Golub and LeVeque (1983), doi 10.2307/2683386."""
        mass = self.mass + other.mass
        share = np.divide(other.mass, mass, out=np.zeros_like(mass), where=mass > 0)
        distance = other.means - self.means
        return SufficientStats(
            mass,
            self.means + share * distance,
            self.scatter + other.scatter + self.mass * share * distance * distance,
        )


def e_step(objective: Objective, candidates: Candidates) -> tuple[SufficientStats, Array]:
    """Return the statistics under each candidate's responsibilities and the log-likelihood.

    Parameters
    ----------
    objective : the data, n_atoms
    candidates : Candidates, (n_candidates, n_components)

    Returns
    -------
    stats : SufficientStats, (n_candidates, n_components)
    log_likelihood : ndarray, shape (n_candidates,), nats, of the standardised data, not divided
        by n

    References
    ----------
    Bishop (2006), eq. 9.23 and 9.24-9.27.
    """
    joint, deviations = objective.joint_log_density(candidates)
    top = joint.max(axis=1)
    joint -= top[:, None]
    np.exp(joint, out=joint)
    density = joint.sum(axis=1)
    log_likelihood = (np.log(density) + top) @ objective.masses
    resp = joint
    resp *= (objective.masses / density)[:, None]
    mass = resp.sum(axis=2)
    # moments about the candidate's own means: near the new ones, so nothing cancels
    resp_deviations = resp * deviations
    first = resp_deviations.sum(axis=2)
    second = np.einsum("rkn,rkn->rk", resp_deviations, deviations)
    if objective.has_spread:
        second += resp @ objective.variances
    shift = np.divide(first, mass, out=np.zeros_like(first), where=mass > 0)
    scatter = np.maximum(second - shift * first, 0.0)
    return SufficientStats(mass, candidates.means + shift, scatter), log_likelihood


def m_step(objective: Objective, stats: SufficientStats) -> Candidates:
    """Return the maximiser of the expected objective: w = N/n, v = (a s2 + S) / (a + N).

    A component without any mass keeps its place and takes the prior's variance, or the floor.
    """
    prior = objective.prior_weight
    # the least normal number stands for a mass of 0 under a prior of 0
    total = np.maximum(stats.mass + prior, np.finfo(np.float64).tiny)
    variances = (prior * objective.prior_variance + stats.scatter) / total
    return Candidates(
        stats.mass / stats.mass.sum(axis=1, keepdims=True),
        stats.means,
        np.maximum(variances, objective.variance_floor),
    )


def em_step(objective: Objective, candidates: Candidates) -> tuple[Candidates, Array]:
    """Return the candidates after one iteration, and J of those *before* it, (n_candidates,)."""
    stats, log_likelihood = e_step(objective, candidates)
    value = (log_likelihood + objective.log_prior(candidates.variances)) / objective.mass
    return m_step(objective, stats), value
