"""Assigns a type to every part of an expression and possible overloads to every call, or reports type errors.

Without declared variables everything is dynamic: then only function names and argument counts are checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from argosy.machinery.cel.conversions import moment_of, span_of
from argosy.machinery.cel.errors import CelError, Issue, TypeErrors
from argosy.machinery.cel.functions import pattern
from argosy.machinery.cel.library import TYPE_NAMES, library, namespaces
from argosy.machinery.cel.nodes import Bind, Call, Ident, ListLiteral, Literal, Loop, MapLiteral, Node, Select
from argosy.machinery.cel.overloads import Overload
from argosy.machinery.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DYN,
    ERROR,
    INT,
    NULL,
    STRING,
    TYPE,
    UINT,
    Bindings,
    Type,
    filled,
    fits,
    is_dyn,
    joined,
    list_of,
    map_of,
    optional_of,
)
from argosy.machinery.cel.values import TypeValue, UInt

_LITERALS: dict[type, Type] = {
    bool: BOOL,
    int: INT,
    UInt: UINT,
    float: DOUBLE,
    str: STRING,
    bytes: BYTES,
    type(None): NULL,
    TypeValue: TYPE,
}
_LITERAL_CHECKS: dict[str, Callable[[str], Any]] = {"matches": pattern, "duration": span_of, "timestamp": moment_of}


@dataclass(frozen=True, slots=True)
class Checked:
    """A tree with types."""

    root: Node
    type: Type
    names: frozenset[str]
    """Variables that it reads."""


def check(text: str, root: Node, variables: Mapping[str, Type] | None) -> Checked:
    """Sets the tree's types and overloads. `variables` None: any name is a dynamic variable. Raises TypeErrors."""
    checker = _Checker(variables)
    found = checker.visit(root, {})
    if checker.issues:
        raise TypeErrors(text, sorted(checker.issues, key=lambda issue: issue.position))
    return Checked(root, found, frozenset(checker.names))


Scope = dict[str, Type]


