"""Label and field selectors: the string forms of query parameters, and the LabelSelector object of specs.

Source: spec/embedded-kubernetes.md section 9.1. Parsed selectors are immutable and cached, since a list of 10,000
objects calls `matches` 10,000 times.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from argosy.machinery import names
from argosy.machinery.objects import JsonObject
from argosy.machinery.text.go_text import quoted

Labels = Mapping[str, str]


class SelectorError(ValueError):
    """The selector cannot be parsed; the message gives the position, in Kubernetes' wording."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """`operator` is one of: in, notin, exists, !, gt, lt. `=` and `!=` are `in` and `notin` with one value."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Labels) -> bool:
        return _OPERATORS[self.operator](labels.get(self.key), self.values)

    def __str__(self) -> str:
        """The canonical string form, values sorted."""
        if self.operator == "exists":
            return self.key
        if self.operator == "!":
            return f"!{self.key}"
        if self.operator in ("gt", "lt"):
            return f"{self.key}{'>' if self.operator == 'gt' else '<'}{self.values[0]}"
        if len(self.values) == 1:
            return f"{self.key}{'=' if self.operator == 'in' else '!='}{self.values[0]}"
        return f"{self.key} {self.operator} ({','.join(sorted(self.values))})"


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """All requirements must hold; without any, everything matches unless `nothing` (the selector of a null object)."""

    requirements: tuple[Requirement, ...] = ()
    nothing: bool = False

    def matches(self, labels: Labels | None) -> bool:
        if self.nothing:
            return False
        present: Labels = labels or {}
        return all(requirement.matches(present) for requirement in self.requirements)

    @property
    def empty(self) -> bool:
        return not self.requirements and not self.nothing

    def __str__(self) -> str:
        return ",".join(map(str, self.requirements))


EVERYTHING = LabelSelector()
NOTHING = LabelSelector(nothing=True)


def _compare(value: str | None, bounds: tuple[str, ...], holds: Callable[[int, int], bool]) -> bool:
    """Go compares 64-bit integers; a label that is not one never matches."""
    if value is None or not _INTEGER.fullmatch(value):
        return False
    return holds(int(value), int(bounds[0]))


_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_OPERATORS: dict[str, Callable[[str | None, tuple[str, ...]], bool]] = {
    "in": lambda value, values: value is not None and value in values,
    "notin": lambda value, values: value is None or value not in values,
    "exists": lambda value, _: value is not None,
    "!": lambda value, _: value is None,
    "gt": lambda value, bounds: _compare(value, bounds, int.__gt__),
    "lt": lambda value, bounds: _compare(value, bounds, int.__lt__),
}
_TOKEN = re.compile(r"\s*(!=|==|=|!|\(|\)|,|>|<|[^\s=!(),><]+|$)")


@lru_cache(maxsize=4096)
def parse_labels(text: str) -> LabelSelector:
    """`a=b,c in (d,e),!f,g>1`; empty text matches everything. Raises SelectorError."""
    return LabelSelector(tuple(sorted(_Parser(text).parse(), key=lambda requirement: requirement.key)))


parse_label_selector = parse_labels


class _Parser:
    """One pass over the tokens. Blanks only separate words."""

    def __init__(self, text: str) -> None:
        self._tokens = [token for token in _TOKEN.findall(text) if token]
        self._at = 0

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def parse(self) -> Iterable[Requirement]:
        if not self._peek():
            return
        while True:
            if not _is_word(self._peek()) and self._peek() != "!":
                raise SelectorError(f"found '{self._peek()}', expected: !, identifier, or 'end of string'")
            yield self._requirement()
            separator = self._take()
            if not separator:
                return
            if separator != ",":
                raise SelectorError(f"found '{separator}', expected: ',' or 'end of string'")
            if not _is_word(self._peek()) and self._peek() != "!":
                raise SelectorError(f"found '{self._peek()}', expected: identifier after ','")

    def _requirement(self) -> Requirement:
        absent = self._peek() == "!"
        if absent:
            self._take()
        key = self._take()
        if not _is_word(key):
            raise SelectorError(f"unable to parse requirement: found '{key}', expected: identifier")
        _check_key(key)
        if absent:
            return Requirement(key, "!")
        if self._peek() in ("", ","):
            return Requirement(key, "exists")
        return self._comparison(key, self._take())

    def _comparison(self, key: str, operator: str) -> Requirement:
        if operator in ("in", "notin"):
            return Requirement(key, operator, _checked(key, self._value_list()))
        if operator in ("=", "==", "!="):
            value = self._take() if _is_word(self._peek()) else ""
            return Requirement(key, "notin" if operator == "!=" else "in", _checked(key, (value,)))
        if operator in (">", "<"):
            return Requirement(key, "gt" if operator == ">" else "lt", (self._bound(key),))
        raise SelectorError(f"unable to parse requirement: found '{operator}', expected: in, notin, =, ==, !=, gt, lt")

    def _bound(self, key: str) -> str:
        value = self._take()
        if not _INTEGER.fullmatch(value):
            raise SelectorError(
                f"unable to parse requirement: values[0][{key}]: Invalid value: {quoted(value)}: "
                "for 'Gt', 'Lt' operators, the value must be an integer"
            )
        return value

    def _value_list(self) -> tuple[str, ...]:
        if (opening := self._take()) != "(":
            raise SelectorError(f"unable to parse requirement: found '{opening}' expected: '('")
        values = [""]
        while (word := self._take()) != ")":
            if word == ",":
                values.append("")
            elif _is_word(word) and not values[-1]:
                values[-1] = word
            else:
                raise SelectorError(f"unable to parse requirement: found '{word}', expected: ',', ')' or identifier")
        return tuple(dict.fromkeys(values))


