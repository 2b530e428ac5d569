"""The Dash page in a real browser: the main job, and that nothing is lost on the way."""

from __future__ import annotations

import json

import numpy as np
import pytest
from dash_page import SHIFT, DashPage
from numpy.typing import NDArray

from dash_app.learning import Mixture, compare, fit_from_scratch

pytestmark = pytest.mark.browser

TWO_CLUMPS = (-0.6, 0.5, -0.52, 0.44, -0.57, 0.55)

ONLINE_CURVE = """
const part = (name) => document.querySelector(`#plot .traceonline ${name}`);
const {x, y, width, height} = part('.js-fill').getBBox();
return [part('.js-line').getAttribute('d'), [x, y, width, height]];
"""
"""The path of the line, and the box around the filled area, pixels."""

CURVES_SHOWN = """['online', 'scratch'].filter((uid) =>
    document.querySelector('#plot .js-plotly-plot').data.find((t) => t.uid === uid)?.x.length)"""

TICKS = """dash_clientside.charts.run({
    losses: Array(n).fill(0), training: arguments[2], scale: arguments[1],
    run: {method: arguments[0], status: 'done', epochs: n},
}, {data: [{}], layout: {}}).layout.xaxis.dtick"""
TWO_TASKS = """
window.tasks = [];
for (const waiting of [{timer: 0, since: 0}, {timer: 0, since: 0}])
    dash_clientside.idle.wait(waiting, () => tasks.push(performance.now()), 0, 1000);
"""
NUMBERS = """[...document.querySelectorAll('.tracenumbers text')]
    .map((each) => [Number(each.getAttribute('x')), Number(each.getAttribute('y'))])"""
"""Where the numbers of the components are, pixels."""


COUNT_DRAWINGS = """
window.drawings = [];
window.plain = {...Plotly};
for (const name of ['react', 'relayout']) {
    Plotly[name] = (gd, ...rest) => {
        if (gd === dash_clientside.plot.element('plot')) drawings.push(name);
        return plain[name](gd, ...rest);
    };
}
"""
"""From here on `drawings` has what Plotly does with the plot."""

COMPONENTS = """[...document.querySelectorAll('#plot .traceonline-components .js-line')]
    .reduce((length, part) => length + part.getTotalLength(), 0)"""
"""How long the lines of all components are together, pixels."""


def assert_draws(page: DashPage, uid: str, mixture: Mixture) -> None:
    """The curve is the density of the mixture to the last digits, and so it is on the screen."""
    x, y = page.curve(uid)
    assert x.size > 300
    np.testing.assert_allclose(y, mixture.density(x), rtol=1e-9, atol=1e-12)
    assert heights(*page.line(uid)) < 0.05


def test_clicks_train_online_at_once_and_can_be_undone(page: DashPage) -> None:
    empty_page_says_what_to_do(page)
    page.begin_anew()
    each_click_adds_a_point_and_trains_online(page)
    c_clears_u_undoes_and_r_redoes(page)
    slider_sets_the_number_of_components(page)


def empty_page_says_what_to_do(page: DashPage) -> None:
    page.key("l")  # nothing to draw yet: no error
    page.wait("document.querySelectorAll('.js-plotly-plot').length === 3")  # made without a click
    page.wait_text("race-sentence", "A line for each learner")
    hidden = (
        "[...document.querySelectorAll('.chart-frame')].map((f) => getComputedStyle(f).visibility)"
    )
    assert page.read(hidden) == ["hidden", "hidden"]
    page.wait_text("sentence", "Click anywhere to add a point.")
    hint = "getComputedStyle(document.getElementById('empty-hint')).display"
    assert page.read(hint) == "grid"
    page.click(0.2)
    page.settle()
    assert page.read(hint) == "none"
    page.wait_text("sentence", "1 point learned online")
    page.wait(f"{hidden}.join() === 'visible,hidden'")


def each_click_adds_a_point_and_trains_online(page: DashPage) -> None:
    page.click(*TWO_CLUMPS)
    page.settle()
    np.testing.assert_allclose(page.points, TWO_CLUMPS, atol=0.004)  # a screen has whole pixels
    np.testing.assert_allclose(page.drawn_points(), page.points, atol=1e-4)
    assert_draws(page, "online", page.view.online.mixture)
    assert page.curve("scratch")[0].size == 0
    assert "6 points learned online" in page.wait_text("sentence", "6 points")


