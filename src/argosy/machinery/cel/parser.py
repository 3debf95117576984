"""Parses text into trees, including macros. The grammar is that of the CEL specification."""

from __future__ import annotations

from typing import NoReturn

from argosy.machinery.cel.errors import Issue, ParseError
from argosy.machinery.cel.nodes import Bind, Call, Ident, ListLiteral, Literal, Loop, MapLiteral, Node, Select
from argosy.machinery.cel.tokens import Token, tokens_of

SIZE_LIMIT = 64 * 1024
NESTING_LIMIT = 100
"""Maximum nesting of brackets and operators."""
CHAIN_LIMIT = 150
"""Maximum operators of equal precedence, or selections, in a row."""
NODE_LIMIT = 10_000
_RESERVED = frozenset(
    (
        *("as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package"),
        *("namespace", "return", "var", "void", "while"),
    )
)
_RELATIONS = {"==": "_==_", "!=": "_!=_", "<": "_<_", "<=": "_<=_", ">": "_>_", ">=": "_>=_"}
_SUMS = {"+": "_+_", "-": "_-_"}
_PRODUCTS = {"*": "_*_", "/": "_/_", "%": "_%_"}
_PREDICATES = {
    "all": "all",
    "exists": "exists",
    "exists_one": "existsOne",
    "existsOne": "existsOne",
    "filter": "filter",
}
_TRANSFORMS = frozenset({"transformList", "transformMap", "transformMapEntry"})


