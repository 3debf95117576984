"""Formats a dict like Go's JSON encoder: which empty fields are present, and which are omitted.

The same code validates what clients send, and stored objects: a value of the wrong type is reported with its path.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import yaml

from argosy.machinery.objects import JsonObject
from argosy.server.schema import facts
from argosy.server.schema.facts import ALWAYS, INLINE, POINTER, STRUCT, Field

Shape = Callable[[Any], Any]


class Misshapen(ValueError):
    """`path`: the path to the value, innermost first."""

    def __init__(self, expected: str, value: Any) -> None:
        super().__init__(expected)
        self.expected, self.value = expected, value
        self.path: list[str] = []

    def __str__(self) -> str:
        return f"{'.'.join(reversed(self.path)) or 'the body'}: {_named(self.value)} where {self.expected} is expected"


def _named(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "null")


def shaped(message: str, obj: JsonObject) -> JsonObject:
    """Raises Misshapen. Apart from maps, the result shares nothing mutable with its input."""
    found: JsonObject = _shape(message)(obj)
    return found


@cache
def _shape(name: str) -> Shape:
    if (special := _SPECIAL.get(name)) is not None:
        return special
    message = facts.message(name)
    plain = [(field, field.json, _value(field), _zero(field)) for field in message.fields if field.mode != INLINE]
    inlined = [_inline(field) for field in message.fields if field.mode == INLINE]

    def shape(obj: Any) -> JsonObject:
        if not isinstance(obj, dict):
            obj = _nothing(obj)
        found: JsonObject = {}
        for field, key, value_of, zero in plain:
            value = obj.get(key)
            mode = field.mode
            if value is None:
                if mode == STRUCT:
                    found[key] = value_of({}) if zero is _OBJECT else None
                elif mode == ALWAYS:
                    found[key] = zero
                continue
            try:
                made = value_of(value)
            except Misshapen as error:
                error.path.append(key)
                raise
            if made or mode in _KEPT:
                found[key] = made
        for inline in inlined:
            inline(obj, found)
        return found

    return shape


def _nothing(value: Any) -> JsonObject:
    if value is None:
        return {}
    raise Misshapen("an object", value)


_OBJECT = object()
_KEPT = (ALWAYS, POINTER, STRUCT)


def _zero(field: Field) -> Any:
    if field.repeated or field.is_map:
        return None
    if field.type in ("meta.Time", "meta.MicroTime"):
        return None
    if facts.is_message(field.type):
        return _OBJECT if field.mode == STRUCT else None
    if field.mode == ALWAYS and field.type == "string":
        return ""
    return {"bool": False, "bytes": None}.get(field.type, 0)


def _inline(field: Field) -> Callable[[JsonObject, JsonObject], None]:
    optional = field.type.split(".")[-1].startswith("Optional")
    keys = facts.json_keys(field.type)

    def put(obj: JsonObject, found: JsonObject) -> None:
        if optional and keys.isdisjoint(obj):
            return
        found.update(_shape(field.type)(obj))

    return put


def _value(field: Field) -> Shape:
    one = _SCALAR.get(field.type) or _lazy(field.type)
    if field.is_map:
        if field.key == field.type == "string":
            return _strings
        return _mapping(one)
    return _listing(one) if field.repeated else one


def _lazy(kind: str) -> Shape:
    def shape(value: Any) -> Any:
        return _shape(kind)(value)

    return shape


def _listing(one: Shape) -> Shape:
    def shape(values: Any) -> list[Any]:
        if not isinstance(values, list):
            raise Misshapen("a list", values)
        found = []
        for at, value in enumerate(values):
            try:
                found.append(one(value))
            except Misshapen as error:
                error.path.append(str(at))
                raise
        return found

    return shape


def _mapping(one: Shape) -> Shape:
    def shape(values: Any) -> JsonObject:
        if not isinstance(values, dict):
            raise Misshapen("an object", values)
        return {str(key): one(value) for key, value in values.items()}

    return shape


def _strings(values: Any) -> JsonObject:
    if not isinstance(values, dict):
        raise Misshapen("an object", values)
    for key, value in values.items():
        if type(value) is not str:
            if value is None:
                return {name: item or "" for name, item in values.items()}
            error = Misshapen("a string", value)
            error.path.append(str(key))
            raise error
    return values


def _text(value: Any) -> str:
    if type(value) is not str:
        if value is None:
            return ""
        raise Misshapen("a string", value)
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Misshapen("a number", value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _whole(value: Any) -> Any:
    number = _number(value)
    if isinstance(number, float):
        raise Misshapen("a whole number", value)
    return number


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Misshapen("a boolean", value)
    return value


def _anything(value: Any) -> Any:
    return value


def _time(value: Any) -> Any:
    return _text(value) if value else None


def _int_or_string(value: Any) -> Any:
    return value if isinstance(value, str) else _whole(value)


def ignored_yaml(value: JsonObject) -> str:
    """Like Go's YAML encoder: all keys, in order."""
    keys = ("jqPathExpressions", "jsonPointers", "managedFieldsManagers")
    text: str = yaml.dump({key: value.get(key) or None for key in keys}, Dumper=yaml.CSafeDumper, sort_keys=True)
    return text


_SCALAR: dict[str, Shape] = {
    "string": _text,
    "bytes": _text,
    "bool": _flag,
    "double": _number,
    "float": _number,
    **dict.fromkeys(("int32", "int64", "uint32", "uint64"), _whole),
}
_SPECIAL: dict[str, Shape] = {
    "meta.Time": _time,
    "meta.MicroTime": _time,
    "runtime.RawExtension": _anything,
    "apiextensions.JSON": _anything,
    "meta.FieldsV1": _anything,
    "intstr.IntOrString": _int_or_string,
    facts.IGNORED: _text,
}
