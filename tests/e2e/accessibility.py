"""axe on what a page shows now, in all themes."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page

THEMES: Final[dict[str, dict[str, Any]]] = {
    "light": {"color_scheme": "light", "contrast": "no-preference"},
    "dark": {"color_scheme": "dark", "contrast": "no-preference"},
    "contrast": {"color_scheme": "light", "contrast": "more"},
}
RUN: Final = """async (within) => {
  const ends = document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime !== Infinity);
  await Promise.all(ends.map((one) => one.finished.catch(() => null)));
  const {violations} = await axe.run(within ?? document);
  const serious = violations.filter((one) => ['serious', 'critical'].includes(one.impact));
  return serious.map((one) => [one.id, one.nodes[0].html]);
}"""


@cache
def _script() -> str:
    found = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
    if not found.exists():
        pytest.skip("axe-core is not installed (make ui-check)")
    return found.read_text()


def faults(page: Page, within: str | None = None) -> list[Any]:
    """(theme, rule, element) of serious ones; `within`: a CSS selector of the only part that is looked at."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_script())
    found: list[Any] = []
    for theme, media in THEMES.items():
        page.emulate_media(**media)
        found += [(theme, *fault) for fault in page.evaluate(RUN, within)]
    page.emulate_media(color_scheme="light", contrast="no-preference")
    return found


def check_dialog(page: Page) -> None:
    """The open dialog, in front of its page. For the scenarios that open one anyway."""
    assert faults(page, "dialog[open], [role=dialog]") == []