def c_clears_u_undoes_and_r_redoes(page: DashPage) -> None:
    page.key("c")
    page.wait("dash_clientside.state.view.n_points === 0")
    page.settle()
    assert page.drawn_points() == []
    assert page.curve("online")[0].size == 0
    page.wait_text("race-sentence", "A line for each learner")
    page.key("u")
    page.wait("dash_clientside.state.view.n_points === 6")
    page.settle()
    np.testing.assert_allclose(page.drawn_points(), TWO_CLUMPS, atol=0.004)
    assert_draws(page, "online", page.view.online.mixture)
    page.key("u")
    page.wait("dash_clientside.state.view.n_points < 6")
    page.key("r")
    page.wait("dash_clientside.state.view.n_points === 6")
    page.settle()
    np.testing.assert_allclose(page.drawn_points(), TWO_CLUMPS, atol=0.004)


def slider_sets_the_number_of_components(page: DashPage) -> None:
    page.slide("n-components", 1)
    page.wait("dash_clientside.state.view.n_components === 2")
    page.settle()
    assert page.view.online.mixture.n_components == 2
    page.wait_text("n-components-value", "2")
    page.wait("document.querySelectorAll('#online-parameters tbody tr').length === 2")
    assert_draws(page, "online", page.view.online.mixture)


def test_clicks_arrive_in_order_and_each_point_can_be_taken_back(page: DashPage) -> None:
    mouse_that_drags_adds_none(page)
    page.begin_anew()
    quick_clicks_arrive_all_in_order_none_doubled(page)
    page.begin_anew()
    point_is_taken_back_and_none_is_added(page)


def mouse_that_drags_adds_none(page: DashPage) -> None:
    x, y = page.pixel(-0.4)
    page.mouse("mousePressed", (x, y), button="left", clickCount=1)
    page.mouse("mouseMoved", (x + 90, y), button="left")
    page.mouse("mouseReleased", (x + 90, y), button="left", clickCount=1)
    page.click(0.25)
    page.settle()
    assert page.points == pytest.approx([0.25], abs=0.01)


def quick_clicks_arrive_all_in_order_none_doubled(page: DashPage) -> None:
    clicked = [round(x, 2) for x in np.random.default_rng(3).uniform(-0.9, 0.9, 30)]
    page.click(*clicked)
    page.settle()
    np.testing.assert_allclose(page.points, clicked, atol=0.004)


def point_is_taken_back_and_none_is_added(page: DashPage) -> None:
    page.click(-0.5, 0.5)
    page.settle()
    page.click(0.2, button="right")  # nothing is within reach
    page.click(0.5, button="right")
    page.wait("dash_clientside.state.view.n_points === 1")
    page.settle()
    np.testing.assert_allclose(page.points, [-0.5], atol=0.004)
    assert page.view.revision == 3
    assert_draws(page, "online", page.view.online.mixture)
    page.click(0.4)
    page.settle()
    page.script("getSelection().collapse(document.querySelector('.tagline').firstChild, 3)")
    page.click(0.1, modifiers=SHIFT)
    assert page.read("getSelection().isCollapsed")  # elsewhere the key selects text up to a click
    page.click(-0.5, modifiers=SHIFT)
    page.wait("dash_clientside.state.view.n_points === 1")
    page.settle()
    np.testing.assert_allclose(page.points, [0.4], atol=0.004)
    assert page.view.revision == 5
    assert_draws(page, "online", page.view.online.mixture)


def test_curve_is_that_of_the_server_and_a_sketch_what_plotly_draws(page: DashPage) -> None:
    deferred_drawing_runs_after_a_pause_or_once_it_is_overdue(page)
    page.add(*TWO_CLUMPS)
    page.settle()
    curves_follow_clicks_without_plotly_and_as_plotly_draws_them(page)
    page.begin_anew()
    many_points_are_ticks_and_very_many_a_histogram(page)


def deferred_drawing_runs_after_a_pause_or_once_it_is_overdue(page: DashPage) -> None:
    page.defer(50, 10_000)
    assert page.wait("ran") >= 49
    page.defer(10_000, 100)
    page.pass_time(200)
    assert page.read("ran") is None
    page.script("askAgain()")
    assert 200 <= page.wait("ran") < 10_000
    page.script(TWO_TASKS)
    page.wait("tasks.length === 2")
    assert page.read("tasks[1] - tasks[0]") >= 59  # one task each


