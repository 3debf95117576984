"""What is not an expression, in upstream's words; and what may be written in more than one way."""

from __future__ import annotations

import pytest

from argosy.expr.exprlang import ExprError
from argosy.expr.exprlang.cursor import MOST_NODES
from argosy.expr.exprlang.parser import DEEPEST, LONGEST, parse


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("", "unexpected token EOF"),
        ("1 +", "unexpected token EOF (1:3)"),
        ("a.", "unexpected end of expression (1:2)"),
        ("a b", 'unexpected token Identifier("b") (1:3)'),
        ("(1", "unexpected token EOF (1:2)"),
        ("[1 2]", 'unexpected token Number("2") (1:4)'),
        ("{1 + 1: 2}", 'unexpected token Operator("+") (1:4)'),
        ("{[]: 2}", None),
        ("a ?? b + c", "Operator (+) and coalesce expressions (??) cannot be mixed. Wrap either by parentheses. (1:8)"),
        ("filter(a)", "expected at least 2 arguments (1:9)"),
        ("all(a, 1; 2)", "wrap predicate with brackets { and } (1:9)"),
        ("let x = 1", "unexpected token EOF (1:9)"),
        ("if a { 1 }", "unexpected token EOF (1:10)"),
        ("#", 'unexpected token Operator("#") (1:1)'),
        ("a not b", 'unexpected token Identifier("b") (1:7)'),
        ("'abc", "literal not terminated (1:5)"),
        ("'a\nb'", "literal not terminated (1:3)"),
        ("'\\q'", "invalid char escape (1:3)"),
        ("'\\u12'", "unable to unescape string (1:6)"),
        ("b'\\u0041'", "unable to unescape string (1:9)"),
        ("`abc", "literal not terminated (1:5)"),
        ("/* a", "unclosed comment (1:5)"),
        ("1 ~ 2", "unrecognized character: U+007E '~' (1:3)"),
        ("12abc", 'bad number syntax: "12a" (1:3)'),
        ("9223372036854775808", None),
        ("1e999", None),
        ("0x", None),
    ],
)
def test_what_is_no_expression_is_refused_with_the_place(source: str, text: str | None) -> None:
    with pytest.raises(ExprError) as caught:
        parse(source)
    if text is not None:
        assert caught.value.text == text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a and b or c", "(a and b) or c"),
        ("not a == b", "(not a) == b"),
        ("a not in b", "not (a in b)"),
        ("-a ** b", "-(a ** b)"),
        ("a | f(b)", "f(a, b)"),
        ("a < b < c", "a < b && b < c"),
        ("all(a, {# > 1})", "all(a, # > 1)"),
        ("map(a, .b)", "map(a, #.b)"),
        ("[1, 2,]", "[1, 2]"),
        ("{a: 1,}", "{'a': 1}"),
        ("a ? b : c ? d : e", "a ? b : (c ? d : e)"),
        ("1..2 + 3", "1..(2 + 3)"),
        ("a.not.in", "a['not']['in']"),
        ('"\\x41\\u{42}\\103\\u0044"', "'ABCD'"),
    ],
)
def test_two_spellings_of_one_expression_make_one_tree(one: str, other: str) -> None:
    assert _shape(parse(one)) == _shape(parse(other))


def _shape(node: object) -> object:
    """The tree without its places."""
    if isinstance(node, list | tuple):
        return [_shape(item) for item in node]
    names = [
        name for kind in type(node).__mro__ for name in getattr(kind, "__slots__", ()) if name not in ("at", "depth")
    ]
    if not names:
        return node
    return type(node).__name__, {name: _shape(getattr(node, name)) for name in names}


@pytest.mark.parametrize(
    "source",
    [
        "(" * 5000 + "1" + ")" * 5000,
        "[" * 5000,
        "-" * 5000 + "1",
        "{a:" * 3000,
        "f(" * 3000,
        "a ? " * 3000,
        "a ? b : " * 3000,
        "let a = 1;" * 3000 + "1",
        "if a {" * 3000,
        "all(a," * 3000,
        "a" + ".b" * 3000,
        "a" + "[0]" * 3000,
        "a" + "()" * 3000,
        "2 ** " * 3000 + "2",
        "not " * 5000 + "a",
        "1," * (MOST_NODES + 1),
        "a" * (LONGEST + 1),
        "[" + "1," * (MOST_NODES + 1) + "]",
    ],
)
def test_what_is_too_long_or_too_deep_is_refused_at_once(source: str) -> None:
    with pytest.raises(ExprError):
        parse(source)


def test_a_long_chain_of_operators_is_not_deep() -> None:
    parse(" || ".join(f"a == {number}" for number in range(1000)))
    parse(" + ".join("1" for _ in range(3000)))


def test_what_people_write_is_far_from_the_limit() -> None:
    parse("(" * (DEEPEST - 1) + "1" + ")" * (DEEPEST - 1))
