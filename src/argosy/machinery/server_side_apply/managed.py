"""managedFields entries: the managers of an object's paths, as a table by manager identity (spec 10.3).

Identity is manager, operation and subresource, plus apiVersion for Update. Entries that our own writes stored are in
normalized and are used as they are; those that a client sends are parsed and not cached: that is rare.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import orjson

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.server_side_apply import fieldset
from argosy.machinery.server_side_apply.fieldset import FieldSet

MAX_UPDATE_ENTRIES = 10
ANCIENT = "ancient-changes"
_SHARED_SIZE = 2048
"""Maximum bytes of JSON for a set that all objects share."""
_UID = rb'"k:{\"uid\":'
"""Part of a set of owner references, which no other object has."""

STRIPPED = fieldset.of_paths(
    [
        ("f:apiVersion",),
        ("f:kind",),
        ("f:metadata",),
        *(
            ("f:metadata", f"f:{name}")
            for name in (
                "name",
                "namespace",
                "creationTimestamp",
                "selfLink",
                "uid",
                "generation",
                "managedFields",
                "resourceVersion",
            )
        ),
    ]
)
"""Paths that nobody owns."""


class Identity(NamedTuple):
    operation: str
    manager: str
    subresource: str
    api_version: str
    """Empty for Apply."""


def identity(operation: str, manager: str, subresource: str, api_version: str) -> Identity:
    return Identity(operation, manager, subresource, "" if operation == "Apply" else api_version)


@dataclass(frozen=True, slots=True)
class Entry:
    """`source` is the stored entry while it is unchanged, so that unchanged entries stay the same objects."""

    fields: FieldSet
    api_version: str
    time: str
    source: JsonObject | None = None

    def with_fields(self, fields: FieldSet) -> Entry:
        return self if fields is self.fields else replace(self, fields=fields, source=None)


Managers = dict[Identity, Entry]


def entries_of(obj: JsonObject | None) -> list[JsonObject]:
    return ((obj or {}).get("metadata") or {}).get("managedFields") or []


def decode(entries: Iterable[JsonObject], *, trusted: bool = True) -> Managers:
    """By identity. `trusted` entries are our own; others are parsed. Raises FieldSetError."""
    managers: Managers = {}
    for entry in entries:
        api_version = entry.get("apiVersion") or ""
        key = identity(
            entry.get("operation") or "", entry.get("manager") or "", entry.get("subresource") or "", api_version
        )
        if key.operation not in ("Apply", "Update"):
            raise fieldset.FieldSetError(f"operation {key.operation!r} must be Apply or Update")
        raw = entry.get("fieldsV1") or {}
        fields = raw if trusted else fieldset.parse(raw)
        managers[key] = Entry(fields, api_version, entry.get("time") or "", entry if trusted else None)
    return managers


def encode(managers: Managers) -> list[JsonObject]:
    """Sorted: Apply before Update, then time, manager, apiVersion, subresource."""
    return [
        entry.source if entry.source is not None else _entry(key, entry)
        for key, entry in sorted(managers.items(), key=_order)
    ]


def _order(item: tuple[Identity, Entry]) -> tuple[str, ...]:
    key, entry = item
    return key.operation, entry.time, key.manager, entry.api_version, key.subresource


def _entry(key: Identity, entry: Entry) -> JsonObject:
    encoded: JsonObject = {"manager": key.manager, "operation": key.operation, "apiVersion": entry.api_version}
    if entry.time:
        encoded["time"] = entry.time
    encoded["fieldsType"] = "FieldsV1"
    fields = fieldset.emit(entry.fields)
    text = orjson.dumps(fields)
    encoded["fieldsV1"] = _compact(text) if len(text) <= _SHARED_SIZE else fields
    if key.subresource:
        encoded["subresource"] = key.subresource
    return encoded


def _compact(text: bytes) -> FieldSet:
    if _UID in text:
        found: FieldSet = orjson.loads(text)  # its keys are shared anyway
        return found
    # A copy: the serialiser's own bytes keep the spare room of the buffer that they were written to.
    return _shared(bytes(memoryview(text)))


@lru_cache(maxsize=4096)
def _shared(text: bytes) -> FieldSet:
    """One set for all objects with equal managers: for ten thousand similar objects they were the largest part."""
    found: FieldSet = orjson.loads(text)
    return found


def with_entries(obj: JsonObject, entries: list[JsonObject]) -> JsonObject:
    """The object with these managedFields; without the field if there are none."""
    metadata = {key: value for key, value in (obj.get("metadata") or {}).items() if key != "managedFields"}
    if entries:
        metadata["managedFields"] = entries
    return {**obj, "metadata": metadata}


def capped(managers: Managers) -> Managers:
    """At most 10 Update entries: the oldest of the same apiVersion are merged into `ancient-changes`."""
    updates = [item for item in managers.items() if item[0].operation == "Update"]
    excess = len(updates) - MAX_UPDATE_ENTRIES
    if excess <= 0:
        return managers
    result = dict(managers)
    first: dict[str, Identity] = {}
    for key, entry in sorted(updates, key=lambda item: (item[1].time, item[0])):
        if excess <= 0:
            break
        version = entry.api_version
        if version not in first:
            first[version] = key
            continue
        bucket = identity("Update", ANCIENT, "", version)
        if bucket not in result:
            result[bucket] = replace(result.pop(first[version]), source=None)
        merged = fieldset.union(result[bucket].fields, entry.fields)
        if key != bucket:
            del result[key]
        result[bucket] = Entry(merged, version, entry.time)
        excess -= 1
    return result


def reset_paths(reset: Iterable[Iterable[str]]) -> tuple[fieldset.Path, ...]:
    """Field names, as strategies list them, into path elements."""
    return tuple(tuple(f"f:{name}" for name in path) for path in reset)


def is_cleared(entries: JsonValue) -> bool:
    """A client's `[]` or `[{}]`: drop all managers."""
    return isinstance(entries, list) and (not entries or entries == [{}])
