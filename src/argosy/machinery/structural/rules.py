"""x-kubernetes-validations: which rules run on which values, and what a broken one says (spec 12, step 5)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.schema import Node
from argosy.machinery.status import Cause
from argosy.machinery.structure import BadItem, element

_ABSENT: Final = object()
RULE_BUDGET = 100_000
"""Evaluations per object: a list of 100,000 items with a rule each is the most that is checked."""

_REASONS = {
    "FieldValueRequired": "Required value",
    "FieldValueForbidden": "Forbidden",
    "FieldValueDuplicate": "Duplicate value",
    "FieldValueInvalid": "Invalid value",
}


def check_rules(node: Node, obj: JsonObject, old: JsonObject | None) -> list[Cause]:
    """Broken rules of an object that is valid otherwise."""
    budget = [RULE_BUDGET]
    return list(_walk(node, obj, _ABSENT if old is None else old, "", budget))


def _walk(node: Node, value: JsonValue, old: JsonValue, path: str, budget: list[int]) -> Iterator[Cause]:
    if not node.rules or value is None:
        return
    for rule in (node.raw or {}).get("x-kubernetes-validations") or ():
        budget[0] -= 1
        if budget[0] < 0:
            yield Cause(path, "Invalid value: validation failed due to running out of cost budget, no further checks")
            return
        yield from _run(node, rule, value, old, path)
    if isinstance(value, dict):
        before = old if isinstance(old, dict) else {}
        for key, item in value.items():
            below = node.properties.get(key) or node.additional
            if below is not None and below.rules:
                yield from _walk(below, item, before.get(key, _ABSENT), f"{path}.{key}" if path else key, budget)
    elif isinstance(value, list) and node.items is not None and node.items.rules:
        former = _by_key(node, old)
        for index, item in enumerate(value):
            yield from _walk(node.items, item, former.get(_name(node, item), _ABSENT), f"{path}[{index}]", budget)


def _by_key(node: Node, old: JsonValue) -> dict[str, JsonValue]:
    if not isinstance(old, list) or node.list_type != "map":
        return {}
    return {_name(node, item): item for item in reversed(old)}


def _name(node: Node, item: JsonValue) -> str:
    try:
        return element(item, node) if node.list_type == "map" else ""
    except BadItem:
        return ""


def _run(node: Node, rule: JsonObject, value: JsonValue, old: JsonValue, path: str) -> Iterator[Cause]:
    from argosy.machinery.structural import cel  # the engine is large: loaded with the first rule

    text = rule["rule"]
    try:
        program = cel.program(text)
    except cel.NotSupported:
        return  # reported when the definition was checked; refusing every object would be worse
    transition = program.uses_old_self
    if transition and old is _ABSENT and not rule.get("optionalOldSelf"):
        return
    if not transition and old is not _ABSENT and type(old) is type(value) and old == value:
        return  # ratcheting
    variables = {"self": cel.value_of(value, node)}
    if transition:
        variables["oldSelf"] = cel.old_self(old, node, _ABSENT, optional=bool(rule.get("optionalOldSelf")))
    try:
        if program.evaluate(variables) is True:
            return
    except cel.EvaluationError as error:
        yield Cause(path, f'Invalid value: "{_kind(value)}": {error} evaluating rule: {rule.get("message") or text}')
        return
    yield _cause(rule, value, path, _message(rule, variables))


def _message(rule: JsonObject, variables: dict[str, Any]) -> str:
    from argosy.machinery.structural import cel

    if expression := rule.get("messageExpression"):
        try:
            result = cel.program(expression).evaluate(variables)
        except (cel.EvaluationError, cel.NotSupported):
            result = None
        if isinstance(result, str) and result.strip() and "\n" not in result:
            return result.strip()
    return str(rule.get("message") or f"failed rule: {rule['rule'].strip()}").strip()


def _cause(rule: JsonObject, value: JsonValue, path: str, message: str) -> Cause:
    reason = rule.get("reason") or "FieldValueInvalid"
    where = path + (rule.get("fieldPath") or "")
    if not path:
        where = where.removeprefix(".")
    if reason in ("FieldValueRequired", "FieldValueForbidden"):
        return Cause(where, f"{_REASONS[reason]}: {message}", reason)
    if isinstance(value, dict | list):
        return Cause(where, f"{_REASONS[reason]}: {message}", reason)
    shown = json.dumps(value, ensure_ascii=False)
    return Cause(where, f"{_REASONS[reason]}: {shown}: {message}", reason)


def _kind(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "boolean"
    return {str: "string", int: "integer", float: "number", list: "array", dict: "object"}.get(type(value), "null")
