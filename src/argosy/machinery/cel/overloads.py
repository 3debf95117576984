"""The overloads of a function: types, implementation and price.

Prices are cel-go's (checker/cost.go, interpreter/runtimecost.go) and Kubernetes' (apiserver: pkg/cel/library/cost.go):
a unit is about 50 ns there. A string costs a tenth of its length, a regular expression a quarter of its own times that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, NamedTuple

from argosy.machinery.cel.types import UNBOUNDED, Type
from argosy.machinery.cel.values import size_of

TRAVERSAL, REGEX = 0.1, 0.25


class Range(NamedTuple):
    """A range of costs or sizes: minimum and maximum. Never beyond UNBOUNDED."""

    least: int
    most: int

    def plus(self, other: Range) -> Range:
        return Range(_capped(self.least + other.least), _capped(self.most + other.most))

    def times(self, other: Range) -> Range:
        return Range(_capped(self.least * other.least), _capped(self.most * other.most))

    def scaled(self, factor: float) -> Range:
        return Range(_scaled(self.least, factor), _scaled(self.most, factor))

    def union(self, other: Range) -> Range:
        return Range(min(self.least, other.least), max(self.most, other.most))


def _capped(number: int) -> int:
    return min(number, UNBOUNDED)


def _scaled(number: int, factor: float) -> int:
    return UNBOUNDED if number >= UNBOUNDED else _capped(ceil(number * factor))


FREE, ONE, UNKNOWN = Range(0, 0), Range(1, 1), Range(0, UNBOUNDED)


@dataclass(frozen=True, slots=True)
class Price:
    """`spent` from arguments and result; `expected` (cost, size of the result or None) from the arguments' sizes."""

    spent: Callable[[Sequence[Any], Any], int] | None
    """None means one unit."""
    expected: Callable[[Sequence[Range]], tuple[Range, Range | None]]


def _sum(arguments: Sequence[Any]) -> int:
    return sum(map(size_of, arguments))


def traversal(index: int = 0, factor: float = TRAVERSAL, *, keeps: bool = False) -> Price:
    """The argument is traversed once; `keeps`: the result is no longer than it."""
    return Price(
        lambda arguments, _: ceil(size_of(arguments[index]) * factor),
        lambda sizes: (sizes[index].scaled(factor), Range(0, sizes[index].most) if keeps else None),
    )


UNIT = Price(None, lambda sizes: (ONE, None))
NOTHING = Price(lambda arguments, result: 0, lambda sizes: (FREE, None))
PREFIX = Price(
    lambda arguments, _: ceil(size_of(arguments[0]) * TRAVERSAL), lambda sizes: (sizes[1].scaled(TRAVERSAL), None)
)
IN_LIST = Price(lambda arguments, _: size_of(arguments[1]), lambda sizes: (sizes[1], None))
JOINED_TEXT = Price(
    lambda arguments, _: ceil(_sum(arguments) * TRAVERSAL),
    lambda sizes: (sizes[0].plus(sizes[1]).scaled(TRAVERSAL), sizes[0].plus(sizes[1])),
)
JOINED_LIST = Price(None, lambda sizes: (ONE, sizes[0].plus(sizes[1])))
COMPARED = Price(
    lambda arguments, _: ceil(min(size_of(arguments[0]), size_of(arguments[1])) * TRAVERSAL),
    lambda sizes: (
        Range(min(1, sizes[0].most, sizes[1].most), min(sizes[0].most, sizes[1].most)).scaled(TRAVERSAL),
        None,
    ),
)
CONTAINED = Price(
    lambda arguments, _: ceil(size_of(arguments[0]) * TRAVERSAL) * ceil(size_of(arguments[1]) * TRAVERSAL),
    lambda sizes: (sizes[0].scaled(TRAVERSAL).times(sizes[1].scaled(TRAVERSAL)), None),
)
MATCHED = Price(
    lambda arguments, _: ceil((1 + size_of(arguments[0])) * TRAVERSAL) * ceil(size_of(arguments[1]) * REGEX),
    lambda sizes: (
        sizes[0].plus(ONE).scaled(TRAVERSAL).times(sizes[1].scaled(REGEX)),
        Range(0, sizes[0].most),
    ),
)
PAIRS = Price(
    lambda arguments, _: size_of(arguments[0]) * size_of(arguments[1]),
    lambda sizes: (sizes[0].times(sizes[1]), None),
)
LIST_WALK = Price(lambda arguments, _: size_of(arguments[0]), lambda sizes: (sizes[0], Range(0, sizes[0].most)))
REPLACED = Price(
    lambda arguments, _: ceil(size_of(arguments[0]) * 2 * TRAVERSAL),
    lambda sizes: (sizes[0].scaled(2 * TRAVERSAL), _replaced(sizes)),
)
SPLIT = traversal(0, 2 * TRAVERSAL, keeps=True)
AUTHORIZED = Price(lambda arguments, _: 350_000, lambda sizes: (Range(350_000, 350_000), None))


def _replaced(sizes: Sequence[Range]) -> Range:
    text, old, new = sizes[:3]
    if old.least == 0:
        count, kept = _capped(text.most + 1), text.most
    elif new.most <= old.least:
        count, kept = 0, text.most
    else:
        count, kept = _scaled(text.most, 1 / old.least), 0
    return Range(0, _capped(count * new.most + kept))


@dataclass(frozen=True, slots=True, eq=False)
class Overload:
    """One overload; the first parameter of a method is its target."""

    function: str
    parameters: tuple[Type, ...]
    result: Type
    run: Callable[..., Any]
    price: Price = UNIT
    method: bool = False
    variadic: bool = False
    """The last parameter may be repeated."""


@dataclass(slots=True)
class Library:
    """Overloads by name, whether they are methods, and how they are declared."""

    functions: dict[tuple[str, bool], list[Overload]]

    def add(
        self,
        function: str,
        parameters: Sequence[Type],
        result: Type,
        run: Callable[..., Any],
        price: Price = UNIT,
        *,
        method: bool = False,
        variadic: bool = False,
    ) -> None:
        made = Overload(function, tuple(parameters), result, run, price, method, variadic)
        self.functions.setdefault((function, method), []).append(made)
