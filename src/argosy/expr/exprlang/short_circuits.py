"""Operators whose right side is evaluated only when it matters, and results decided by a constant right side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from . import operators
from .frame import Frame
from .syntax import Binary, Constant

Evaluate = Callable[[Frame], Any]
Link = Callable[[Frame, Any], Any]
"""Applies an operator and its right side to the value of the left side."""

LEFT: Final = object()


def decided(node: Binary) -> object:
    """The effect of a constant right side on `and` and `or`: a fixed bool, LEFT for the left side, or None.

    The left side of `x or true` is not evaluated at all. expr-lang: optimizer/fold.go.
    """
    value = node.right.value if isinstance(node.right, Constant) else None
    if not isinstance(value, bool) or node.operator not in ("and", "&&", "or", "||"):
        return None
    return value if value is (node.operator in ("or", "||")) else LEFT


def truth(value: object) -> bool:
    if value is True or value is False:
        return value
    raise operators.conversion(value, "bool")


def _or(right: Evaluate) -> Link:
    return lambda frame, left: True if truth(left) else right(frame)


def _and(right: Evaluate) -> Link:
    return lambda frame, left: right(frame) if truth(left) else False


def _coalesce(right: Evaluate) -> Link:
    return lambda frame, left: right(frame) if left is None else left


SHORT: Final[Mapping[str, Callable[[Evaluate], Link]]] = {
    "or": _or,
    "||": _or,
    "and": _and,
    "&&": _and,
    "??": _coalesce,
}
