"""The only door to the CEL engine: compiles and evaluates rules of schemas, within limits (spec/security.md rule 3).

The engine has no clock and cannot be stopped, therefore work is bounded beforehand: by the expression's size and
nesting, and by (largest list in reach) ** (number of loops), times the longest text. What our own functions are given
and give is counted while the rule runs. Together this keeps one evaluation near a second at worst. Optional field
access `a.?b`, which the engine cannot read, is rewritten to a call.
"""

from __future__ import annotations

import logging
import re
from datetime import datetime
from functools import lru_cache
from typing import Any

from argosy.machinery import duration, timestamps
from argosy.machinery.objects import JsonValue
from argosy.machinery.schema import Node
from argosy.machinery.structural.cel_library import FUNCTIONS, FunctionError
from argosy.machinery.structural.engine import engine

SIZE_LIMIT = 64 * 1024
NESTING_LIMIT = 100
OPERATOR_LIMIT = 1000
COST_LIMIT = 1_000_000
TEXT_COST_LIMIT = 500_000_000
"""Characters that the loops of one evaluation may look at."""
COPY_LIMIT = 50_000_000
"""Elements that the maps and filters of one evaluation may copy."""
WORK_LIMIT = 300_000
"""Elements that our functions may take and give in one evaluation; each costs one to three microseconds."""
_OUT_OF_BUDGET = "validation failed due to running out of cost budget, no further validation rules will be run"

# The engine logs what a function refused, arguments included: those may be secret.
logging.getLogger("cel").disabled = True
logging.getLogger("cel").propagate = False

