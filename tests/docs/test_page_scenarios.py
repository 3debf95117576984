"""A scenario of the page waits for what it expects: a browser shows the effect of an act later than the act returns."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SCENARIOS = Path(__file__).parents[1] / "e2e"
READ_ONCE = {
    "url": "expect(page).to_have_url",
    "inner_text": "expect(locator).to_have_text",
    "text_content": "expect(locator).to_have_text",
    "all_inner_texts": "expect(locator).to_have_text",
    "all_text_contents": "expect(locator).to_have_text",
    "input_value": "expect(locator).to_have_value",
    "get_attribute": "expect(locator).to_have_attribute",
    "is_visible": "expect(locator).to_be_visible",
    "is_enabled": "expect(locator).to_be_enabled",
    "is_checked": "expect(locator).to_be_checked",
}


def _read_once(test: ast.Assert) -> Iterator[str]:
    for node in ast.walk(test.test):
        if isinstance(node, ast.Attribute) and node.attr in READ_ONCE and "page" in ast.unparse(node.value):
            yield READ_ONCE[node.attr]


def test_no_scenario_asserts_what_it_read_of_the_page_once() -> None:
    found = [
        f"{path.name}:{node.lineno}: {instead}"
        for path in sorted(SCENARIOS.glob("test_page*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Assert)
        for instead in _read_once(node)
    ]
    assert found == []
