"""The sentences of the story: they say what the figures say."""

from __future__ import annotations

from typing import Any

import numpy as np

from dash_app.learning import LEARNERS, timeline
from dash_app.ui.examples import EXAMPLES, script_of
from dash_app.ui.story import STEPS, script, words

NAMES = ("summary", "scratch", "stepwise_em")


def record(tv: float, **more: Any) -> dict[str, Any]:
    mixture = {"weights": [1.0], "means": [0.66], "variances": [0.001]}
    figures = {"n_points": 45, "mean_nll": 268.1, "tv_to_scratch": tv, "n_touched": 51}
    return {**mixture, **figures, **more}


def text(step: int, **told: Any) -> str:
    return words({"step": step, **told})[2]


def test_each_step_says_something_before_there_are_figures() -> None:
    for index, step in enumerate(STEPS):
        title, progress, said, label, is_first = words({"step": index, "done": False})
        assert title == step.title
        assert progress == f"{index + 1} of 5"
        assert len(said) > 20
        assert label == ("Done" if index == 4 else "Next")
        assert is_first == (index == 0)


def test_example_that_was_changed_is_not_told_of() -> None:
    for step in range(1, 5):
        said = text(step, gone=True, done=False)
        assert "no longer the example" in said
        assert "clump" not in said


def test_first_step_tells_the_time_of_the_last_update() -> None:
    said = text(0, online={"n_points": 3, "time_s": 0.00062})
    assert "has learned 3 points" in said
    assert "0.6 ms" in said


def test_second_step_tells_what_is_left_of_the_first_points() -> None:
    first = {"n": 15, "low": -0.75, "high": -0.45}
    said = text(1, done=True, records={"gradient": record(0.714)}, first=first, kept=True)
    assert "Where the first 15 points lie, less than 1 % of its mass is left" in said
    assert "ends 71 % of the mass away" in said
    assert "Your own points come back" in said


def test_third_step_says_better_only_where_it_is() -> None:
    records = {"gradient": record(0.71), "stepwise_em": record(0.66, mean_nll=2.7)}
    assert "It is better: mean \u2212log-likelihood 2.7 nats, that of Adam 268.1" in text(
        2, done=True, records=records
    )
    records["gradient"]["mean_nll"] = 1.0
    assert "It is no better" in text(2, done=True, records=records)


def test_fourth_step_says_no_difference_only_where_there_is_none() -> None:
    near = {"summary": record(2e-7, n_touched=551), "scratch": record(0.0, n_touched=551)}
    assert "no difference to see" in text(3, done=True, records=near)
    far = {**near, "summary": record(0.2, n_touched=551)}
    assert "no difference" not in text(3, done=True, records=far)
    assert "20 % of the mass away" in text(3, done=True, records=far)


def test_fifth_step_tells_centres_with_a_true_minus() -> None:
    online = {"n_points": 90, "weights": [0.5, 0.5], "means": [0.1, 0.5]}
    said = text(4, done=True, online=online, mean=-0.01, last_mean=0.54)
    assert "The centre of the curve is at 0.30" in said
    assert "\u22120.01, that of the last ten at 0.54" in said


def test_learners_of_the_story_are_known_and_its_examples_too() -> None:
    for step, told in zip(STEPS, script()):
        assert set(told["learners"]) <= set(LEARNERS)
        assert step.example is None or step.example in EXAMPLES
    assert [told["n_points"] for told in script()] == [0, 45, 45, 45, 90]
    assert [told["half_life"] for told in script()] == [None, None, None, None, 20]


def test_claims_hold_on_the_example_of_the_story() -> None:
    """Stepwise EM is far from from scratch at the end, the summary is not."""
    example = EXAMPLES["one-after-the-other"]
    played = script_of(example)
    increments = np.split(
        played.points, range(played.increment, played.points.size, played.increment)
    )
    last = {each.learner: each for each in timeline(increments, NAMES, example.n_components)}
    assert last["summary"].tv_to_scratch < 1e-4
    assert last["stepwise_em"].tv_to_scratch > 0.5
    assert last["summary"].n_touched == last["scratch"].n_touched
