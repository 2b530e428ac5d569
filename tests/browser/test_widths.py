"""What has to have room on screens of every width."""

from __future__ import annotations

import pytest
from dash_page import DashPage

pytestmark = pytest.mark.browser

_HINTS_BEYOND = """
const all = document.createElement('style');
all.textContent = '[data-hint]::after { display: block !important }';
document.head.append(all);
const seen = (each) => each.checkVisibility();
const parts = [...document.querySelectorAll('[data-hint]')].filter(seen);
const beyond = parts.filter((part) => {
    const hint = getComputedStyle(part, '::after'), inside = part.getBoundingClientRect();
    const [left, right] = hint.position === 'fixed' ? [0, innerWidth] : [inside.left, inside.right];
    return left + parseFloat(hint.left) < 0 || right - parseFloat(hint.right) > innerWidth;
}).map((part) => part.innerText);
all.remove();
return [parts.length, beyond];
"""


@pytest.mark.parametrize("width", [360, 768, 1024])
def test_no_hint_is_cut_off_by_the_screen(page: DashPage, width: int) -> None:
    with page.screen(width, 800):
        page.wait(f"innerWidth === {width}")
        n_hints, beyond = page.script(_HINTS_BEYOND)
        assert n_hints > 30
        assert beyond == []


_ROOM_ABOVE = """
const card = document.querySelector('#scratch-loss-chart').closest('.card');
const top = (part) => part.getBoundingClientRect().top;
return top(document.getElementById('scale')) - top(card);
"""


def test_card_beside_a_higher_one_keeps_its_head_at_the_top(page: DashPage) -> None:
    page.wait("document.getElementById('scratch-loss-chart')")
    with page.screen(800, 800):
        page.wait("innerWidth === 800")
        assert page.script(_ROOM_ABOVE) < 20


def test_plot_has_room_for_its_numbers_again_after_no_room_at_all(page: DashPage) -> None:
    """A browser that takes a picture of the whole page shows it on one pixel at first."""
    left = "dash_clientside.plot.element('plot')._fullLayout._size.l"
    usual = page.read(left)
    width = "dash_clientside.plot.element('plot')._fullLayout.width"
    page.script("document.querySelector('.findings').style.display = 'none'")  # of the plot alone
    with page.screen(40, 800):
        page.wait(f"{width} < 200")
    page.wait(f"{width} > 200")
    assert page.read(left) == usual


_LEAGUE = r"""
document.getElementById('page').dataset.truth = arguments[0];
const table = document.querySelector('.legend');
const inside = document.createRange();
const rooms = [...table.rows].flatMap((row) => {
    const cells = [...row.cells].filter((each) => each.checkVisibility());
    const ends = cells.map((cell) => cell.getBoundingClientRect().right);
    ends[ends.length - 1] = document.querySelector('.tables').getBoundingClientRect().right;
    return cells.map((cell, index) => {
        if (cell.tagName === 'TD') cell.textContent = arguments[1][cell.className] ?? '\u221218744';
        inside.selectNodeContents(cell.querySelector('label + span, label') ?? cell);
        return ends[index] - inside.getBoundingClientRect().right;
    });
});
const columns = [...table.rows[0].cells].filter((each) => each.checkVisibility());
return [Math.min(...rooms), columns.map((each) => each.innerText.trim())];
"""
_LONG = {"distance-column": "< 0.01 %", "time-column": "1234", "truth-column": "12.34 %"}


def test_league_table_has_the_columns_that_its_width_has_room_for(page: DashPage) -> None:
    page.compare("gradient")  # the longest name
    found = {}
    for width in (360, 720, 800, 960, 1024, 1180, 1280, 1440, 1920):
        with page.screen(width, 800):
            page.wait(f"innerWidth === {width}")
            for truth in ("no", "yes"):
                room, found[width, truth] = page.script(_LEAGUE, truth, _LONG)
                assert room > 2, (width, truth, found[width, truth])
    others = ["mean \u2212log-likelihood", "distance", "gap", "ms", "touched"]
    assert found[1280, "no"] == ["", "loss", *others]
    assert found[1280, "yes"] == ["", "loss", *others[1:], "to truth", "held out"]
    for width in (1440, 1920):
        assert found[width, "yes"] == ["", "loss", *others, "to truth", "held out"]
    assert found[360, "yes"] == ["", "loss", "distance", "to truth"]


_LABELS = """[...document.querySelectorAll('#plot .tracenumbers text')]
    .filter((each) => each.textContent.trim())"""
_NUMBERS = f"""
const means = arguments[0], each = (value) => means.map(() => value);
const model = {{number: Math.random(), weights: each(1), means, variances: each(0.01)}};
const {{view}} = dash_clientside.state, online = {{...view.online, ...model}};
dash_clientside.state.seen = () => ({{...view, id: 'of this test', online}});
dash_clientside.plot.now();
const labels = {_LABELS}, boxes = labels.map((label) => label.getBoundingClientRect());
const rooms = boxes.slice(1).map((box, index) => box.left - boxes[index].right);
return [labels.map((label) => label.textContent), Math.min(...rooms)];
"""


def test_numbers_of_the_components_stay_apart_on_every_width(page: DashPage) -> None:
    page.add(-0.5, 0.5)
    page.script("window.seen = dash_clientside.state.seen")
    for width, pair in ((1280, "1,2,3"), (360, "1, 2,3")):
        with page.screen(width, 800):
            page.wait(f"innerWidth === {width}")
            if width == 360:  # what is drawn already follows the screen
                page.wait(f"{_LABELS}.map((label) => label.textContent).join() === '{pair}'")
            n_labels = []
            for step in (0.1, 0.07, 0.045, 0.02):
                labels, room = page.script(_NUMBERS, [step * (k - 5.5) for k in range(12)])
                assert room is None or room > 1, (width, step, labels)
                n_labels.append(len(labels))
            assert n_labels == sorted(n_labels, reverse=True)
            assert (n_labels[0] == 12) == (width == 1280)
            labels, _ = page.script(_NUMBERS, [-0.9, -0.85, 0.9])
            assert ",".join(labels) == pair
    page.script("dash_clientside.state.seen = window.seen")
