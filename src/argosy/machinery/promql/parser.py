"""Parses queries into trees."""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from argosy.machinery.promql.nodes import (
    Aggregation,
    Binary,
    Call,
    Matcher,
    Negated,
    Node,
    Number,
    Selector,
    Text,
)

SIZE_LIMIT = 16 * 1024
NESTING_LIMIT = 60
CHAIN_LIMIT = 150
"""Maximum operators in a row: each is a level of the tree that is evaluated."""
_TOKEN = re.compile(
    r"""(?P<space>(?:\s+|\#[^\n]*)+)
    |(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)
    |(?P<duration>(?:\d+(?:ms|[smhdwy]))+)
    |(?P<number>0x[0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<name>[A-Za-z_:][\w:]*)
    |(?P<operator>=~|!~|[=!<>]=|[-+*/%^=<>(){}\[\],@])""",
    re.VERBOSE | re.ASCII,
)
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
AGGREGATIONS = frozenset({"sum", "avg", "min", "max", "count", "group", "stddev", "topk", "bottomk", "quantile"})
_WITH_PARAMETER = frozenset({"topk", "bottomk", "quantile"})
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("or",),
    ("and", "unless"),
    ("==", "!=", "<", "<=", ">", ">="),
    ("+", "-"),
    ("*", "/", "%"),
)


class PromqlError(ValueError):
    """The query cannot be parsed or evaluated; the message says why."""


class _Token(NamedTuple):
    kind: str
    value: str


def parse(text: str) -> Node:
    """Raises PromqlError."""
    if len(text) > SIZE_LIMIT:
        raise PromqlError(f"the query is longer than {SIZE_LIMIT} bytes")
    return _Parser(_tokens(text)).complete()


def _tokens(text: str) -> list[_Token]:
    found, position = [], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise PromqlError(f"parse error: unexpected character {text[position]!r} at {position + 1}")
        if match.lastgroup != "space":
            found.append(_Token(str(match.lastgroup), match.group()))
        position = match.end()
    return [*found, _Token("end", "")]


