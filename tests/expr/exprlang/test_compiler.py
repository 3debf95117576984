"""What expressions give: the language's documentation, example by example, and the corners where Go shows through."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.expr.exprlang import ExprError, Fault, Function, Struct, compile_expression, floats

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NAMES: dict[str, Any] = {
    "user": {"Name": "Ann Lee", "Age": 30.0, "Tags": ["a", "b"]},
    "nobody": None,
    "tweets": [{"Size": 10.0, "Content": "x" * 10}, {"Size": 300.0, "Content": "y" * 300}],
    "text": "héllo",
    "nums": [1.0, 2.0, 3.0],
    "twice": Function(lambda value: value * 2, 1, 1),
    "release": Struct("kargo.Release", {"Tag": "v1", "Major": Function(lambda: 1, 0, 0)}, json={"tag": "v1"}),
}


def value_of(source: str) -> Any:
    return compile_expression(source).run(NAMES, NOW)


def error_of(source: str) -> str:
    with pytest.raises(ExprError) as caught:
        value_of(source)
    return caught.value.text


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1 + 2 * 3 - 4 / 2", 5.0),
        ("7 / 2", 3.5),
        ("7 % 4", 3),
        ("-7 % 4", -3),
        ("2 ** 3 ** 2", 512.0),
        ("2 ^ 3", 8.0),
        ("-2 ** 2", -4.0),
        ("1 / 0", math.inf),
        ("9223372036854775807 + 1", -(2**63)),
        ("0x2A + 0o52 + 0b101010 + 1_000", 1126),
        (".5 + 0.5 + 1e3", 1001.0),
        ("'a' + \"b\" + `c\\n`", "abc\\n"),
        ("1 == 1.0", True),
        ("nil == nobody", True),
        ("[1, 2] == [1.0, 2.0]", True),
        ("1 < 2 and 2 <= 2 and not (3 > 4)", True),
        ("1 < 2 < 3", True),
        ("true || false && false", True),
        ("true or missing.deep", True),
        ("false and missing.deep", False),
        ("user.Name startsWith 'Ann' && user.Name endsWith 'Lee' && user.Name contains 'n L'", True),
        ("user.Name not contains 'Bob'", True),
        ("user.Name matches '^A.*e$'", True),
        ("nobody contains 'a'", False),
        ("'a' in user.Tags", True),
        ("'Age' in user", True),
        ("3 not in [1, 2]", True),
        ("user.Age > 18 ? 'adult' : 'minor'", "adult"),
        ("nobody ?? 5", 5),
        ("if user.Age < 18 { 'minor' } else if user.Age > 65 { 'senior' } else { 'adult' }", "adult"),
        ("let x = 5; let y = x * 2; x + y", 15),
        ("1; 2; 3", 3),
        ("1..3", [1, 2, 3]),
        ("3..1", []),
        ("[1, 2, 3,][-1]", 3),
        ("[1, 2, 3, 4, 5][1:-1]", [2, 3, 4]),
        ("[1, 2, 3][:9]", [1, 2, 3]),
        ("'abcdef'[1:3]", "bc"),
        ("text[1:3]", "é"),
        ("{a: 1, 'b c': 2, (user.Name): 3}", {"a": 1, "b c": 2, "Ann Lee": 3}),
        ("user['Name']", "Ann Lee"),
        ("user.missing", None),
        ("nobody?.Name", None),
        ("nobody?.Name.First.Second", None),
        ("nobody?.First()", None),
        ("nobody?.[0]", None),
        ("nobody?.Name ?? 'none'", "none"),
        ("$env['user'].Age", 30.0),
        ("'user' in $env", True),
        ("user.Name | lower() | split(' ')", ["ann", "lee"]),
        ("filter(tweets, {len(.Content) > 240})[0].Size", 300.0),
        ("filter(tweets, .Size > 20) | map(.Size)", [300.0]),
        ("filter(0..9, {# % 2 == 0})", [0, 2, 4, 6, 8]),
        ("map(nums, # * 2)", [2.0, 4.0, 6.0]),
        ("map(['a'], #index)", [0]),
        ("count([true, false])", 1),
        ("all(tweets, .Size > 1) and any(nums, # == 2) and one(nums, # > 2) and none(nums, # > 3)", True),
        ("find(nums, # > 1)", 2.0),
        ("find(nums, # > 9)", None),
        ("findIndex(nums, # > 1)", 1),
        ("findLast(nums, # < 3)", 2.0),
        ("findLastIndex(nums, # < 3)", 1),
        ("groupBy(1..4, # % 2)", {1: [1, 3], 0: [2, 4]}),
        ("count(nums, # > 1)", 2),
        ("sum(nums)", 6.0),
        ("sum(tweets, .Size)", 310.0),
        ("reduce(1..9, #acc + #)", 45),
        ("reduce(1..3, #acc + # * #index, 100)", 108),
        ("sortBy(tweets, .Size, 'desc')[0].Size", 300.0),
        ("twice(4)", 8),
        ("4 | twice()", 8),
        ("release.Tag + string(release.Major())", "v11"),
        ("now().Year()", 2026),
        ("now() - duration('1h') < now()", True),
        ("(date('2023-08-14') + duration('1h30m')).Minute()", 30),
        ("date('2023-08-14') - date('2023-08-13') == duration('24h')", True),
        ("/* comment */ 1 // one", 1),
        ("b'\\xff\\101ÿ'", b"\xff\x41\xc3\xbf"),
        ("::len([1])", 1),
        ("nil in [nil]", True),
    ],
)
def test_expressions_give_what_the_documentation_says(source: str, value: Any) -> None:
    found = value_of(source)
    assert found == value
    assert isinstance(found, bool) == isinstance(value, bool)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("'a' + 1", "invalid operation: + (mismatched types string and int) (1:5)"),
        ("user.Name.First.Second", "invalid operation: int(string) (1:11)"),
        ("nobody.Name", "cannot fetch Name from <nil> (1:8)"),
        ("nums[7]", "index out of range: 7 (array length is 3) (1:5)"),
        ("user.Age % 2", "invalid operation: float64 % int (1:10)"),
        ("1 % 0", "runtime error: integer divide by zero (1:3)"),
        ("missing()", "invalid operation: cannot call nil (1:1)"),
        ("user()", "invalid operation: cannot call non-function of type map[string]interface {} (1:1)"),
        ("twice()", "invalid number of arguments: expected 1, got 0 (1:1)"),
        ("user.Age and true == nobody", "interface conversion: interface {} is float64, not bool (1:10)"),
        ("filter(nums, .x)", "cannot fetch x from float64 (1:15)"),
        ("filter(user, # > 1)", "reflect: call of reflect.Value.Index on map Value (1:1)"),
        ("reduce([], #acc + #)", "reduce of empty array with no initial value (1:1)"),
        ("sortBy(nums, #, 'up')", "unknown order, use asc or desc (1:1)"),
        ("groupBy(nums, [#])", "cannot use []interface {} as a key for groupBy: type is not comparable (1:1)"),
        ("user.Name matches nobody.x ?? '('", "cannot fetch x from <nil> (1:26)"),
        ("'a' matches user.Name + '('", "error parsing regexp: missing closing ): `Ann Lee(` (1:5)"),
        ("user in nums.x", "invalid operation: int(string) (1:14)"),
        ("{(1 + 1): 2}", "interface conversion: interface {} is int, not string (1:1)"),
    ],
)
def test_errors_are_reported_in_upstreams_words_with_the_place(source: str, text: str) -> None:
    assert error_of(source) == text


def test_an_error_shows_the_line_and_marks_the_column() -> None:
    with pytest.raises(ExprError) as caught:
        value_of("let x = 1;\n\tnobody.Name")
    assert str(caught.value) == "cannot fetch Name from <nil> (2:9)\n |  nobody.Name\n | ........^"


def test_a_program_keeps_nothing_of_an_evaluation() -> None:
    program = compile_expression("let twice = x * 2; map(xs, # + twice)")
    assert program.run({"x": 1.0, "xs": [1.0]}) == [3.0]
    assert program.run({"x": 2.0, "xs": [1.0, 2.0]}) == [5.0, 6.0]


def test_the_present_is_handed_in_or_not_there() -> None:
    with pytest.raises(ExprError, match=r"now\(\) is not available here"):
        compile_expression("now()").run({})


def test_a_function_of_the_caller_says_what_is_wrong_by_a_fault() -> None:
    def refuse() -> object:
        raise Fault("chart not found")

    with pytest.raises(ExprError, match="chart not found"):
        compile_expression("chartFrom()").run({"chartFrom": Function(refuse, 0, 0)})


def test_values_of_an_environment_are_never_changed() -> None:
    names = {"xs": [3.0, 1.0], "m": {"b": 1.0}}
    compile_expression("[sort(xs), reverse(xs), concat(xs, xs), keys(m), fromPairs(toPairs(m))]").run(names)
    assert names == {"xs": [3.0, 1.0], "m": {"b": 1.0}}


def test_equal_numbers_of_different_types_are_one_but_a_bool_is_no_number() -> None:
    run = compile_expression("a == b").run
    assert run({"a": 1, "b": 1.0}) is True
    assert run({"a": 1, "b": True}) is False
    assert run({"a": floats([1.0]), "b": [1]}) is True
    assert run({"a": {"x": 1}, "b": {"x": 1.0}}) is False