def curves_follow_clicks_without_plotly_and_as_plotly_draws_them(page: DashPage) -> None:
    page.script(COUNT_DRAWINGS)
    ceiling = "dash_clientside.plot.element('plot')._fullLayout.yaxis.range[1]"
    before, top = page.script(ONLINE_CURVE)[0], page.read(ceiling)
    page.click(-0.48)  # widens a peak: the axis of the density stays
    page.settle()
    assert page.read("drawings") == []
    assert heights(before, page.script(ONLINE_CURVE)[0]) > 1.0
    sketch_is_what_plotly_draws(page)
    page.click(*[-0.55] * 4)  # raises a peak
    page.settle()
    assert set(page.read("drawings")) == {"relayout"}
    assert page.read(ceiling) > top
    assert_draws(page, "online", page.view.online.mixture)
    sketch_is_what_plotly_draws(page)


def sketch_is_what_plotly_draws(page: DashPage) -> None:
    """Let Plotly draw its data: nothing may change."""

    def seen() -> tuple[str, list[float], NDArray[np.float64], float]:
        line, fill = page.script(ONLINE_CURVE)
        return line, fill, np.array(page.read(NUMBERS)), page.read(COMPONENTS)

    sketched = seen()
    page.script(
        """
        const gd = dash_clientside.plot.element('plot');
        return plain.react(gd, gd.data, gd.layout).then(() => null);
        """
    )
    redrawn = seen()
    # pixels, which both have rounded to hundredths
    assert heights(sketched[0], redrawn[0]) < 0.05
    assert sketched[1] == pytest.approx(redrawn[1], abs=0.05)
    assert len(redrawn[2]) == 3
    np.testing.assert_allclose(sketched[2], redrawn[2], atol=0.02)
    assert sketched[3] == pytest.approx(redrawn[3], abs=1.0)


def many_points_are_ticks_and_very_many_a_histogram(page: DashPage) -> None:
    drawn = "document.querySelector('#points-layer .{}').getAttribute('d')"
    rng = np.random.default_rng(2)
    page.add(*rng.normal(0.0, 0.2, 400))
    page.settle()
    assert page.read(f"{drawn.format('ticks')}.match(/M/g).length") == 400
    page.click(0.3)
    page.settle()
    assert page.read(f"{drawn.format('ticks')}.match(/M/g).length") == 401
    page.add(*rng.normal(0.0, 0.2, 1100))
    page.settle()
    before = page.read(drawn.format("histogram"))
    page.click(*[0.3] * 4)
    page.settle()
    assert heights(page.read(drawn.format("histogram")), before, 80) > 0.3


def heights(one: str, other: str, n_bins: int = 500) -> float:
    """Return by how many pixels two drawn lines differ at most, in the middle of bins."""
    first, second = (
        np.array([pair.split(",") for pair in path.replace("M", "").split("L")], dtype=float)
        for path in (one, other)
    )
    low, high = first[0, 0], first[-1, 0]
    at = low + (high - low) * (np.arange(n_bins) + 0.5) / n_bins
    return float(np.abs(np.interp(at, *first.T) - np.interp(at, *second.T)).max())


def test_p_trains_from_scratch_and_both_models_are_said_shown_and_copied(page: DashPage) -> None:
    page.add(*TWO_CLUMPS)
    page.key("p")
    page.wait("dash_clientside.state.scratchCurrent()")
    page.settle()
    curve_from_scratch_is_drawn_and_the_difference_said(page)
    modes_show_one_or_both(page)
    copied_parameters_are_those_of_both_models(page)
    curve_from_scratch_is_called_old_when_points_follow(page)
    auto_trains_from_scratch_after_every_change(page)


def curve_from_scratch_is_drawn_and_the_difference_said(page: DashPage) -> None:
    best = fit_from_scratch(page.points, 3).mixture
    assert_draws(page, "scratch", page.view.scratch.mixture)
    assert compare(page.view.scratch.mixture, best).total_variation < 0.02
    page.wait_text("sentence", "Online and from scratch")
    difference = page.server.sessions.models.compare(page.session_id).difference.total_variation
    assert page.read("dash_clientside.state.view.comparison.total_variation") == difference
    page.wait("document.querySelector('#scratch-loss-chart .js-plotly-plot')?.data?.[0].y.length")
    loss = page.chart("scratch-loss-chart")[-1]
    assert loss == pytest.approx(-page.view.scratch.objective, abs=1e-6)


