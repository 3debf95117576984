"""The tree of an expression. Macros keep their own node type: their price and meaning are those of their expansion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argosy.machinery.cel.overloads import Overload
    from argosy.machinery.cel.types import Type


@dataclass(slots=True, eq=False)
class Node:
    position: int
    type: Type | None = field(default=None, init=False)
    """Set by the checker."""


@dataclass(slots=True, eq=False)
class Literal(Node):
    value: Any


@dataclass(slots=True, eq=False)
class Ident(Node):
    name: str


@dataclass(slots=True, eq=False)
class Select(Node):
    operand: Node
    field_name: str
    test_only: bool = False
    """`has(a.b)`."""
    optional: bool = False
    """`a.?b`."""


@dataclass(slots=True, eq=False)
class Call(Node):
    function: str
    """Operators by upstream's names: `_+_`, `_[_]`, `_?_:_`, `@in`, `!_`."""
    target: Node | None
    arguments: list[Node]
    overloads: tuple[Overload, ...] = field(default=(), init=False)
    """The possible overloads, set by the checker: one when all types are known."""


@dataclass(slots=True, eq=False)
class ListLiteral(Node):
    items: list[Node]
    optional: frozenset[int] = frozenset()
    """Indices of `[?x]`."""


@dataclass(slots=True, eq=False)
class MapLiteral(Node):
    entries: list[tuple[Node, Node]]
    optional: frozenset[int] = frozenset()


@dataclass(slots=True, eq=False)
class Loop(Node):
    """`range.kind(name, ...)`: all, exists, existsOne, map, filter, transformList, transformMap, transformMapEntry."""

    kind: str
    range: Node
    names: tuple[str, ...]
    """One variable, or index (key) and value."""
    condition: Node | None
    """Of all, exists, existsOne, filter, and of `map(x, condition, f)`."""
    result: Node | None
    """Of map and the transforms."""


@dataclass(slots=True, eq=False)
class Bind(Node):
    """`cel.bind(name, value, body)`, and `optMap`, `optFlatMap` where the value is an optional one."""

    kind: str
    name: str
    value: Node
    body: Node
