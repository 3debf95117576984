"""Parses an expression into a tree: precedence climbing, within bounds on length, nodes and nesting.

expr-lang: parser/parser.go, parser/operator/operator.go; error messages are upstream's, since clients show them.
"""

from __future__ import annotations

from typing import Final

from .builtin_names import BUILTINS, PREDICATES
from .cursor import Cursor
from .errors import ExprError
from .numbers import number
from .syntax import (
    Array,
    Builtin,
    Call,
    Chain,
    Conditional,
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
from .tokens import NEGATABLE, Kind, Token, is_name

LONGEST: Final = 64 * 1024
"""Maximum characters of an expression."""
DEEPEST: Final = 100
"""Maximum nesting of expressions while parsing."""

_UNARY: Final = {"not": 50, "!": 50, "-": 90, "+": 90}
_BINARY: Final = {
    "|": 0, "or": 10, "||": 10, "and": 15, "&&": 15,
    "==": 20, "!=": 20, "<": 20, ">": 20, ">=": 20, "<=": 20,
    "in": 20, "matches": 20, "contains": 20, "startsWith": 20, "endsWith": 20,
    "..": 25, "+": 30, "-": 30, "*": 60, "/": 60, "%": 60, "**": 100, "^": 100, "??": 500,
}  # fmt: skip
_FROM_THE_RIGHT: Final = frozenset({"**", "^"})
_COMPARISONS: Final = frozenset({"<", ">", ">=", "<="})
_WORDS: Final[dict[str, object]] = {"true": True, "false": False, "nil": None}


def parse(source: str, overrides: frozenset[str] = frozenset()) -> Node:
    """`overrides` are names of the environment that hide built-in functions. Raises ExprError."""
    if len(source) > LONGEST:
        raise ExprError(f"the expression is longer than {LONGEST} characters")
    return _Parser(source, overrides).whole()


class _Parser(Cursor):
    def __init__(self, source: str, overrides: frozenset[str]) -> None:
        super().__init__(source)
        self.overrides = overrides
        self.predicates = 0
        self.depth = 0

    def whole(self) -> Node:
        self.advance()
        node = self.sequence()
        if self.current.kind is not Kind.EOF:
            raise self.unexpected()
        return node

    # -- expressions ---------------------------------------------------------------------------------------------------

    def sequence(self) -> Node:
        nodes = [self.expression(0)]
        while self.at(";"):
            self.advance()
            if self.current.kind is Kind.EOF:
                break
            nodes.append(self.expression(0))
        return nodes[0] if len(nodes) == 1 else self.made(Sequence(nodes[0].at, nodes), *nodes)

    def expression(self, precedence: int) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.too_deep()
        node = self._expression(precedence)
        self.depth -= 1
        return node

    def _expression(self, precedence: int) -> Node:
        if precedence == 0 and self.at("let"):
            return self.declaration()
        if precedence == 0 and self.at("if"):
            return self.conditional_if()
        node = self.operators(self.primary(), precedence)
        return self.ternary(node) if precedence == 0 else node

    def operators(self, left: Node, precedence: int) -> Node:
        previous = ""
        while self.current.kind is Kind.OPERATOR:
            token = self.current
            negation: Token | None = None
            if token.value == "not":
                self.advance()
                if self.current.value not in NEGATABLE:
                    raise self.unexpected()
                if _BINARY[self.current.value] < precedence:
                    self.stashed, self.current = self.current, token
                    break
                token = negation = self.current
            if _BINARY.get(token.value, -1) < precedence:
                break
            self.advance()
            left = self.applied(left, token, previous)
            if negation is not None:
                left = self.made(Unary(negation.at, "not", left), left)
            previous = token.value
        return left

    def applied(self, left: Node, token: Token, previous: str) -> Node:
        """The operator has been consumed; its right side follows."""
        operator = token.value
        if operator == "|":
            return self.call(self.name(), [left], may_override=True)
        if previous == "??" and operator != "??":
            raise self.error(
                f"Operator ({operator}) and coalesce expressions (??) cannot be mixed. Wrap either by parentheses.",
                token,
            )
        level = _BINARY[operator]
        if operator in _COMPARISONS:
            return self.comparison(left, token, level)
        right = self.expression(level if operator in _FROM_THE_RIGHT else level + 1)
        return self.binary(token, operator, left, right)

    def comparison(self, left: Node, token: Token, level: int) -> Node:
        """`1 < x < 3` is `1 < x && x < 3`; the middle operand is evaluated twice."""
        whole: Node | None = None
        while True:
            right = self.expression(level + 1)
            one = self.binary(token, token.value, left, right)
            whole = one if whole is None else self.binary(token, "&&", whole, one)
            left, token = right, self.current
            if not (token.kind is Kind.OPERATOR and token.value in _COMPARISONS):
                return whole
            self.advance()

    def declaration(self) -> Node:
        self.expect("let")
        name = self.name()
        self.expect("=")
        value = self.expression(0)
        self.expect(";")
        body = self.sequence()
        return self.made(Let(name.at, name.value, value, body), value, body)

    def conditional_if(self) -> Node:
        start = self.current
        self.advance()
        condition = self.expression(0)
        then = self.block()
        self.expect("else")
        otherwise = self.expression(0) if self.at("if") else self.block()
        return self.made(Conditional(start.at, condition, then, otherwise), condition, then, otherwise)

    def block(self) -> Node:
        self.expect("{")
        node = self.sequence()
        self.expect("}")
        return node

    def ternary(self, node: Node) -> Node:
        while self.at("?"):
            self.advance()
            if self.at(":"):
                self.advance()
                then = node
            else:
                then = self.expression(0)
                self.expect(":")
            otherwise = self.expression(0)
            node = self.made(Conditional(self.current.at, node, then, otherwise), node, then, otherwise)
        return node

    def primary(self) -> Node:
        token = self.current
        if token.kind is Kind.OPERATOR and token.value in _UNARY:
            self.advance()
            operand = self.expression(_UNARY[token.value])
            return self.postfix(self.made(Unary(token.at, token.value, operand), operand))
        if self.at("("):
            self.advance()
            inner = self.sequence()
            self.expect(")")
            return self.postfix(inner)
        if self.predicates and self.at("#", "."):
            return self.postfix(self.pointer(token))
        if self.at("::"):
            self.advance()
            return self.postfix(self.call(self.name(), [], may_override=False))
        return self.operand()

    def pointer(self, token: Token) -> Node:
        name = ""
        if token.value == "#":
            self.advance()
            if self.current.kind is Kind.IDENTIFIER and self.current.at == token.at + 1:
                name = self.current.value
                self.advance()
        return self.made(Pointer(token.at, name))

    def operand(self) -> Node:
        token = self.current
        if token.kind is Kind.NUMBER:
            self.advance()
            try:
                return self.constant(token, number(token.value))
            except ValueError as error:
                raise self.error(str(error)) from None
        if token.kind is Kind.IDENTIFIER:
            self.advance()
            if token.value in _WORDS:
                return self.constant(token, _WORDS[token.value])
            if self.at("("):
                return self.postfix(self.call(token, [], may_override=True))
            return self.postfix(self.made(Identifier(token.at, token.value)))
        if token.kind is Kind.STRING:
            self.advance()
            return self.postfix(self.constant(token, token.value))
        if token.kind is Kind.BYTES:
            self.advance()
            return self.postfix(self.constant(token, token.value.encode("latin-1")))
        if self.at("["):
            return self.postfix(self.array(token))
        if self.at("{"):
            return self.postfix(self.map(token))
        raise self.unexpected()

    # -- calls ---------------------------------------------------------------------------------------------------------

    def call(self, name: Token, arguments: list[Node], *, may_override: bool) -> Node:
        is_overridden = may_override and name.value in self.overrides
        if name.value in PREDICATES and not is_overridden:
            arguments = self.predicate_arguments(name.value, arguments)
            return self.made(Builtin(name.at, name.value, arguments), *arguments)
        if name.value in BUILTINS and not is_overridden:
            arguments = self.arguments(arguments)
            return self.made(Builtin(name.at, name.value, arguments), *arguments)
        callee = self.made(Identifier(name.at, name.value))
        arguments = self.arguments(arguments)
        return self.made(Call(name.at, callee, arguments), *arguments)

    def predicate_arguments(self, name: str, arguments: list[Node]) -> list[Node]:
        """`PREDICATES` has the form of each argument; a piped value is the first one."""
        arguments = list(arguments)
        places = PREDICATES[name][len(arguments) :]
        self.expect("(")
        for index, place in enumerate(places):
            if self.at(")"):
                if place.endswith("?"):
                    break
                raise self.error(f"expected at least {len(places)} arguments")
            if index:
                self.expect(",")
            arguments.append(self.predicate() if place.startswith("predicate") else self.expression(0))
        if self.at(","):
            self.advance()
        self.expect(")")
        return arguments

    def arguments(self, given: list[Node]) -> list[Node]:
        self.expect("(")
        found = self.listed(")")
        self.expect(")")
        return [*given, *found]

    def listed(self, end: str) -> list[Node]:
        """Separated by commas, with an optional trailing one."""
        found: list[Node] = []
        while not self.at(end):
            if found:
                self.expect(",")
                if self.at(end):
                    break
            found.append(self.expression(0))
        return found

    def predicate(self) -> Node:
        start = self.current
        self.predicates += 1
        if self.at("{"):
            body = self.block()
        else:
            body = self.expression(0)
            if self.at(";"):
                raise self.error("wrap predicate with brackets { and }")
        self.predicates -= 1
        return self.made(Predicate(start.at, body), body)

    # -- literals ------------------------------------------------------------------------------------------------------

    def array(self, token: Token) -> Node:
        self.expect("[")
        items = self.listed("]")
        self.expect("]")
        return self.made(Array(token.at, items), *items)

    def map(self, token: Token) -> Node:
        self.expect("{")
        pairs: list[tuple[Node, Node]] = []
        while not self.at("}"):
            if pairs:
                self.expect(",")
                if self.at("}"):
                    break
                if self.at(","):
                    raise self.unexpected()
            key = self.key()
            self.expect(":")
            value = self.expression(0)
            self.nodes += 1
            pairs.append((key, value))
        self.expect("}")
        return self.made(Map(token.at, pairs), *(node for pair in pairs for node in pair))

    def key(self) -> Node:
        token = self.current
        if token.kind in (Kind.NUMBER, Kind.STRING, Kind.IDENTIFIER):
            self.advance()
            return self.constant(token, token.value)
        if self.at("("):
            return self.expression(0)
        raise self.error(
            "a map key must be a quoted string, a number, a identifier, or an expression enclosed in parentheses"
            f" (unexpected token {token})"
        )

    # -- what follows a value ------------------------------------------------------------------------------------------

    def postfix(self, node: Node) -> Node:
        while self.at(".", "?.", "["):
            token = self.current
            self.advance()
            is_optional = token.value == "?."
            if is_optional and self.at("["):
                token = self.current
                self.advance()
            node = (
                self.subscript(node, token, is_optional)
                if token.value == "["
                else self.member(node, token, is_optional)
            )
        return node

    def member(self, node: Node, token: Token, is_optional: bool) -> Node:
        name = self.current
        self.advance()
        if name.kind is not Kind.IDENTIFIER and not (name.kind is Kind.OPERATOR and is_name(name.value)):
            raise self.error("expected name")
        in_chain = isinstance(node, Chain)
        base = node.inner if isinstance(node, Chain) else node
        key = self.constant(name, name.value)
        member: Node = self.made(Member(name.at, base, key, is_optional), base)
        if self.at("("):
            assert isinstance(member, Member)
            member.is_method = True
            arguments = self.arguments([])
            member = self.made(Call(name.at, member, arguments), member, *arguments)
        return self.made(Chain(name.at, member), member) if in_chain or is_optional else member

    def subscript(self, node: Node, token: Token, is_optional: bool) -> Node:
        low = None if self.at(":") else self.expression(0)
        if self.at(":"):
            self.advance()
            high = None if self.at("]") else self.expression(0)
            self.expect("]")
            return self.made(Slice(token.at, node, low, high), node, low, high)
        assert low is not None
        self.expect("]")
        member = self.made(Member(token.at, node, low, is_optional), node, low)
        return self.made(Chain(token.at, member), member) if is_optional else member
