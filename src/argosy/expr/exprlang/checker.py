"""Finds type errors before an evaluation, even in branches that are not taken.

Rollouts is strict: every name must be known, with the type of the actual measured value. Kargo and notifications are
not: unknown names are nil. expr-lang: checker/checker.go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from . import natures
from .builtin_names import BUILTINS, PREDICATES
from .errors import ExprError, Fault
from .members import method_nature
from .natures import ANY, BOOL, INT, STRING, UNKNOWN, Kind, Nature
from .operand_rules import result_of
from .operators import pattern as compiled_pattern
from .signatures import CHECKED, OVERLOADS, Unfit
from .syntax import (
    Array,
    Binary,
    Builtin,
    Call,
    Chain,
    Conditional,
    Constant,
    Identifier,
    Let,
    Map,
    Member,
    Node,
    Pointer,
    Predicate,
    Sequence,
    Slice,
    Unary,
)
from .values import nature_of

Environment = Mapping[str, Nature]


def check(node: Node, source: str, environment: Environment, *, is_strict: bool) -> Nature:
    """The nature of the result. Raises ExprError. Integers given for a float become floats in the tree."""
    return _Checker(source, environment, is_strict=is_strict).visit(node)


class _Checker:
    def __init__(self, source: str, environment: Environment, *, is_strict: bool) -> None:
        self.source = source
        self.environment = environment
        self.is_strict = is_strict
        self.variables: list[tuple[str, Nature]] = []
        self.scopes: list[tuple[Nature, dict[str, Nature]]] = []

    def visit(self, node: Node) -> Nature:
        return _VISITS[type(node)](self, node)

    def error(self, node: Node, message: str) -> ExprError:
        return ExprError(message, self.source, node.at)

    # -- names ---------------------------------------------------------------------------------------------------------

    def constant(self, node: Constant) -> Nature:
        return nature_of(node.value)

    def identifier(self, node: Identifier) -> Nature:
        for name, nature in reversed(self.variables):
            if name == node.name:
                return nature
        if node.name == "$env":
            return UNKNOWN
        return self.named(node, node.name, is_strict=self.is_strict)

    def named(self, node: Node, name: str, *, is_strict: bool, with_builtins: bool = True) -> Nature:
        if name in self.environment:
            return self.environment[name]
        if with_builtins and (name in BUILTINS or name in PREDICATES):
            return natures.function(ANY, is_variadic=True)
        if is_strict:
            raise self.error(node, f"unknown name {name}")
        return UNKNOWN

    def let(self, node: Let) -> Nature:
        if node.name in self.environment:
            raise self.error(node, f"cannot redeclare {node.name}")
        if node.name in BUILTINS or node.name in PREDICATES:
            raise self.error(node, f"cannot redeclare builtin {node.name}")
        if any(name == node.name for name, _ in self.variables):
            raise self.error(node, f"cannot redeclare variable {node.name}")
        self.variables.append((node.name, self.visit(node.value)))
        nature = self.visit(node.body)
        self.variables.pop()
        return nature

    def pointer(self, node: Pointer) -> Nature:
        if not self.scopes:
            raise self.error(node, "cannot use pointer accessor outside predicate")
        collection, names = self.scopes[-1]
        if node.name:
            if node.name not in names:
                raise self.error(node, f"unknown pointer #{node.name}")
            return names[node.name]
        return UNKNOWN if collection.is_unknown else collection.element or ANY

    # -- operators -----------------------------------------------------------------------------------------------------

    def unary(self, node: Unary) -> Nature:
        nature = self.visit(node.operand)
        if node.operator in ("!", "not"):
            if nature.kind is Kind.BOOL or nature.is_unknown:
                return BOOL
        elif nature.is_number:
            return nature
        elif nature.is_unknown:
            return UNKNOWN
        raise self.error(node, f"invalid operation: {node.operator} (mismatched type {nature.name})")

    def binary(self, node: Binary) -> Nature:
        spine: list[Binary] = []
        left: Node = node
        while isinstance(left, Binary):
            spine.append(left)
            left = left.left
        nature = self.visit(left)
        for one in reversed(spine):
            nature = self.applied(one, nature, self.visit(one.right))
        return nature

    def applied(self, node: Binary, left: Nature, right: Nature) -> Nature:
        if node.operator == "matches" and isinstance(node.right, Constant) and isinstance(node.right.value, str):
            self.pattern(node, node.right.value)
        if node.operator == "in" and right.kind is Kind.MAP:
            key = right.key or STRING
            if not left.is_unknown and not left.assignable_to(key):
                raise self.error(node, f"cannot use {left.name} as type {key.name} in map key")
            return BOOL
        if node.operator == "in" and right.kind is Kind.ARRAY:
            element = right.element or ANY
            if not left.comparable_to(element):
                raise self.error(node, f"cannot use {left.name} as type {element.name} in array")
            return BOOL
        found = result_of(node.operator, left, right)
        if found is None:
            raise self.error(
                node, f"invalid operation: {node.operator} (mismatched types {left.name} and {right.name})"
            )
        return found

    def pattern(self, node: Node, pattern: str) -> None:
        try:
            compiled_pattern(pattern)
        except Fault as fault:
            raise self.error(node, str(fault)) from None

    def conditional(self, node: Conditional) -> Nature:
        condition = self.visit(node.condition)
        if condition.kind is not Kind.BOOL and not condition.is_unknown:
            raise self.error(node.condition, f"non-bool expression (type {condition.name}) used as condition")
        then, otherwise = self.visit(node.then), self.visit(node.otherwise)
        if then.kind is Kind.NIL:
            return otherwise
        if otherwise.kind is Kind.NIL:
            return then
        if not then.assignable_to(otherwise):
            return UNKNOWN
        both_arrays = then.kind is Kind.ARRAY and otherwise.kind is Kind.ARRAY
        return natures.ARRAY if both_arrays and then.element != otherwise.element else then

    def sequence(self, node: Sequence) -> Nature:
        return [self.visit(one) for one in node.nodes][-1]

    def chain(self, node: Chain) -> Nature:
        return self.visit(node.inner)

    # -- members -------------------------------------------------------------------------------------------------------

    def member(self, node: Member) -> Nature:
        name = node.key.value if isinstance(node.key, Constant) and isinstance(node.key.value, str) else None
        if isinstance(node.base, Identifier) and node.base.name == "$env":
            if name is None:
                return UNKNOWN
            strict = self.is_strict and not node.is_optional
            return self.named(node, name, is_strict=strict, with_builtins=False)
        base, key = self.visit(node.base), self.visit(node.key)
        if base.is_unknown:
            return UNKNOWN
        if name is not None:
            if base.kind is Kind.NIL:
                raise self.error(node, f"type nil has no field {name}")
            method = method_nature(base, name)
            if method is not None:
                return method
        return self.element(node, base, key, name)

    def element(self, node: Member, base: Nature, key: Nature, name: str | None) -> Nature:
        if base.kind is Kind.MAP:
            if not key.is_unknown and not key.assignable_to(base.key or STRING):
                raise self.error(node.key, f"cannot use {key.name} to get an element from {base.name}")
            return base.element or ANY
        if base.kind is Kind.ARRAY:
            if not key.is_unknown and key.kind is not Kind.INTEGER:
                raise self.error(node.key, f"array elements can only be selected using an integer (got {key.name})")
            return base.element or ANY
        if name is None:
            raise self.error(node, f"type {base.name}[{key.name}] is undefined")
        raise self.error(node, f"type {base.name} has no {'method' if node.is_method else 'field'} {name}")

    def slice(self, node: Slice) -> Nature:
        base = self.visit(node.base)
        if base.is_unknown:
            return UNKNOWN
        if base.kind not in (Kind.STRING, Kind.ARRAY):
            raise self.error(node, f"cannot slice {base.name}")
        for bound in (node.low, node.high):
            if bound is not None:
                nature = self.visit(bound)
                if nature.kind is not Kind.INTEGER and not nature.is_unknown:
                    raise self.error(bound, f"non-integer slice index {nature.name}")
        return base

    # -- calls ---------------------------------------------------------------------------------------------------------

    def call(self, node: Call) -> Nature:
        name = "function"
        if isinstance(node.callee, Identifier):
            name = node.callee.name
            if name == "$env":
                raise self.error(node, "map[string]interface {} is not callable")
        elif isinstance(node.callee, Member) and isinstance(node.callee.key, Constant):
            name = str(node.callee.key.value)
        callee = self.visit(node.callee)
        if callee.is_unknown:  # upstream checks no argument of an unknown function
            return UNKNOWN
        if callee.kind is Kind.NIL:
            raise self.error(node, f"{name} is nil; cannot call nil as function")
        if callee.kind is not Kind.FUNCTION:
            raise self.error(node, f"{callee.name} is not callable")
        complaint = self.unfit(name, callee, node, node.arguments)
        if complaint is not None:
            raise complaint
        return callee.result or UNKNOWN

    def unfit(self, name: str, callee: Nature, node: Node, arguments: list[Node]) -> ExprError | None:
        """Why the arguments do not fit the function, if they do not."""
        found = [self.visit(argument) for argument in arguments]
        parameters = callee.parameters
        if len(found) < len(parameters) - callee.is_variadic:
            return ExprError(f"not enough arguments to call {name}", self.source, node.at)
        if len(found) > len(parameters) and not callee.is_variadic:
            return ExprError(f"too many arguments to call {name}", self.source, node.at)
        for number, nature in enumerate(found):
            wanted = parameters[min(number, len(parameters) - 1)]
            if wanted.kind is Kind.FLOAT and nature.kind is Kind.INTEGER:
                _as_floats(arguments[number])
            elif wanted.kind is Kind.INTEGER and nature.kind is Kind.INTEGER:
                continue
            elif nature.kind is Kind.NIL:
                if wanted.kind is not Kind.ANY:
                    message = f"cannot use nil as argument (type {wanted.name}) to call {name}"
                    return ExprError(message, self.source, arguments[number].at)
            elif not nature.assignable_to(wanted) and not nature.is_unknown:
                message = f"cannot use {nature.name} as argument (type {wanted.name}) to call {name} "
                return ExprError(message, self.source, arguments[number].at)
        return None

    def builtin(self, node: Builtin) -> Nature:
        if node.name in PREDICATES:
            return self.loop(node)
        if node.name == "get":
            return self.get(node)
        if node.name in CHECKED:
            found = [self.visit(argument) for argument in node.arguments]
            try:
                return CHECKED[node.name](node.name, found)
            except Unfit as error:
                raise self.error(node, str(error)) from None
        complaint: ExprError | None = None
        for signature in OVERLOADS[node.name]:
            complaint = self.unfit(node.name, signature, node, node.arguments)
            if complaint is None:
                return signature.result or UNKNOWN
        assert complaint is not None
        raise complaint

    def get(self, node: Builtin) -> Nature:
        if len(node.arguments) != 2:
            raise self.error(node, f"invalid number of arguments (expected 2, got {len(node.arguments)})")
        base, key = (self.visit(argument) for argument in node.arguments)
        if base.is_unknown:
            return UNKNOWN
        if base.kind is Kind.ARRAY:
            if key.kind is not Kind.INTEGER and not key.is_unknown:
                raise self.error(node.arguments[1], f"non-integer slice index {key.name}")
            return base.element or ANY
        if base.kind is Kind.MAP:
            if not key.is_unknown and not key.assignable_to(base.key or STRING):
                raise self.error(node.arguments[1], f"cannot use {key.name} to get an element from {base.name}")
            return base.element or ANY
        raise self.error(node.arguments[0], f"type {base.name} does not support indexing")

    # -- loops ---------------------------------------------------------------------------------------------------------

    def loop(self, node: Builtin) -> Nature:
        collection = self.visit(node.arguments[0])
        if collection.kind is not Kind.ARRAY and not collection.is_unknown:
            raise self.error(node.arguments[0], f"builtin {node.name} takes only array (got {collection.name})")
        body: Nature | None = None
        if len(node.arguments) > 1:
            self.scopes.append((collection, _POINTERS.get(node.name, {})))
            body = self.visit(node.arguments[1])
            self.scopes.pop()
        if len(node.arguments) == 3:
            last = self.visit(node.arguments[2])
            if node.name == "sortBy" and last.kind is not Kind.STRING and not last.is_unknown:
                raise self.error(node.arguments[2], f"sortBy order argument must be a string (got {last.name})")
        if body is not None and node.name in _TESTS:
            if body.kind is Kind.NIL:
                raise self.error(node.arguments[1], "predicate should has one input and one output param")
            if body.kind is not Kind.BOOL and not body.is_unknown:
                raise self.error(node.arguments[1], f"predicate should return boolean (got {body.name})")
        return _LOOP_RESULTS[node.name](collection, body)

    def predicate(self, node: Predicate) -> Nature:
        return self.visit(node.body)

    # -- literals ------------------------------------------------------------------------------------------------------

    def array(self, node: Array) -> Nature:
        found = [self.visit(item) for item in node.items]
        if found and len({nature.kind for nature in found}) == 1:
            return found[-1].array()
        return natures.ARRAY if found else UNKNOWN.array()

    def map(self, node: Map) -> Nature:
        for key, value in node.pairs:
            self.visit(key)
            self.visit(value)
        return natures.MAP


def _as_floats(node: Node) -> None:
    """Where a float is expected, integer literals are floats."""
    if isinstance(node, Constant) and type(node.value) is int:
        node.value = float(node.value)
    elif isinstance(node, Unary):
        _as_floats(node.operand)
    elif isinstance(node, Binary) and node.operator in ("+", "-", "*"):
        _as_floats(node.left)
        _as_floats(node.right)


_POINTERS: Final[Mapping[str, dict[str, Nature]]] = {"map": {"index": INT}, "reduce": {"index": INT, "acc": UNKNOWN}}
_TESTS: Final = frozenset(
    {"all", "none", "any", "one", "filter", "count", "find", "findLast", "findIndex", "findLastIndex"}
)


def _element(collection: Nature) -> Nature:
    return UNKNOWN if collection.is_unknown else collection.element or ANY


def _filtered(collection: Nature, body: Nature | None) -> Nature:
    return natures.ARRAY if collection.is_unknown else _element(collection).array()


_LOOP_RESULTS: Final[Mapping[str, Callable[[Nature, Nature | None], Nature]]] = {
    **dict.fromkeys(("all", "none", "any", "one"), lambda collection, body: BOOL),
    "filter": _filtered,
    "map": lambda collection, body: (body or UNKNOWN).array(),
    **dict.fromkeys(("count", "findIndex", "findLastIndex"), lambda collection, body: INT),
    "sum": lambda collection, body: _element(collection) if body is None else body,
    **dict.fromkeys(("find", "findLast"), lambda collection, body: _element(collection)),
    "groupBy": lambda collection, body: natures.GROUPS,
    "sortBy": lambda collection, body: collection,
    "reduce": lambda collection, body: body or UNKNOWN,
}

_VISITS: Final[Mapping[type[Node], Callable[..., Nature]]] = {
    Constant: _Checker.constant,
    Identifier: _Checker.identifier,
    Unary: _Checker.unary,
    Binary: _Checker.binary,
    Chain: _Checker.chain,
    Member: _Checker.member,
    Slice: _Checker.slice,
    Call: _Checker.call,
    Builtin: _Checker.builtin,
    Predicate: _Checker.predicate,
    Pointer: _Checker.pointer,
    Let: _Checker.let,
    Sequence: _Checker.sequence,
    Conditional: _Checker.conditional,
    Array: _Checker.array,
    Map: _Checker.map,
}
