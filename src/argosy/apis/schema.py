"""The vocabulary of typed resources: `@schema` for parts, `@resource` for kinds, and reading and writing JSON.

A field `target_revision: Annotated[str, Doc("...")] = ""` is `targetRevision` in JSON, optional as it has a default.
Reading keeps the whole JSON in `raw`, and writing lays the known fields over it, so that nothing unknown is lost.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from typing import Annotated, Any, Final, TypeVar, Union, dataclass_transform, get_args, get_origin, get_type_hints

from argosy.machinery.objects import JsonObject, JsonValue, Resource

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Doc:
    """One line for `kubectl explain`."""

    text: str


@dataclass(frozen=True, slots=True)
class Name:
    """The JSON name where it is not the camel case of the field's name, as in `repoURL`."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """Further JSON-schema words, such as a pattern or a closed list of values."""

    words: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Column:
    """A printer column of `kubectl get`."""

    name: str
    path: str
    type: str = "string"
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What a CustomResourceDefinition says about a kind beside its schema."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    subresources: Mapping[str, JsonObject] | None = None
    """None leaves the word out, as upstream does for some kinds."""
    labels: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ("metadata", "spec")


FreeObject = Annotated[JsonObject, Rules({"x-kubernetes-preserve-unknown-fields": True})]
"""An object of any content."""
IntOrText = Annotated[
    int | str, Rules({"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": True})
]
Time = Annotated[str, Rules({"format": "date-time"})]
"""RFC 3339 text: parsed where it is compared, so that its spelling survives."""

DEFINITION: Final = "__definition__"


@dataclass_transform(frozen_default=True, kw_only_default=True)
def schema(cls: type[T]) -> type[T]:
    """Makes the class a frozen dataclass with a hidden `raw`: the JSON that it was read from."""
    cls.__annotations__["raw"] = JsonObject
    cls.raw = field(default_factory=dict, repr=False, compare=False)  # type: ignore[attr-defined]
    return dataclass(frozen=True, kw_only=True)(cls)


@dataclass_transform(frozen_default=True, kw_only_default=True)
def resource(group: str, version: str, *, plural: str, **more: Any) -> Callable[[type[T]], type[T]]:
    """`@schema` for a whole kind; `more` as in `Definition`."""

    def make(cls: type[T]) -> type[T]:
        made = schema(cls)
        said = Definition(group=group, version=version, kind=cls.__name__, plural=plural, **more)
        setattr(made, DEFINITION, said)
        made.__resource__ = Resource(group, version, plural, said.kind, said.namespaced)  # type: ignore[attr-defined]
        return made

    return make


@dataclass(frozen=True, slots=True)
class Part:
    """One field as it is read, written and described."""

    attribute: str
    name: str
    type: Any
    """Without `Annotated` and without `| None`."""
    doc: str
    rules: Mapping[str, JsonValue]
    required: bool


_Readers = tuple[tuple[Part, Callable[[Any], Any]], ...]
_PARTS: dict[Any, tuple[Part, ...]] = {}
_READERS: dict[Any, _Readers] = {}


def parts(cls: Any) -> tuple[Part, ...]:
    """The fields of a schema class, in order of declaration."""
    if (known := _PARTS.get(cls)) is None:
        hints = get_type_hints(cls, include_extras=True)
        known = tuple(_part(found, hints[found.name]) for found in fields(cls) if found.name != "raw")
        _PARTS[cls] = known
    return known


def unwrapped(hint: Any) -> tuple[Any, list[Any]]:
    """A type without `Annotated` and `None`, and what was annotated."""
    notes: list[Any] = []
    while True:
        if get_origin(hint) is Annotated:
            hint, *more = get_args(hint)
            notes += more
            continue
        if get_origin(hint) in (Union, types.UnionType):
            left = [item for item in get_args(hint) if item is not type(None)]
            if len(left) == 1:
                hint = left[0]
                continue
        return hint, notes


def read(cls: type[T], obj: JsonObject) -> T:
    """The view of a JSON object; absent and null fields have their defaults."""
    values: dict[str, Any] = {"raw": obj}
    for part, reader in _readers(cls):
        value = obj.get(part.name)
        if value is not None:
            values[part.attribute] = reader(value)
        elif part.required:
            values[part.attribute] = _empty(part.type)
    return cls(**values)


def written(view: Any) -> JsonObject:
    """The JSON of a view: known fields over what it was read from; fields at their default stay as they were."""
    result: JsonObject = dict(view.raw)
    for part in parts(type(view)):
        value = _plain(getattr(view, part.attribute))
        if part.required or part.name in result or value not in (None, "", False, 0, [], {}):
            if value is None:
                result.pop(part.name, None)
            else:
                result[part.name] = value
    return result


def _readers(cls: Any) -> _Readers:
    if (known := _READERS.get(cls)) is None:
        known = _READERS[cls] = tuple((part, _reader(part.type)) for part in parts(cls))
    return known


def _reader(hint: Any) -> Callable[[Any], Any]:
    if isinstance(hint, type) and is_dataclass(hint):
        return lambda value: read(hint, value)
    if get_origin(hint) is tuple:
        inner = _reader(unwrapped(get_args(hint)[0])[0])
        return lambda value: tuple([inner(item) for item in value])
    return lambda value: value


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return written(value)
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _empty(hint: Any) -> Any:
    if isinstance(hint, type) and is_dataclass(hint):
        return read(hint, {})
    if get_origin(hint) in (tuple, Sequence):
        return ()
    return hint() if isinstance(hint, type) else ""


def _part(found: Field[Any], hint: Any) -> Part:
    plain, notes = unwrapped(hint)
    named = next((note.text for note in notes if isinstance(note, Name)), "")
    rules: dict[str, JsonValue] = {}
    for note in notes:
        if isinstance(note, Rules):
            rules |= note.words
    doc = next((note.text for note in notes if isinstance(note, Doc)), "")
    required = found.default is MISSING and found.default_factory is MISSING
    return Part(found.name, named or _camel(found.name), plain, doc, rules, required)


def _camel(name: str) -> str:
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)
