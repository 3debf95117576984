"""Each of the eighteen rules of security names tests that keep it, and they are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
RULES = 18


def _named() -> dict[int, list[tuple[str, str]]]:
    """By rule: (file, test)."""
    text = (ROOT / "docs" / "security.md").read_text().partition("## Rules and their tests")[2].partition("\n## ")[0]
    found: dict[int, list[tuple[str, str]]] = {}
    for line in text.splitlines():
        if begin := re.match(r"(\d+)\. ", line):
            rule = int(begin[1])
            found[rule] = []
        elif named := re.match(r" +- `([^`]+\.py)`: ", line):
            found[rule] += [(named[1], test) for test in re.findall(r"`(test_\w+)`", line)]
    return found


@cache
def _tests_of(file: str) -> frozenset[str]:
    path = ROOT / file
    parsed = ast.parse(path.read_text()) if path.is_file() else ast.Module([], [])
    return frozenset(one.name for one in ast.walk(parsed) if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)))


def test_every_rule_names_tests() -> None:
    named = _named()
    assert list(named) == list(range(1, RULES + 1))
    assert [rule for rule, tests in named.items() if not tests] == []


def test_every_test_that_a_rule_names_exists() -> None:
    missing = [one for tests in _named().values() for one in tests if one[1] not in _tests_of(one[0])]
    assert missing == []
