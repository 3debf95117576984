"""The tree of an expression. `at` is the offset of the character that an error about the node points to."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Node:
    at: int
    depth: int = field(init=False, default=1)
    """How many nodes are between this one and the deepest leaf; left operands are iterated over, not recursed into."""


@dataclass(slots=True)
class Constant(Node):
    """nil, a bool, an int, a float, a string or bytes."""

    value: object


@dataclass(slots=True)
class Identifier(Node):
    name: str


@dataclass(slots=True)
class Unary(Node):
    operator: str
    operand: Node


@dataclass(slots=True)
class Binary(Node):
    operator: str
    left: Node
    right: Node


@dataclass(slots=True)
class Chain(Node):
    """Where `?.` gives up and returns nil."""

    inner: Node


@dataclass(slots=True)
class Member(Node):
    """`base.name`, `base[key]`; `is_method` when a call follows the name."""

    base: Node
    key: Node
    is_optional: bool = False
    is_method: bool = False


@dataclass(slots=True)
class Slice(Node):
    base: Node
    low: Node | None
    high: Node | None


@dataclass(slots=True)
class Call(Node):
    callee: Node
    arguments: list[Node]


@dataclass(slots=True)
class Builtin(Node):
    name: str
    arguments: list[Node]


@dataclass(slots=True)
class Predicate(Node):
    body: Node


@dataclass(slots=True)
class Pointer(Node):
    """`#`, and `#acc`, `#index` by name."""

    name: str


@dataclass(slots=True)
class Let(Node):
    name: str
    value: Node
    body: Node


@dataclass(slots=True)
class Sequence(Node):
    nodes: list[Node]


@dataclass(slots=True)
class Conditional(Node):
    condition: Node
    then: Node
    otherwise: Node


@dataclass(slots=True)
class Array(Node):
    items: list[Node]


@dataclass(slots=True)
class Map(Node):
    pairs: list[tuple[Node, Node]]
