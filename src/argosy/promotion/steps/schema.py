"""Validates a step's configuration by a small subset of JSON Schema.

Messages are those of upstream's validator, which users know: `(root): path is required`.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

DURATION: Final = r"(?:\d+(ns|us|µs|ms|s|m|h))+"
NONE: Final = {"enum": ["", None]}
NULL_OR_NONE: Final = {"enum": [None, ""]}
"""`NONE` in the order of some published schemas, which their error messages repeat."""
NEVER: Final = {"enum": [False, None]}
ANYTHING: Final[Schema] = {}
FLAG: Final[Schema] = {"type": "boolean"}
TEXT: Final[Schema] = {"type": "string"}
FILLED: Final[Schema] = {"type": "string", "minLength": 1}
URI: Final[Schema] = {**FILLED, "format": "uri"}
TIME_SPAN: Final[Schema] = {"type": "string", "pattern": DURATION}
PROVIDER: Final[Schema] = {"type": "string", "enum": ["azure", "bitbucket", "gitea", "github", "gitlab"]}


def body(
    required: str = "",
    /,
    *,
    choice: list[Schema] | None = None,
    any_of: list[Schema] | None = None,
    **properties: Schema,
) -> Schema:
    """An object with exactly these properties; `required` is a space-separated list."""
    found: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
    if required:
        found["required"] = required.split()
    if choice:
        found["oneOf"] = choice
    if any_of:
        found["anyOf"] = any_of
    return found


def each(item: Schema, minimum: int = 0, *, unique: bool = False) -> Schema:
    return {"type": "array", "items": item, "minItems": minimum, "uniqueItems": unique}


def integer(minimum: int, maximum: int | None = None) -> Schema:
    return {"type": "integer", "minimum": minimum, **({"maximum": maximum} if maximum is not None else {})}


def one_of(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


def at_most_one(*names: str) -> list[Schema]:
    """Alternatives of which at most one is set."""
    none: Schema = {"properties": dict.fromkeys(names, NULL_OR_NONE)}
    return [none, *_filled_alone(names, NULL_OR_NONE)]


def exactly_one(*names: str) -> list[Schema]:
    return _filled_alone(names, NONE)


def _filled_alone(names: Sequence[str], empty: Schema) -> list[Schema]:
    return [
        {"required": [name], "properties": {other: {"minLength": 1} if other == name else empty for other in names}}
        for name in names
    ]


AUTHOR: Final = body("name email", email={"type": "string", "format": "email"}, name=FILLED, signingKey=TEXT)


@dataclass(frozen=True, slots=True)
class Fault:
    at: str
    """`(root)`, or names and indexes joined by dots."""
    message: str

    def __str__(self) -> str:
        return f"{self.at}: {self.message}"


def faults(schema: Schema, value: Any) -> list[Fault]:
    return list(_check(schema, value, ""))


def _check(schema: Schema, value: Any, at: str) -> Iterator[Fault]:
    if "type" in schema and not _is(schema["type"], value):
        yield Fault(at or "(root)", f"Invalid type. Expected: {schema['type']}, given: {_kind(value)}")
        return
    for word, check in _CHECKS.items():
        if word in schema:
            yield from check(schema, value, at)


def _is(kind: str, value: Any) -> bool:
    if kind == "integer":
        return isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer()
    return _kind(value) in (kind, "integer" if kind == "number" else kind)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    return {float: "number", str: "string", list: "array", dict: "object"}[type(value)]


def _below(at: str, name: str | int) -> str:
    return f"{at}.{name}" if at else str(name)


def _required(schema: Schema, value: Any, at: str) -> Iterator[Fault]:
    if isinstance(value, dict):
        for name in schema["required"]:
            if name not in value:
                yield Fault(at or "(root)", f"{name} is required")


def _additional(schema: Schema, value: Any, at: str) -> Iterator[Fault]:
    allowed = schema["additionalProperties"]
    if not isinstance(value, dict):
        return
    for name in value:
        if name in schema.get("properties", {}):
            continue
        if allowed is False:
            yield Fault(at or "(root)", f"Additional property {name} is not allowed")
        elif isinstance(allowed, Mapping):
            yield from _check(allowed, value[name], _below(at, name))


def _properties(schema: Schema, value: Any, at: str) -> Iterator[Fault]:
    if isinstance(value, dict):
        for name, inner in schema["properties"].items():
            if name in value:
                yield from _check(inner, value[name], _below(at, name))


def _items(schema: Schema, value: Any, at: str) -> Iterator[Fault]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _check(schema["items"], item, _below(at, number))


def _one_of(schema: Schema, value: Any, at: str) -> Iterator[Fault]:
    found = [list(_check(alternative, value, at)) for alternative in schema["oneOf"]]
    if sum(not one for one in found) == 1:
        return
    yield Fault(at or "(root)", "Must validate one and only one schema (oneOf)")
    if all(found):
        yield from min(found, key=len)


def _any_of(schema: Schema, value: Any, at: str) -> Iterator[Fault]:
    found = [list(_check(alternative, value, at)) for alternative in schema["anyOf"]]
    if all(found):
        yield Fault(at or "(root)", "Must validate at least one schema (anyOf)")
        yield from min(found, key=len)


def _enum(schema: Schema, value: Any, at: str) -> Iterator[Fault]:
    if not any(type(one) is type(value) and one == value for one in schema["enum"]):
        listed = ", ".join(json.dumps(one) for one in schema["enum"])
        yield Fault(at or "(root)", f"{at or '(root)'} must be one of the following: {listed}")


def _const(schema: Schema, value: Any, at: str) -> Iterator[Fault]:
    if type(schema["const"]) is not type(value) or schema["const"] != value:
        yield Fault(at or "(root)", f"{at or '(root)'} does not match: {json.dumps(schema['const'])}")


def _length(schema: Schema, value: Any, at: str) -> Iterator[Fault]:
    if isinstance(value, str) and len(value) < schema["minLength"]:
        yield Fault(at or "(root)", f"String length must be greater than or equal to {schema['minLength']}")


def _pattern(schema: Schema, value: Any, at: str) -> Iterator[Fault]:
    if isinstance(value, str) and not _compiled(schema["pattern"]).search(value):
        yield Fault(at or "(root)", f"Does not match pattern '{schema['pattern']}'")


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def _format(schema: Schema, value: Any, at: str) -> Iterator[Fault]:
    if isinstance(value, str) and not _FORMATS[schema["format"]].fullmatch(value):
        yield Fault(at or "(root)", f"Does not match format '{schema['format']}'")


_FORMATS: Final = {
    "email": re.compile(r"[^@\s<>]+@[^@\s<>]+"),
    "uri": re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\\]+"),
}


def _size(schema: Schema, value: Any, at: str) -> Iterator[Fault]:
    if isinstance(value, list) and len(value) < schema["minItems"]:
        yield Fault(at or "(root)", f"Array must have at least {schema['minItems']} items")


def _unique(schema: Schema, value: Any, at: str) -> Iterator[Fault]:
    if schema["uniqueItems"] and isinstance(value, list):
        spelled = [json.dumps(item, sort_keys=True) for item in value]
        for number, text in enumerate(spelled):
            if text in spelled[:number]:
                yield Fault(at or "(root)", f"array items[{spelled.index(text)},{number}] must be unique")


def _count(schema: Schema, value: Any, at: str) -> Iterator[Fault]:
    if isinstance(value, dict) and len(value) < schema["minProperties"]:
        yield Fault(at or "(root)", f"Must have at least {schema['minProperties']} properties")


def _minimum(schema: Schema, value: Any, at: str) -> Iterator[Fault]:
    if isinstance(value, int | float) and not isinstance(value, bool) and value < schema["minimum"]:
        yield Fault(at or "(root)", f"Must be greater than or equal to {schema['minimum']}")


def _maximum(schema: Schema, value: Any, at: str) -> Iterator[Fault]:
    if isinstance(value, int | float) and not isinstance(value, bool) and value > schema["maximum"]:
        yield Fault(at or "(root)", f"Must be less than or equal to {schema['maximum']}")


_CHECKS: Final = {
    "anyOf": _any_of,
    "oneOf": _one_of,
    "enum": _enum,
    "const": _const,
    "required": _required,
    "additionalProperties": _additional,
    "minProperties": _count,
    "minItems": _size,
    "uniqueItems": _unique,
    "minLength": _length,
    "pattern": _pattern,
    "format": _format,
    "minimum": _minimum,
    "maximum": _maximum,
    "properties": _properties,
    "items": _items,
}
