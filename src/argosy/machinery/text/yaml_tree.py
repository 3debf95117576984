"""YAML text as a tree of positions: where each node starts and ends, so that edits replace exactly it.

Limits (spec/security.md 2): size, depth and number of nodes. Aliases are kept as such, so nothing expands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

SIZE_LIMIT: Final = 10 * 1024 * 1024
DEPTH_LIMIT: Final = 200
NODE_LIMIT: Final = 1_000_000


class EditFault(ValueError):
    """The text is not YAML, or the edit is not possible in it."""


@dataclass(slots=True)
class Node:
    start: int
    """Start of the value itself, after anchor and tag."""
    end: int
    column: int
    flow: bool
    """Inside a flow collection."""
    properties: int = 0
    """Where anchor and tag start; equal to `start` without them."""


@dataclass(slots=True)
class Scalar(Node):
    text: str = ""
    style: str = ""
    """Empty for plain, else the quote or `|` and `>`."""


@dataclass(slots=True)
class Alias(Node):
    name: str = ""


@dataclass(slots=True)
class Mapping(Node):
    entries: list[tuple[Node, Node]] = field(default_factory=list)
    braces: bool = False

    def find(self, name: str) -> tuple[Node, Node] | None:
        return next((entry for entry in self.entries if isinstance(entry[0], Scalar) and entry[0].text == name), None)


@dataclass(slots=True)
class Sequence(Node):
    items: list[Node] = field(default_factory=list)
    brackets: bool = False


def lines_of(text: str) -> str:
    """With only `\\n` at the end of every line, including the last one; without a byte order mark."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n")
    return plain if not plain or plain.endswith("\n") else plain + "\n"


def parse(text: str) -> Node | None:
    """The first document; None when it is empty. `text` as `lines_of` returns it. Raises EditFault."""
    if len(text) > SIZE_LIMIT:
        raise EditFault(f"the file is larger than {SIZE_LIMIT} bytes")
    try:
        events = iter(yaml.parse(text, yaml.CSafeLoader))
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                return _Builder(text, events).document()
    except yaml.YAMLError as error:
        raise EditFault(f"yaml: {_message(error)}") from None
    return None


def parse_all(text: str) -> list[Node | None]:
    """Every document, None for an empty one. `text` as `lines_of` returns it. Raises EditFault."""
    if len(text) > SIZE_LIMIT:
        raise EditFault(f"the file is larger than {SIZE_LIMIT} bytes")
    try:
        events = iter(yaml.parse(text, yaml.CSafeLoader))
        builder = _Builder(text, events)
        return [builder.root() for event in events if isinstance(event, yaml.DocumentStartEvent)]
    except yaml.YAMLError as error:
        raise EditFault(f"yaml: {_message(error)}") from None


def _end(event: Any) -> int:
    found: int = event.end_mark.index
    return found


def _message(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}: " if mark is not None else ""
    return without_first_line(f"{where}{getattr(error, 'problem', None) or 'cannot be read'}")


def without_first_line(message: str) -> str:
    """go-yaml counts lines from 0 here, and names none if the count is 0."""
    return message.replace("line 1: ", "", 1)


class _Builder:
    def __init__(self, text: str, events: Iterator[Any]) -> None:
        self._text = text
        self._events = events
        self._count = 0

    def document(self) -> Node | None:
        root = self.root()
        for event in self._events:  # the rest must be YAML too
            if isinstance(event, yaml.StreamEndEvent):
                break
        return root

    def root(self) -> Node | None:
        """For the document that has just started."""
        root = self._node(next(self._events), depth=0, flow=False)
        return None if isinstance(root, Scalar) and not root.text and root.start == root.end else root

    def _node(self, event: Any, depth: int, *, flow: bool) -> Node:
        self._count += 1
        if depth > DEPTH_LIMIT or self._count > NODE_LIMIT:
            raise EditFault(f"the file is deeper than {DEPTH_LIMIT} levels or has more than {NODE_LIMIT} values")
        value: Any = event
        begins: int = value.start_mark.index
        if isinstance(event, yaml.AliasEvent):
            return Alias(*self._place(event), flow, begins, name=str(event.anchor))
        if isinstance(event, yaml.ScalarEvent):
            start, end, column = self._place(event)
            return Scalar(start, end, column, flow, begins, str(value.value), value.style or "")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, depth, flow=flow)
        return self._sequence(event, depth, flow=flow)

    def _mapping(self, event: Any, depth: int, *, flow: bool) -> Mapping:
        start, end, column = self._place(event)
        made = Mapping(start, end, column, flow, event.start_mark.index, braces=bool(event.flow_style))
        while not isinstance(inner := next(self._events), yaml.MappingEndEvent):
            key = self._node(inner, depth + 1, flow=flow or made.braces)
            made.entries.append((key, self._node(next(self._events), depth + 1, flow=flow or made.braces)))
        made.end = _end(inner)
        return made

    def _sequence(self, event: Any, depth: int, *, flow: bool) -> Sequence:
        start, end, column = self._place(event)
        made = Sequence(start, end, column, flow, event.start_mark.index, brackets=bool(event.flow_style))
        while not isinstance(inner := next(self._events), yaml.SequenceEndEvent):
            made.items.append(self._node(inner, depth + 1, flow=flow or made.brackets))
        made.end = _end(inner)
        return made

    def _place(self, event: Any) -> tuple[int, int, int]:
        """Start after anchor and tag, end, column of the start."""
        start: int = event.start_mark.index
        end: int = event.end_mark.index
        anchored = getattr(event, "anchor", None) is not None or getattr(event, "tag", None) is not None
        if anchored and not isinstance(event, yaml.AliasEvent):
            while start < len(self._text) and self._text[start] in "&!":
                while start < len(self._text) and not self._text[start].isspace():
                    start += 1
                while start < len(self._text) and self._text[start].isspace() and start < end:
                    start += 1
        return start, max(start, end), start - (self._text.rfind("\n", 0, start) + 1)