class _Checker:
    def __init__(self, variables: Mapping[str, Type] | None) -> None:
        self._variables = variables
        self.issues: list[Issue] = []
        self.names: set[str] = set()
        self._mixed: set[int] = set()
        """Whether lists may have items of different types."""

    def visit(self, node: Node, scope: Scope) -> Type:
        node.type = found = self._type(node, scope)
        return found

    def _wrong(self, position: int, message: str) -> Type:
        self.issues.append(Issue(position, message))
        return ERROR

    def _type(self, node: Node, scope: Scope) -> Type:
        match node:
            case Literal():
                return _LITERALS[type(node.value)]
            case Ident():
                return self._ident(node, scope)
            case Select():
                return self._select(node, scope)
            case Call():
                return self._call(node, scope)
            case ListLiteral():
                return self._list(node, scope)
            case MapLiteral():
                return self._map(node, scope)
            case Loop():
                return self._loop(node, scope)
            case Bind():
                return self._bind(node, scope)
        raise AssertionError(f"no such node: {node}")

    def _ident(self, node: Ident, scope: Scope) -> Type:
        if node.name in scope:
            return scope[node.name]
        if self._variables is None and node.name not in TYPE_NAMES:
            self.names.add(node.name)
            return DYN
        if self._variables is not None and node.name in self._variables:
            self.names.add(node.name)
            return self._variables[node.name]
        if node.name in TYPE_NAMES:
            return TYPE
        return self._wrong(node.position, f"undeclared reference to '{node.name}' (in container '')")

    def _select(self, node: Select, scope: Scope) -> Type:
        if (name := _dotted(node)) in TYPE_NAMES:
            return TYPE
        if self._variables is not None and name in self._variables:  # `authorizer.requestResource`
            self.names.add(name)
            return self._variables[name]
        if name and name.partition(".")[0] in namespaces() and not self._is_variable(name.partition(".")[0], scope):
            return self._wrong(node.position, f"undeclared reference to '{name}' (in container '')")
        operand = self.visit(node.operand, scope)
        inner = operand.element if operand.name == "optional_type" else operand
        found = self._field(node, inner)
        if node.test_only:
            return BOOL
        optional = node.optional or operand.name == "optional_type"
        return optional_of(found) if optional and found.name != "optional_type" else found

    def _is_variable(self, name: str, scope: Scope) -> bool:
        return name in scope or (self._variables is not None and name in self._variables)

    def _field(self, node: Select, operand: Type) -> Type:
        if is_dyn(operand):
            return DYN
        if operand.name == "map":
            return operand.element
        if operand.name == "object":
            found = operand.fields.get(node.field_name)
            if found is None:
                return self._wrong(node.position, f"undefined field '{node.field_name}'")
            return found
        return self._wrong(node.position, f"type '{operand}' does not support field selection")

    def _list(self, node: ListLiteral, scope: Scope) -> Type:
        found: Type | None = None
        for index, item in enumerate(node.items):
            kind = self.visit(item, scope)
            if index in node.optional and not is_dyn(kind):
                kind = kind.element
            found = DYN if id(node) in self._mixed else self._same(found, kind, item.position)
        return list_of(found or DYN, len(node.items))

    def _map(self, node: MapLiteral, scope: Scope) -> Type:
        keys: Type | None = None
        values: Type | None = None
        for index, (key, value) in enumerate(node.entries):
            keys = self._same(keys, self.visit(key, scope), key.position)
            kind = self.visit(value, scope)
            if index in node.optional and not is_dyn(kind):
                kind = kind.element
            values = self._same(values, kind, value.position)
        return map_of(keys or DYN, values or DYN, len(node.entries))

    def _same(self, before: Type | None, kind: Type, position: int) -> Type:
        """Literals are of one type (apiserver: ValidateHomogeneousAggregateLiterals)."""
        if before is None or is_dyn(before) or is_dyn(kind):
            return kind if before is None else DYN
        if fits(before, kind, {}) or fits(kind, before, {}):
            return joined(before, kind)
        return self._wrong(position, f"expected type '{before}' but found '{kind}'")

    def _loop(self, node: Loop, scope: Scope) -> Type:
        over = self.visit(node.range, scope)
        inner = dict(scope)
        inner.update(zip(node.names, self._variables_of(node, over), strict=True))
        if node.condition is not None:
            self._wants_bool(node.condition, self.visit(node.condition, inner))
        result = self.visit(node.result, inner) if node.result is not None else DYN
        match node.kind:
            case "all" | "exists" | "existsOne":
                return BOOL
            case "filter":
                return list_of(over.parameters[0] if over.parameters else DYN, over.most)
            case "map" | "transformList":
                return list_of(result, over.most)
            case "transformMap":
                key = over.parameters[0] if over.name == "map" else INT if over.name == "list" else DYN
                return map_of(key, result, over.most)
            case _:
                return result if result.name == "map" else DYN

    def _variables_of(self, node: Loop, over: Type) -> tuple[Type, ...]:
        if is_dyn(over):
            return (DYN,) * len(node.names)
        if over.name not in ("list", "map"):
            kind = f"expression of type '{over}' cannot be range of a comprehension (must be list, map, or dynamic)"
            self._wrong(node.range.position, kind)
            return (ERROR,) * len(node.names)
        if len(node.names) == 1:
            return (over.parameters[0],)
        return (over.parameters[0] if over.name == "map" else INT, over.element)

    def _wants_bool(self, node: Node, found: Type) -> None:
        if not fits(BOOL, found, {}):
            self._wrong(node.position, f"expected type 'bool' but found '{found}'")

    def _bind(self, node: Bind, scope: Scope) -> Type:
        value = self.visit(node.value, scope)
        if node.kind != "bind" and not is_dyn(value):
            if value.name != "optional_type":
                return self._wrong(
                    node.position, f"{node.kind}() is called on '{value}', which is not an optional value"
                )
            value = value.element
        body = self.visit(node.body, {**scope, node.name: value})
        return optional_of(body) if node.kind == "optMap" else body

    # -- calls -------------------------------------------------------------------------------------------------------

    def _call(self, node: Call, scope: Scope) -> Type:
        qualified = _qualified(node)
        if qualified and (qualified, False) in library() and not self._is_variable(qualified.partition(".")[0], scope):
            node.function, node.target = qualified, None
        target = self.visit(node.target, scope) if node.target is not None else None
        if node.function == "format":  # its arguments may have any type
            self._mixed.update(map(id, node.arguments))
        arguments = [self.visit(argument, scope) for argument in node.arguments]
        candidates = library().get((node.function, node.target is not None))
        if not candidates:
            return self._wrong(node.position, f"undeclared reference to '{node.function}' (in container '')")
        given = arguments if target is None else [target, *arguments]
        if node.function in ("_[_]", "_[?_]", "_?_:_", "_&&_", "_||_"):
            return self._operator(node, candidates, given)
        return self._resolved(node, candidates, given)

    def _operator(self, node: Call, candidates: list[Overload], given: list[Type]) -> Type:
        if node.function not in ("_[_]", "_[?_]"):
            return self._resolved(node, candidates, given)
        container = given[0]
        optional = node.function == "_[?_]"
        if container.name == "optional_type":
            given, optional = [container.element, given[1]], True
        found = self._resolved(node, candidates, given)
        return optional_of(found) if optional and found.name not in ("optional_type", "!error!") else found

    def _resolved(self, node: Call, candidates: list[Overload], given: list[Type]) -> Type:
        matching: list[Overload] = []
        result: Type | None = None
        for overload in candidates:
            bindings: Bindings = {}
            if len(overload.parameters) != len(given) or not all(
                fits(wanted, one, bindings) for wanted, one in zip(overload.parameters, given, strict=True)
            ):
                continue
            matching.append(overload)
            kind = filled(overload.result, bindings)
            result = kind if result is None else joined(result, kind)
        if result is None:
            if ERROR in given:
                return ERROR
            return self._no_overload(node, given)
        node.overloads = tuple(matching)
        self._check_literal(node)
        return result

    def _no_overload(self, node: Call, given: list[Type]) -> Type:
        shown = [str(one) for one in given]
        text = f"{shown[0]}.({', '.join(shown[1:])})" if node.target is not None else f"({', '.join(shown)})"
        return self._wrong(node.position, f"found no matching overload for '{node.function}' applied to '{text}'")

    def _check_literal(self, node: Call) -> None:
        """Upstream's AST validators: regular expressions, durations and timestamps that are written out."""
        judge = _LITERAL_CHECKS.get(node.function)
        argument = node.arguments[-1] if node.arguments else None
        if judge is None or not isinstance(argument, Literal) or not isinstance(argument.value, str):
            return
        try:
            judge(argument.value)
        except CelError:
            self._wrong(argument.position, f"invalid {node.function} argument")


def _dotted(node: Node) -> str:
    """`a.b.c` as a name; empty for anything else."""
    if isinstance(node, Ident):
        return node.name
    if isinstance(node, Select) and not node.test_only and not node.optional and (inner := _dotted(node.operand)):
        return f"{inner}.{node.field_name}"
    return ""


def _qualified(node: Call) -> str:
    """`format.named` of `format.named(x)`."""
    if node.target is None or not (inner := _dotted(node.target)):
        return ""
    return f"{inner}.{node.function}"


def type_value(node: Select | Ident) -> Any:
    """The type that a name denotes."""
    return TypeValue(TYPE_NAMES[_dotted(node)])
