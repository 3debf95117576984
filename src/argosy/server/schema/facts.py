"""What the committed facts say (`scripts/api_facts.py` makes them), read once and typed.

A field's mode is what Go's JSON encoder does with it: omitted when empty (`OMIT`), always there (`ALWAYS`), there when
set even to zero (`POINTER`), a structure that is always there (`STRUCT`), or its fields beside the others (`INLINE`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

OMIT: Final = ""
ALWAYS: Final = "a"
POINTER: Final = "p"
STRUCT: Final = "s"
INLINE: Final = "i"

IGNORED: Final = "yaml.OverrideIgnoreDiff"
"""A structure that is a YAML document in JSON."""
RENAMED: Final = {
    "v1alpha1.ResourceOverride": {
        "healthLua": ("health.lua", "string"),
        "useOpenLibs": ("health.lua.useOpenLibs", "bool"),
        "actions": ("actions", "string"),
        "ignoreDifferences": ("ignoreDifferences", IGNORED),
        "ignoreResourceUpdates": ("ignoreResourceUpdates", IGNORED),
        "knownTypeFields": ("knownTypeFields", "v1alpha1.KnownTypeField"),
    }
}
"""Structures whose Go type writes its JSON by hand."""


@dataclass(frozen=True, slots=True)
class Field:
    number: int
    name: str
    """In protobuf; also what query parameters are called."""
    type: str
    repeated: bool
    required: bool
    mode: str
    json: str
    key: str = ""
    """Type of a map's keys; "" for what is no map."""

    @property
    def is_map(self) -> bool:
        return bool(self.key)


@dataclass(frozen=True, slots=True)
class Message:
    name: str
    proto3: bool
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        return next((item for item in self.fields if item.name == name), None)


@dataclass(frozen=True, slots=True)
class Method:
    service: str
    name: str
    request: str
    response: str
    server_stream: bool
    client_stream: bool
    body: str
    """`*`: the HTTP body is the whole request; a field's name: it is that field; "": there is none."""
    http: tuple[tuple[str, str], ...]

    @property
    def full_name(self) -> str:
        return f"{self.service}/{self.name}"


SCALARS: Final = frozenset({"string", "bool", "int32", "int64", "uint32", "uint64", "bytes", "double", "float"})


@cache
def _document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files(__package__).joinpath("facts.json").read_bytes())
    return found


@cache
def methods() -> dict[str, Method]:
    """By full name, `package.Service/Method`."""
    found = {}
    for full, (request, response, streams, body, http) in _document()["methods"].items():
        service, _, name = full.partition("/")
        rules = tuple((verb, path) for verb, path in http)
        found[full] = Method(service, name, request, response, "s" in streams, "c" in streams, body, rules)
    return found


@cache
def message(name: str) -> Message:
    proto, *fields = _document()["messages"][name]
    return Message(name, proto == 3, tuple(_field(name, *field) for field in fields))


def is_message(kind: str) -> bool:
    return kind not in SCALARS


def _field(
    owner: str, number: int, name: str, kind: str, label: str = "", mode: str = "", json_name: str = ""
) -> Field:
    key, spelled = "", json_name or name
    if kind.startswith("map<"):
        key, _, kind = kind[4:-1].partition(",")
    if (renamed := RENAMED.get(owner, {}).get(name)) is not None:
        spelled, kind = renamed
        mode = OMIT
    return Field(number, name, kind, "r" in label, "!" in label, mode, spelled, key)


def json_keys(name: str) -> frozenset[str]:
    """Of a structure, with those of what is inlined in it."""
    found: set[str] = set()
    for field in message(name).fields:
        found |= json_keys(field.type) if field.mode == INLINE else {field.json}
    return frozenset(found)