def parse(text: str) -> Node:
    """Raises ParseError."""
    if len(text) > SIZE_LIMIT:
        raise ParseError(
            "", [Issue(0, f"expression code point size exceeds limit: size: {len(text)}, limit {SIZE_LIMIT}")]
        )
    try:
        return _Parser(text).complete()
    except RecursionError:  # each level of nesting is a dozen calls: the available stack depends on the caller
        raise ParseError("", [Issue(0, f"expression recursion limit exceeded: {NESTING_LIMIT}")]) from None


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens_of(text)
        self._index = 0
        self._depth = 0
        self._count = 0

    def complete(self) -> Node:
        found = self._expression()
        if self._next.kind != "end":
            self._unexpected()
        return found

    # -- tokens ------------------------------------------------------------------------------------------------------

    @property
    def _next(self) -> Token:
        return self._tokens[self._index]

    def _take(self) -> Token:
        token = self._tokens[self._index]
        self._index += 1
        return token

    def _accept(self, kind: str) -> bool:
        if self._next.kind != kind:
            return False
        self._index += 1
        return True

    def _expect(self, kind: str) -> Token:
        if self._next.kind != kind:
            self._unexpected(kind)
        return self._take()

    def _unexpected(self, wanted: str = "") -> NoReturn:
        token = self._next
        shown = "<EOF>" if token.kind == "end" else str(token.value)
        expecting = f" expecting '{wanted}'" if wanted else ""
        self._fail(token.position, f"Syntax error: mismatched input '{shown}'{expecting}")

    def _fail(self, position: int, message: str) -> NoReturn:
        raise ParseError(self._text, [Issue(position, message)])

    def _counted(self, node: Node) -> Node:
        self._count += 1
        if self._count > NODE_LIMIT:
            self._fail(node.position, f"the expression has more than {NODE_LIMIT} parts")
        return node

    def _chained(self, count: int) -> int:
        if count >= CHAIN_LIMIT:
            self._fail(self._next.position, f"expression recursion limit exceeded: {CHAIN_LIMIT}")
        return count + 1

    def _call(self, position: int, function: str, *arguments: Node) -> Node:
        return self._counted(Call(position, function, None, list(arguments)))

    # -- grammar, loosest first --------------------------------------------------------------------------------------

    def _expression(self) -> Node:
        self._depth += 1
        if self._depth > NESTING_LIMIT:
            self._fail(self._next.position, f"expression recursion limit exceeded: {NESTING_LIMIT}")
        condition = self._or()
        if self._next.kind == "?":
            position = self._take().position
            first = self._or()
            self._expect(":")
            condition = self._call(position, "_?_:_", condition, first, self._expression())
        self._depth -= 1
        return condition

    def _or(self) -> Node:
        return self._balanced("||", "_||_", self._and)

    def _and(self) -> Node:
        return self._balanced("&&", "_&&_", self._relation)

    def _balanced(self, operator: str, function: str, term: object) -> Node:
        """Long chains become a shallow tree, as upstream balances them."""
        terms, positions = [term()], []  # type: ignore[operator]
        while self._next.kind == operator:
            positions.append(self._take().position)
            terms.append(term())  # type: ignore[operator]

        def tree(low: int, high: int) -> Node:
            if low == high:
                found: Node = terms[low]
                return found
            middle = (low + high) // 2
            return self._call(positions[middle], function, tree(low, middle), tree(middle + 1, high))

        return tree(0, len(terms) - 1)

    def _relation(self) -> Node:
        left, count = self._sum(), 0
        while self._next.kind in _RELATIONS or (self._next.kind == "name" and self._next.value == "in"):
            count = self._chained(count)
            token = self._take()
            function = _RELATIONS.get(token.kind, "@in")
            left = self._call(token.position, function, left, self._sum())
        return left

    def _sum(self) -> Node:
        left, count = self._product(), 0
        while self._next.kind in _SUMS:
            count = self._chained(count)
            token = self._take()
            left = self._call(token.position, _SUMS[token.kind], left, self._product())
        return left

    def _product(self) -> Node:
        left, count = self._unary(), 0
        while self._next.kind in _PRODUCTS:
            count = self._chained(count)
            token = self._take()
            left = self._call(token.position, _PRODUCTS[token.kind], left, self._unary())
        return left

    def _unary(self) -> Node:
        token = self._next
        if token.kind not in ("!", "-"):
            return self._member()
        count = 0
        while self._next.kind == token.kind:
            self._take()
            count = self._chained(count)
        if token.kind == "-" and count == 1 and self._next.kind == "literal" and type(self._next.value) in (int, float):
            self._tokens[self._index] = self._next._replace(value=-self._next.value, position=token.position)
            return self._member()
        operand = self._member()
        return self._call(token.position, f"{token.kind}_", operand) if count % 2 else operand

    def _member(self) -> Node:
        found, count = self._primary(), 0
        while True:
            token = self._next
            count = self._chained(count) if token.kind in (".", ".?", "[", "[?") else count
            if token.kind in (".", ".?"):
                self._take()
                found = self._selected(found, token.position, optional=token.kind == ".?")
            elif token.kind in ("[", "[?"):
                self._take()
                index = self._expression()
                self._expect("]")
                function = "_[_]" if token.kind == "[" else "_[?_]"
                found = self._call(token.position, function, found, index)
            else:
                return found

    def _selected(self, operand: Node, position: int, *, optional: bool) -> Node:
        token = self._take()
        if token.kind not in ("name", "quoted") or token.value in ("true", "false", "null", "in"):
            self._index -= 1
            self._unexpected()
        if self._next.kind == "(" and token.kind == "name" and not optional:
            opened = self._take().position
            return self._method(operand, str(token.value), self._arguments(")"), opened)
        return self._counted(Select(position, operand, str(token.value), optional=optional))

    def _arguments(self, closing: str) -> list[Node]:
        found: list[Node] = []
        while self._next.kind != closing:
            found.append(self._expression())
            if not self._accept(","):
                break
        self._expect(closing)
        return found

    def _primary(self) -> Node:
        token = self._take()
        match token.kind:
            case "literal":
                return self._literal(token)
            case "(":
                found = self._expression()
                self._expect(")")
                return found
            case "[":
                return self._list(token.position)
            case "[?":
                self._index -= 1
                self._tokens[self._index] = Token("?", "?", token.position)
                return self._list(token.position)
            case "{":
                return self._map(token.position)
            case ".":
                return self._named(self._expect("name"))
            case "name":
                return self._named(token)
        self._index -= 1
        return self._unexpected()

    def _literal(self, token: Token) -> Node:
        if type(token.value) is int and token.value > 2**63 - 1:
            self._fail(token.position, "invalid int literal")
        return self._counted(Literal(token.position, token.value))

    def _named(self, token: Token) -> Node:
        name = str(token.value)
        if name in ("true", "false", "null"):
            return self._counted(Literal(token.position, {"true": True, "false": False}.get(name)))
        if name in _RESERVED or name == "in":
            self._fail(token.position, f"reserved identifier: {name}")
        if self._next.kind == "(":
            position = self._take().position
            arguments = self._arguments(")")
            return self._has(arguments, position) if name == "has" else self._function(name, arguments, position)
        return self._counted(Ident(token.position, name))

    def _function(self, name: str, arguments: list[Node], position: int) -> Node:
        return self._counted(Call(position, name, None, arguments))

    def _list(self, position: int) -> Node:
        items: list[Node] = []
        optional = set()
        while self._next.kind != "]":
            if self._accept("?"):
                optional.add(len(items))
            items.append(self._expression())
            if not self._accept(","):
                break
        self._expect("]")
        return self._counted(ListLiteral(position, items, frozenset(optional)))

    def _map(self, position: int) -> Node:
        entries: list[tuple[Node, Node]] = []
        optional = set()
        while self._next.kind != "}":
            if self._accept("?"):
                optional.add(len(entries))
            key = self._expression()
            self._expect(":")
            entries.append((key, self._expression()))
            if not self._accept(","):
                break
        self._expect("}")
        return self._counted(MapLiteral(position, entries, frozenset(optional)))

    # -- macros ------------------------------------------------------------------------------------------------------

    def _has(self, arguments: list[Node], position: int) -> Node:
        if len(arguments) != 1 or not isinstance(arguments[0], Select):
            self._fail(position, "invalid argument to has() macro")
        arguments[0].test_only = True
        return arguments[0]

    def _method(self, target: Node, name: str, arguments: list[Node], position: int) -> Node:
        count = len(arguments)
        if name in _PREDICATES and count in (2, 3) and not (name == "filter" and count == 3):
            names = self._variables(arguments[:-1])
            return self._counted(Loop(position, _PREDICATES[name], target, names, arguments[-1], None))
        if name == "map" and count in (2, 3):
            names = self._variables(arguments[:1])
            condition = arguments[1] if count == 3 else None
            return self._counted(Loop(position, "map", target, names, condition, arguments[-1]))
        if name in _TRANSFORMS and count in (3, 4):
            names = self._variables(arguments[:2])
            condition = arguments[2] if count == 4 else None
            return self._counted(Loop(position, name, target, names, condition, arguments[-1]))
        if name in ("optMap", "optFlatMap") and count == 2:
            return self._counted(Bind(position, name, self._variables(arguments[:1])[0], target, arguments[1]))
        if name == "bind" and count == 3 and isinstance(target, Ident) and target.name == "cel":
            return self._counted(Bind(position, name, self._variables(arguments[:1])[0], arguments[1], arguments[2]))
        return self._counted(Call(position, name, target, arguments))

    def _variables(self, nodes: list[Node]) -> tuple[str, ...]:
        for node in nodes:
            if not isinstance(node, Ident):
                self._fail(node.position, "argument must be a simple name")
        return tuple(node.name for node in nodes if isinstance(node, Ident))
