"""The built-in functions: every example of the documentation, and what they do with what does not fit."""

from __future__ import annotations

import math
from typing import Any

import pytest

from argosy.expr.exprlang import ExprError, compile_expression

NAMES: dict[str, Any] = {
    "any1": 1.0,
    "text": "a",
    "nothing": None,
    "mixed": [1.0, "a", None],
    "deep": [[1.0, [2.0]], 3.0],
    "m": {"b": 1.0, "a": "x"},
}


def value_of(source: str) -> Any:
    return compile_expression(source).run(NAMES)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ('trim("  Hello  ")', "Hello"),
        ('trim("__Hello__", "_")', "Hello"),
        ('trimPrefix("HelloWorld", "Hello") + trimSuffix("HelloWorld", "World")', "WorldHello"),
        ('upper("hello ß") + lower("HELLO")', "HELLO ßhello"),
        ('split("apple,orange,grape", ",", 2)', ["apple", "orange,grape"]),
        ('split("ab", "")', ["a", "b"]),
        ('split("a,b", ",", 0)', []),
        ('splitAfter("a,b,c", ",", 2)', ["a,", "b,c"]),
        ('replace("Hello World", "World", "Universe")', "Hello Universe"),
        ('replace("aaa", "a", "b", 2)', "bba"),
        ('repeat("Hi", 3)', "HiHiHi"),
        ('indexOf("apple pie", "pie")', 6),
        ('indexOf("é!", "!")', 2),
        ('lastIndexOf("apple pie apple", "apple")', 10),
        ('hasPrefix("HelloWorld", "Hello") && hasSuffix("HelloWorld", "World")', True),
        ("max(5, 7) + min(5, 7)", 12),
        ("max([1, [2, 9]], 3)", 9),
        ("max([])", None),
        ("abs(-5) + abs(-1.5)", 6.5),
        ("ceil(1.5) + floor(1.5)", 3.0),
        ("[round(1.5), round(-1.5), round(0.49999999999999994), round(2)]", [2.0, -2.0, 0.0, 2.0]),
        ("mean([1, 2, 3]) + median([1, 2, 3, 10])", 4.5),
        ("mean([])", 0.0),
        ("concat([1, 2], [3, 4])", [1, 2, 3, 4]),
        ("flatten([1, 2, [3, [4]]])", [1, 2, 3, 4]),
        ("uniq([1, 2, 3, 2.0, 1])", [1, 2, 3]),
        ('join(["a", "b"], ",") + join(["c", "d"])', "a,bcd"),
        ("[first([1, 2]), last([1, 2]), first([]), first(nothing), last(any1)]", [1, 2, None, None, None]),
        ("take([1, 2, 3], 2)", [1, 2]),
        ("reverse([3, 1, 4])", [4, 1, 3]),
        ('sort([3, 1, 4]) | map(#) | concat(sort([3, 1, 4], "desc"))', [1, 3, 4, 4, 3, 1]),
        ("keys(m) | sort()", ["a", "b"]),
        ("values({a: 1})", [1]),
        ("toPairs({a: 1})", [["a", 1]]),
        ("fromPairs([['a', 1], [2, 'b']])", {"a": 1, 2: "b"}),
        (
            "[type(nil), type(true), type(1), type(1.5), type('a'), type([]), type({}), type(duration('1s'))]",
            ["nil", "bool", "int", "float", "string", "array", "map", "time.Duration"],
        ),
        ("[type(now), type(date('2024-01-02')), type(b'a')]", ["nil", "time.Time", "array"]),
        ("[int('123'), int(1.9), int(-1.9), int(duration('1us'))]", [123, 1, -1, 1000]),
        ("[float('123.45'), float(1), float('0x1p-2'), float('1_0')]", [123.45, 1.0, 0.25, 10.0]),
        (
            "[string(1), string(1.0), string(1e21), string(1e-7), string(nil), string([1, 'a']), string(m)]",
            ["1", "1", "1e+21", "1e-07", "<nil>", "[1 a]", "map[a:x b:1]"],
        ),
        ("toJSON({b: [1, '<'], a: 1.5})", '{\n  "a": 1.5,\n  "b": [\n    1,\n    "\\u003c"\n  ]\n}'),
        ("toJSON([{}, [], 1e21, 1e-7, b'hi'])", '[\n  {},\n  [],\n  1e+21,\n  1e-7,\n  "aGk="\n]'),
        ("fromJSON('{\"a\": [1, null, true]}')", {"a": [1.0, None, True]}),
        ("fromBase64(toBase64('Hello World'))", "Hello World"),
        ("len('héllo') + len([1, 2]) + len({a: 1})", 8),
        ("[get([1, 2], 1), get([1], 5), get(m, 'b'), get(m, 'zz')]", [2, None, 1.0, None]),
        ("[get(nothing, 'a'), get([1, 2], -1)]", [None, 2]),
        ("[bitand(10, 12), bitor(10, 12), bitxor(10, 12), bitnand(10, 12)]", [8, 14, 6, 2]),
        ("[bitnot(10), bitshl(45, 2), bitshr(45, 2), bitushr(-5, 2)]", [-11, 180, 11, 4611686018427387902]),
        ("bitshl(1, 64) + bitshr(-1, 70)", -1),
        ("duration('1h').Seconds()", 3600.0),
        ("string(duration('90m') * 2)", "3h0m0s"),
        ("date('2023-08-14').Year() + date('15:04:05').Hour()", 2038),
        ("string(date('2023-08-14T10:00:00+02:00').UTC())", "2023-08-14 08:00:00 +0000 UTC"),
        ("date('2023-08-14 00:00:00', '2006-01-02 15:04:05', 'Europe/Zurich').Unix()", 1691964000),
        ("date('2023-08-14 00:00:00').In(timezone('Europe/Zurich')).Format('15:04')", "02:00"),
        ("date(timezone('Europe/Zurich'), '2023-08-14').Unix()", 1691964000),
        ("string(date('2023-08-14').Weekday()) + ' ' + string(date('2023-08-14').Month())", "Monday August"),
        ("date('2024-02-28').AddDate(0, 0, 1).Day()", 29),
    ],
)  # fmt: skip
def test_functions_give_what_the_documentation_says(source: str, value: Any) -> None:
    assert value_of(source) == value


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("upper(any1)", "interface conversion: interface {} is float64, not string"),
        ("join(mixed)", "interface conversion: interface {} is float64, not string"),
        ("join(text)", None),
        ("len(any1)", "invalid argument for len (type float64)"),
        ("abs(text + '')", "invalid argument for abs (type string)"),
        ("max(mixed)", "invalid argument for max (type string)"),
        ("mean(nothing)", "invalid argument for mean (type <nil>)"),
        ("int('x')", "invalid operation: int(x)"),
        ("int('9223372036854775808')", "invalid operation: int(9223372036854775808)"),
        ("float('1e400')", "invalid operation: float(1e400)"),
        ("take([1], -1)", "reflect.Value.Slice: slice index out of bounds"),
        ("keys(any1)", "cannot get keys from float64"),
        ("reverse(text)", "cannot reverse string"),
        ("concat([1], m)", "cannot concat map"),
        ("sort([1, 'a'])", None),
        ("sort([1], 'up')", "invalid order up, expected asc or desc"),
        ("fromPairs([[1]])", "invalid pair length [1]"),
        ("fromJSON('{')", "unexpected end of JSON input"),
        ("fromJSON('1 2')", "invalid character '2' after top-level value"),
        ("fromJSON('NaN')", "invalid character 'N' looking for beginning of value"),
        ("fromJSON('[1e999]')", "json: cannot unmarshal number 1e999 into Go value of type float64"),
        ("toJSON(float('nan'))", "json: unsupported value: NaN"),
        ("fromBase64('*')", "illegal base64 data"),
        ("repeat('a', -1)", "invalid argument for repeat (expected positive integer, got -1)"),
        ("bitshl(1, -1)", "invalid operation: negative shift count -1 (type int)"),
        ("bitand(any1, 1)", "cannot use float64 as argument (type int) to call bitand"),
        ("duration('1 hour')", 'time: unknown unit " hour" in duration "1 hour"'),
        ("date('yesterday')", "invalid date yesterday"),
        ("date('x', '2006')", 'parsing time "x" as "2006": cannot parse "x" as "2006"'),
        ("timezone('../../etc/passwd')", "unknown time zone ../../etc/passwd"),
        ("timezone('Nowhere/Land')", "unknown time zone Nowhere/Land"),
        ("date('2024-01-02').Add(text)", "reflect: Call using string as type time.Duration"),
    ],
)
def test_type_errors_are_reported(source: str, message: str | None) -> None:
    with pytest.raises(ExprError) as caught:
        value_of(source)
    if message is not None:
        assert caught.value.message == message


def test_special_numbers_are_spelled_as_go_spells_them() -> None:
    assert value_of("string([float('NaN'), float('Inf'), float('-infinity')])") == "[NaN +Inf -Inf]"
    assert math.isnan(value_of("0 / 0"))
