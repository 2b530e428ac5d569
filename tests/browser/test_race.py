"""The league table, the densities and the charts of the learners, live."""

from __future__ import annotations

import numpy as np
import pytest
from dash_page import DashPage
from test_dash_page_access import CONTROLS, axe_findings

from dash_app.learning import LEARNERS, Mixture

pytestmark = pytest.mark.browser

PANELS = ("distance", "loss", "touched")
N_CONTROLS = 22
"""Controls of the page as a newcomer finds it."""


def share(page: DashPage, learner: str) -> float:
    """Return the distance in the table, as a share of the mass."""
    text = page.text(f"{learner}-distance")
    return float(text.strip("< %")) / 100


def lines(page: DashPage, panel: str) -> dict[str, list[float]]:
    """Return the lines that a panel shows, by the learner."""
    found: dict[str, list[float]] = page.read(
        "Object.fromEntries((document.querySelector('#race-chart .js-plotly-plot')?.data || [])"
        ".filter((each) => each.visible !== false && each.meta.panel === arguments[0])"
        ".map((each) => [each.meta.learner, each.y]))",
        panel,
    )
    return found


def test_a_learner_without_memory_is_wrong_where_ours_is_not(page: DashPage) -> None:
    page.compare("gradient")
    page.play("one-after-the-other", 45)
    page.race_ends()
    page.until(lambda: page.text("gradient-distance") not in ("", "\u2013"), "a distance")
    page.until(lambda: share(page, "gradient") > 0.1, "the distance of gradient in the table")
    assert share(page, "summary") < 0.01
    assert page.view.scratch is None  # nobody trained: the race has its own reference
    page.until(lambda: len(lines(page, "distance").get("gradient", [])) > 20, "its line")
    assert lines(page, "distance").keys() == {"summary", "gradient"}
    everyone = {"summary", "scratch", "gradient"}
    page.until(lambda: lines(page, "loss").keys() == everyone, "the next panel")
    x = page.read("document.querySelector('#race-chart .js-plotly-plot').data[0].x")
    assert (x[0], x[-1]) == (2, 45)  # points, of increments of two


def test_density_of_an_added_learner_follows_each_click(page: DashPage) -> None:
    page.compare("warm_em")
    uid = page.read("dash_clientside.state.settings.lines.warm_em")
    for x in (-0.6, 0.5, -0.52, 0.44, -0.57, 0.55):
        page.click(x)
        page.settle()
    page.race_ends()
    page.until(lambda: page.curve(uid)[0].size > 300, "the curve of the added learner")
    last = "dash_clientside.race.records.get('warm_em').at(-1)"
    page.wait(f"{last}.n_points === 6")
    page.settle()
    record = page.read(last)
    model = Mixture(*(np.array(record[name]) for name in ("weights", "means", "variances")))
    page.until(
        lambda: np.allclose(page.curve(uid)[1], model.density(page.curve(uid)[0]), rtol=1e-9),
        "the density of the last record",
    )


def test_a_learner_that_is_off_costs_nothing(page: DashPage) -> None:
    for x in (-0.5, 0.4):
        page.click(x)
        page.settle()
    page.compare("stepwise_em")
    page.race_ends()
    uid = page.read("dash_clientside.state.settings.lines.stepwise_em")
    page.until(lambda: page.curve(uid)[0].size > 0, "its curve")
    page.script("document.querySelector('#row-stepwise-em [role=switch]').click()")
    page.wait("dash_clientside.race.shown.length === 0")
    traces = "document.querySelector('#plot .js-plotly-plot').data"
    page.wait(f"{traces}.find((each) => each.uid === '{uid}').visible === false")
    page.wait_text("stepwise-em-distance", "\u2013")
    page.click(0.1)
    page.settle()
    page.race_ends()
    assert page.read("dash_clientside.race.records.get('scratch').length") == 3
    assert not page.read("dash_clientside.race.records.has('stepwise_em')")


def test_every_learner_has_a_row_a_line_and_an_item_of_the_menu(page: DashPage) -> None:
    others = [name for name in LEARNERS if name not in ("summary", "scratch")]
    rows = "[...document.querySelectorAll('.legend tbody tr')]"
    assert page.read(f"{rows}.map((each) => each.id)") == ["row-summary", "row-scratch"]
    page.compare(*others)
    page.wait(f"{rows}.length === {len(LEARNERS)}")
    styles = page.read(
        "[...document.querySelectorAll('.legend-entry')].map((each) => "
        "['--swatch', '--colour'].map((name) => each.style.getPropertyValue(name)).join())"
    )
    assert len(set(styles)) == len(LEARNERS)


