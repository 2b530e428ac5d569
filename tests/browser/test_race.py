"""The league table, the densities and the charts of the learners, live."""

from __future__ import annotations

import numpy as np
import pytest
from dash_page import DashPage
from selenium.webdriver.common.keys import Keys
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


@pytest.mark.usefixtures("no_rests")
def test_a_learner_without_memory_is_wrong_where_ours_is_not(page: DashPage) -> None:
    page.play("one-after-the-other", 45)  # which shows the learner that forgets
    page.wait("dash_clientside.race.shown.includes('gradient')")
    page.wait("document.getElementById('row-gradient').checkVisibility()")
    page.race_ends()
    page.until(lambda: page.text("gradient-distance") not in ("", "\u2013"), "a distance")
    page.until(lambda: share(page, "gradient") > 0.1, "the distance of gradient in the table")
    assert share(page, "summary") < 0.01
    assert page.view.scratch is None  # nobody trained: the race has its own reference
    page.until(lambda: len(lines(page, "distance").get("gradient", [])) > 20, "its line")
    assert lines(page, "distance").keys() == {"summary", "gradient"}
    everyone = {"summary", "scratch", "gradient"}
    page.until(lambda: lines(page, "loss").keys() == everyone, "the next panel")
    x = "document.querySelector('#race-chart .js-plotly-plot').data[0].x"
    page.wait(f"{x}.at(-1) === 45")
    assert page.read(f"{x}[0]") == 2  # points, of increments of two


def rooms(page: DashPage, column: str, *values: float, truth: bool = False) -> list[float]:
    """Return how far figures of a column end before the next column, px."""
    code = """
        const [id, values, truth] = arguments;
        document.getElementById('page').dataset.truth = truth;
        const cell = document.getElementById(id);
        const cells = [...cell.parentElement.cells].filter((each) => each.checkVisibility());
        const next = cells[cells.indexOf(cell) + 1].getBoundingClientRect().left;
        const text = document.createRange();
        return values.map((value) => {
            cell.textContent = dash_clientside.words.nats(value);
            text.selectNodeContents(cell);
            return next - text.getBoundingClientRect().right;
        });
    """
    found: list[float] = page.script(code, f"summary-{column}", values, "yes" if truth else "no")
    return found


def test_no_figure_of_the_league_table_runs_into_the_next(page: DashPage) -> None:
    values = (-0.05, -3.2, -10.6398, -123.456, -18744.1, -181225.7)
    large = (-999999.0, -9259259247.0, 3.08641975308642e303, -3.08641975308642e303)
    assert min(rooms(page, "gap", *values, *large)) > 4
    assert min(rooms(page, "loss", *values, *large, truth=True)) > 4
    assert page.read(f"dash_clientside.words.nats({large[-1]})") == "\u22123e303"
    with page.screen(360, 740):
        page.wait("innerWidth === 360")
        assert min(rooms(page, "loss", *values, *large)) > 4
        assert min(rooms(page, "loss", *values[:-1], truth=True)) > 4


def test_added_learner_follows_each_click_and_costs_nothing_once_it_is_off(page: DashPage) -> None:
    learner_that_is_off_costs_nothing(page)
    page.begin_anew()
    density_of_an_added_learner_follows_each_click(page)
    page.begin_anew()
    figures_of_one_point_are_known(page)


def learner_that_is_off_costs_nothing(page: DashPage) -> None:
    page.add(-0.5)
    page.add(0.4)
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


def density_of_an_added_learner_follows_each_click(page: DashPage) -> None:
    page.compare("warm_em")
    uid = page.read("dash_clientside.state.settings.lines.warm_em")
    for x in (-0.6, 0.5, -0.52, 0.44):
        page.click(x)
        page.settle()
    page.race_ends()
    page.until(lambda: page.curve(uid)[0].size > 300, "the curve of the added learner")
    last = "dash_clientside.race.records.get('warm_em').at(-1)"
    page.wait(f"{last}.n_points === 4")
    page.settle()
    record = page.read(last)
    model = Mixture(*(np.array(record[name]) for name in ("weights", "means", "variances")))
    page.until(
        lambda: np.allclose(page.curve(uid)[1], model.density(page.curve(uid)[0]), rtol=1e-9),
        "the density of the last record",
    )


def figures_of_one_point_are_known(page: DashPage) -> None:
    page.click(0.3)
    page.settle()
    page.race_ends()
    loss = page.wait_text("warm-em-loss", "\u22125.9")
    assert loss == page.text("summary-loss") == page.text("summary-nll")
    assert page.text("summary-distance") == page.text("warm-em-distance") == "0 %"
    assert page.text("summary-gap") == page.text("warm-em-gap") == "0.0000"
    page.until(lambda: len(lines(page, "touched").get("summary", [])) == 1, "the chart")
    axes = "document.querySelector('#race-chart .js-plotly-plot')._fullLayout"
    assert not page.read(f"{axes}.yaxis2.visible")  # the chart has no losses of equal points
    page.click(0.1)
    page.wait(f"{axes}.yaxis2.visible")


