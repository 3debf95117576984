"""The complete language, `language.jsonl` has our expressions and the results of expr-lang 1.17.8.

A line is [expression, "value", JSON of the result, its Go type], or [expression, "compile" | "run"] for where it fails.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from argosy.expr.exprlang import ExprError, compile_expression
from argosy.expr.exprlang.encoding import numbered

ROWS: Final[list[list[Any]]] = [
    json.loads(line) for line in Path(__file__).with_name("language.jsonl").read_text().splitlines()
]
PEOPLE: Final = [
    {"Name": "Ada", "Age": 30, "Team": "x", "Tags": ["a", "b"]},
    {"Name": "Cleo", "Age": 41, "Team": "y", "Tags": ["b"]},
    {"Name": "Ben", "Age": 35, "Team": "x", "Tags": []},
]
NAMES: Final = numbered(
    {"user": {"Name": "Ada", "Age": 36, "Address": None}, "numbers": [1, 2, 3, 4, 5], "people": PEOPLE}
)
SHOWN: Final = compile_expression("toJSON(found)")


@pytest.mark.parametrize("row", [row for row in ROWS if row[1] == "value"], ids=lambda row: str(row[0]))
def test_an_expression_has_upstreams_value(row: list[Any]) -> None:
    found = compile_expression(row[0]).run(NAMES)
    text = SHOWN.run({"found": found})
    assert isinstance(text, str)
    assert json.loads(text) == pytest.approx(row[2]) if isinstance(row[2], float) else json.loads(text) == row[2]


@pytest.mark.parametrize("source", [row[0] for row in ROWS if row[1] == "compile"])
def test_what_upstream_does_not_compile_is_refused_before_it_runs(source: str) -> None:
    with pytest.raises(ExprError):
        compile_expression(source)


@pytest.mark.parametrize("source", [row[0] for row in ROWS if row[1] == "run"])
def test_what_upstream_fails_at_fails_when_it_runs(source: str) -> None:
    program = compile_expression(source)
    with pytest.raises(ExprError):
        program.run(NAMES)