def modes_show_one_or_both(page: DashPage) -> None:
    for button, shown in (("online", "online"), ("scratch", "scratch"), ("both", "online,scratch")):
        page.choose("mode", button)
        page.wait(f"{CURVES_SHOWN}.join() === '{shown}'", what=f"{shown} in mode {button}")


def copied_parameters_are_those_of_both_models(page: DashPage) -> None:
    page.driver.execute_cdp_cmd(
        "Browser.grantPermissions",
        {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]},
    )
    page.press("compare")
    page.wait("document.getElementById('copy-parameters').offsetParent !== null")
    page.press("copy-parameters")
    page.wait_message("Parameters copied.")
    copied = json.loads(
        page.driver.execute_async_script(
            "navigator.clipboard.readText().then(arguments[arguments.length - 1])"
        )
    )
    assert list(copied) == ["online", "scratch"]
    for kind, model in (("online", page.view.online), ("scratch", page.view.scratch)):
        mixture = model.mixture
        assert [row["mean"] for row in copied[kind]] == mixture.means.tolist()
        assert [row["weight"] for row in copied[kind]] == mixture.weights.tolist()
        stds = [row["std"] for row in copied[kind]]
        np.testing.assert_allclose(stds, np.sqrt(mixture.variances), rtol=1e-12)


def curve_from_scratch_is_called_old_when_points_follow(page: DashPage) -> None:
    page.click(0.0)
    assert "has seen 6 points, now there are 7" in page.wait_text("sentence", "is old")
    page.wait_text("scratch-nll", "(old)")
    page.wait("getComputedStyle(document.querySelector('.tracescratch')).opacity === '0.35'")
    page.key("u")
    page.wait("dash_clientside.state.scratchCurrent()")
    page.wait("getComputedStyle(document.querySelector('.tracescratch')).opacity === '1'")
    page.wait_text("sentence", "Online and from scratch")


def auto_trains_from_scratch_after_every_change(page: DashPage) -> None:
    page.begin_anew()
    page.key("a")
    page.click(-0.6, 0.5, -0.52)
    page.settle()
    page.wait("dash_clientside.state.scratchCurrent()")
    assert page.view.scratch.n_points == 3
    page.click(0.1)
    page.wait("dash_clientside.state.view.scratch.n_points === 4")


def test_loss_of_adam_is_drawn_while_it_trains_and_whole_at_the_end(page: DashPage) -> None:
    page.add(*TWO_CLUMPS)
    page.choose("method", "adam")
    page.script(
        """
        window.drawnLines = new Set();
        window.counted = new Set();
        const look = () => {
            const line = document.querySelector('#scratch-loss-chart .js-line');
            const training = dash_clientside.state.training();
            if (line && training) drawnLines.add(line.getAttribute('d'));
            const told = document.getElementById('sentence').textContent.match(/: pass (\\d+) of/);
            if (told && training) counted.add(Number(told[1]));
        };
        new MutationObserver(look).observe(document.getElementById('page'), {
            subtree: true, childList: true, characterData: true, attributeFilter: ['d'],
        });
        """
    )
    page.key("p")
    page.wait("dash_clientside.state.training()")
    page.wait("dash_clientside.state.run.status === 'done'", 60)
    losses = page.read("dash_clientside.state.losses")
    run = page.server.sessions.trainings.run(
        page.session_id, page.read("dash_clientside.state.run.id")
    )
    assert losses == run.losses.tolist()
    assert len(losses) == 200
    assert page.read("drawnLines.size") > 3
    assert page.read("[...counted].some(n => n > 0)")  # the headline counts along
    n_drawn = "document.querySelector('#scratch-loss-chart .js-plotly-plot')?.data?.[0].x.length"
    page.wait(f"{n_drawn} === 200")
    page.open(fresh=False)
    page.wait(f"{n_drawn} === 200")
    page.key("c")
    page.wait_text("scratch-loss-sentence", "press p")
    page.add(0.1, 0.3)
    page.choose("method", "em")
    page.key("p")
    page.wait(f"{n_drawn} < 200")
    page.key("u", "u")
    page.wait(f"{n_drawn} === 200")  # the model of these points is the earlier one
    assert page.read(f"[1, 4].map((n) => {TICKS})", "em", "linear", False) == [1, 1]  # whole steps
    for told in (("em", "linear", True), ("em", "log", False)):  # more may come; decades
        assert page.read(f"[1, 4].map((n) => {TICKS})", *told) == [None, None]
    assert page.read(f"[4, 200].map((n) => {TICKS})", "adam", "linear", True) == [1, None]
