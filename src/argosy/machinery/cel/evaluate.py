"""Runs a checked tree: closures, created once, that count their cost by cel-go's rules (interpreter/runtimecost.go)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from argosy.machinery.cel.calls import call
from argosy.machinery.cel.checker import Checked, type_value
from argosy.machinery.cel.errors import COST_LIMIT, NO_OVERLOAD, CelError, CostExceeded
from argosy.machinery.cel.library import TYPE_NAMES
from argosy.machinery.cel.loops import loop
from argosy.machinery.cel.meter import Meter, Step
from argosy.machinery.cel.nodes import Bind, Call, Ident, ListLiteral, Literal, Loop, MapLiteral, Node, Select
from argosy.machinery.cel.values import NONE, Optional

PER_CALL_LIMIT: Final = 1_000_000
"""Units of one evaluation (apiserver: PerCallLimit)."""
Variables = Mapping[str, Any]


class Program:
    """A compiled expression."""

    def __init__(self, checked: Checked) -> None:
        self.checked = checked
        self._run = _compiled(checked.root)

    def evaluate(self, variables: Variables, limit: int = PER_CALL_LIMIT) -> tuple[Any, int]:
        """The value and its cost. Raises CelError; CostExceeded beyond `limit`."""
        meter = Meter(limit)
        try:
            value = self._run(dict(variables), meter)
        except RecursionError:
            raise CelError("the expression or its values are nested too deeply") from None
        if meter.left < 0:
            raise CostExceeded(COST_LIMIT)
        return value, limit - meter.left


def compile_program(checked: Checked) -> Program:
    return Program(checked)


def _compiled(node: Node) -> Step:
    match node:
        case Literal():
            value = node.value
            return lambda names, meter: value
        case Ident():
            return _ident(node)
        case Select():
            return _select(node)
        case Call():
            return _call(node)
        case ListLiteral():
            return _list(node)
        case MapLiteral():
            return _map(node)
        case Loop():
            return _loop(node)
        case Bind():
            return _bind(node)
    raise AssertionError(f"no such node: {node}")


def _ident(node: Ident) -> Step:
    name = node.name

    def run(names: dict[str, Any], meter: Meter) -> Any:
        meter.left -= 1
        try:
            return names[name]
        except KeyError:
            raise CelError(f"no such attribute(s): {name}") from None

    if name in TYPE_NAMES:
        kind = type_value(node)
        return lambda names, meter: names.get(name, kind)
    return run


def _select(node: Select) -> Step:
    if node.type is not None and node.type.name == "type":
        kind = type_value(node)
        return lambda names, meter: kind
    operand, name = _compiled(node.operand), node.field_name
    if node.test_only:
        return _presence(operand, name)
    if node.optional:
        return _optional_field(operand, name)

    def run(names: dict[str, Any], meter: Meter) -> Any:
        value = operand(names, meter)
        meter.left -= 1
        if type(value) is dict:
            try:
                return value[name]
            except KeyError:
                raise CelError(f"no such key: {name}") from None
        if type(value) is Optional:
            return _field_of(value, name)
        raise CelError(NO_OVERLOAD)

    return run


def _presence(operand: Step, name: str) -> Step:
    def run(names: dict[str, Any], meter: Meter) -> bool:
        value = operand(names, meter)
        if type(value) is Optional:
            value = value.value if value.present else {}
        if type(value) is not dict:
            raise CelError(NO_OVERLOAD)
        return name in value

    return run


def _optional_field(operand: Step, name: str) -> Step:
    def run(names: dict[str, Any], meter: Meter) -> Optional:
        value = operand(names, meter)
        meter.left -= 1
        return _field_of(value if type(value) is Optional else Optional(value, True), name)

    return run


def _field_of(one: Optional, name: str) -> Optional:
    if not one.present:
        return NONE
    if type(one.value) is not dict:
        raise CelError(NO_OVERLOAD)
    return Optional(one.value[name], True) if name in one.value else NONE


def _list(node: ListLiteral) -> Step:
    parts = [(_compiled(item), index in node.optional) for index, item in enumerate(node.items)]

    def run(names: dict[str, Any], meter: Meter) -> list[Any]:
        found = []
        for part, optional in parts:
            value = part(names, meter)
            if optional:
                if value.present:
                    found.append(value.value)
            else:
                found.append(value)
        meter.left -= 10
        meter.made(1 + len(found))
        return found

    return run


def _map(node: MapLiteral) -> Step:
    parts = [
        (_compiled(key), _compiled(value), index in node.optional) for index, (key, value) in enumerate(node.entries)
    ]

    def run(names: dict[str, Any], meter: Meter) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key_of, value_of, optional in parts:
            key, value = key_of(names, meter), value_of(names, meter)
            if optional:
                if not value.present:
                    continue
                value = value.value
            if not isinstance(key, str | int):
                raise CelError("unsupported key type")
            if key in found:
                raise CelError(f"Failed with repeated key: {key}")
            found[key] = value
        meter.left -= 30
        meter.made(1 + len(found))
        return found

    return run


def _call(node: Call) -> Step:
    given = [node.target, *node.arguments] if node.target is not None else node.arguments
    return call(node, [_compiled(part) for part in given])


def _bind(node: Bind) -> Step:
    value, body, name, kind = _compiled(node.value), _compiled(node.body), node.name, node.kind

    def run(names: dict[str, Any], meter: Meter) -> Any:
        found = value(names, meter)
        if kind == "bind":
            return body({**names, name: found}, meter)
        if type(found) is not Optional:
            raise CelError(NO_OVERLOAD)
        if not found.present:
            return NONE
        made = body({**names, name: found.value}, meter)
        return Optional(made, True) if kind == "optMap" else made

    return run


def _loop(node: Loop) -> Step:
    condition = _compiled(node.condition) if node.condition is not None else None
    result = _compiled(node.result) if node.result is not None else None
    return loop(node, _compiled(node.range), condition, result)
