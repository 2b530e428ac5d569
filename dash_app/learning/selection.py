"""How many components: BIC, AIC, ICL and held-out loss for 1, 2, ... components.

For each criterion lower is better. All of them read a summary, so their cost does not depend on the
number of points. After merging, the log-likelihood of the summary is a lower bound.

A fit maximises J, as everywhere. L is its log-likelihood without the penalty, nats, n the number
of points and 3 K - 1 the number of free parameters.

    AIC = -2 L + 2 (3 K - 1)            BIC = -2 L + log n (3 K - 1)            ICL = BIC + 2 E

E is the entropy of the responsibilities, nats, summed over the points. BIC with a penalised fit:
Fraley and Raftery (2007), doi 10.1007/s00357-007-0004-5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Optional

import numpy as np
from scipy.special import entr, logsumexp

from dash_app.errors import RefusedError
from dash_app.learning import tuning
from dash_app.learning.component_fits import fits_of_sizes
from dash_app.learning.mixture import Array, Mixture
from dash_app.learning.objective import all_equal, equal_points_mixture
from dash_app.learning.summary import WeightedSummary

MOST = 10
"""Largest number of components that is tried. The time grows faster than this number."""

N_FOLDS = 5
"""Parts of the points, each held out once. More folds train on more points and take longer."""

_LARGEST_NATS = 1e300
"""Bound of the loss of a held-out point: at 1e150, the largest point, it is beyond all numbers."""


@dataclass(frozen=True)
class Criteria:
    """The criteria of one mixture.

    bic, aic, icl : float, nats times 2, summed over the points; lower is better
    entropy : float, nats, of the responsibilities, summed over the points; 0 without overlap
    """

    bic: float
    aic: float
    icl: float
    entropy: float


@dataclass(frozen=True)
class Selection:
    """The criteria of each number of components, and the number that each of them takes.

    n_components : 1, 2, ...; at most 10, at most (n + 1) / 3, at most the number of atoms
    bic, aic, icl : nats times 2, summed over the points; lower is better
    held_out : mean negative log-likelihood of held-out points, nats per point; lower is better
    held_out_se : standard error of its difference to the least one, nats per point; 0 there
    best : by name of the criterion, the number of components where it is least
    within_se : fewest components whose held-out loss exceeds the least by one standard error at
        most (Breiman et al. 1984)
    reason : one sentence that says why the criteria disagree; None where they agree
    n_points : int
    """

    n_components: tuple[int, ...]
    bic: tuple[float, ...]
    aic: tuple[float, ...]
    icl: tuple[float, ...]
    held_out: tuple[float, ...]
    held_out_se: tuple[float, ...]
    best: dict[str, int]
    within_se: int
    reason: Optional[str]
    n_points: int


def criteria_of(summary: WeightedSummary, mixture: Mixture) -> Criteria:
    """Return the criteria of a mixture on the points of a summary.

    References
    ----------
    Schwarz (1978), doi 10.1214/aos/1176344136. Akaike (1974), doi 10.1109/TAC.1974.1100705.
    Biernacki, Celeux and Govaert (2000), doi 10.1109/34.865189.

    Examples
    --------
    >>> summary = WeightedSummary(16).with_points(np.array([-1.0, 1.0]))
    >>> one = criteria_of(summary, Mixture(np.ones(1), np.zeros(1), np.ones(1)))
    >>> round(one.aic, 6)  # 2 (log 2 pi + 1) + 4
    9.675754
    >>> one.icl == one.bic
    True
    """
    joint = _joint_log_density(summary, mixture)
    log_density = logsumexp(joint, axis=1)
    log_likelihood = float(summary.masses @ log_density)
    shares = np.exp(joint - log_density[:, None])
    entropy = float(summary.masses @ entr(shares).sum(axis=1))
    n_parameters = 3 * mixture.n_components - 1
    bic = -2.0 * log_likelihood + float(np.log(summary.mass)) * n_parameters
    aic = -2.0 * log_likelihood + 2.0 * n_parameters
    return Criteria(bic, aic, bic + 2.0 * entropy, entropy)


def select_n_components(
    summary: WeightedSummary,
    *,
    prior_weight: float = 1.0,
    seed: int = 0,
    on_step: Callable[[], None] = lambda: None,
) -> Selection:
    """Return the criteria for 1, 2, ... components.

    The points are divided into 5 folds at random. For each fold the mixtures are fitted anew to the
    other folds, and its points are held out. A start at the fit to all points would be faster, but
    it has seen the held-out points: their loss would then be too low with many components. These
    fits read about 256 atoms.

    The points of an atom are divided too. All of them count as if they lay at its mean, with its
    variance.

    Parameters
    ----------
    summary : each mass is a number of points
    prior_weight : float >= 0, pseudo-observations of each component's variance
    seed : int, of the folds
    on_step : called between two fits; an exception from it ends the work

    Raises
    ------
    RefusedError : fewer points than folds, or points that are all equal
    """
    n_points = round(summary.mass)
    if n_points < N_FOLDS:
        raise RefusedError(f"expected at least {N_FOLDS} points, got {n_points}", "points")
    if all_equal(summary):
        raise RefusedError(f"expected points that differ, got {n_points} equal ones", "points")
    most = min(MOST, (n_points + 1) // 3, summary.n_atoms)
    fits = fits_of_sizes(summary, most, prior_weight=prior_weight, on_step=on_step)
    each = [criteria_of(summary, mixture) for mixture in fits]
    losses, masses = _held_out(summary, most, prior_weight, seed, on_step)
    return _selection(each, losses, masses)


def _joint_log_density(summary: WeightedSummary, mixture: Mixture) -> Array:
    """Return log(weight * density) of each atom, shape (n_atoms, n_components), a lower bound."""
    joint: Array = mixture.component_log_density(summary.means)
    # divide twice: the square root of a variance does not underflow
    inside = np.sqrt(summary.variances)[:, None] / mixture.stds
    return joint - 0.5 * inside * inside


def _held_out(
    summary: WeightedSummary,
    most: int,
    prior_weight: float,
    seed: int,
    on_step: Callable[[], None],
) -> tuple[Array, Array]:
    """Return the loss of held-out atoms, (most, any), nats, and the points of each, (any,)."""
    losses, masses = [], []
    for held in _folds(summary.masses, seed):
        inside, outside = _part(summary, held), _part(summary, summary.masses - held)
        outside = outside.coarsened(tuning.COARSE_ATOMS)
        fits = _fits(outside, most, prior_weight, on_step)
        nlls = [-logsumexp(_joint_log_density(inside, each), axis=1) for each in fits]
        losses.append(np.minimum(nlls, _LARGEST_NATS))
        masses.append(inside.masses)
    return np.concatenate(losses, axis=1), np.concatenate(masses)


def _fits(
    summary: WeightedSummary, most: int, prior_weight: float, on_step: Callable[[], None]
) -> list[Mixture]:
    if all_equal(summary):
        x = float(summary.means[0])
        return [equal_points_mixture(x, size) for size in range(1, most + 1)]
    return fits_of_sizes(summary, most, prior_weight=prior_weight, on_step=on_step)


def _folds(masses: Array, seed: int) -> list[Array]:
    """Divide the points of the atoms at random; return the masses of each fold, (n_atoms,)."""
    rng = np.random.default_rng(seed)
    left = np.rint(masses).astype(np.int64)
    folds = []
    for n_left in range(N_FOLDS, 0, -1):
        size = int(left.sum()) // n_left
        drawn = rng.multivariate_hypergeometric(left, size, method="marginals")
        left = left - drawn
        folds.append(drawn.astype(np.float64))
    return folds


def _part(summary: WeightedSummary, masses: Array) -> WeightedSummary:
    kept = masses > 0.5  # whole numbers
    return replace(
        summary,
        means=summary.means[kept],
        masses=masses[kept],
        variances=summary.variances[kept],
    )


def _selection(each: list[Criteria], losses: Array, masses: Array) -> Selection:
    sizes = tuple(range(1, len(each) + 1))
    n_points = round(float(masses.sum()))
    held_out = losses @ masses / n_points
    least = int(np.argmin(held_out))
    apart = losses - losses[least]
    apart -= (held_out - held_out[least])[:, None]
    unit = max(float(np.abs(apart).max()), 1.0)  # squares of losses at 1e150 would be infinite
    errors = unit * np.sqrt(np.square(apart / unit) @ masses / (n_points - 1) / n_points)
    by_name = {name: [getattr(one, name) for one in each] for name in ("bic", "aic", "icl")}
    best = {name: int(np.argmin(values)) + 1 for name, values in by_name.items()}
    best["held_out"] = least + 1
    within_se = int(np.argmax(held_out <= held_out[least] + errors)) + 1
    reason = Reason(best, within_se, n_points, [one.entropy for one in each], held_out, errors)
    return Selection(
        n_components=sizes,
        bic=tuple(by_name["bic"]),
        aic=tuple(by_name["aic"]),
        icl=tuple(by_name["icl"]),
        held_out=tuple(held_out.tolist()),
        held_out_se=tuple(errors.tolist()),
        best=best,
        within_se=within_se,
        reason=reason.sentence(),
        n_points=n_points,
    )


@dataclass(frozen=True, eq=False)
class Reason:
    """What a sentence about the disagreement needs; the attributes are those of `Selection`.

    entropies : nats, one for each number of components
    """

    best: dict[str, int]
    within_se: int
    n_points: int
    entropies: list[float]
    held_out: Array
    errors: Array

    def sentence(self) -> Optional[str]:
        """Return one sentence, or None where the criteria agree."""
        if len(set(self.best.values())) == 1:
            return None
        clauses = [self._of_aic(), self._of_icl(), self._of_held_out()]
        text = "; ".join(clause for clause in clauses if clause)
        return f"{text}."

    def _of_aic(self) -> str:
        bic, aic = self.best["bic"], self.best["aic"]
        if aic == bic:
            return ""
        # three parameters a component
        cost = 3.0 * np.log(self.n_points)
        return (
            f"AIC takes {aic} and BIC {bic}: a further component costs 6 in AIC and "
            f"3 log n = {cost:.1f} in BIC"
        )

    def _of_icl(self) -> str:
        bic, icl = self.best["bic"], self.best["icl"]
        if icl == bic:
            return ""
        return (
            f"ICL takes {icl} and BIC {bic}: ICL also counts overlap, and the entropy of the "
            f"assignments is {self.entropies[bic - 1]:.3g} nats with {bic} and "
            f"{self.entropies[icl - 1]:.3g} with {icl}"
        )

    def _of_held_out(self) -> str:
        bic, least = self.best["bic"], self.best["held_out"]
        if least == bic:
            return ""
        if self.within_se != least:
            return (
                f"the held-out loss is least with {least}, but with {self.within_se} it is within "
                "one standard error of that"
            )
        gain = self.held_out[bic - 1] - self.held_out[least - 1]
        return (
            f"the held-out loss with {least} is {gain:.2g} nats a point below that with {bic}, "
            f"where BIC is least, with a standard error of {self.errors[bic - 1]:.2g}"
        )