def seconds_of(text: str) -> float:
    """`1h30m`. Raises PromqlError."""
    parts = re.findall(r"(\d+)(ms|[smhdwy])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise PromqlError(f"parse error: {text!r} is not a duration")
    return float(sum(int(number) * _UNITS[unit] for number, unit in parts))


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens, self._index, self._depth = tokens, 0, 0

    def complete(self) -> Node:
        found = self._level(0)
        if self._next.kind != "end":
            self._unexpected()
        return found

    @property
    def _next(self) -> _Token:
        return self._tokens[self._index]

    def _take(self) -> _Token:
        self._index += 1
        return self._tokens[self._index - 1]

    def _accept(self, value: str) -> bool:
        if self._next.value.lower() != value or self._next.kind == "text":
            return False
        self._index += 1
        return True

    def _expect(self, value: str) -> None:
        if not self._accept(value):
            self._unexpected(value)

    def _unexpected(self, wanted: str = "") -> NoReturn:
        shown = self._next.value or "end of input"
        raise PromqlError(f"parse error: unexpected {shown!r}" + (f", expected {wanted!r}" if wanted else ""))

    # -- operators ---------------------------------------------------------------------------------------------------

    def _level(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._power()
        left, count = self._level(level + 1), 0
        while self._next.value.lower() in _LEVELS[level] and self._next.kind != "text":
            count += 1
            if count > CHAIN_LIMIT:
                raise PromqlError(f"the query has more than {CHAIN_LIMIT} operators in a row")
            operator = self._take().value.lower()
            modifiers = self._modifiers()
            left = Binary(operator, left, self._level(level + 1), *modifiers)
        return left

    def _power(self) -> Node:
        self._depth += 1
        if self._depth > NESTING_LIMIT:
            raise PromqlError(f"the query is nested deeper than {NESTING_LIMIT} levels")
        found = self._raised()
        self._depth -= 1
        return found

    def _raised(self) -> Node:
        left = self._unary()
        if self._accept("^"):
            modifiers = self._modifiers()
            return Binary("^", left, self._power(), *modifiers)
        return left

    def _modifiers(self) -> tuple[bool, tuple[str, ...] | None, tuple[str, ...], str]:
        returns_bool = self._accept("bool")
        on: tuple[str, ...] | None = None
        ignoring: tuple[str, ...] = ()
        group = ""
        if self._accept("on"):
            on = self._labels()
        elif self._accept("ignoring"):
            ignoring = self._labels()
        for side in ("left", "right"):
            if self._accept(f"group_{side}"):
                group = side
                if self._next.value == "(":
                    self._labels()
        return returns_bool, on, ignoring, group

    def _labels(self) -> tuple[str, ...]:
        self._expect("(")
        found = []
        while not self._accept(")"):
            if self._next.kind != "name":
                self._unexpected("label")
            found.append(self._take().value)
            if self._next.value != ")":
                self._expect(",")
        return tuple(found)

    def _unary(self) -> Node:
        if self._accept("-"):
            return Negated(self._power())
        if self._accept("+"):
            return self._power()
        return self._postfix(self._primary())

    def _postfix(self, node: Node) -> Node:
        while True:
            if self._accept("["):
                node = self._ranged(node, seconds_of(self._take().value))
                if self._next.value == ":":
                    raise PromqlError("subqueries are not supported here")
                self._expect("]")
            elif self._accept("offset"):
                sign = -1.0 if self._accept("-") else 1.0
                if not isinstance(node, Selector):
                    raise PromqlError("parse error: offset must follow a selector")
                node = Selector(node.matchers, node.range, sign * seconds_of(self._take().value))
            else:
                return node

    def _ranged(self, node: Node, seconds: float) -> Selector:
        if not isinstance(node, Selector) or node.range:
            raise PromqlError("parse error: ranges are only allowed for vector selectors")
        return Selector(node.matchers, seconds, node.offset)

    # -- primaries ---------------------------------------------------------------------------------------------------

    def _primary(self) -> Node:
        token = self._take()
        match token.kind:
            case "number":
                return Number(float(int(token.value, 16)) if token.value[:2] == "0x" else float(token.value))
            case "duration":
                return Number(seconds_of(token.value))
            case "text":
                return Text(_unquoted(token.value))
            case "name":
                return self._named(token.value)
        if token.value == "(":
            found = self._level(0)
            self._expect(")")
            return found
        if token.value == "{":
            return Selector(self._matchers())
        self._index -= 1
        return self._unexpected()

    def _named(self, name: str) -> Node:
        lowered = name.lower()
        if lowered in ("inf", "nan") and self._next.value not in ("{", "("):
            return Number(float(lowered))
        if lowered in AGGREGATIONS and self._next.value.lower() in ("(", "by", "without"):
            return self._aggregation(lowered)
        if self._accept("("):
            arguments = []
            while not self._accept(")"):
                arguments.append(self._level(0))
                if self._next.value != ")":
                    self._expect(",")
            return Call(name, tuple(arguments))
        matchers = self._matchers() if self._accept("{") else ()
        return Selector((Matcher("__name__", "=", name), *matchers))

    def _matchers(self) -> tuple[Matcher, ...]:
        found = []
        while not self._accept("}"):
            if self._next.kind != "name":
                self._unexpected("label")
            label, operator = self._take().value, self._take().value
            if operator not in ("=", "!=", "=~", "!~") or self._next.kind != "text":
                self._unexpected("a matcher")
            found.append(Matcher(label, operator, _unquoted(self._take().value)))
            if self._next.value != "}":
                self._expect(",")
        return tuple(found)

    def _aggregation(self, operator: str) -> Node:
        without, labels = self._grouping()
        self._expect("(")
        first = self._level(0)
        parameter: Node | None = None
        if operator in _WITH_PARAMETER:
            self._expect(",")
            parameter, first = first, self._level(0)
        self._expect(")")
        if not labels and not without:
            without, labels = self._grouping()
        return Aggregation(operator, first, parameter, labels, without)

    def _grouping(self) -> tuple[bool, tuple[str, ...]]:
        if self._accept("by"):
            return False, self._labels()
        if self._accept("without"):
            return True, self._labels()
        return False, ()


def _unquoted(text: str) -> str:
    if text[0] == "`":
        return text[1:-1]
    escapes = {"n": "\n", "t": "\t", "r": "\r"}
    return re.sub(r"\\(.)", lambda found: escapes.get(found.group(1), found.group(1)), text[1:-1])
