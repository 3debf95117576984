"""Kargo's `${{ expression }}` within strings, and the type of the result: a number, a bool, JSON or a string.

    names = environment({"vars": {"replicas": 3}, "ctx": {"stage": "test"}})
    evaluated({"image": "web:${{ vars.tag ?? 'latest' }}", "count": "${{ vars.replicas }}"}, names, functions)

Source: spec/kargo-steps.md section 8. `${% ... %}` is the same, for expressions that contain `}}`. The functions that
access outside state (commitFrom, secret, status) are the caller's; quote, unsafeQuote, asYAML and asJSON always exist.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from argosy.expr.exprlang import ExprError, Fault, Function, compile_expression, natures
from argosy.expr.exprlang.encoding import decoded, encoded, numbered
from argosy.expr.exprlang.functions.conversions import parse_float
from argosy.machinery.objects import JsonValue
from argosy.machinery.text import go_yaml
from argosy.machinery.text.go_text import quoted

_DELIMITERS: Final = (("${{", "}}"), ("${%", "%}"))
_BOOLS: Final = {
    **dict.fromkeys(("t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("f", "F", "FALSE", "false", "False"), False),
}
DEEPEST: Final = 100
"""Maximum nesting of maps and lists in a value with templates."""

Functions = Mapping[str, Function]
NO_FUNCTIONS: Final[Functions] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Environment:
    """The names that expressions see. Create it once for many evaluations."""

    names: Mapping[str, object]


def environment(values: Mapping[str, object]) -> Environment:
    """JSON values, whose numbers all become floats, as upstream decodes them; structs and functions are kept."""
    return Environment({name: numbered(value) for name, value in values.items()})


def is_template(text: str) -> bool:
    return any(opening in text for opening, _ in _DELIMITERS)


def evaluated(
    value: JsonValue, names: Environment, functions: Functions = NO_FUNCTIONS, now: datetime | None = None
) -> JsonValue:
    """The value with every string in it evaluated; keys stay unchanged. Raises ExprError."""
    return _plain(_walked(value, names, functions, now, 0))


def _walked(value: JsonValue, names: Environment, functions: Functions, now: datetime | None, depth: int) -> Any:
    if depth > DEEPEST:
        raise ExprError(f"the value is nested deeper than {DEEPEST}")
    if isinstance(value, dict):
        return {key: _walked(item, names, functions, now, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_walked(item, names, functions, now, depth + 1) for item in value]
    return evaluate_template(value, names, functions, now) if isinstance(value, str) else value


def _plain(value: Any) -> JsonValue:
    """As YAML reads the encoded JSON: integral numbers are integers. Raises ExprError for values not in JSON."""
    if isinstance(value, float):
        if not math.isfinite(value):
            spelled = "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
            raise ExprError(f"json: unsupported value: {spelled}")
        return int(value) if value.is_integer() and abs(value) < 1e21 else value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def evaluate_template(
    template: str, names: Environment, functions: Functions = NO_FUNCTIONS, now: datetime | None = None
) -> Any:
    """One string: unchanged without a delimiter; otherwise typed as upstream types it, numbers as floats.

    Raises ExprError.
    """
    if not is_template(template):
        return template
    return _typed(_replaced(template, names, functions, now))


def evaluate_expression(
    expression: str, names: Environment, functions: Functions = NO_FUNCTIONS, now: datetime | None = None
) -> object:
    """A bare expression, without delimiters and without any typing of the result. Raises ExprError."""
    known = {**_ALWAYS, **functions}
    program = compile_expression(expression, functions={name: known[name].nature for name in known})
    return program.run({**names.names, **known}, now)


def _replaced(template: str, names: Environment, functions: Functions, now: datetime | None) -> str:
    """An empty expression ends the scan: the rest is copied unchanged."""
    pieces: list[str] = []
    while True:
        before, expression, template = _next_expression(template)
        pieces.append(before)
        if not expression:
            return "".join([*pieces, template])
        pieces.append(_spelled(evaluate_expression(expression, names, functions, now)))


def _next_expression(template: str) -> tuple[str, str, str]:
    """The text before, the expression, the text after. The first closing delimiter ends it, even within quotes."""
    found = [(template.find(opening), opening, closing) for opening, closing in _DELIMITERS if opening in template]
    if not found:
        return "", "", template
    start, opening, closing = min(found)
    end = template.find(closing, start + len(opening))
    if end < 0:
        raise ExprError(f'unclosed expression: expected "{closing}" but reached end of template')
    return template[:start], template[start + len(opening) : end], template[end + len(closing) :]


def _spelled(result: object) -> str:
    if isinstance(result, str):
        return result
    try:
        return encoded(result)
    except Fault as fault:
        raise ExprError(str(fault)) from None


def _typed(text: str) -> Any:
    """Quotes around everything force a string, whose escapes stay unchanged."""
    line = text.removesuffix("\n")
    newline = text[len(line) :]
    if len(line) > 1 and line.startswith('"') and line.endswith('"'):
        return line[1:-1] + newline
    number = parse_float(line)
    if number is not None:
        return number
    if line in _BOOLS:
        return _BOOLS[line]
    try:
        return decoded(line)
    except Fault:
        return line + newline


# -- the functions that always exist -----------------------------------------------------------------------------------


def _quote(value: object) -> str:
    return quoted(value) if isinstance(value, str) else _unsafe_quote(value)


def _unsafe_quote(value: object) -> str:
    return f'"{encoded(value)}"'


def _as_yaml(value: object) -> str:
    """As yaml.v3 writes it, indented by four columns for each map."""
    return f'"{go_yaml.dump_all([decoded(encoded(value))], step=4)}"'


def _as_json(value: object) -> str:
    return f'"{encoded(value, "  ")}\n"'


_TEXT: Final = natures.function(natures.ANY, result=natures.STRING)

_ALWAYS: Final[Functions] = {
    "quote": Function(_quote, 1, 1, _TEXT),
    "unsafeQuote": Function(_unsafe_quote, 1, 1, _TEXT),
    "asYAML": Function(_as_yaml, 1, 1, _TEXT),
    "asJSON": Function(_as_json, 1, 1, _TEXT),
}
