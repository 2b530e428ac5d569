"""Numbers of components: by hand, against scikit-learn, planted, and in words that are true."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from dash_app.errors import RefusedError
from dash_app.learning import Mixture, WeightedSummary, fit_from_scratch
from dash_app.learning.mixture import Array
from dash_app.learning.selection import (
    MOST,
    Selection,
    criteria_of,
    select_n_components,
)
from testbed.streams import named_streams

TWO = Mixture(np.array([0.4, 0.6]), np.array([-0.5, 0.6]), np.array([0.2, 0.1]))


def summary_of(points: Array, capacity: int = 1024) -> WeightedSummary:
    return WeightedSummary(capacity).with_points(points)


def groups(n_groups: int, n_each: int = 60, seed: int = 4) -> Array:
    """Groups of one standard deviation, 10 apart."""
    rng = np.random.default_rng(seed)
    return rng.permutation((rng.normal(size=(n_each, n_groups)) + 10 * np.arange(n_groups)).ravel())


def test_criteria_of_two_points_by_hand() -> None:
    """Each point lies between two equal components: p = 1/2 N(0 | 1, 1) + 1/2 N(0 | -1, 1)."""
    mixture = Mixture(np.array([0.5, 0.5]), np.array([-1.0, 1.0]), np.array([1.0, 1.0]))
    found = criteria_of(summary_of(np.array([0.0, 0.0])), mixture)
    log_likelihood = 2 * (-0.5 * math.log(2 * math.pi) - 0.5)
    assert_allclose(found.aic, -2 * log_likelihood + 10, rtol=1e-14)
    assert_allclose(found.bic, -2 * log_likelihood + 5 * math.log(2), rtol=1e-14)
    assert_allclose(found.entropy, 2 * math.log(2), rtol=1e-14)
    assert_allclose(found.icl, found.bic + 4 * math.log(2), rtol=1e-14)


def test_bic_and_aic_are_those_of_scikit_learn(scikit_learn_mixture: Any) -> None:
    points = np.random.default_rng(0).normal(size=200)
    peer = scikit_learn_mixture(2, weights_init=TWO.weights, means_init=TWO.means[:, None])
    peer.fit(points[:, None])
    peer.weights_, peer.means_ = TWO.weights, TWO.means[:, None]
    peer.covariances_ = TWO.variances[:, None, None]
    peer.precisions_cholesky_ = 1 / np.sqrt(peer.covariances_)
    found = criteria_of(summary_of(points), TWO)
    assert_allclose(found.bic, peer.bic(points[:, None]), rtol=1e-12)
    assert_allclose(found.aic, peer.aic(points[:, None]), rtol=1e-12)
    shares = peer.predict_proba(points[:, None])
    assert_allclose(found.entropy, -(shares * np.log(shares)).sum(), rtol=1e-9)


@pytest.mark.parametrize("planted", [1, 2, 3, 5, 8])
def test_groups_far_apart_are_counted_by_every_criterion_but_aic(planted: int) -> None:
    found = select_n_components(summary_of(groups(planted)))
    assert found.best["bic"] == found.best["icl"] == found.within_se == planted
    assert found.best["aic"] >= planted


def test_an_exact_summary_gives_what_the_points_give() -> None:
    """Equal values share an atom; each counts as a point."""
    points = np.round(groups(3), 1)
    summary = summary_of(points)
    assert summary.exact
    assert summary.n_atoms < points.size
    found = select_n_components(summary)
    for size, bic, aic in zip(found.n_components, found.bic, found.aic):
        mixture = fit_from_scratch(points, size).mixture
        deviance = -2 * mixture.log_density(points).sum()
        n_parameters = 3 * size - 1
        if size <= 6:  # with more the search from scratch may find a better optimum
            assert_allclose(aic, deviance + 2 * n_parameters, rtol=1e-5)
            assert_allclose(bic, deviance + math.log(180) * n_parameters, rtol=1e-5)


def test_a_merged_summary_takes_the_same_numbers() -> None:
    points = groups(3, 2000)
    whole, merged = (select_n_components(summary_of(points, each)) for each in (1 << 13, 128))
    assert whole.n_points == merged.n_points == 6000
    assert whole.best["bic"] == merged.best["bic"] == 3
    assert_allclose(merged.held_out[:3], whole.held_out[:3], atol=0.02)  # other folds
    # after merging the log-likelihood is a lower bound
    assert all(a >= b for a, b in zip(merged.bic[:3], whole.bic[:3]))


def test_held_out_loss_is_that_of_fits_from_scratch_to_the_other_folds() -> None:
    points = groups(2, 20)
    found = select_n_components(summary_of(points), seed=7)
    ordered = np.sort(points)
    rng, left, losses = np.random.default_rng(7), np.ones(40, dtype=np.int64), []
    for n_left in range(5, 0, -1):
        held = rng.multivariate_hypergeometric(left, left.sum() // n_left, method="marginals")
        left = left - held
        mixture = fit_from_scratch(ordered[held == 0], 2).mixture
        losses += (-mixture.log_density(ordered[held == 1])).tolist()
    assert len(losses) == 40
    assert_allclose(found.held_out[1], np.mean(losses), rtol=1e-6)


def test_equal_arguments_give_equal_results() -> None:
    summary = summary_of(groups(3, 15))
    assert select_n_components(summary, seed=1) == select_n_components(summary, seed=1)
    assert select_n_components(summary, seed=1) != select_n_components(summary, seed=2)


def test_the_place_and_the_unit_of_the_data_do_not_matter() -> None:
    points = groups(3, 20)
    near = select_n_components(summary_of(points))
    far = select_n_components(summary_of(1e5 + 64.0 * points))
    assert far.best == near.best
    assert_allclose(far.held_out[:4], np.array(near.held_out[:4]) + math.log(64), atol=1e-6)


@pytest.mark.parametrize(
    ("points", "word"),
    [([], "at least 5 points, got 0"), ([1.0, 2.0, 3.0, 4.0], "got 4"), ([0.3] * 9, "9 equal")],
)
def test_too_few_or_equal_points_are_refused(points: list[float], word: str) -> None:
    summary = WeightedSummary(16)
    if points:
        summary = summary.with_points(np.array(points))
    with pytest.raises(RefusedError, match=word):
        select_n_components(summary)


@pytest.mark.parametrize(
    ("points", "most"),
    [
        ([0.0, 1.0, 2.0, 3.0, 4.5], 2),  # more components have more parameters than points
        ([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0], 2),  # a fold's other points are all equal
        ([0.0, 0.1, 0.2] * 20, 3),
        (np.linspace(0.0, 1.0, 29).tolist(), MOST),
        ((1e-120 * np.arange(30.0)).tolist(), MOST),
        ((1e150 * np.linspace(-1.0, 1.0, 30)).tolist(), MOST),
        ([-1e150, 0.0, 3.0, 0.5, 0.5], 2),  # a point so far away that its loss squared is infinite
        ([0.0, 1e-9, 2e-9, 5e-9, 6e-9, 1e150], 2),  # and one whose loss is
    ],
)
def test_hard_cases_give_finite_values(points: list[float], most: int) -> None:
    found = select_n_components(summary_of(np.array(points)))
    assert found.n_components == tuple(range(1, most + 1))
    for values in (found.bic, found.aic, found.icl, found.held_out, found.held_out_se):
        assert len(values) == most
        assert np.isfinite(values).all()


# ---------------------------------------------------------------------- the sentence


def check_sentence(found: Selection) -> None:
    """Check each number and each claim of the sentence against the values."""
    best = found.best
    if found.reason is None:
        assert len(set(best.values())) == 1
        return
    assert len(set(best.values())) > 1
    costs = 3 * math.log(found.n_points)
    for clause in found.reason.rstrip(".").split("; "):
        numbers = [float(text) for text in re.findall(r"\d+(?:\.\d+)?(?:e[+-]\d+)?", clause)]
        if clause.startswith("AIC"):
            assert numbers[:3] == [best["aic"], best["bic"], 6]
            assert numbers[4] == round(costs, 1)
            assert (best["aic"] > best["bic"]) == (costs > 6)
        elif clause.startswith("ICL"):
            assert numbers[:2] == [best["icl"], best["bic"]]
            entropy = [(i - b) / 2 for i, b in zip(found.icl, found.bic)]
            assert_allclose(numbers[2], entropy[best["bic"] - 1], rtol=6e-3, atol=1e-9)
            assert_allclose(numbers[4], entropy[best["icl"] - 1], rtol=6e-3, atol=1e-9)
            assert numbers[2] > numbers[4]
        elif "is within one standard error" in clause:
            assert numbers == [best["held_out"], found.within_se]
            index = found.within_se - 1
            apart = found.held_out[index] - min(found.held_out)
            assert 0 < apart <= found.held_out_se[index]
        else:
            index = best["bic"] - 1
            assert (numbers[0], numbers[2]) == (best["held_out"], best["bic"])
            assert_allclose(numbers[1], found.held_out[index] - min(found.held_out), rtol=0.06)
            assert_allclose(numbers[3], found.held_out_se[index], rtol=0.06)


SAID = ("separated", "overlapping", "uniform", "Student t, 2 d.o.f.", "galaxies", "Old Faithful")
"""Streams of which together all is said that can be said; `--long` takes the others too."""


def test_the_reason_is_true_for_the_numbers(pytestconfig: pytest.Config) -> None:
    everything = pytestconfig.getoption("--long", default=False)
    said = []
    for stream in named_streams():
        if not everything and stream.name not in SAID:
            continue
        if np.ptp(stream.points) > 0 and 5 <= stream.points.size < 1000:
            found = select_n_components(summary_of(stream.points))
            check_sentence(found)
            said.append(found.reason)
    text = " ".join(filter(None, said))
    assert None in said
    for word in ("AIC takes", "ICL takes", "one standard error"):
        assert word in text


def test_a_clear_gain_of_held_out_points_is_said_with_its_error() -> None:
    from dash_app.learning.selection import _selection, criteria_of

    rng = np.random.default_rng(2)
    points = rng.normal(size=300)
    each = [criteria_of(summary_of(points), mixture) for mixture in (TWO,)] * 2
    losses = np.stack([rng.normal(1.0, 0.1, 300), rng.normal(0.9, 0.1, 300)])
    found = _selection(each, losses, np.ones(300))
    assert found.best["bic"] == 1
    assert found.best["held_out"] == found.within_se == 2
    assert found.reason is not None
    assert "with a standard error of" in found.reason
    check_sentence(found)
