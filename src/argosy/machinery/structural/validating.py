"""Validates a custom resource against its schema, with upstream's messages (spec 12, steps 4 and 5).

On update, unchanged values are not validated again (ratcheting): an object that was valid under an older schema can
still be edited elsewhere.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final

import re2

from argosy.machinery.formats import FORMATS
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.schema import Node
from argosy.machinery.server_side_apply.structure import BadItem, element
from argosy.machinery.status import Cause
from argosy.machinery.structural.rules import check_rules
from argosy.machinery.text.go_text import quoted

ABSENT: Final = object()
UNCHECKED = (
    "Invalid value: null: some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation"
)
_BLOCKING = frozenset(
    (
        "FieldValueNotSupported",
        "FieldValueRequired",
        "FieldValueTooLong",
        "FieldValueTooMany",
        "FieldValueTypeInvalid",
    )
)
"""Source: apiextensions-apiserver pkg/apiserver/validation, HasBlockingErr."""
_FRAME = frozenset({"apiVersion", "kind", "metadata"})
_SHORT = 256


def validate(node: Node, obj: JsonObject, old: JsonObject | None = None) -> list[Cause]:
    """All errors. `old` is the stored object on update. Rules (CEL) run unless the values they read may be missing, of
    another type, or larger than their cost was estimated for."""
    return _with_rules(node, list(_validate(node, obj, ABSENT if old is None else old, "", _FRAME)), obj, old)


def validate_status(node: Node, obj: JsonObject, old: JsonObject) -> list[Cause]:
    """All errors in the status, which is validated as if it were an object of its own; rules see the whole object."""
    below = node.properties.get("status")
    causes: list[Cause] = []
    if below is not None and "status" in obj:
        found = _validate(below, obj["status"], old.get("status", ABSENT), "")
        causes = [Cause(_below_status(cause.field), cause.message, cause.reason) for cause in found]
    return _with_rules(node, causes, obj, old)


def _below_status(path: str) -> str:
    return "status" if path in ("", "<nil>") else f"status.{path}"


def _with_rules(node: Node, causes: list[Cause], obj: JsonObject, old: JsonObject | None) -> list[Cause]:
    if not node.rules:
        return causes
    if any(_blocks(cause) for cause in causes):
        return [*causes, Cause("<nil>", UNCHECKED)]
    return [*causes, *check_rules(node, obj, old)]


def _blocks(cause: Cause) -> bool:
    """A string of the wrong format is reported as one of another type, and still is a string."""
    if cause.reason not in _BLOCKING:
        return False
    _, found, rest = cause.message.partition(" in body must be of type ")
    return not (found and rest.partition(":")[0] in FORMATS)


def shown(value: JsonValue) -> str:
    if isinstance(value, str):
        return quoted(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def type_name(value: JsonValue) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def _validate(
    node: Node, value: JsonValue, old: JsonValue, path: str, without: frozenset[str] = frozenset()
) -> Iterator[Cause]:
    """`without`: fields that are skipped."""
    if value is old or (old is not ABSENT and type(old) is type(value) and old == value):
        return
    raw: JsonObject = node.raw or {}
    if value is None and (node.nullable or node.raw is None):
        return
    if wrong := _type_cause(node, value, path):
        yield wrong
        return
    yield from _own_rules(raw, value, path)
    yield from _combined(raw, value, path)
    if isinstance(value, dict):
        yield from _validate_map(node, value, old if isinstance(old, dict) else {}, path, without)
    elif isinstance(value, list):
        yield from _validate_list(node, value, old, path)


def _type_cause(node: Node, value: JsonValue, path: str) -> Cause | None:
    actual = type_name(value)
    if node.type == "any" or actual == node.type or (node.type == "number" and actual == "integer"):
        return None
    wanted = node.type
    if node.type == "int-or-string":
        if actual in ("integer", "string"):
            return None
        wanted = "integer,string"  # type: ignore[assignment]
    message = f'Invalid value: "{actual}": {path} in body must be of type {wanted}: "{actual}"'
    return Cause(path, message, "FieldValueTypeInvalid")


def _own_rules(raw: JsonObject, value: JsonValue, path: str) -> Iterator[Cause]:
    enum = raw.get("enum")
    if enum and not any(type_name(value) == type_name(item) and value == item for item in enum):
        supported = ", ".join(shown(item) for item in enum)
        message = f"Unsupported value: {shown(value)}: supported values: {supported}"
        yield Cause(path, message, "FieldValueNotSupported")
    if isinstance(value, str):
        found = _text_problem(raw, value, path)
    elif isinstance(value, bool):
        found = None
    elif isinstance(value, int | float):
        found = _number_problem(raw, value, path)
    elif isinstance(value, list):
        found = _count_problem(raw, value, path, "Items", "items")
    elif isinstance(value, dict):
        found = _count_problem(raw, value, path, "Properties", "properties")
    else:
        found = None
    if found is not None:
        yield found


def _invalid(path: str, value: JsonValue, text: str) -> Cause:
    return Cause(path, f"Invalid value: {shown(value)}: {path} in body {text}")


def _text_problem(raw: JsonObject, value: str, path: str) -> Cause | None:
    """Upstream stops at the first error: longest, shortest, pattern, then format."""
    if (limit := raw.get("maxLength")) is not None and len(value) > limit:
        return Cause(path, f"Too long: may not be more than {limit} bytes", "FieldValueTooLong")
    if (limit := raw.get("minLength")) is not None and len(value) < limit:
        return _invalid(path, value, f"should be at least {limit} chars long")
    if (pattern := raw.get("pattern")) and not _matches(pattern, value):
        return _invalid(path, value, f"should match '{pattern}'")
    form = raw.get("format") or ""
    if form in FORMATS and not FORMATS[form](value):
        text = f"Invalid value: {shown(value)}: {path} in body must be of type {form}: {shown(value)}"
        return Cause(path, text, "FieldValueTypeInvalid")
    return None


def _matches(pattern: str, value: str) -> bool:
    """Short values recur with every status: their results are cached."""
    return _short_matches(pattern, value) if len(value) <= _SHORT else _pattern(pattern).search(value) is not None


@lru_cache(maxsize=4096)
def _short_matches(pattern: str, value: str) -> bool:
    return _pattern(pattern).search(value) is not None


@lru_cache(maxsize=4096)
def _pattern(text: str) -> Any:
    """Linear-time matching (spec/security.md rule 3). A pattern that RE2 cannot compile was refused with the schema."""
    return re2.compile(text)


def _number_problem(raw: JsonObject, value: float, path: str) -> Cause | None:
    if (step := raw.get("multipleOf")) and not _is_multiple(value, step):
        return _invalid(path, value, f"should be a multiple of {shown(step)}")
    if (limit := raw.get("maximum")) is not None:
        if raw.get("exclusiveMaximum") and value >= limit:
            return _invalid(path, value, f"should be less than {shown(limit)}")
        if value > limit:
            return _invalid(path, value, f"should be less than or equal to {shown(limit)}")
    if (limit := raw.get("minimum")) is not None:
        if raw.get("exclusiveMinimum") and value <= limit:
            return _invalid(path, value, f"should be greater than {shown(limit)}")
        if value < limit:
            return _invalid(path, value, f"should be greater than or equal to {shown(limit)}")
    return None


def _is_multiple(value: float, step: float) -> bool:
    quotient = value / step
    return math.isfinite(quotient) and float(quotient).is_integer()


def _count_problem(raw: JsonObject, value: Any, path: str, word: str, plural: str) -> Cause | None:
    if (limit := raw.get(f"max{word}")) is not None and len(value) > limit:
        return Cause(path, f"Too many: {len(value)}: must have at most {limit} items", "FieldValueTooMany")
    if (limit := raw.get(f"min{word}")) is not None and len(value) < limit:
        return _invalid(path, value, f"should have at least {limit} {plural}")
    return None


def _combined(raw: JsonObject, value: JsonValue, path: str) -> Iterator[Cause]:
    """allOf, anyOf, oneOf, not: schemas that only restrict values."""
    for word, judge in _COMBINATIONS.items():
        if word in raw:
            outcomes = [list(_restriction(below, value, path)) for below in _alternatives(raw[word])]
            yield from judge(outcomes, path)


def _alternatives(schema: JsonValue) -> list[JsonObject]:
    return schema if isinstance(schema, list) else [schema]


Outcomes = list[list[Cause]]


def _failed(path: str, text: str) -> Cause:
    return Cause("<nil>", f'Invalid value: "": "{path}" must {text}')


def _any_of(outcomes: Outcomes, path: str) -> Iterator[Cause]:
    if all(outcomes):
        yield _failed(path, "validate at least one schema (anyOf)")
        yield from outcomes[0]


def _one_of(outcomes: Outcomes, path: str) -> Iterator[Cause]:
    valid = sum(not outcome for outcome in outcomes)
    if valid == 0:
        yield _failed(path, "validate one and only one schema (oneOf). Found none valid")
        yield from outcomes[0]
    elif valid > 1:
        yield _failed(path, f"validate one and only one schema (oneOf). Found {valid} valid alternatives")


def _all_of(outcomes: Outcomes, path: str) -> Iterator[Cause]:
    if any(outcomes):
        yield _failed(path, "validate all the schemas (allOf)" + (". None validated" if all(outcomes) else ""))
        for outcome in outcomes:
            yield from outcome


def _none_of(outcomes: Outcomes, path: str) -> Iterator[Cause]:
    if not outcomes[0]:
        yield _failed(path, "not validate the schema (not)")


_COMBINATIONS: dict[str, Callable[[Outcomes, str], Iterator[Cause]]] = {
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _none_of,
}


def _restriction(raw: JsonObject, value: JsonValue, path: str) -> Iterator[Cause]:
    """A schema below a combination: the same rules without structure."""
    if (
        (wanted := raw.get("type"))
        and type_name(value) != wanted
        and (wanted, type_name(value)) != ("number", "integer")
    ):
        message = f'Invalid value: "{type_name(value)}": {path} in body must be of type {wanted}: "{type_name(value)}"'
        yield Cause(path, message, "FieldValueTypeInvalid")
        return
    yield from _own_rules(raw, value, path)
    yield from _combined(raw, value, path)
    if isinstance(value, dict):
        yield from _missing(raw.get("required") or (), value, path)
        for name, below in (raw.get("properties") or {}).items():
            if name in value:
                yield from _restriction(below, value[name], f"{path}.{name}" if path else name)
    elif isinstance(value, list) and isinstance(raw.get("items"), dict):
        for index, item in enumerate(value):
            yield from _restriction(raw["items"], item, f"{path}[{index}]")


def _missing(required: Any, value: JsonObject, path: str) -> Iterator[Cause]:
    for name in required:
        if name not in value:
            yield Cause(f"{path}.{name}" if path else name, "Required value", "FieldValueRequired")


def _validate_map(
    node: Node, value: JsonObject, old: JsonObject, path: str, without: frozenset[str]
) -> Iterator[Cause]:
    yield from _missing(node.required, value, path)
    if node.embedded:
        yield from _missing(("apiVersion", "kind"), value, path)
    for key, item in value.items():
        if key in without:
            continue
        below = node.properties.get(key) or node.additional
        if below is not None:
            yield from _validate(below, item, old.get(key, ABSENT), f"{path}.{key}" if path else key)


def _validate_list(node: Node, values: list[JsonValue], old: JsonValue, path: str) -> Iterator[Cause]:
    if node.list_type != "atomic":
        yield from _duplicates(node, values, path)
    if node.items is None:
        return
    before = old_items(node, old)
    for index, item in enumerate(values):
        yield from _validate(node.items, item, before(index, item), f"{path}[{index}]")


def old_items(node: Node, old: JsonValue) -> Callable[[int, JsonValue], JsonValue]:
    """How an item finds its old value: by key in a map list, otherwise not at all."""
    if not isinstance(old, list) or node.list_type != "map":
        return lambda _index, _item: ABSENT
    by_name: dict[str, JsonValue] = {}
    for item in old:
        try:
            by_name.setdefault(element(item, node), item)
        except BadItem:
            continue

    def find(_index: int, item: JsonValue) -> JsonValue:
        try:
            return by_name.get(element(item, node), ABSENT)
        except BadItem:
            return ABSENT

    return find


def _duplicates(node: Node, values: list[JsonValue], path: str) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, item in enumerate(values):
        try:
            name = element(item, node)
        except BadItem:
            continue
        if name in seen:
            keys = json.loads(name[2:])
            yield Cause(f"{path}[{index}]", f"Duplicate value: {shown(keys)}", "FieldValueDuplicate")
        seen.add(name)
