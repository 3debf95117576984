"""Kargo's `${{ }}`: what is evaluated, and what the text becomes."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.expr.expression_templates import environment, evaluate_expression, evaluate_template, evaluated
from argosy.expr.exprlang import ExprError, Function, Struct

NAMES = environment({"name": "web", "total": 3, "on": True, "map": {"b": 1, "a": [1]}, "sha": "12e45", "none": None})


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("5", "5"),
        ("${{ total }}", 3.0),
        ("${{ total }}${{ total }}", 33.0),
        ("v${{ total }}", "v3"),
        ("${{ total / 2 }}", 1.5),
        ("${{ on }}", True),
        ("${{ map }}", {"a": [1.0], "b": 1.0}),
        ("x ${{ map }}", 'x {"a":[1],"b":1}'),
        ("${{ none }}", None),
        ("x${{ none }}", "xnull"),
        ("${{ missing }}", None),
        ("${{ sha }}", 12e45),
        ("${{ quote(sha) }}", "12e45"),
        ("${{ quote('a\\tb') }}", "a\\tb"),
        ("${{ '1_000' }}", 1000.0),
        ("${{ '0x1p4' }}", 16.0),
        ("${{ 'T' }}", True),
        ("${{ '1' }}", 1.0),
        ("${{ total }}\n", 3.0),
        ("${{ name }}\n", "web\n"),
        ("${{ quote(total) }}\n", "3\n"),
        ('"${{ total }}"', "3"),
        ('"', '"'),
        ("${{ '\"' }}", '"'),
        ("${% '}}' %}", "}}"),
        ("${{ name }} and ${% total %}", "web and 3"),
        ("a${{}}b${{ name }}", "ab${{ name }}"),
        ("${{ asYAML(map) }}", "a:\n    - 1\nb: 1\n"),
        ("${{ asJSON(map) }}", '{\n  "a": [\n    1\n  ],\n  "b": 1\n}\n'),
        ("${{ unsafeQuote(name) }}", '"web"'),
    ],
)
def test_a_text_is_typed_as_upstream_types_it(template: str, value: Any) -> None:
    found = evaluate_template(template, NAMES)
    assert found == value
    assert isinstance(found, bool) == isinstance(value, bool)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("${{ name ", 'unclosed expression: expected "}}" but reached end of template'),
        ("${% name }}", 'unclosed expression: expected "%}" but reached end of template'),
        ("${{ '{{x}}' }}", "literal not terminated (1:6)"),
        ("${{ total % 2 }}", "invalid operation: float64 % int (1:8)"),
        ("${{ quote() }}", "not enough arguments to call quote (1:2)"),
        ("${{ quote(1) + 1 }}", "invalid operation: + (mismatched types string and int) (1:11)"),
    ],
)
def test_a_mistake_is_reported_with_its_place_in_the_expression(template: str, text: str) -> None:
    with pytest.raises(ExprError) as caught:
        evaluate_template(template, NAMES)
    assert caught.value.text == text


def test_values_are_evaluated_at_any_depth_and_keys_never() -> None:
    config = {"${{ name }}": ["${{ total }}", {"x": "${{ name }}-1"}], "n": 1, "b": False, "z": None}
    assert evaluated(config, NAMES) == {"${{ name }}": [3, {"x": "web-1"}], "n": 1, "b": False, "z": None}


def test_whole_numbers_are_integers_in_a_value_and_floats_in_a_template() -> None:
    assert type(evaluated({"n": "${{ total }}"}, NAMES)["n"]) is int
    assert type(evaluate_template("${{ total }}", NAMES)) is float


def test_what_json_cannot_hold_is_refused_in_a_value() -> None:
    assert math.isnan(evaluate_template("${{ 'NaN' }}", NAMES))
    with pytest.raises(ExprError, match=r"json: unsupported value: NaN"):
        evaluated(["${{ 'NaN' }}"], NAMES)


def test_a_value_that_is_nested_too_deeply_is_refused() -> None:
    value: Any = "x"
    for _ in range(500):
        value = [value]
    with pytest.raises(ExprError, match="nested deeper"):
        evaluated(value, NAMES)


def test_the_caller_brings_functions_and_the_present() -> None:
    image = Struct("kargo.Image", {"Tag": "1.2", "RepoURL": "reg/web"}, json={"tag": "1.2"})
    functions = {"imageFrom": Function(lambda url: image if url == "reg/web" else None, 1, 2)}
    now = datetime(2026, 1, 2, tzinfo=UTC)
    assert evaluate_template("${{ imageFrom('reg/web').Tag }}-${{ now().Year() }}", NAMES, functions, now) == "1.2-2026"
    assert evaluate_template("${{ imageFrom('other')?.Tag ?? 'none' }}", NAMES, functions) == "none"
    assert evaluate_template("${{ imageFrom('reg/web') }}", NAMES, functions) == {"tag": "1.2"}
    with pytest.raises(ExprError, match=r"cannot fetch Nope from kargo\.Image"):
        evaluate_template("${{ imageFrom('reg/web').Nope }}", NAMES, functions)


def test_a_bare_expression_is_not_typed() -> None:
    assert evaluate_expression("'5'", NAMES) == "5"
    assert evaluate_expression("total > 2", NAMES) is True
