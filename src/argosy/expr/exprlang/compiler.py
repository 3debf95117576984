"""Compiles a tree to functions once, so that evaluating walks no tree: each node is a closure over its children's."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from . import access, operators
from .access import fetch
from .errors import ExprError, Fault
from .frame import Frame, Loop
from .functions import FUNCTIONS
from .loops import LOOPS, Predicate, collection
from .natures import INTS
from .short_circuits import LEFT, SHORT, Evaluate, Link, decided, truth
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
    Sequence,
    Slice,
    Unary,
)
from .syntax import Predicate as PredicateNode
from .values import Function, Typed, printed, type_name

BROKEN: Final = object()
"""The value of a member behind `?.` of nil; the end of the chain turns it into nil."""


class Compiled:
    """`evaluate` needs `variables` slots in its frame."""

    __slots__ = ("evaluate", "variables")

    def __init__(self, evaluate: Evaluate, variables: int) -> None:
        self.evaluate = evaluate
        self.variables = variables


def _called(node: Node) -> str:
    """The name of the function whose result this is."""
    return node.callee.name if isinstance(node, Call) and isinstance(node.callee, Identifier) else ""


def compiled(node: Node, source: str) -> Compiled:
    compiler = _Compiler(source)
    return Compiled(compiler.of(node), compiler.variable_count)


class _Compiler:
    def __init__(self, source: str) -> None:
        self.source = source
        self.scopes: list[tuple[str, int]] = []
        self.variable_count = 0
        self.node_count = 0

    def of(self, node: Node) -> Evaluate:
        self.node_count += 1
        return _COMPILERS[type(node)](self, node)

    def guarded(self, node: Node, evaluate: Evaluate) -> Evaluate:
        """Adds the position when an error occurs."""
        source, at = self.source, node.at

        def run(frame: Frame) -> Any:
            try:
                return evaluate(frame)
            except Fault as fault:
                raise ExprError(str(fault), source, at) from None

        return run

    # -- names and literals --------------------------------------------------------------------------------------------

    def constant(self, node: Constant) -> Evaluate:
        value = node.value
        return lambda frame: value

    def identifier(self, node: Identifier) -> Evaluate:
        name = node.name
        for known, place in reversed(self.scopes):
            if known == name:
                return lambda frame: frame.variables[place]
        if name == "$env":
            return lambda frame: dict(frame.names)
        return lambda frame: frame.names.get(name)

    def let(self, node: Let) -> Evaluate:
        value = self.of(node.value)
        place = self.variable_count
        self.variable_count += 1
        self.scopes.append((node.name, place))
        body = self.of(node.body)
        self.scopes.pop()

        def run(frame: Frame) -> Any:
            frame.variables[place] = value(frame)
            return body(frame)

        return run

    def pointer(self, node: Pointer) -> Evaluate:
        if node.name == "acc":
            return lambda frame: frame.loops[-1].accumulator
        if node.name == "index":
            return lambda frame: frame.loops[-1].index

        def run(frame: Frame) -> Any:
            loop = frame.loops[-1]
            return loop.items[loop.index]

        return run

    def array(self, node: Array) -> Evaluate:
        items = [self.of(item) for item in node.items]

        def run(frame: Frame) -> Any:
            frame.grow(len(items))
            return [item(frame) for item in items]

        return self.guarded(node, run)

    def map(self, node: Map) -> Evaluate:
        pairs = [(self.of(key), self.of(value)) for key, value in node.pairs]

        def run(frame: Frame) -> Any:
            frame.grow(len(pairs))
            found: dict[str, Any] = {}
            for key, value in pairs:
                found.setdefault(operators.text(key(frame)), value(frame))  # of equal keys the first one counts
            return found

        return self.guarded(node, run)

    # -- operators -----------------------------------------------------------------------------------------------------

    def unary(self, node: Unary) -> Evaluate:
        operand = self.of(node.operand)
        if node.operator == "+":
            return operand
        if node.operator == "-":
            return self.guarded(node, lambda frame: operators.negated(operand(frame)))
        return self.guarded(node, lambda frame: not truth(operand(frame)))

    def binary(self, node: Binary) -> Evaluate:
        spine: list[Binary] = []
        left: Node = node
        while isinstance(left, Binary):
            spine.append(left)
            left = left.left
        first = self.of(left)
        links: list[Link] = []
        for one in reversed(spine):
            found = decided(one)
            if found is None:
                links.append(self.link(one))
            elif found is not LEFT:
                first, links = self.of(Constant(one.at, found)), []
        if not links:
            return first
        if len(links) == 1:
            only = links[0]
            return lambda frame: only(frame, first(frame))

        def run(frame: Frame) -> Any:
            value = first(frame)
            for link in links:
                value = link(frame, value)
            return value

        return run

    def link(self, node: Binary) -> Link:
        right = self.of(node.right)
        operator = node.operator
        if operator in SHORT:
            return self.guarded_link(node, SHORT[operator](right))
        if operator == "in":
            return self.guarded_link(node, lambda frame, left: access.contains(frame, right(frame), left))
        if operator == "..":
            return self.guarded_link(node, lambda frame, left: _range(frame, left, right(frame)))
        return self.plain_link(node, operators.BINARY[operator], right)

    def plain_link(self, node: Binary, operation: operators.Operation, right: Evaluate) -> Link:
        source, at = self.source, node.at

        def run(frame: Frame, left: Any) -> Any:
            other = right(frame)
            try:
                return operation(frame, left, other)
            except Fault as fault:
                raise ExprError(str(fault), source, at) from None

        return run

    def guarded_link(self, node: Binary, link: Link) -> Link:
        source, at = self.source, node.at

        def run(frame: Frame, left: Any) -> Any:
            try:
                return link(frame, left)
            except Fault as fault:
                raise ExprError(str(fault), source, at) from None

        return run

    def conditional(self, node: Conditional) -> Evaluate:
        condition, then, otherwise = self.of(node.condition), self.of(node.then), self.of(node.otherwise)
        return self.guarded(node, lambda frame: then(frame) if truth(condition(frame)) else otherwise(frame))

    def sequence(self, node: Sequence) -> Evaluate:
        nodes = [self.of(one) for one in node.nodes]

        def run(frame: Frame) -> Any:
            value: Any = None
            for one in nodes:
                value = one(frame)
            return value

        return run

    # -- members -------------------------------------------------------------------------------------------------------

    def chain(self, node: Chain) -> Evaluate:
        inner = self.of(node.inner)

        def run(frame: Frame) -> Any:
            found = inner(frame)
            return None if found is BROKEN else found

        return run

    def member(self, node: Member) -> Evaluate:
        base, key = self.of(node.base), self.of(node.key)
        is_optional = node.is_optional
        called = _called(node.base)

        def run(frame: Frame) -> Any:
            found = base(frame)
            if found is BROKEN or (is_optional and found is None):
                return BROKEN
            if found is None and called and getattr(frame.names.get(called), "gives_struct", False):
                raise Fault(f"cannot get {printed(key(frame))} from <nil>")
            return fetch(found, key(frame))

        return self.guarded(node, run)

    def slice(self, node: Slice) -> Evaluate:
        base = self.of(node.base)
        low = self.of(node.low) if node.low is not None else _nothing
        high = self.of(node.high) if node.high is not None else _nothing

        def run(frame: Frame) -> Any:
            found = base(frame)
            if isinstance(found, list):
                frame.grow(len(found) >> 3)
            return access.sliced(found, low(frame), high(frame))

        return self.guarded(node, run)

    # -- calls ---------------------------------------------------------------------------------------------------------

    def call(self, node: Call) -> Evaluate:
        callee = self.of(node.callee)
        arguments = [self.of(argument) for argument in node.arguments]

        def run(frame: Frame) -> Any:
            function = callee(frame)
            if function is BROKEN:
                return BROKEN
            if not isinstance(function, Function):
                raise Fault(
                    "invalid operation: cannot call nil"
                    if function is None
                    else f"invalid operation: cannot call non-function of type {type_name(function)}"
                )
            frame.spend(1)
            return function(*(argument(frame) for argument in arguments))

        return self.guarded(node, run)

    def builtin(self, node: Builtin) -> Evaluate:
        if node.name in LOOPS:
            return self.loop(node)
        function = FUNCTIONS[node.name]
        arguments = [self.of(argument) for argument in node.arguments]
        least, most = _ARITY[node.name]
        if not least <= len(arguments) <= most:  # the checker does not check calls of unknown functions
            return self.guarded(node, lambda frame: _refuse(f"invalid number of arguments (got {len(arguments)})"))
        if len(arguments) == 1:
            only = arguments[0]
            return self.guarded(node, lambda frame: function(frame, only(frame)))
        return self.guarded(node, lambda frame: function(frame, *[argument(frame) for argument in arguments]))

    def loop(self, node: Builtin) -> Evaluate:
        items = self.of(node.arguments[0])
        before = self.node_count
        body = self.of(node.arguments[1]) if len(node.arguments) > 1 else self.pointer(Pointer(node.at, ""))
        predicate = Predicate(body, self.node_count - before + 1)
        extra = self.of(node.arguments[2]) if len(node.arguments) > 2 else None
        over = LOOPS[node.name]

        def run(frame: Frame) -> Any:
            loop = Loop(collection(items(frame)))
            frame.loops.append(loop)
            try:
                return over(frame, loop, predicate, extra)
            finally:
                frame.loops.pop()

        return self.guarded(node, run)

    def predicate(self, node: PredicateNode) -> Evaluate:
        return self.of(node.body)


def _refuse(message: str) -> Any:
    raise Fault(message)


def _arity(function: Callable[..., object]) -> tuple[int, int]:
    """How many arguments it takes besides the frame."""
    parameters = list(inspect.signature(function).parameters.values())[1:]
    if any(parameter.kind is inspect.Parameter.VAR_POSITIONAL for parameter in parameters):
        return 1, _ANY_NUMBER
    return sum(parameter.default is inspect.Parameter.empty for parameter in parameters), len(parameters)


_ANY_NUMBER: Final = 1_000_000
_ARITY: Final = {name: _arity(function) for name, function in FUNCTIONS.items()}


def _nothing(frame: Frame) -> None:
    return None


def _range(frame: Frame, low: object, high: object) -> Typed:
    first, last = access.whole(low), access.whole(high)
    frame.grow(max(0, last - first + 1))
    return Typed(range(first, last + 1), INTS)


_COMPILERS: Final[Mapping[type[Node], Callable[..., Evaluate]]] = {
    Constant: _Compiler.constant,
    Identifier: _Compiler.identifier,
    Unary: _Compiler.unary,
    Binary: _Compiler.binary,
    Chain: _Compiler.chain,
    Member: _Compiler.member,
    Slice: _Compiler.slice,
    Call: _Compiler.call,
    Builtin: _Compiler.builtin,
    PredicateNode: _Compiler.predicate,
    Pointer: _Compiler.pointer,
    Let: _Compiler.let,
    Sequence: _Compiler.sequence,
    Conditional: _Compiler.conditional,
    Array: _Compiler.array,
    Map: _Compiler.map,
}
