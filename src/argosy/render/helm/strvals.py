"""Helm's `--set` language, parsed into existing values (`a.b[0].c=1`, `list={x,y}`, `k=null`).

The library parses an expression only on its own, but an index or a path must change the list or map that a value file
made. Limits are Helm's.
"""

from __future__ import annotations

from typing import Any, Final

from argosy.machinery.objects import JsonObject, JsonValue

INDEX_LIMIT: Final = 65536
NESTING_LIMIT: Final = 30


class SetInt(int):
    """An integer from `--set`: an integer in templates too, unlike those of value files, which are floats there."""


class SetError(ValueError):
    """The expression cannot be parsed; the message gives the position."""


def set_into(values: JsonObject, expression: str, *, text: bool = False, literal: str | None = None) -> None:
    """Changes `values` as one `--set` would. `text`: values stay strings. `literal`: the value of the single key."""
    parser = _Parser(expression, text=text, literal=literal)
    while parser.more():
        parser.pair(values, 0)


class _Parser:
    def __init__(self, expression: str, *, text: bool, literal: str | None) -> None:
        self._source = expression
        self._at = 0
        self._text = text
        self._literal = literal

    def more(self) -> bool:
        return self._at < len(self._source)

    def pair(self, into: JsonObject, nesting: int) -> None:
        key, stop = self._until(".[=,")
        if stop == "" and not key:
            return
        if stop == "." and not key:
            raise SetError("a key between two dots is empty")
        if stop in ("", ","):
            raise SetError(f"key {key!r} has no value")
        if stop == "=":
            value = self._value()
            if key:
                into[key] = value
        elif stop == "[":
            index = self._index(key)
            existing = into.get(key)
            into[key] = self._item(existing if isinstance(existing, list) else [], index, nesting)
        else:
            self._nested(into, key, nesting)

    def _nested(self, into: JsonObject, key: str, nesting: int) -> None:
        if nesting + 1 > NESTING_LIMIT:
            raise SetError(f"value name nested level is greater than maximum supported nested level of {NESTING_LIMIT}")
        inner = into.get(key)
        inner = inner if isinstance(inner, dict) else {}
        self.pair(inner, nesting + 1)
        if not inner:
            raise SetError(f"key map {key!r} has no value")
        into[key] = inner

    def _index(self, key: str) -> int:
        digits, stop = self._until("]")
        if stop != "]" or not digits.isdigit():
            raise SetError(f"key {key!r}: {digits!r} is not a list index")
        index = int(digits)
        if index > INDEX_LIMIT:
            raise SetError(f"index of {index} is greater than maximum supported index of {INDEX_LIMIT}")
        return index

    def _item(self, items: list[JsonValue], index: int, nesting: int) -> list[JsonValue]:
        key, stop = self._until(".[=")
        if key:
            raise SetError(f"unexpected data at end of array index: {key!r}")
        if stop == "=":
            return _placed(items, index, self._value())
        existing = items[index] if index < len(items) else None
        if stop == "[":
            inner = self._index("list")
            return _placed(items, index, self._item(existing if isinstance(existing, list) else [], inner, nesting + 1))
        if stop == ".":
            into = existing if isinstance(existing, dict) else {}
            self.pair(into, nesting + 1)
            return _placed(items, index, into)
        return items

    def _value(self) -> JsonValue:
        if self._literal is not None:
            self._at = len(self._source)
            return self._literal
        if self._source[self._at : self._at + 1] == "{":
            self._at += 1
            return self._list()
        word, _ = self._until(",")
        return word if self._text else typed(word)

    def _list(self) -> list[JsonValue]:
        items: list[JsonValue] = []
        while True:
            word, stop = self._until(",}")
            if stop == "":
                raise SetError("list must terminate with '}'")
            items.append(word if self._text else typed(word))
            if stop == "}":
                break
        if self._source[self._at : self._at + 1] == ",":
            self._at += 1
        return items

    def _until(self, stops: str) -> tuple[str, str]:
        """Text up to one of `stops` (consumed, and returned) or the end; a backslash escapes the next character."""
        taken: list[str] = []
        while self._at < len(self._source):
            char = self._source[self._at]
            self._at += 1
            if char in stops:
                return "".join(taken), char
            if char == "\\":
                if not self.more():
                    break
                char = self._source[self._at]
                self._at += 1
            taken.append(char)
        return "".join(taken), ""


def typed(word: str) -> JsonValue:
    """Parses `true`, `null` and decimal integers; a value with a leading zero stays a string."""
    if word.lower() in ("true", "false"):
        return word.lower() == "true"
    if word.lower() == "null":
        return None
    if word == "0":
        return SetInt(0)
    digits = word[1:] if word[:1] in "+-" else word
    if word and not word.startswith("0") and digits.isascii() and digits.isdigit():
        number = int(word) if len(digits) < 20 else 2**64
        return SetInt(number) if -(2**63) <= number < 2**63 else word
    return word


def _placed(items: list[Any], index: int, value: JsonValue) -> list[Any]:
    """The list with `value` at `index`, filled up with nulls."""
    grown = [*items, *([None] * (index + 1 - len(items)))]
    grown[index] = value
    return grown
