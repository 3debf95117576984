"""Types of CEL, and their assignability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

UNBOUNDED = 2**63 - 1


@dataclass(frozen=True, slots=True, eq=False)
class Type:
    """Simple ones by name; `list`, `map`, `optional_type` with parameters; `object` with fields.

    `most` bounds the elements or bytes of a value (upstream's MaxElements), `least` is the minimum size of its JSON.
    """

    name: str
    parameters: tuple[Type, ...] = ()
    fields: Mapping[str, Type] = field(default_factory=dict)
    most: int = UNBOUNDED
    least: int = 0
    label: str = ""
    """The name of an object type in error messages."""

    def __str__(self) -> str:
        if self.name == "object":
            return self.label or "object"
        if self.parameters:
            return f"{self.name}({', '.join(map(str, self.parameters))})"
        return self.name

    @property
    def element(self) -> Type:
        """The item type of a list or an optional value, or the value type of a map; unknown for others."""
        return self.parameters[-1] if self.parameters else DYN


DYN = Type("dyn")
ERROR = Type("!error!")
"""The type of an expression whose error was already reported."""
BOOL, INT, UINT, DOUBLE = Type("bool", most=1), Type("int", most=1), Type("uint", most=1), Type("double", most=1)
STRING, BYTES, NULL, TYPE = Type("string"), Type("bytes"), Type("null_type", most=1), Type("type", most=1)
TIMESTAMP = Type("google.protobuf.Timestamp", most=1)
DURATION = Type("google.protobuf.Duration", most=1)
QUANTITY, URL = Type("kubernetes.Quantity", most=1), Type("kubernetes.URL", most=1)
IP, CIDR, SEMVER = Type("net.IP", most=1), Type("net.CIDR", most=1), Type("kubernetes.Semver", most=1)
FORMAT = Type("kubernetes.NamedFormat", most=1)
AUTHORIZER = Type("kubernetes.authorization.Authorizer", most=1)
PATH_CHECK = Type("kubernetes.authorization.PathCheck", most=1)
GROUP_CHECK = Type("kubernetes.authorization.GroupCheck", most=1)
RESOURCE_CHECK = Type("kubernetes.authorization.ResourceCheck", most=1)
VERDICT = Type("kubernetes.authorization.Decision", most=1)
A, B = Type("<A>"), Type("<B>")
"""Type parameters of functions."""
SCALARS = frozenset({"bool", "int", "uint", "double", "null_type", TIMESTAMP.name, DURATION.name, "type"})
_PRIMITIVES = frozenset({"bool", "int", "uint", "double", "string", "bytes", "list", "map"})

Bindings = dict[str, Type]


def list_of(element: Type, most: int = UNBOUNDED) -> Type:
    return Type("list", (element,), most=most, least=2)


def map_of(key: Type, value: Type, most: int = UNBOUNDED) -> Type:
    return Type("map", (key, value), most=most, least=2)


def optional_of(value: Type) -> Type:
    return Type("optional_type", (value,))


def is_dyn(found: Type) -> bool:
    return found.name in ("dyn", "!error!")


def fits(wanted: Type, given: Type, bindings: Bindings) -> bool:
    """Whether `given` is assignable to `wanted`; the function's type parameters are bound along the way."""
    if wanted.name[0] == "<":
        bound = bindings.get(wanted.name)
        if bound is None:
            bindings[wanted.name] = given
            return True
        if is_dyn(bound) or is_dyn(given):
            bindings[wanted.name] = DYN
            return True
        if fits(bound, given, {}):
            return True
        if fits(given, bound, {}):
            bindings[wanted.name] = given
            return True
        return False
    if is_dyn(wanted) or is_dyn(given):
        return True
    if given.name == "null_type" or wanted.name == "null_type":
        other = wanted if given.name == "null_type" else given
        return other.name not in _PRIMITIVES
    if wanted.name != given.name or len(wanted.parameters) != len(given.parameters):
        return False
    if wanted.name == "object":
        return wanted is given or wanted.label == given.label
    return all(fits(one, other, bindings) for one, other in zip(wanted.parameters, given.parameters, strict=True))


def filled(wanted: Type, bindings: Bindings) -> Type:
    """`wanted` with the function's type parameters replaced; unbound ones become dyn."""
    if wanted.name[0] == "<":
        return bindings.get(wanted.name, DYN)
    if not wanted.parameters:
        return wanted
    return Type(wanted.name, tuple(filled(part, bindings) for part in wanted.parameters), most=wanted.most)


def joined(one: Type, other: Type) -> Type:
    """The common type of both; dyn when there is no other."""
    if is_dyn(one) or is_dyn(other):
        return DYN
    if fits(one, other, {}):
        return one
    return other if fits(other, one, {}) else DYN
