"""A parser's position in its expression, and the nodes created so far: both within bounds."""

from __future__ import annotations

from typing import Final, TypeVar

from .errors import ExprError
from .syntax import Binary, Constant, Node
from .tokens import Kind, Token, tokens

MOST_NODES: Final = 10_000
DEEPEST_TREE: Final = 200
"""Maximum nesting of nodes."""
_N = TypeVar("_N", bound=Node)


class Cursor:
    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = tokens(source)
        self.current = Token(Kind.EOF, "", 0)
        self.stashed: Token | None = None
        self.nodes = 0

    def advance(self) -> None:
        if self.stashed is not None:
            self.current, self.stashed = self.stashed, None
            return
        token = next(self.tokens, None)
        if token is None:
            raise self.error("unexpected end of expression")
        self.current = token

    def at(self, *values: str) -> bool:
        """Whether the current token is one of these operators or brackets."""
        return self.current.kind in (Kind.OPERATOR, Kind.BRACKET) and self.current.value in values

    def expect(self, value: str) -> None:
        if not self.at(value):
            raise self.unexpected()
        self.advance()

    def name(self) -> Token:
        token = self.current
        if token.kind is not Kind.IDENTIFIER:
            raise self.unexpected()
        self.advance()
        return token

    def error(self, message: str, token: Token | None = None) -> ExprError:
        return ExprError(message, self.source, (token or self.current).at)

    def unexpected(self) -> ExprError:
        return self.error(f"unexpected token {self.current}")

    # -- nodes ---------------------------------------------------------------------------------------------------------

    def made(self, node: _N, *children: Node | None) -> _N:
        """Counts the node. A left operand must not be among `children`: it adds no depth."""
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise self.error("compilation failed: expression exceeds maximum allowed nodes")
        node.depth = 1 + max((child.depth for child in children if child is not None), default=0)
        if node.depth > DEEPEST_TREE:
            raise self.too_deep()
        return node

    def constant(self, token: Token, value: object) -> Constant:
        return self.made(Constant(token.at, value))

    def binary(self, token: Token, operator: str, left: Node, right: Node) -> Binary:
        node = self.made(Binary(token.at, operator, left, right), right)
        node.depth = max(node.depth, left.depth)
        return node

    def too_deep(self) -> ExprError:
        return self.error("compilation failed: expression is nested too deeply")
