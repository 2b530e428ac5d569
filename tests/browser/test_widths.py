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
