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