_STRING = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'", re.DOTALL)
_OPERATOR = re.compile(r"[-+*/%.\[(?!<>=&|,{]")
_LOOP = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter|existsOne|transformList|transformMap)\s*\(")
_COPY = re.compile(r"\.\s*(?:map|filter|transformList|transformMap)\s*\(")
_OPTIONAL = re.compile(
    r"((?:optionalField\((?:[^()]|\([^()]*\))*\)|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[[^\[\]]*\])*))\.\?([A-Za-z_]\w*)"
)


class NotSupported(Exception):
    """The expression is no CEL, or not what the engine can do. The message says why."""


class EvaluationError(Exception):
    """The expression failed on these values."""


class Program:
    """A compiled rule."""

    def __init__(self, text: str) -> None:
        bare = _STRING.sub("''", text)
        self._loops = len(_LOOP.findall(bare))
        _, self._copies, body = _COPY.sub("\0", bare).partition("\0")
        self._copies_outer = "elf" in body  # self or oldSelf as a whole may be what is made
        self._literal_size = bare.count(",") + 1
        source = text if ".?" not in bare else _without_optional_access(text)
        try:
            self._program = engine.compile(source)
        except Exception as error:  # the engine's own kinds of error are not part of its interface
            raise NotSupported(_first_line(error)) from None
        names = set(self._program.functions())
        self.uses_old_self = "oldSelf" in self._program.variables()
        self.escaped = "__" in text
        self._functions = {name: function for name, function in FUNCTIONS.items() if name.rpartition(".")[2] in names}

    def evaluate(self, variables: dict[str, Any]) -> Any:
        """Raises EvaluationError, also when the work might exceed the limit."""
        if self._loops:
            self._check_cost(variables)
        failures: list[str] = []
        work = [WORK_LIMIT]
        functions = {name: _noting(function, failures, work) for name, function in self._functions.items()}
        try:
            return self._program.execute(engine.Context(variables, functions))
        except Exception as error:  # as above
            raise EvaluationError(failures[0] if failures else _explain(error)) from None

    def _check_cost(self, variables: dict[str, Any]) -> None:
        items, text = _largest(variables)
        items = max(items, self._literal_size)
        if max(items, text) ** self._loops > COST_LIMIT:  # a text may be split
            raise EvaluationError(_OUT_OF_BUDGET)
        if items**self._loops * text > TEXT_COST_LIMIT:
            raise EvaluationError(_OUT_OF_BUDGET)
        if self._copies:  # the engine copies what a map has made so far at each step
            made = _weight(variables) if self._copies_outer else max(1, _weight(variables) // max(1, items))
            if items ** (self._loops + 1) * max(1, made) > COPY_LIMIT:
                raise EvaluationError(_OUT_OF_BUDGET)


@lru_cache(maxsize=4096)
def program(text: str) -> Program:
    """Raises NotSupported."""
    check_size(text)
    return Program(text)


def check_size(text: str) -> None:
    """Raises NotSupported for an expression that is too long, too deep or has too many operators."""
    if len(text) > SIZE_LIMIT:
        raise NotSupported(f"the expression is longer than {SIZE_LIMIT} bytes")
    bare = _STRING.sub("''", text)
    depth = 0
    for character in bare:
        depth += (character in "([{") - (character in ")]}")
        if depth > NESTING_LIMIT:
            raise NotSupported(f"the expression is nested deeper than {NESTING_LIMIT} levels")
    if len(_OPERATOR.findall(bare)) > OPERATOR_LIMIT:
        raise NotSupported(f"the expression has more than {OPERATOR_LIMIT} operators")


def _without_optional_access(text: str) -> str:
    for _ in range(NESTING_LIMIT):
        changed = _OPTIONAL.sub(r'optionalField(\1, "\2")', text, count=1)
        if changed == text:
            break
        text = changed
    return text


def _noting(function: Any, failures: list[str], work: list[int]) -> Any:
    """Counts the work, and notes failures: the engine wraps what a function raises in words of its own."""

    def spend(value: Any) -> None:
        work[0] -= 2 + _weight(value)
        if work[0] < 0:
            raise FunctionError(_OUT_OF_BUDGET)

    def call(*arguments: Any) -> Any:
        try:
            spend(list(arguments))
            result = function(*arguments)
            spend(result)
            return result
        except FunctionError as error:
            failures.append(str(error))
            raise
        except (TypeError, KeyError, IndexError, ValueError, AttributeError, OverflowError):
            failures.append("no such overload")
            raise FunctionError("no such overload") from None

    return call


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0][:500]


def _explain(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"no such key: {error.args[0]}"
    if isinstance(error, ZeroDivisionError):
        return "division by zero"
    if isinstance(error, TypeError):
        return "no such overload"
    return _first_line(error)


def _largest(value: Any) -> tuple[int, int]:
    """(the most elements that a loop could walk, the length of the longest text)."""
    if isinstance(value, str):
        return 1, len(value)
    if not isinstance(value, dict | list):
        return 1, 1
    items, text = len(value), 1
    for below in value.values() if isinstance(value, dict) else value:
        inner_items, inner_text = _largest(below)
        items, text = max(items, inner_items), max(text, inner_text)
    return items, text


def _weight(value: Any) -> int:
    """What it costs to hand a value over: its elements, and its texts by the fifty characters."""
    if isinstance(value, str):
        return 1 + len(value) // 50
    if isinstance(value, dict):
        return 1 + sum([_weight(key) + _weight(item) for key, item in value.items()])
    if isinstance(value, list):
        return 1 + sum([_weight(item) for item in value])
    return 1


def value_of(value: JsonValue, node: Node) -> Any:
    """A JSON value as CEL sees it under its schema: times, durations and floats by type, names escaped."""
    if isinstance(value, dict):
        return {
            _escape(key) if key in node.properties else key: value_of(item, _below(node, key))
            for key, item in value.items()
        }
    if isinstance(value, list):
        items = node.items or Node()
        return [value_of(item, items) for item in value]
    if isinstance(value, str):
        return _text_value(value, node.format)
    if node.type == "number" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def _below(node: Node, key: str) -> Node:
    return node.properties.get(key) or node.additional or Node()


def _text_value(value: str, form: str) -> Any:
    if form == "date-time":
        return _moment(value)
    if form == "duration":
        try:
            return duration.parse(value)
        except ValueError:
            return value
    return value


def _moment(value: str) -> datetime | str:
    try:
        return timestamps.parse(value)
    except ValueError:
        return value


_RESERVED = frozenset(
    [
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    ]
)


@lru_cache(maxsize=16384)
def _escape(name: str) -> str:
    if name in _RESERVED:
        return f"__{name}__"
    for character, escaped in (("__", "__underscores__"), (".", "__dot__"), ("-", "__dash__"), ("/", "__slash__")):
        name = name.replace(character, escaped)
    return name


def old_self(old: Any, node: Node, absent: Any, *, optional: bool) -> Any:
    """`oldSelf`; an optional value where the rule asks for one."""
    if not optional:
        return value_of(old, node)
    return engine.OptionalValue.none() if old is absent else engine.OptionalValue.of(value_of(old, node))
