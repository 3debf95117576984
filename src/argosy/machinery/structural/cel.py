"""Expressions of definitions and policies: compiled once, evaluated on values typed by their schema."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from argosy.machinery import cel, duration, timestamps
from argosy.machinery.cel.evaluate import PER_CALL_LIMIT
from argosy.machinery.cel.values import NONE, Optional
from argosy.machinery.objects import JsonValue
from argosy.machinery.schema import Node
from argosy.machinery.structural.turns import TooLongHere, current_turn

BUDGET = 10_000_000
"""Maximum cost units of all rules of one object, or one policy (apiserver: RuntimeCELCostBudget)."""
OUT_OF_BUDGET = "validation failed due to running out of cost budget, no further validation rules will be run"


class NotSupported(Exception):
    """The expression is not valid CEL. The message says why."""


class EvaluationError(Exception):
    """The expression failed on these values."""


class CallTooCostly(EvaluationError):
    """It exceeded the cost limit of one evaluation."""


class Budget:
    """The remaining budget for the evaluations of one request."""

    def __init__(self, units: int = BUDGET) -> None:
        self.left = units


class Program:
    """A compiled rule; its variables are dynamic."""

    def __init__(self, text: str) -> None:
        try:
            checked = cel.check(text, cel.parse(text), None)
        except (cel.ParseError, cel.TypeErrors) as error:
            raise NotSupported(str(error)) from None
        except RecursionError:
            raise NotSupported("the expression is nested too deeply") from None
        self._program = cel.compile_program(checked)
        self.uses_old_self = "oldSelf" in checked.names

    def evaluate(self, variables: Mapping[str, Any], budget: Budget | None = None) -> Any:
        """Raises EvaluationError, also when it exceeds the budget; TooLongHere beyond the limit of the current turn."""
        if budget is not None and budget.left <= 0:
            raise EvaluationError(OUT_OF_BUDGET)
        turn = current_turn()
        limit = PER_CALL_LIMIT if turn is None else min(PER_CALL_LIMIT, turn.left)
        try:
            value, cost = self._program.evaluate(variables, limit)
        except cel.CostExceeded as error:
            if turn is not None and limit < PER_CALL_LIMIT:
                raise TooLongHere from None
            raise CallTooCostly(str(error)) from None
        except cel.CelError as error:
            raise EvaluationError(str(error)) from None
        if turn is not None:
            turn.left -= cost
        if budget is not None:
            budget.left -= cost
            if budget.left < 0:
                raise EvaluationError(OUT_OF_BUDGET)
        return value


@lru_cache(maxsize=4096)
def program(text: str) -> Program:
    """Raises NotSupported."""
    return Program(text)


def value_of(value: JsonValue, node: Node) -> Any:
    """A JSON value as CEL sees it under its schema: times, durations, bytes and floats by type, names escaped.

    A null field of an object is an absent one.
    """
    if isinstance(value, dict):
        known = node.properties
        return {
            escape(key) if key in known else key: value_of(item, _below(node, key))
            for key, item in value.items()
            if item is not None or key not in known
        }
    if isinstance(value, list):
        items = node.items or _FREE
        return [value_of(item, items) for item in value]
    if isinstance(value, str):
        read = _READERS.get(node.format)
        return read(value) if read is not None else value
    if node.type == "number" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


_FREE = Node()


def _below(node: Node, key: str) -> Node:
    return node.properties.get(key) or node.additional or _FREE


def _duration(value: str) -> Any:
    try:
        return duration.parse(value)
    except ValueError:
        return value


def _moment(value: str) -> Any:
    try:
        return timestamps.parse(value)
    except ValueError:
        return value


def _day(value: str) -> Any:
    try:
        return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return value


def _bytes(value: str) -> Any:
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        return value


_READERS = {"date-time": _moment, "date": _day, "duration": _duration, "byte": _bytes}
_RESERVED = frozenset(
    (
        *("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if"),
        *("import", "let", "loop", "package", "namespace", "return", "var", "void", "while"),
    )
)


@lru_cache(maxsize=16384)
def escape(name: str) -> str:
    """A field's name as expressions write it."""
    if name in _RESERVED:
        return f"__{name}__"
    for character, escaped in (("__", "__underscores__"), (".", "__dot__"), ("-", "__dash__"), ("/", "__slash__")):
        name = name.replace(character, escaped)
    return name


def old_self(old: Any, node: Node, absent: Any, *, optional: bool) -> Any:
    """`oldSelf`; an optional value where the rule asks for one."""
    if not optional:
        return value_of(old, node)
    return NONE if old is absent else Optional(value_of(old, node), True)
