"""Decorators for typed resources: `@schema` for parts, `@resource` for kinds, and reading and writing JSON.

A field `target_revision: Annotated[str, Doc("...")] = ""` is `targetRevision` in JSON, optional as it has a default.
Reading keeps the complete JSON in `raw`, and writing merges the known fields into it, so that unknown fields survive.
A field is parsed on first access, so that a view of a large object costs only what is used of it.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from enum import StrEnum
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
    """Additional JSON-schema keywords, such as a pattern or a closed list of values."""

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
    """What a CustomResourceDefinition says about a kind besides its schema."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    served: bool = True
    storage: bool = True
    """False for all but one of several versions, see `generate.definition`."""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    subresources: Mapping[str, JsonObject] | None = None
    """None omits the field, as upstream does for some kinds."""
    selectable: tuple[str, ...] = ()
    """JSON paths that field selectors may name."""
    labels: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ("metadata", "spec")


FreeObject = Annotated[JsonObject, Rules({"x-kubernetes-preserve-unknown-fields": True})]
"""An object with any content."""
IntOrText = Annotated[
    int | str, Rules({"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": True})
]
Time = Annotated[str, Rules({"format": "date-time"})]
"""RFC 3339 text: parsed where it is compared, so that the original text survives."""
Int32 = Annotated[int, Rules({"format": "int32"})]

STATUS: Final[Mapping[str, JsonObject]] = {"status": {}}
"""Of `Definition.subresources`; `scale` makes the other one."""


def scale(selector: str = "", *, replicas: str = ".spec.replicas", status: str = ".status.replicas") -> JsonObject:
    """The scale subresource by its three JSON paths; no selector, no pods that an autoscaler could measure."""
    paths = {"specReplicasPath": replicas, "statusReplicasPath": status}
    return {"labelSelectorPath": selector, **paths} if selector else paths


DEFINITION: Final = "__definition__"

_set: Final = object.__setattr__
"""Sets a field of a frozen class. Accessing an object's `__dict__` creates one, of 64 bytes, permanently."""


class Object:
    """The base of classes whose JSON is accessed: declares `raw`, which `@schema` creates, to the type checker."""

    raw: JsonObject


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def schema(cls: type[T]) -> type[T]:
    """Makes the class a frozen dataclass with a hidden `raw`: the JSON that it was read from."""
    cls.__annotations__["raw"] = JsonObject
    cls.raw = field(default_factory=dict, repr=False, compare=False)  # type: ignore[attr-defined]
    # Equality, hash and text are the same code for all: to compile them for each of hundreds takes half of its making.
    made = dataclass(frozen=True, kw_only=True, eq=False, repr=False)(cls)
    for found in fields(made):  # type: ignore[arg-type]
        if found.name != "raw":
            setattr(made, found.name, _Reading(found))
    made.__eq__, made.__hash__, made.__repr__ = _equals, _hash, _text  # type: ignore[method-assign, assignment]
    return made


def _values(view: Any) -> tuple[Any, ...]:
    return tuple([getattr(view, found.name) for found in fields(view) if found.compare])


def _equals(view: Any, other: Any) -> bool:
    return _values(view) == _values(other) if type(view) is type(other) else NotImplemented


def _hash(view: Any) -> int:
    return hash(_values(view))


def _text(view: Any) -> str:
    texts = (f"{found.name}={getattr(view, found.name)!r}" for found in fields(view) if found.repr)
    return f"{type(view).__qualname__}({', '.join(texts)})"


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def resource(group: str, version: str, *, plural: str, **more: Any) -> Callable[[type[T]], type[T]]:
    """`@schema` for a whole kind; `more` as in `Definition`."""

    def make(cls: type[T]) -> type[T]:
        made = schema(cls)
        definition = Definition(group=group, version=version, kind=cls.__name__, plural=plural, **more)
        setattr(made, DEFINITION, definition)
        made.__resource__ = Resource(group, version, plural, definition.kind, definition.namespaced)  # type: ignore[attr-defined]
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
    absent: Callable[[], Any]
    """The value of a field that is absent or null."""


class _Reading:
    """Parses a field of a view on first access; a view that was constructed has all its fields."""

    __slots__ = ("_default", "_name", "_part", "_reader")

    def __init__(self, found: Field[Any]) -> None:
        self._name = found.name
        self._default = found.default if found.default_factory is MISSING else MISSING
        self._part: Part | None = None
        self._reader: Callable[[Any], Any] | None = None

    def __get__(self, view: Any, cls: Any) -> Any:
        if view is None:
            if self._default is MISSING:
                raise AttributeError(self._name)
            return self._default
        part = self._part or self._resolved(cls)
        value = view.raw.get(part.name)
        value = part.absent() if value is None else self._reader(value) if self._reader else value
        _set(view, self._name, value)
        return value

    def _resolved(self, cls: Any) -> Part:
        part = next(part for part in parts(cls) if part.attribute == self._name)
        self._part, self._reader = part, _reader(part.type)
        return part


_PARTS: dict[Any, tuple[Part, ...]] = {}


def parts(cls: Any) -> tuple[Part, ...]:
    """The fields of a schema class, in order of declaration."""
    if (known := _PARTS.get(cls)) is None:
        hints = get_type_hints(cls, include_extras=True)
        known = tuple(_part(found, hints[found.name]) for found in fields(cls) if found.name != "raw")
        _PARTS[cls] = known
    return known


def unwrapped(hint: Any) -> tuple[Any, list[Any]]:
    """A type without `Annotated` and `None`, and the annotations."""
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
    """The view of a JSON object; absent and null fields have their defaults. Anything but an object reads as empty."""
    view = object.__new__(cls)
    _set(view, "raw", _fields(obj))
    return view


def written(view: Any) -> JsonObject:
    """The JSON of a view: known fields merged into the original JSON; fields at their default stay as they were."""
    result: JsonObject = dict(view.raw)
    for part in parts(type(view)):
        value = _plain(getattr(view, part.attribute))
        if part.required or part.name in result or value != _plain(part.absent()):
            if value is None:
                result.pop(part.name, None)
            else:
                result[part.name] = value
    return result


def _reader(hint: Any) -> Callable[[Any], Any] | None:
    """None where the JSON value is used unchanged."""
    if isinstance(hint, type) and is_dataclass(hint):
        return lambda value: read(hint, value)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        known = {str(word): word for word in hint}
        return lambda value: known.get(value, value)  # a value of a later version is kept
    if get_origin(hint) is tuple:
        inner = _reader(unwrapped(get_args(hint)[0])[0])
        return lambda value: tuple(map(inner, _items(value)) if inner else _items(value))
    if get_origin(hint) is dict:
        below = _reader(unwrapped(get_args(hint)[1])[0])
        return lambda value: {n: below(v) for n, v in _fields(value).items()} if below else _fields(value)
    return None


def _items(value: Any) -> list[Any]:
    return value if type(value) is list else []


def _fields(value: Any) -> JsonObject:
    return value if type(value) is dict else {}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return written(value)
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _empty(hint: Any) -> Any:
    if isinstance(hint, type) and is_dataclass(hint):
        return read(hint, {})
    if get_origin(hint) in (tuple, Sequence):
        return ()
    if get_origin(hint) is dict:
        return {}
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
    return Part(found.name, named or _camel(found.name), plain, doc, rules, required, _absent(found, plain))


def _absent(found: Field[Any], hint: Any) -> Callable[[], Any]:
    if found.default_factory is not MISSING:
        return found.default_factory
    if found.default is not MISSING:
        return lambda: found.default
    return lambda: _empty(hint)


def _camel(name: str) -> str:
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)
