"""Mistakes of type are found before the evaluation, with the types that the environment really has."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.expr.exprlang import ExprError, compile_expression, floats, natures, strings
from argosy.expr.exprlang.values import Int64, nature_of

MEASURED: dict[str, Any] = {
    "f": 0.5,
    "i": 7,
    "long": Int64(9),
    "s": "abc",
    "b": True,
    "none": None,
    "fs": floats([0.5]),
    "ss": strings(["a"]),
    "xs": [1.0, "a"],
    "m": {"a": 1.0},
}
FUNCTIONS = {
    "isNaN": natures.function(natures.FLOAT, result=natures.BOOL),
    "asInt": natures.function(natures.ANY, result=natures.INT64),
}


def complaint(source: str) -> str:
    with pytest.raises(ExprError) as caught:
        compile_expression(source, {name: nature_of(value) for name, value in MEASURED.items()}, FUNCTIONS)
    return caught.value.message


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("missing > 1", "unknown name missing"),
        ("missing()", "unknown name missing"),
        ("fs > 0.5", "invalid operation: > (mismatched types []float64 and float64)"),
        ("s == 1", "invalid operation: == (mismatched types string and int)"),
        ("none > 1", "invalid operation: > (mismatched types unknown and int)"),
        ("false && s > 1", "invalid operation: > (mismatched types string and int)"),
        ("s.name", "type string has no field name"),
        ("s.Name()", "type string has no method Name"),
        ("none.name", "type nil has no field name"),
        ("none[0]", "type unknown[int] is undefined"),
        ("f[0]", "type float64[int] is undefined"),
        ("long[0]", "type int64[int] is undefined"),
        ("m[0]", "cannot use int to get an element from map[string]interface {}"),
        ("fs['a']", "array elements can only be selected using an integer (got string)"),
        ("len(f)", "invalid argument for len (type float64)"),
        ("len(none)", "invalid argument for len (type %!s(<nil>))"),
        ("mean(s)", "invalid argument for mean (type string)"),
        ("all(m, true)", "builtin all takes only array (got map[string]interface {})"),
        ("any(fs, # + 1)", "predicate should return boolean (got float64)"),
        ("'a' in fs", "cannot use string as type float64 in array"),
        ("1 in m", "cannot use int as type string in map key"),
        ("'a' in f", "invalid operation: in (mismatched types string and float64)"),
        ("f matches 'a'", "invalid operation: matches (mismatched types float64 and string)"),
        ("s matches '('", "error parsing regexp: missing closing ): `(`"),
        ("f ? 1 : 2", "non-bool expression (type float64) used as condition"),
        ("not f", "invalid operation: not (mismatched type float64)"),
        ("-s", "invalid operation: - (mismatched type string)"),
        ("isNaN(s)", "cannot use string as argument (type float64) to call isNaN "),
        ("isNaN(none)", "cannot use nil as argument (type float64) to call isNaN"),
        ("isNaN()", "not enough arguments to call isNaN"),
        ("isNaN(f, f)", "too many arguments to call isNaN"),
        ("f()", "float64 is not callable"),
        ("none()", "none is nil; cannot call nil as function"),
        ("s[1.5:]", "non-integer slice index float64"),
        ("f[1:]", "cannot slice float64"),
        ("split(s)", "not enough arguments to call split"),
        ("upper(1)", "cannot use int as argument (type string) to call upper "),
        ("let f = 1; f", "cannot redeclare f"),
        ("let len = 1; len", "cannot redeclare builtin len"),
        ("let x = 1; let x = 2; x", "cannot redeclare variable x"),
        ("reduce(fs, #other)", "unknown pointer #other"),
        ("get(f, 1)", "type float64 does not support indexing"),
        ("now() > 1", "invalid operation: > (mismatched types time.Time and int)"),
        ("now().Never()", "type time.Time has no method Never"),
        ("split(s, ',')[0] + 1", "invalid operation: + (mismatched types string and int)"),
    ],
)
def test_a_mistake_is_reported_with_gos_type_names(source: str, message: str) -> None:
    assert complaint(source) == message


@pytest.mark.parametrize(
    "source",
    [
        "f > i && i >= 1 && long == 9",
        "m.a > 1 and m.missing == nil",
        "xs[0] > 1",
        "fs == xs",
        "none == nil or s == nil",
        "isNaN(1) || isNaN(f)",
        "asInt(s) + i > 0",
        "none ?? 3",
        "map(fs, # * 2)[0] > 1",
        "(b ? fs : xs)[0] > 1",
        "let x = s; x + 'a'",
        "now() - duration('1h') < now()",
        "keys(m) | sort() | first() == 'a'",
    ],
)
def test_what_may_fit_is_left_to_the_evaluation(source: str) -> None:
    compile_expression(source, {name: nature_of(value) for name, value in MEASURED.items()}, FUNCTIONS)


def test_without_an_environment_every_name_may_be_anything() -> None:
    assert compile_expression("missing ?? 'none'").run({}) == "none"
    with pytest.raises(ExprError, match="mismatched types"):
        compile_expression("'a' + 1")


def test_a_function_of_the_environment_hides_a_built_in_one() -> None:
    functions = {"first": natures.function(natures.ANY, natures.ANY, result=natures.STRING)}
    with pytest.raises(ExprError, match="not enough arguments to call first"):
        compile_expression("first([1])", functions=functions)
    assert compile_expression("::first([1])", functions=functions).run({}) == 1
