"""x-kubernetes-validations: which rules run on which values, and the message of a failed one (spec 12, step 5)."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.schema import Node
from argosy.machinery.server_side_apply.structure import BadItem, element
from argosy.machinery.status import Cause

if TYPE_CHECKING:
    from argosy.machinery.structural.cel import Budget, EvaluationError

_ABSENT: Final = object()
RULES_PER_OBJECT = 100_000
"""Evaluations: a list of 100,000 items with a rule each is the maximum that is checked."""

IMMUTABLE: Final = "self == oldSelf"

_REASONS = {
    "FieldValueRequired": "Required value",
    "FieldValueForbidden": "Forbidden",
    "FieldValueDuplicate": "Duplicate value",
    "FieldValueInvalid": "Invalid value",
}


class _Stopped(Exception):
    """No further rules are run."""


def check_rules(node: Node, obj: JsonObject, old: JsonObject | None) -> list[Cause]:
    """Failed rules of an object whose structure is valid. Each call and all together have a budget, as upstream."""
    from argosy.machinery.structural import cel  # CEL is large: imported with the first rule

    checker = _Checker(cel.Budget())
    with suppress(_Stopped):
        checker.walk(node, obj, _ABSENT if old is None else old, "")
    return checker.causes


class _Checker:
    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._left = RULES_PER_OBJECT
        self.causes: list[Cause] = []

    def walk(self, node: Node, value: JsonValue, old: JsonValue, path: str) -> None:
        if not node.rules or value is None:
            return
        for rule in (node.raw or {}).get("x-kubernetes-validations") or ():
            self._run(node, rule, value, old, path)
        if isinstance(value, dict):
            before = old if isinstance(old, dict) else {}
            for key, item in value.items():
                below = node.properties.get(key) or node.additional
                if below is not None and below.rules:
                    self.walk(below, item, before.get(key, _ABSENT), f"{path}.{key}" if path else key)
        elif isinstance(value, list) and node.items is not None and node.items.rules:
            former = _by_key(node, old)
            for index, item in enumerate(value):
                self.walk(node.items, item, former.get(_name(node, item), _ABSENT), f"{path}[{index}]")

    def _run(self, node: Node, rule: JsonObject, value: JsonValue, old: JsonValue, path: str) -> None:
        from argosy.machinery.structural import cel

        text = rule["rule"]
        try:
            program = cel.program(text)
        except cel.NotSupported:
            return  # reported when the definition was checked; refusing every object would be worse
        if text == IMMUTABLE and value is old:
            return  # by far the most frequent rule, and all writes of a status keep the rest as it is
        transition = program.uses_old_self
        if transition and old is _ABSENT and not rule.get("optionalOldSelf"):
            return
        if not transition and old is not _ABSENT and type(old) is type(value) and old == value:
            return  # ratcheting
        variables = {"self": cel.value_of(value, node)}
        if transition:
            variables["oldSelf"] = cel.old_self(old, node, _ABSENT, optional=bool(rule.get("optionalOldSelf")))
        self._left -= 1
        try:
            if self._left < 0:
                raise cel.EvaluationError(cel.OUT_OF_BUDGET)
            if program.evaluate(variables, self._budget) is True:
                return
        except cel.EvaluationError as error:
            self._failed(rule, value, path, error)
            return
        self.causes.append(_cause(rule, value, path, self._message(rule, variables)))

    def _failed(self, rule: JsonObject, value: JsonValue, path: str, error: EvaluationError) -> None:
        """Wording: apiextensions-apiserver pkg/apiserver/schema/cel/validation.go."""
        from argosy.machinery.structural import cel

        kind, shown = _kind(value), _shown(rule)
        if str(error) == cel.OUT_OF_BUDGET:
            self.causes.append(Cause(path, f'Invalid value: "{kind}": {error}'))
            raise _Stopped
        if isinstance(error, cel.CallTooCostly):
            why = f"no further validation rules will be run due to call cost exceeds limit for rule: {shown}"
            self.causes.append(Cause(path, f"Invalid value: \"{kind}\": '{error}': {why}"))
            raise _Stopped
        if str(error).startswith("no such overload"):
            why = "call arguments did not match a supported operator, function or macro signature for rule"
            self.causes.append(Cause(path, f"Invalid value: \"{kind}\": '{error}': {why}: {shown}"))
            return
        self.causes.append(Cause(path, f'Invalid value: "{kind}": {error} evaluating rule: {shown}'))

    def _message(self, rule: JsonObject, variables: dict[str, Any]) -> str:
        from argosy.machinery.structural import cel

        if expression := rule.get("messageExpression"):
            try:
                result = cel.program(expression).evaluate(variables, self._budget)
            except (cel.EvaluationError, cel.NotSupported):
                result = None
            if isinstance(result, str) and result.strip() and "\n" not in result:
                return result.strip()
        return str(rule.get("message") or f"failed rule: {rule['rule'].strip()}").strip()


def _shown(rule: JsonObject) -> str:
    return str(rule.get("message") or rule["rule"])


def _by_key(node: Node, old: JsonValue) -> dict[str, JsonValue]:
    if not isinstance(old, list) or node.list_type != "map":
        return {}
    return {_name(node, item): item for item in reversed(old)}


def _name(node: Node, item: JsonValue) -> str:
    try:
        return element(item, node) if node.list_type == "map" else ""
    except BadItem:
        return ""


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
