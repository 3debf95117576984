"""No expression escapes, hangs or eats the memory: whatever it is, it ends with a value or its own error."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argosy.expr.exprlang import ExprError, compile_expression

NAMES: dict[str, Any] = {
    "s": "abc",
    "x": 1.5,
    "xs": [1.0, 2.0, "a", None],
    "m": {"a": {"b": [1.0]}, "k": True},
    "none": None,
}


@pytest.mark.parametrize(
    "source",
    [
        "all(1..999, all(1..9999, true))",
        "1..99999999999",
        "map(1..999, 1..9999)",
        "repeat('a', 999999) | repeat(999999)",
        "let a = repeat('a', 99999); let b = a + a + a + a; let c = b + b + b + b; c + c + c + c",
        "replace(repeat('a', 9999), 'a', repeat('b', 9999))",
        "reduce(1..99999, #acc + #acc, 'ab')",
        "reduce(1..99999, concat(#acc, #acc), [1])",
        "reduce(1..99999, [#acc, #acc], [1]) | toJSON()",
        "reduce(1..99999, [#acc], [1]) | string()",
        "uniq(1..99999)",
        "join(map(1..99999, 'abcdefghijklmnopqrstuvwxyz'), repeat('-', 9999))",
        "split(repeat('a', 999999), '')",
        "count(1..9999, # in 1..9999)",
        "count(1..99999, repeat('a', 9999) contains 'b')",
        "count(1..9999, toJSON(1..9999) == '')",
        "sum(map(1..999, len(sort(1..9999))))",
        "fromJSON(repeat('[', 99999))",
    ],
)
def test_what_would_run_away_is_ended(source: str) -> None:
    with pytest.raises(ExprError):
        compile_expression(source).run(NAMES)


@pytest.mark.parametrize(
    "source",
    [
        "s.__class__",
        "s['__class__']",
        "m.keys()",
        "xs.append(1)",
        "m.__dict__",
        "$env.__builtins__",
        "x.real",
        "s.format(m)",
        "len.__globals__",
        "date('2024-01-02').to_datetime()",
        "timezone('UTC').tzinfo",
        "duration('1s').nanoseconds",
    ],
)
def test_nothing_of_python_can_be_reached(source: str) -> None:
    with suppress(ExprError):
        assert compile_expression(source).run(NAMES) is None


def test_a_pattern_takes_linear_time() -> None:
    assert compile_expression("repeat('a', 9999) matches '(a+)+$x'").run({}) is False


def test_a_value_that_is_nested_too_deeply_is_reported() -> None:
    value: Any = 1.0
    for _ in range(5000):
        value = [value]
    with pytest.raises(ExprError):
        compile_expression("toJSON(v)").run({"v": value})


_WORDS = """
    1 2.5 'a' "b" `c` b'd' true false nil s x xs m none # .a ?.b [0] [1:] [: ( ) { } [ ] , ; : ? ?? | || && and or not
    ! in matches contains startsWith == != < <= > >= + - * / % ** ^ .. . let if else = :: $env /* */ // \\ ' " ~ é
    filter( map( all( reduce( sortBy( groupBy( len( split( date( duration( sum( toJSON( int( get( take( first(
    #acc #index
"""
_PIECES = st.sampled_from(_WORDS.split())


@settings(max_examples=400, deadline=None)
@given(st.lists(_PIECES, max_size=25))
def test_any_sequence_of_words_ends_with_a_value_or_an_error(pieces: list[str]) -> None:
    _end(" ".join(pieces))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_any_text_ends_with_a_value_or_an_error(source: str) -> None:
    _end(source)


_VALUES = ["1", "0", "-2.5", "'a'", "''", "s", "x", "xs", "m", "none", "true", "[1,'b']", "{a:1}", "1..3", "b'a'"]
_OPERATORS = ["+", "-", "*", "/", "%", "**", "==", "!=", "<", ">", "in", "..", "??", "&&", "or", "matches", "contains"]
_CALLS = [
    "len",
    "type",
    "abs",
    "round",
    "int",
    "float",
    "string",
    "trim",
    "upper",
    "max",
    "mean",
    "toJSON",
    "fromJSON",
    "first",
    "last",
    "keys",
    "flatten",
    "sort",
    "uniq",
    "reverse",
    "duration",
    "date",
    "timezone",
    "bitnot",
    "toPairs",
    "fromPairs",
    "fromBase64",
]
_LOOPS = ["filter", "map", "all", "count", "find", "sum", "groupBy", "sortBy", "reduce"]


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(_OPERATORS), inner),
        st.builds("{}({})".format, st.sampled_from(_CALLS), inner),
        st.builds("{}({}, {})".format, st.sampled_from(_LOOPS), inner, inner),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
    )


_GROWN = st.recursive(st.sampled_from(_VALUES), _grow, max_leaves=12)


@settings(max_examples=600, deadline=None)
@given(_GROWN)
def test_any_expression_ends_with_a_value_or_an_error(source: str) -> None:
    _end(source)


def _end(source: str) -> None:
    try:
        compile_expression(source).run(NAMES)
    except ExprError as error:
        assert str(error)
