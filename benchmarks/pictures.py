"""The screenshots in docs/."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.visit import Visit, visiting

DOCS = Path(__file__).resolve().parent.parent / "docs"


def take_pictures(url: str) -> None:
    """Renew the screenshots."""

    def both(visit: Visit) -> None:
        visit.play("overlapping", 60)
        visit.train()
        for x in (0.7, 0.72, 0.75):
            visit.click(x)
        visit.rest()

    def alike(visit: Visit) -> None:
        visit.play("three-clumps", 45)
        visit.train()

    pictures: dict[str, tuple[Callable[[Visit], None], dict[str, Any]]] = {
        "page-empty": (lambda _: None, {}),
        "page-light": (alike, {}),
        "page-dark": (both, {"dark": True}),
        "page-narrow": (alike, {"width": 360, "height": 1500}),
    }
    DOCS.mkdir(exist_ok=True)
    for name, (act, screen) in pictures.items():
        with visiting(url, **screen) as visit:
            act(visit)
            visit.wait_until_drawn()
            visit.driver.save_screenshot(str(DOCS / f"{name}.png"))
            print(f"docs/{name}.png")
