"""What an expression costs, counted while it runs and estimated beforehand: upstream's rules, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.machinery import cel
from argosy.machinery.cel.estimate import estimate
from argosy.machinery.cel.types import BOOL, INT, STRING, UNBOUNDED, Type, list_of, map_of

SELF = Type(
    "object",
    label="self",
    fields={
        "n": INT,
        "on": BOOL,
        "short": Type("string", most=40),
        "text": STRING,
        "few": Type("list", (INT,), most=10),
        "words": Type("list", (Type("string", most=100),), most=10),
        "many": list_of(STRING),
        "map": map_of(STRING, INT, most=5),
    },
)


def checked(text: str) -> cel.Checked:
    return cel.check(text, cel.parse(text), {"self": SELF})


def cost(expression: str, **fields: Any) -> int:
    return cel.compile_program(checked(expression)).evaluate({"self": fields})[1]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1 + 1", 1),  # literals are free, an operator is one
        ("self.n", 2),  # a name and a field
        ("self.n + self.n", 5),
        ("has(self.n)", 1),  # asking whether a field is there is free
        ("self.on && self.on", 4),  # no price of its own
        ("!self.on", 3),
        ("self.short == 'aaaaaaaaaaaaaaaaaaaaaaaa'", 5),  # 24 of 25 characters: 3
        ("self.short.startsWith('a')", 5),
        ("self.short.contains('aaaaaaaaaaa')", 8),  # 3 x 2
        ("self.short.matches('aaaaaaaaa')", 11),  # 3 x 3
        ("format.dns1123Label().validate(self.short).hasValue()", 28),  # 3 x 8, a call before and after
        ("self.short + self.short", 9),  # 50 characters: 5
        ("self.few[0]", 3),
        ("3 in self.few", 5),  # each of three
        ("[1, 2]", 10),
        ("{'a': 1}", 30),
        ("self.few.all(x, x > 0)", 18),  # 2 + 1 + 3 x (3 + 2)
        ("self.few.exists(x, x > 9)", 21),
        ("self.few.map(x, x)", 52),  # 2 + 11 + 3 x (12 + 1)
        ("self.few.filter(x, x > 1)", 46),  # 2 + 11 + 3 x 3 + 2 x 12
        ("self.words.all(x, x != 'bad') && self.words.exists(x, x != 'q')", 17),
    ],
)
def test_the_price_of_an_evaluation(text: str, wanted: int) -> None:
    fields = {"n": 1, "on": True, "short": "a" * 25, "few": [1, 2, 3], "words": ["x" * 2000], "map": {"a": 1}}
    assert cost(text, **fields) == wanted


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("self.n", 2, 2),
        ("has(self.n)", 1, 1),
        ("self.on && self.n == 1", 2, 5),
        ("self.on ? self.n : 1", 2, 4),
        ("self.short == 'aaaaaaaaaaa'", 3, 4),
        ("self.few.all(x, x > 0)", 3, 53),  # ten at the most: 2 + 1 + 10 x (2 + 1 + 2)
        ("self.words.all(x, x == self.short)", 3, 103),  # each compares 40 characters at the most
        ("self.map.all(k, self.map[k] > 0)", 3, 43),
        ("self.text.matches('aaaa')", 3, UNBOUNDED),
    ],
)
def test_the_price_is_estimated_from_the_bounds(text: str, least: int, most: int) -> None:
    found = estimate(checked(text).root)
    assert found.least == least
    assert found.most == most or (most == UNBOUNDED and found.most > 10**16)


EXPRESSIONS = (
    "self.few.all(x, self.few.exists(y, y == x))",
    "self.words.exists(w, w.contains(self.short))",
    "self.words.map(w, w + w).all(w, w.size() < 300)",
    "self.few.filter(x, x > 1).map(x, [x, x]).size() == 2",
    "self.words.join(',').matches('^[a-z,]*$')",
    "self.words.all(w, w.replace('a', 'bb').startsWith(self.short))",
    "self.map.exists(k, k == self.short) || self.few.sum() > 3",
    "self.words.isSorted() ? self.words.min() == self.short : self.short.upperAscii() == 'A'",
)
WORDS = st.text(st.sampled_from("abc"), max_size=40)


@pytest.mark.parametrize("text", EXPRESSIONS)
@given(
    few=st.lists(st.integers(-5, 5), max_size=10),
    words=st.lists(WORDS, min_size=1, max_size=10),
    short=WORDS,
    entries=st.dictionaries(WORDS, st.integers(), max_size=5),
)
def test_no_evaluation_costs_more_than_was_estimated(
    text: str, few: list[int], words: list[str], short: str, entries: dict[str, int]
) -> None:
    tree = checked(text)
    _, spent = cel.compile_program(tree).evaluate(
        {"self": {"few": few, "words": words, "short": short, "map": entries}}
    )
    assert spent <= estimate(tree.root).most


def test_an_evaluation_ends_at_its_limit() -> None:
    program = cel.compile_program(checked("self.few.all(x, self.few.all(y, self.few.all(z, x + y + z >= 0)))"))
    variables = {"self": {"few": list(range(200))}}
    with pytest.raises(cel.CostExceeded, match="operation cancelled: actual cost limit exceeded"):
        program.evaluate(variables, 100_000)


def test_the_length_of_a_text_that_nobody_walks_through_costs_nothing() -> None:
    assert cost("self.n > 0", n=1, text="x" * 1_000_000) == cost("self.n > 0", n=1, text="")
