"""Reads and prints built-in objects exactly as Go's types do.

Two walkers per type, made once: `read` copies a body into the *sparse* form (no unknown fields, no nulls, no zero
values of fields that are not pointers, leaves canonical), on which defaults and validation work; `print` turns that, in
place, into what Go would emit (spec/embedded-kubernetes.md section 7: omitempty, omitzero, null slices, empty structs).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from argosy.apis.kubernetes.facts import Field, is_struct, json_fields
from argosy.apis.kubernetes.scalars import LEAF_READERS, LEAF_ZEROS, STRUCT_LEAVES, Mismatch, found_type
from argosy.machinery.objects import JsonObject, JsonValue

Unknown: TypeAlias = list[str]
Reader: TypeAlias = Callable[[Any, Unknown], JsonValue]
"""A non-null value and the list that collects the paths of unknown fields -> a private copy."""
Printer: TypeAlias = Callable[[Any], None]

_SCHEMA = "apiextensions/v1.JSONSchemaProps"

_readers: dict[str, Reader] = {}
_printers: dict[str, Printer | None] = {}


def reader_of(spelled: str) -> Reader:
    """The reader of a field type or type key; recursive types use a reference that is resolved late."""
    if spelled not in _readers:
        if is_struct(spelled):
            _readers[spelled] = lambda value, unknown: _readers[spelled](value, unknown)
            _readers[spelled] = _struct_reader(spelled)
        else:
            _readers[spelled] = _other_reader(spelled)
    return _readers[spelled]


def _other_reader(spelled: str) -> Reader:
    if spelled == "{}string":
        return _read_string_map
    if spelled == "[]string":
        return _read_string_list
    if spelled.startswith("[]"):
        return _list_reader(spelled)
    if spelled.startswith("{}"):
        return _map_reader(spelled)
    if spelled.startswith("JSONSchemaPropsOr"):
        return _schema_or_reader(spelled)
    leaf = LEAF_READERS[spelled]
    return lambda value, _: leaf(value)


def _struct_reader(key: str) -> Reader:
    go_name = key.rpartition(".")[2]
    table = {item.name: _entry(item) for item in json_fields(key)}
    lookup = table.get

    def read(value: Any, unknown: Unknown) -> JsonObject:
        if type(value) is not dict:
            raise Mismatch(found_type(value), key.rpartition("/")[2])
        copy: JsonObject = {}
        for name, item in value.items():
            entry = lookup(name)
            if entry is None:
                unknown.append(name)
                continue
            plain, keeps_zero, inner = entry
            if type(item) is plain:
                if item or keeps_zero:
                    copy[name] = item
                continue
            if item is None:
                continue
            count = len(unknown)
            try:
                result = inner(item, unknown)
            except Mismatch as problem:
                problem.struct = problem.struct or go_name
                problem.path.append(name)
                raise
            if result or keeps_zero:
                copy[name] = result
            if len(unknown) != count:
                _prefix(unknown, count, name)
        return copy

    return read


def _entry(item: Field) -> tuple[type | None, bool, Reader]:
    """(Python type that is accepted unchanged, whether a zero differs from absence, reader for the rest)."""
    plain = {"string": str, "bool": bool}.get(item.type)
    keeps_zero = item.pointer or item.type in STRUCT_LEAVES or is_struct(item.type)
    return plain, keeps_zero, reader_of(item.type)


def _prefix(unknown: Unknown, start: int, name: str) -> None:
    for index in range(start, len(unknown)):
        tail = unknown[index]
        unknown[index] = f"{name}{tail}" if tail.startswith("[") else f"{name}.{tail}"


def _read_string_map(value: Any, unknown: Unknown) -> JsonObject:
    if type(value) is not dict:
        raise Mismatch(found_type(value), "map[string]string")
    copy = dict(value)
    for key, item in value.items():
        if type(item) is not str:
            if item is not None:
                raise Mismatch(found_type(item), "string")
            copy[key] = ""
    return copy


def _read_string_list(value: Any, unknown: Unknown) -> list[str]:
    if type(value) is not list:
        raise Mismatch(found_type(value), "[]string")
    copy = list(value)
    for index, item in enumerate(value):
        if type(item) is not str:
            if item is not None:
                raise Mismatch(found_type(item), "string")
            copy[index] = ""
    return copy


def _list_reader(spelled: str) -> Reader:
    inner, zero = reader_of(spelled[2:]), _zero_maker(spelled[2:])

    def read(value: Any, unknown: Unknown) -> list[JsonValue]:
        if type(value) is not list:
            raise Mismatch(found_type(value), f"[]{spelled[2:].rpartition('/')[2]}")
        copy = []
        for index, item in enumerate(value):
            count = len(unknown)
            copy.append(zero() if item is None else inner(item, unknown))
            if len(unknown) != count:
                _prefix(unknown, count, f"[{index}]")
        return copy

    return read


def _map_reader(spelled: str) -> Reader:
    inner, zero = reader_of(spelled[2:]), _zero_maker(spelled[2:])
    if spelled == "{}bytes":
        zero = str  # stored as an empty byte string, which is not null

    def read(value: Any, unknown: Unknown) -> JsonObject:
        if type(value) is not dict:
            raise Mismatch(found_type(value), f"map[string]{spelled[2:].rpartition('/')[2]}")
        copy: JsonObject = {}
        for key, item in value.items():
            count = len(unknown)
            copy[key] = zero() if item is None else inner(item, unknown)
            if len(unknown) != count:
                _prefix(unknown, count, key)
        return copy

    return read


def _schema_or_reader(spelled: str) -> Reader:
    """A JSON schema, or one of its alternatives: a bool, a list of schemas, a list of strings."""
    struct = reader_of(_SCHEMA)

    def read(value: Any, unknown: Unknown) -> JsonValue:
        if type(value) is dict:
            return struct(value, unknown)
        if spelled == "JSONSchemaPropsOrBool" and type(value) is bool:
            return value
        if spelled == "JSONSchemaPropsOrArray" and type(value) is list:
            return [struct(item, unknown) for item in value]
        if spelled == "JSONSchemaPropsOrStringArray" and type(value) is list:
            return _read_string_list(value, unknown)
        raise Mismatch(found_type(value), spelled)

    return read


def _zero_maker(spelled: str) -> Callable[[], JsonValue]:
    if is_struct(spelled):
        return dict
    zero = LEAF_ZEROS.get(spelled)
    return lambda: zero


def printer_of(spelled: str) -> Printer | None:
    """What to do with a kept value before it is emitted; None if nothing ever has to be done."""
    if spelled not in _printers:
        if is_struct(spelled):
            _printers[spelled] = lambda value: _late(spelled, value)
            _printers[spelled] = _struct_printer(spelled)
        else:
            _printers[spelled] = _other_printer(spelled)
    return _printers[spelled]


def _late(spelled: str, value: Any) -> None:
    printer = _printers[spelled]
    if printer is not None:
        printer(value)


def _other_printer(spelled: str) -> Printer | None:
    if spelled.startswith("JSONSchemaPropsOr"):
        struct = printer_of(_SCHEMA)
        return lambda value: _print_schemas(struct, value)
    if not spelled.startswith(("[]", "{}")):
        return None
    inner = printer_of(spelled[2:])
    if inner is None:
        return None
    if spelled.startswith("[]"):
        return lambda value: _print_each(inner, value)
    return lambda value: _print_each(inner, value.values())


def _print_each(inner: Printer, values: Any) -> None:
    for item in values:
        inner(item)


def _print_schemas(struct: Printer | None, value: Any) -> None:
    if struct is None:
        return
    for item in value if type(value) is list else (value,):
        if type(item) is dict:
            struct(item)


def _struct_printer(key: str) -> Printer | None:
    fields = json_fields(key)
    found = {item.name: printer_of(item.type) for item in fields}
    deep = {name: printer for name, printer in found.items() if printer is not None}
    omitted = {item.name for item in fields if not item.pointer and item.omit_empty and not _never_empty(item)}
    nulls = frozenset(item.name for item in fields if item.pointer and not item.omit_empty)
    always = [(item.name, _emitted_zero(item)) for item in fields if not _may_be_absent(item)]

    def show(value: Any) -> None:
        dropped = None
        for name, item in value.items():
            if item:
                if name in deep:
                    deep[name](item)
            elif name in omitted or (item is None and name not in nulls):
                dropped = [name] if dropped is None else [*dropped, name]
            elif name in deep and item is not None:
                deep[name](item)
        if dropped is not None:
            for name in dropped:
                del value[name]
        for name, zero in always:
            if name not in value:
                value[name] = zero()

    return show if fields else None


def _never_empty(item: Field) -> bool:
    return is_struct(item.type) or item.type in STRUCT_LEAVES


def _may_be_absent(item: Field) -> bool:
    """Whether Go leaves the field out when it is unset."""
    if item.pointer:
        return item.omit_empty
    if item.omit_zero:
        return True
    return item.omit_empty and not _never_empty(item)


def _emitted_zero(item: Field) -> Callable[[], JsonValue]:
    if not item.pointer and is_struct(item.type):
        printer = printer_of(item.type)

        def make() -> JsonObject:
            value: JsonObject = {}
            if printer is not None:
                printer(value)
            return value

        return make
    zero = None if item.pointer else LEAF_ZEROS.get(item.type)
    return lambda: zero
