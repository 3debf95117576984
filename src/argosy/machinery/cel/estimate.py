"""Minimum and maximum cost of an expression, from the bounds of the declared types.

Source: cel-go checker/cost.go, with Kubernetes' setting that `has()` is free of charge.
"""

from __future__ import annotations

from functools import reduce

from argosy.machinery.cel.nodes import Bind, Call, Ident, ListLiteral, Literal, Loop, MapLiteral, Node, Select
from argosy.machinery.cel.overloads import FREE, ONE, UNKNOWN, Range
from argosy.machinery.cel.types import SCALARS, UNBOUNDED, Type
from argosy.machinery.cel.values import size_of

LIST_BASE, MAP_BASE = Range(10, 10), Range(30, 30)
_LOGICAL = frozenset({"_&&_", "_||_"})
_BY_FIELD = frozenset({"map", "object", "dyn", "optional_type"})


def estimate(root: Node) -> Range:
    """The estimate of a checked tree."""
    return _Estimator().cost(root)


class _Estimator:
    def __init__(self) -> None:
        self._sizes: dict[int, Range] = {}
        """Sizes of computed results, by node."""

    def size(self, node: Node) -> Range:
        known = self._sizes.get(id(node))
        if known is not None:
            return known
        if isinstance(node, Literal):
            return Range(size_of(node.value), size_of(node.value))
        kind = node.type
        if kind is None:
            return UNKNOWN
        return ONE if kind.name in SCALARS else Range(0, _most(kind))

    def cost(self, node: Node) -> Range:
        match node:
            case Literal():
                return FREE
            case Ident():
                return ONE
            case Select():
                below = self.cost(node.operand)
                kind = node.operand.type
                by_field = kind is not None and kind.name in _BY_FIELD
                return below.plus(ONE) if by_field and not node.test_only else below
            case Call():
                return self._call(node)
            case ListLiteral():
                self._sizes[id(node)] = Range(len(node.items) - len(node.optional), len(node.items))
                return self._sum(node.items).plus(LIST_BASE)
            case MapLiteral():
                parts = [part for entry in node.entries for part in entry]
                return self._sum(parts).plus(MAP_BASE)
            case Loop():
                return self._loop(node)
            case Bind():
                value = self.cost(node.value)
                return value.plus(self.cost(node.body)).plus(ONE)
        raise AssertionError(f"no such node: {node}")

    def _sum(self, nodes: list[Node]) -> Range:
        return reduce(Range.plus, map(self.cost, nodes), FREE)

    def _call(self, node: Call) -> Range:
        parts = [node.target, *node.arguments] if node.target is not None else node.arguments
        if node.function in _LOGICAL:
            left, right = map(self.cost, parts)
            return Range(left.least, left.plus(right).most)
        if node.function == "_?_:_":
            condition, yes, no = map(self.cost, parts)
            self._sizes[id(node)] = self.size(parts[1]).union(self.size(parts[2]))
            return condition.plus(yes.union(no))
        below = self._sum(parts)
        sizes = [self.size(part) for part in parts]
        own: Range | None = None
        for overload in node.overloads:
            cost, size = overload.price.expected(sizes)
            own = cost if own is None else own.union(cost)
            if size is not None:
                before = self._sizes.get(id(node))
                self._sizes[id(node)] = size if before is None else before.union(size)
        return below.plus(own or FREE)

    def _loop(self, node: Loop) -> Range:
        """The cost of the expansion of upstream's macros: the accumulator is read and tested once for each element."""
        total = self.cost(node.range)
        count = self.size(node.range)
        condition = self.cost(node.condition) if node.condition is not None else FREE
        result = self.cost(node.result) if node.result is not None else FREE
        appended = result.plus(Range(12, 12))  # `accumulator + [x]`: a list of one, a read, an addition
        match node.kind:
            case "all":
                each, after = Range(1, 1 + condition.most).plus(Range(2, 2)), ONE
            case "exists":
                each, after = Range(1, 1 + condition.most).plus(Range(3, 3)), ONE
            case "existsOne":
                total, each, after = total, condition.plus(Range(1, 2)), Range(2, 2)
            case "filter":
                total, each, after = total.plus(LIST_BASE), condition.plus(Range(1, 13)), ONE
            case "map" | "transformList":
                own = appended if node.condition is None else condition.plus(Range(1, appended.most))
                total, each, after = total.plus(LIST_BASE), own, ONE
            case _:
                total, each, after = total.plus(MAP_BASE), condition.plus(result).plus(Range(1, 2)), ONE
        if node.kind not in ("all", "exists", "existsOne"):
            self._sizes[id(node)] = Range(0 if node.condition is not None else count.least, count.most)
        capped = Range(min(each.least, UNBOUNDED), min(each.most, UNBOUNDED))
        return total.plus(count.times(capped)).plus(after)


def _most(kind: Type) -> int:
    return kind.most