def test_every_learner_has_a_row_and_axe_finds_nothing_serious_there(page: DashPage) -> None:
    rows = page.read("[...document.querySelectorAll('.legend tbody tr')].map((each) => each.id)")
    assert rows == ["row-summary", "row-scratch"]
    axe_finds_nothing_serious_with_learners_and_rewound(page)
    page.begin_anew()
    every_learner_has_a_row_a_line_and_an_item_of_the_menu(page)


def axe_finds_nothing_serious_with_learners_and_rewound(page: DashPage) -> None:
    for points in np.random.default_rng(4).normal([[-0.5], [0.5]], 0.1, (2, 20)):
        page.add(*points)
    page.compare("gradient", "stepwise_em", "warm_em")
    page.race_ends()
    page.key("w")
    page.wait("dash_clientside.race.cursor !== null")
    page.wait_text("sentence", "Rewound to 40 of 40 points")
    page.press("compare")
    page.wait("document.getElementById('compare-gradient').offsetParent !== null")
    page.wait("document.getAnimations().length === 0")
    assert not axe_findings(page)
    page.key(Keys.ESCAPE, into="compare-gradient")
    page.wait("!document.querySelector('details.menu').open")
    page.press("rewind-close")


def every_learner_has_a_row_a_line_and_an_item_of_the_menu(page: DashPage) -> None:
    rows = "[...document.querySelectorAll('.legend tbody tr')]"
    shown = page.read("dash_clientside.race.shown")
    page.compare(*[name for name in LEARNERS if name not in ("summary", "scratch", *shown)])
    page.wait(f"{rows}.length === {len(LEARNERS)}")
    styles = page.read(
        "[...document.querySelectorAll('.legend-entry')].map((each) => "
        "['--swatch', '--colour'].map((name) => each.style.getPropertyValue(name)).join())"
    )
    assert len(set(styles)) == len(LEARNERS)


def test_compared_learners_and_their_switches_are_the_same_after_a_reload(page: DashPage) -> None:
    page.compare("gradient")
    page.open(fresh=False)
    page.wait("dash_clientside.race.shown.join() === 'gradient'")
    page.wait("document.getElementById('row-gradient') !== null")
    switch = "document.querySelector('#row-gradient [role=switch]')"
    page.script(f"{switch}.click()")
    page.wait("dash_clientside.race.shown.length === 0")
    page.open(fresh=False)
    page.wait(f"{switch}?.checked")
    page.wait("dash_clientside.race.shown.join() === 'gradient'")


def test_charts_of_the_learners_begin_with_a_dot_and_say_why_they_end(page: DashPage) -> None:
    newcomer_finds_no_more_controls_than_before(page)
    page.begin_anew()
    single_value_is_a_dot(page)
    mouse_on_one_panel_moves_the_line_through_all(page)
    page.begin_anew()
    charts_say_why_there_is_no_comparison_until_there_is_one(page)


def newcomer_finds_no_more_controls_than_before(page: DashPage) -> None:
    assert page.script(CONTROLS) <= N_CONTROLS + 1  # the empty plot offers the story
    page.click(0.2)
    page.settle()
    assert page.script(CONTROLS) <= N_CONTROLS + 1  # Undo


def single_value_is_a_dot(page: DashPage) -> None:
    page.click(-0.3, 0.4)  # the first point has no loss: all points are equal
    page.settle()
    page.until(lambda: len(lines(page, "loss").get("summary", [])) == 2, "the losses")
    assert lines(page, "loss")["summary"][0] is None
    page.wait("document.querySelectorAll('#race-chart .traceonline-loss .point').length === 1")


def mouse_on_one_panel_moves_the_line_through_all(page: DashPage) -> None:
    for x in (-0.52, 0.44):
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
    root = "document.documentElement.style"
    page.script(f"{root}.setProperty('--surface', 'rgb(1, 2, 3)')")
    labels = "[...document.querySelectorAll('#race-chart .hoverlayer :is(path, rect)')]"
    grounds = f"{labels}.map((each) => getComputedStyle(each).fill)"
    for axis in ("yaxis", "yaxis2", "yaxis3"):
        page.mouse("mouseMoved", tuple(page.script(at, axis)))
        page.until(lambda: page.script(drawn) == 3, "the line at increment 3")
        page.until(lambda: set(page.read(grounds)) == {"rgb(1, 2, 3)"}, "labels of one ground")
        page.mouse("mouseMoved", page.pixel(0.2))
        page.until(lambda: page.script(drawn) is None, "no line")
    page.script(f"{root}.removeProperty('--surface')")


def charts_say_why_there_is_no_comparison_until_there_is_one(page: DashPage) -> None:
    page.add(-0.5)
    page.add(0.4)
    page.until(lambda: "summary" in lines(page, "touched"), "the charts")
    page.script("dash_clientside.actions.configure({half_life: 20})")
    page.wait_text("race-sentence", "has or had a half-life")
    page.click(0.1)
    page.settle()
    page.wait("document.getElementById('page').dataset.race === 'current'")
    page.script("dash_clientside.actions.configure({half_life: null})")
    page.settle()
    page.wait_text("race-sentence", "has or had a half-life")  # the model is of faded points
    page.key("u", "u", "u")
    page.until(lambda: "summary" in lines(page, "touched"), "the charts again")
