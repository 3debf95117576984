"""Optional values."""

from __future__ import annotations

from typing import Any

from argosy.machinery.cel.errors import CelError
from argosy.machinery.cel.overloads import (
    Library,
)
from argosy.machinery.cel.types import (
    BOOL,
    DYN,
    A,
    optional_of,
)
from argosy.machinery.cel.values import NONE, Optional


def _of_non_zero(value: Any) -> Optional:
    empty = (
        value is None or value is False or (isinstance(value, str | bytes | list | dict | int | float) and not value)
    )
    return NONE if empty else Optional(value, True)


def _value(one: Optional) -> Any:
    if not one.present:
        raise CelError("optional.none() dereference")
    return one.value


def add_optionals(library: Library) -> None:
    add, maybe = library.add, optional_of(A)
    add("optional.of", (A,), maybe, lambda value: Optional(value, True))
    add("optional.ofNonZeroValue", (A,), maybe, _of_non_zero)
    add("optional.none", (), optional_of(DYN), lambda: NONE)
    add("hasValue", (maybe,), BOOL, lambda one: one.present, method=True)
    add("value", (maybe,), A, _value, method=True)
    add("or", (maybe, maybe), maybe, lambda one, other: one if one.present else other, method=True)
    add("orValue", (maybe, A), A, lambda one, other: one.value if one.present else other, method=True)