def _is_word(token: str) -> bool:
    return bool(token) and token not in ("!=", "==", "=", "!", "(", ")", ",", ">", "<")


def _check_key(key: str) -> None:
    if errors := names.qualified_name(key):
        raise SelectorError(f"unable to parse requirement: <nil>: Invalid value: {quoted(key)}: {'; '.join(errors)}")


def _checked(key: str, values: tuple[str, ...]) -> tuple[str, ...]:
    for index, value in enumerate(values):
        if errors := names.label_value(value):
            raise SelectorError(
                f"unable to parse requirement: values[{index}][{key}]: Invalid value: {quoted(value)}: "
                + "; ".join(errors)
            )
    return values


_WORDS = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}


def label_selector_of(selector: JsonObject | None) -> LabelSelector:
    """The LabelSelector of a spec: null matches nothing, `{}` everything. Raises SelectorError."""
    if selector is None:
        return NOTHING
    requirements = [Requirement(key, "in", (str(value),)) for key, value in (selector.get("matchLabels") or {}).items()]
    requirements += [_expression(expression) for expression in selector.get("matchExpressions") or ()]
    return LabelSelector(tuple(sorted(requirements, key=lambda requirement: requirement.key)))


def _expression(expression: JsonObject) -> Requirement:
    operator = str(expression.get("operator") or "")
    if operator not in _WORDS:
        raise SelectorError(f"{quoted(operator)} is not a valid label selector operator")
    values = tuple(map(str, expression.get("values") or ()))
    if operator in ("In", "NotIn") and not values:
        raise SelectorError("values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty")
    if operator in ("Exists", "DoesNotExist") and values:
        raise SelectorError("values: Invalid value: values set must be empty for exists and does not exist")
    return Requirement(str(expression.get("key") or ""), _WORDS[operator], values)


@dataclass(frozen=True, slots=True)
class FieldTerm:
    """`field=value`, or `field!=value` when not `equal`."""

    field: str
    equal: bool
    value: str


@lru_cache(maxsize=4096)
def parse_fields(text: str) -> tuple[FieldTerm, ...]:
    """`a=b,c!=d`; `\\,`, `\\=` and `\\\\` are escapes inside values. Raises SelectorError."""
    return tuple(_field_term(part, text) for part in _split_unescaped(text) if part)


def fields_match(terms: Iterable[FieldTerm], values: Mapping[str, str]) -> bool:
    """A field without a value counts as empty."""
    return all((values.get(term.field, "") == term.value) is term.equal for term in terms)


def _split_unescaped(text: str) -> list[str]:
    return re.findall(r"(?:\\.|[^,\\])+|\\$", text, re.DOTALL)


def _field_term(part: str, whole: str) -> FieldTerm:
    found = re.match(r"((?:\\.|[^=!\\]|!(?!=))*)(!=|==|=)(.*)\Z", part, re.DOTALL)
    if found is None:
        raise SelectorError(f"invalid selector: '{whole}'; can't understand '{part}'")
    return FieldTerm(found[1], found[2] != "!=", _unescaped(found[3]))


def _unescaped(value: str) -> str:
    if re.search(r"(?<!\\)(?:\\\\)*=", value):
        raise SelectorError(f"invalid field selector: unescaped character in value: {value}: '='")
    for found in re.finditer(r"\\(.|\Z)", value, re.DOTALL):
        if found[1] not in ("\\", ",", "="):
            raise SelectorError(f"invalid field selector: invalid escape sequence: {value}: '{found[0]}'")
    return re.sub(r"\\(.)", r"\1", value)
