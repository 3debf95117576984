"""A Snapshot over objects that were read beforehand, for expressions and steps on the cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

from argosy.apis.schema import read
from argosy.machinery.controller import PENDING, Index, Question
from argosy.machinery.objects import JsonObject, Key, Kind, Resource, resource_of
from argosy.machinery.selectors import parse_labels

T = TypeVar("T")


class Loaded:
    """`objects`: the visible objects of each kind. A kind that is missing has none."""

    def __init__(self, objects: Mapping[Resource, Sequence[JsonObject]]) -> None:
        self._objects = {(kind.group, kind.plural): list(found) for kind, found in objects.items()}
        self.memory: Any = None
        self.refusal = None
        self.refusals = ()

    def object(self, resource: Resource, key: Key) -> JsonObject | None:
        return next((one for one in self.objects(resource, key.namespace) if one["metadata"]["name"] == key.name), None)

    def objects(self, resource: Resource, namespace: str = "", selector: str = "") -> tuple[JsonObject, ...]:
        wanted = parse_labels(selector)
        return tuple(
            one
            for one in self._objects.get((resource.group, resource.plural), ())
            if namespace in ("", one["metadata"].get("namespace") or "")
            and wanted.matches(one["metadata"].get("labels") or {})
        )

    def serves(self, kind: Kind) -> bool:
        found = resource_of(kind)
        return (found.group, found.plural) in self._objects

    def get(self, kind: type[T], key: Key) -> T | None:
        found = self.object(resource_of(kind), key)
        return read(kind, found) if found is not None else None

    def list(self, kind: type[T], namespace: str = "", selector: str = "") -> tuple[T, ...]:
        return tuple(read(kind, one) for one in self.objects(resource_of(kind), namespace, selector))

    def owned(self, kind: type[T], owner_uid: str) -> tuple[T, ...]:
        return tuple(read(kind, one) for one in self.owned_objects(resource_of(kind), owner_uid))

    def owned_objects(self, resource: Resource, owner_uid: str) -> tuple[JsonObject, ...]:
        return tuple(one for one in self.objects(resource) if owner_uid in _owners(one))

    def indexed(self, index: Index[T], value: str) -> tuple[T, ...]:
        kind = cast("type[T]", index.kind)  # callers of this method have an index of a view
        return tuple(read(kind, one) for one in self.indexed_objects(index, value))

    def indexed_objects(self, index: Index[Any], value: str) -> tuple[JsonObject, ...]:
        return tuple(one for one in self.objects(resource_of(index.kind)) if value in index.values(one))

    def ask(self, question: Question[Any]) -> Any:
        return PENDING


def _owners(obj: JsonObject) -> list[str]:
    return [one.get("uid", "") for one in obj["metadata"].get("ownerReferences") or ()]
