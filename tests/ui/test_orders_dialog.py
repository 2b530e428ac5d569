"""The dialog with other orders: its charts, its table and its sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dash_app.learning import LEARNERS, Mixture
from dash_app.ui.orders import CHOICES, ORDERS, ends_figure, order_rows, shuffles_figure, verdict

N_ORDERS, N_SHUFFLES = len(ORDERS), 10


def end(mean: float, distance: float, **more: Any) -> dict[str, Any]:
    mixture = {"weights": [1.0], "means": [mean], "variances": [0.04]}
    return {**mixture, "tv_to_scratch": distance, "n_touched": 1234, **more}


def document(distances: list[float]) -> dict[str, Any]:
    means = np.linspace(-0.5, 0.5, len(distances))
    ends = [end(float(mean), distance) for mean, distance in zip(means, distances)]
    orders = [{**each, "order": order} for each, order in zip(ends, ORDERS)]
    of = {"learner": "gradient", "n_points": 40, "n_components": 1}
    return {**of, "orders": orders, "shuffles": ends[N_ORDERS:]}


FAR = document([0.1 * k for k in range(5)] + [0.05 * k for k in range(N_SHUFFLES)])
NEAR = document([1e-6] * (5 + N_SHUFFLES))


def test_band_holds_the_density_of_every_order_and_shuffle() -> None:
    traces = {trace.uid: trace for trace in ends_figure(FAR, (-1.0, 1.0)).data}
    xs = np.array(traces["orders-band"].x)
    low, high = np.array(traces["orders-low"].y), np.array(traces["orders-band"].y)
    for each in (*FAR["orders"], *FAR["shuffles"]):
        mixture = Mixture(*(np.array(each[k]) for k in ("weights", "means", "variances")))
        density = mixture.density(xs)
        assert (low <= density + 1e-9).all()
        assert (density <= high + 1e-9).all()
    assert (high - low).max() > 1.0
    assert list(traces["orders-arrival"].x) == list(xs)


def test_shuffles_are_one_row_of_dots_a_learner() -> None:
    figure = shuffles_figure({"gradient": FAR, "summary": NEAR, "adam": {"error": "too long"}})
    dots = figure.data[0]
    assert len(dots.x) == 2 * N_SHUFFLES
    assert list(dots.x)[:N_SHUFFLES] == pytest.approx([0.05 * k for k in range(N_SHUFFLES)])
    assert len(set(dots.y)) == 2
    assert len(figure.data[1].x) == 2  # as they came


def test_charts_say_that_they_wait_and_nothing_after_a_refusal() -> None:
    axis = (-1.0, 1.0)
    assert ends_figure(None, axis, waits=True).layout.annotations
    assert shuffles_figure({}).layout.annotations
    assert not ends_figure(None, axis).layout.annotations
    assert not shuffles_figure({"summary": {"error": "too long"}}).layout.annotations


def test_table_has_a_row_an_order() -> None:
    rows = order_rows(FAR).children[1].children
    assert [row.children[0].children[1] for row in rows] == [label for label, _ in ORDERS.values()]
    assert rows[4].children[1].children == "40 %"
    assert rows[0].children[2].children == "1,234"


def test_verdict_names_the_range_or_that_there_is_none() -> None:
    apart = document([0.1 + 0.02 * k for k in range(5 + N_SHUFFLES)])
    assert "15 trainings on the same points end 10 % to 38 % of the mass away" in verdict(apart)
    assert "15 trainings on the same points end at most 45 % of the mass away" in verdict(FAR)
    assert "end within 0.01 % of the mass of the fit from scratch" in verdict(NEAR)


def test_verdict_says_how_many_trainings_are_done_until_all_are() -> None:
    assert verdict({**document([0.1, 0.2]), "left": 13}).endswith(
        "2 of 15 trainings are done. Computed from 40 points, with 1 component."
    )


def test_every_learner_but_the_reference_can_be_chosen() -> None:
    assert set(CHOICES) == set(LEARNERS) - {"scratch"}
