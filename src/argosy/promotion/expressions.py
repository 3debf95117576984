"""Expressions of this room: bare ones, and templates within texts. `argosy.expr` implements the languages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from argosy.expr import exprlang
from argosy.expr.expression_templates import environment, evaluate_expression, evaluated
from argosy.expr.exprlang import ExprError as ExpressionFault
from argosy.expr.exprlang import Function, Struct, compile_expression
from argosy.expr.exprlang.encoding import decoded, encoded
from argosy.machinery.objects import JsonValue

__all__ = ["ExpressionFault", "Function", "Struct", "UnreadableFault", "evaluate", "plain", "template"]


class UnreadableFault(ExpressionFault):
    """The text is not a valid expression, whatever the values are."""


def evaluate(expression: str, names: Mapping[str, Any], now: datetime | None = None) -> JsonValue:
    """Evaluates a bare expression over JSON and functions to JSON. Raises ExpressionFault, UnreadableFault too."""
    functions = {name: value for name, value in names.items() if isinstance(value, Function)}
    values = environment({name: value for name, value in names.items() if name not in functions})
    try:
        return plain(evaluate_expression(expression, values, functions, now))
    except ExpressionFault as fault:
        if not _is_readable(expression, functions):
            raise UnreadableFault(str(fault)) from None
        raise


def _is_readable(expression: str, functions: Mapping[str, Function]) -> bool:
    try:
        compile_expression(expression, functions={name: found.nature for name, found in functions.items()})
    except ExpressionFault:
        return False
    return True


def template(value: JsonValue, names: Mapping[str, Any], now: datetime | None = None) -> JsonValue:
    """Evaluates every text within the value, with typed results. Raises ExpressionFault."""
    functions = {name: item for name, item in names.items() if isinstance(item, Function)}
    values = environment({name: item for name, item in names.items() if name not in functions})
    return evaluated(value, values, functions, now)


def plain(value: object) -> JsonValue:
    """A result as JSON: structs by field name, integral numbers as integers. Raises ExpressionFault."""
    if isinstance(value, str | bool) or value is None:
        return value
    try:
        return _with_integers(decoded(encoded(value)))
    except exprlang.Fault as fault:
        raise ExpressionFault(str(fault)) from None


def _with_integers(value: Any) -> JsonValue:
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e21 else value
    if isinstance(value, dict):
        return {name: _with_integers(item) for name, item in value.items()}
    return [_with_integers(item) for item in value] if isinstance(value, list) else value
