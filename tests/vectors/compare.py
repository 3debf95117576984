"""How a recorded answer and ours are compared (the data's README): placeholders, and what is left to chance."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

TOKEN = re.compile(r"\{(uid|rv|continue|jwt|time|hash|host|internal)(?::(\d+))?\}")
BOUND = ("uid", "rv", "continue", "jwt")
_AGE = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_CHANCE = frozenset(
    {"clusterIP", "clusterIPs", "nodePort", "healthCheckNodePort", "podIP", "podIPs", "hostIP", "hostIPs"}
)
_UNORDERED = frozenset({"causes", "conditions"})
_GO_WORDING = re.compile(
    r"json: cannot unmarshal|json parse error|invalid character|error decoding|Go struct field|Object 'Kind'"
    r"|unrecognized type: |cannot restore slice"
)


@dataclass(slots=True)
class Bindings:
    """What the placeholders of one scenario stand for."""

    values: dict[str, str] = field(default_factory=dict)
    latest: dict[str, str] = field(default_factory=dict)
    """The value last seen for a placeholder without a number."""

    def fill(self, text: str) -> str:
        """A request's text with its placeholders replaced."""
        return TOKEN.sub(lambda match: self._value(match), text)

    def _value(self, match: re.Match[str]) -> str:
        token = match[0]
        return self.values.get(token) or self.latest.get(match[1], token)

    def bind(self, token: str, value: str) -> str:
        """An empty text, or why `value` cannot stand here."""
        match = TOKEN.fullmatch(token)
        assert match is not None, token
        word, number = match.groups()
        self.latest[word] = value
        if number is None or word not in BOUND:
            return ""
        known = self.values.setdefault(token, value)
        if known != value:
            return f"{token} is {known} and {value}"
        return self._order(word, int(number), value) if word == "rv" else self._unique(word, token, value)

    def _unique(self, word: str, token: str, value: str) -> str:
        twins = [other for other, known in self.values.items() if known == value and other != token]
        return f"{token} equals {twins[0]}" if twins and word == "uid" else ""

    def _order(self, word: str, rank: int, value: str) -> str:
        for other, known in self.values.items():
            match = TOKEN.fullmatch(other)
            if match is None or match[1] != word:
                continue
            before = int(match[2]) < rank
            if (before and int(known) > int(value)) or (int(match[2]) > rank and int(known) < int(value)):
                return f"{other}={known} and {{rv:{rank}}}={value} are out of order"
        return ""


def differences(expected: Any, actual: Any, bindings: Bindings, path: str = "") -> Iterator[str]:
    """Every place where `actual` is not what was recorded."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        yield from _maps(expected, actual, bindings, path)
    elif isinstance(expected, list) and isinstance(actual, list):
        yield from _lists(expected, actual, bindings, path)
    elif isinstance(expected, str) and isinstance(actual, str):
        yield from _texts(expected, actual, bindings, path)
    elif expected != actual or type(expected) is not type(actual):
        yield f"{path}: expected {short(expected)}, got {short(actual)}"


def _maps(expected: dict[str, Any], actual: dict[str, Any], bindings: Bindings, path: str) -> Iterator[str]:
    expected = {bindings.fill(name): value for name, value in expected.items()}
    generated = expected.get("generateName")
    for name in expected:
        at = f"{path}.{name}"
        if name not in actual:
            yield f"{at}: missing, expected {short(expected[name])}"
        elif name in _CHANCE:
            continue
        elif name == "name" and isinstance(generated, str) and generated:
            if not str(actual[name]).startswith(generated[:58]) or len(actual[name]) != len(expected[name]):
                yield f"{at}: {actual[name]} does not continue {generated}"
        elif name == "description" and "columnDefinitions" in path:
            continue
        elif name == "message" and " is invalid: [" in str(expected[name]) and not _GO_WORDING.search(expected[name]):
            yield from differences(_parts(expected[name]), _parts(str(actual[name])), bindings, at)
        elif name == "message" and isinstance(expected[name], str) and _GO_WORDING.search(expected[name]):
            yield from differences(_before_colon(expected[name]), _before_colon(str(actual[name])), bindings, at)
        else:
            yield from differences(expected[name], actual[name], bindings, at)
    for name in actual.keys() - expected.keys():
        yield f"{path}.{name}: not expected, got {short(actual[name])}"


def _parts(message: str) -> list[str]:
    """The wrong fields of a message, in no order."""
    head, _, listed = message.partition(": [")
    return [head, *sorted(listed.removesuffix("]").split(", "))]


def _before_colon(text: str) -> str:
    return text.partition(":")[0]


def _lists(expected: list[Any], actual: list[Any], bindings: Bindings, path: str) -> Iterator[str]:
    if path.rpartition(".")[2] in _UNORDERED:
        expected, actual = sorted(expected, key=_rank), sorted(actual, key=_rank)
        if path.endswith(".causes"):
            expected, actual = _without_repeats(expected), _without_repeats(actual)
    if len(expected) != len(actual):
        yield f"{path}: expected {len(expected)} items, got {len(actual)}: {short(actual)} for {short(expected)}"
        return
    for index, (left, right) in enumerate(zip(expected, actual, strict=True)):
        yield from differences(left, right, bindings, f"{path}[{index}]")


def _rank(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    return f"{item.get('type')} {item.get('field')} {item.get('reason')} {item.get('message')}"


def _without_repeats(items: list[Any]) -> list[Any]:
    return [item for index, item in enumerate(items) if item not in items[:index]]


def _texts(expected: str, actual: str, bindings: Bindings, path: str) -> Iterator[str]:
    if expected == actual or (expected.startswith("<") and expected.endswith(">") and " " not in expected):
        return
    if _masked(expected) == _masked(actual):
        return
    tokens = list(TOKEN.finditer(expected))
    if not tokens:
        if not _is_near_age(expected, actual, path):
            yield f"{path}: expected {short(expected)}, got {short(actual)}"
        return
    pattern, last = "", 0
    for token in tokens:
        pattern += re.escape(expected[last : token.start()]) + "(.*)"
        last = token.end()
    match = re.fullmatch(pattern + re.escape(expected[last:]), actual, re.DOTALL)
    if match is None:
        yield f"{path}: expected {short(expected)}, got {short(actual)}"
        return
    for token, value in zip(tokens, match.groups(), strict=True):
        if problem := bindings.bind(token[0], value):
            yield f"{path}: {problem}"


def _masked(text: str) -> str:
    """Without what chance or a key made."""
    if text.startswith("-----BEGIN CERTIFICATE-----"):
        return "certificate"
    text = re.sub(r"^kube-api-access-[a-z0-9]{5}$", "kube-api-access", text)
    return re.sub(r'^(ReplicaSet "\w+)-[bcdf-hj-np-tv-z0-9]{7,10}"', r'\1"', text)


def _is_near_age(expected: str, actual: str, path: str) -> bool:
    """Real seconds passed between recorded steps; virtual ones do not."""
    return "cells" in path and _seconds(expected) is not None and _seconds(actual) is not None


def _seconds(text: str) -> int | None:
    match = _AGE.fullmatch(text) if text else None
    if match is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 300 else text[:297] + "..."