def test_compared_learners_stay_after_a_reload(page: DashPage) -> None:
    page.compare("gradient")
    page.open(fresh=False)
    page.wait("dash_clientside.race.shown.join() === 'gradient'")
    page.wait("document.getElementById('row-gradient') !== null")


def test_switch_and_line_agree_after_a_reload(page: DashPage) -> None:
    page.compare("gradient")
    switch = "document.querySelector('#row-gradient [role=switch]')"
    page.script(f"{switch}.click()")
    page.wait("dash_clientside.race.shown.length === 0")
    page.open(fresh=False)
    page.wait(f"{switch}?.checked")
    page.wait("dash_clientside.race.shown.join() === 'gradient'")


def test_a_single_value_is_a_dot(page: DashPage) -> None:
    page.click(-0.3, 0.4)  # the first point has no loss: all points are equal
    page.settle()
    page.until(lambda: len(lines(page, "loss").get("summary", [])) == 2, "the losses")
    assert lines(page, "loss")["summary"][0] is None
    page.wait("document.querySelectorAll('#race-chart .traceonline-loss .point').length === 1")


def test_the_mouse_on_one_panel_moves_the_line_through_all(page: DashPage) -> None:
    for x in (-0.6, 0.5, -0.52, 0.44):
        page.click(x)
        page.settle()
    page.race_ends()
    for panel in PANELS:
        page.until(lambda panel=panel: len(lines(page, panel).get("summary", [])) == 4, panel)
    at = """
        const {xaxis, [arguments[0]]: yaxis} = gd._fullLayout;
        const {left, top} = gd.getBoundingClientRect();
        return [left + xaxis._offset + xaxis.c2p(3), top + yaxis._offset + yaxis._length / 3];
    """
    drawn = """
        const {xaxis, yaxis, yaxis3} = gd._fullLayout, box = gd.getBoundingClientRect();
        const line = document.querySelector('.chart-cursor');
        const {left, top, bottom} = line.getBoundingClientRect();
        const [first, last] = [yaxis._offset, yaxis3._offset + yaxis3._length];
        if (line.hidden || top > box.top + first || bottom < box.top + last) return null;
        return Math.round(10 * xaxis.p2c(left - box.left - xaxis._offset)) / 10;
    """
    find = "const gd = document.querySelector('#race-chart .js-plotly-plot');"
    at, drawn = find + at, find + drawn
    assert page.script(drawn) is None
    for axis in ("yaxis", "yaxis2", "yaxis3"):
        page.mouse("mouseMoved", tuple(page.script(at, axis)))
        page.until(lambda: page.script(drawn) == 3, "the line at increment 3")
        page.mouse("mouseMoved", page.pixel(0.2))
        page.until(lambda: page.script(drawn) is None, "no line")


def test_a_newcomer_finds_no_more_controls_than_before(page: DashPage) -> None:
    assert page.script(CONTROLS) <= N_CONTROLS + 1  # the empty plot offers the story
    page.click(0.2)
    page.settle()
    assert page.script(CONTROLS) <= N_CONTROLS + 1  # Undo


def test_axe_finds_nothing_serious_with_all_learners_and_rewound(page: DashPage) -> None:
    page.driver.set_script_timeout(60)
    page.play("two-clumps", 40)
    page.compare("gradient", "stepwise_em", "warm_em")
    page.race_ends()
    page.key("w")
    page.wait("dash_clientside.race.cursor !== null")
    page.wait_text("sentence", "Rewound to 40 of 40 points")  # of 20 increments
    page.press("compare")
    page.wait("document.getElementById('compare-gradient').offsetParent !== null")
    page.wait("document.getAnimations().length === 0")
    assert not axe_findings(page)


def test_charts_say_why_there_is_no_comparison_until_there_is_one(page: DashPage) -> None:
    page.click(-0.5, 0.4)
    page.settle()
    page.until(lambda: "summary" in lines(page, "touched"), "the charts")
    page.script("dash_clientside.actions.configure({half_life: 20})")
    page.wait_text("race-frame", "has or had a half-life")
    page.click(0.1)
    page.settle()
    page.wait("document.getElementById('page').dataset.race === 'current'")
    page.script("dash_clientside.actions.configure({half_life: null})")
    page.settle()
    page.wait_text("race-frame", "has or had a half-life")  # the model is of faded points
    page.key("u", "u", "u")
    page.until(lambda: "summary" in lines(page, "touched"), "the charts again")
