"""The dialog with the criteria: its chart, its buttons and its sentence."""

from __future__ import annotations

from typing import Any

import pytest

from dash_app.ui.selection import CRITERIA, WAITS, excess, selection_figure, takes, verdict

DOCUMENT: dict[str, Any] = {
    "n_components": [1, 2, 3],
    "bic": [100.0, 20.0, 28.0],
    "aic": [96.0, 14.0, 12.0],
    "icl": [100.0, 21.0, 60.0],
    "held_out": [1.5, 0.5, 0.51],
    "best": {"bic": 2, "aic": 3, "icl": 2, "held_out": 2},
    "reason": "AIC takes 3 and BIC 2.",
    "n_points": 40,
}


def line(name: str, n_components: int = 2) -> Any:
    figure = selection_figure(DOCUMENT, n_components)
    return next(trace for trace in figure.data if trace.uid == f"selection-{name}")


def test_excess_is_in_nats_per_point_and_zero_at_the_best() -> None:
    assert excess(DOCUMENT, "bic") == pytest.approx([1.0, 0.0, 0.1])
    assert excess(DOCUMENT, "held_out") == pytest.approx([1.0, 0.0, 0.01])


@pytest.mark.parametrize("name", list(CRITERIA))
def test_marker_of_the_best_number_is_the_largest(name: str) -> None:
    sizes = list(line(name).marker.size)
    best = DOCUMENT["best"][name]
    assert sizes.index(max(sizes)) + 1 == best
    assert sizes.count(max(sizes)) == 1
    assert line(name).y[best - 1] == 0.0


def test_chart_marks_the_number_of_the_session() -> None:
    assert list(line("now", 3).x) == [3, 3]


def test_chart_shows_the_best_numbers_and_their_neighbours() -> None:
    low, high = selection_figure(DOCUMENT, 2).layout.yaxis.range
    assert low < 0.0
    # the neighbour of a best number is never beyond the top
    assert high >= 1.0


def test_verdict_says_that_all_agree_or_why_not() -> None:
    assert verdict(DOCUMENT) == "AIC takes 3 and BIC 2. Computed from 40 points."
    same = {**DOCUMENT, "best": dict.fromkeys(CRITERIA, 2), "reason": None}
    assert verdict(same) == "All four take 2. Computed from 40 points."


def test_chart_says_that_it_waits_and_nothing_after_a_refusal() -> None:
    assert [each.text for each in selection_figure(None, 1, waits=True).layout.annotations] == [
        WAITS
    ]
    assert not selection_figure(None, 1).layout.annotations


def test_buttons_say_the_number_or_nothing() -> None:
    assert takes(DOCUMENT) == ["2", "3", "2", "2"]
    assert takes(None) == ["\u2013"] * 4
