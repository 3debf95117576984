"""Quantities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from argosy.machinery import quantity
from argosy.machinery.cel.errors import CelError
from argosy.machinery.cel.extensions.opaque import can, opaque
from argosy.machinery.cel.overloads import (
    Library,
    traversal,
)
from argosy.machinery.cel.types import (
    BOOL,
    DOUBLE,
    INT,
    QUANTITY,
    STRING,
    Type,
)
from argosy.machinery.cel.values import Opaque


def _quantity(text: str) -> str:
    try:
        return quantity.canonical(text)
    except quantity.QuantityError as error:
        raise CelError(str(error)) from None


def _amount(value: Any) -> str:
    return str(value.value) if isinstance(value, Opaque) else quantity.of(value)


def _integer(value: Opaque) -> int:
    nanos = quantity.nano_units(value.value)
    if nanos % quantity.NANO:
        raise CelError("cannot convert value to integer")
    return nanos // quantity.NANO


def add_quantities(library: Library) -> None:
    add, read = library.add, opaque(QUANTITY, _quantity)
    add("quantity", (STRING,), QUANTITY, read, traversal())
    add("isQuantity", (STRING,), BOOL, can(read), traversal())
    table: tuple[tuple[str, tuple[Type, ...], Type, Callable[..., Any]], ...] = (
        ("isInteger", (), BOOL, lambda one: not quantity.nano_units(one.value) % quantity.NANO),
        ("asInteger", (), INT, _integer),
        ("asApproximateFloat", (), DOUBLE, lambda one: quantity.nano_units(one.value) / quantity.NANO),
        ("sign", (), INT, lambda one: quantity.compare(one.value, "0")),
        ("isGreaterThan", (QUANTITY,), BOOL, lambda one, other: quantity.compare(one.value, other.value) > 0),
        ("isLessThan", (QUANTITY,), BOOL, lambda one, other: quantity.compare(one.value, other.value) < 0),
        ("compareTo", (QUANTITY,), INT, lambda one, other: quantity.compare(one.value, other.value)),
    )
    for name, rest, result, run in table:
        add(name, (QUANTITY, *rest), result, run, method=True)
    for other in (QUANTITY, INT):
        add("add", (QUANTITY, other), QUANTITY, _arithmetic(quantity.add), method=True)
        add("sub", (QUANTITY, other), QUANTITY, _arithmetic(quantity.subtract), method=True)


def _arithmetic(work: Callable[[str, str], str]) -> Callable[[Opaque, Any], Opaque]:
    return lambda one, other: Opaque(QUANTITY.name, work(one.value, _amount(other)))
