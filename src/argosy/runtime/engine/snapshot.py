"""What one look sees (`machinery.controller.Snapshot`), and the record of what it read and asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from argosy.machinery.controller import Failed, Index, Pending, Question, Refusal
from argosy.machinery.objects import JsonObject, Key, Kind, Resource, resource_of
from argosy.runtime.engine.lister import OWNER_UID, Lister
from argosy.runtime.engine.listers import Extents, FilledKind, Listers
from argosy.runtime.engine.questions import Questions
from argosy.runtime.engine.served import ServedKinds
from argosy.runtime.engine.subscriptions import (
    Note,
    Work,
    index_note,
    namespace_note,
    object_note,
    served_note,
)

T = TypeVar("T")
A = TypeVar("A")


class CachedSnapshot:
    """For one look of one key; discarded after it."""

    def __init__(
        self,
        work: Work,
        listers: Listers,
        served: ServedKinds,
        questions: Questions,
        extents: Extents,
        memory: Any,
        refusals: tuple[Refusal, ...],
    ) -> None:
        self.memory = memory
        self.refusals = refusals
        self.notes: dict[Note, None] = {}
        """In the order of the first reads."""
        self.asked: list[Question[Any]] = []
        self._work, self._extents = work, extents
        self._listers, self._served, self._questions = listers, served, questions

    @property
    def refusal(self) -> Refusal | None:
        return self.refusals[0] if self.refusals else None

    def get(self, kind: type[T], key: Key) -> T | None:
        found = self._lister(kind, key.namespace)
        if found is None:
            return None
        self.notes[object_note(found.resource, key)] = None
        obj = found.get(key)
        return None if obj is None else found.view(kind, obj, key)

    def list(self, kind: type[T], namespace: str = "", selector: str = "") -> tuple[T, ...]:
        found = self._lister(kind, namespace)
        if found is None:
            return ()
        self.notes[namespace_note(found.resource, namespace)] = None
        return _views(kind, found, found.list(namespace, selector))

    def owned(self, kind: type[T], owner_uid: str) -> tuple[T, ...]:
        return self._by_index(kind, OWNER_UID, owner_uid)

    def indexed(self, index: Index[T], value: str) -> tuple[T, ...]:
        self._declare(index)
        assert not isinstance(index.kind, Resource), f"index {index.name} has no view class"
        return self._by_index(index.kind, index.name, value)

    def indexed_objects(self, index: Index[Any], value: str) -> tuple[JsonObject, ...]:
        self._declare(index)
        resource = resource_of(index.kind)
        found = self._lister(resource)
        if found is None:
            return ()
        self.notes[index_note(resource, index.name, value)] = None
        return tuple(found.by_index(index.name, value))

    def _declare(self, index: Index[Any]) -> None:
        if self.serves(index.kind):
            self._listers.index(index, self._extents.of(resource_of(index.kind), ""))

    def owned_objects(self, resource: Resource, owner_uid: str) -> tuple[JsonObject, ...]:
        found = self._lister(resource)
        if found is None:
            return ()
        self.notes[index_note(resource, OWNER_UID, owner_uid)] = None
        return tuple(found.by_index(OWNER_UID, owner_uid))

    def object(self, resource: Resource, key: Key) -> JsonObject | None:
        found = self._lister(resource, key.namespace)
        if found is None:
            return None
        self.notes[object_note(resource, key)] = None
        return found.get(key)

    def objects(self, resource: Resource, namespace: str = "", selector: str = "") -> tuple[JsonObject, ...]:
        found = self._lister(resource, namespace)
        if found is None:
            return ()
        self.notes[namespace_note(resource, namespace)] = None
        return tuple(found.list(namespace, selector))

    def serves(self, kind: Kind) -> bool:
        resource = resource_of(kind)
        self.notes[served_note(resource)] = None
        return resource in self._served

    def ask(self, question: Question[A]) -> A | Failed | Pending:
        self.asked.append(question)
        answer: A | Failed | Pending = self._questions.ask(question)
        return answer

    def _by_index(self, kind: type[T], index: str, value: str) -> tuple[T, ...]:
        found = self._lister(kind)
        if found is None:
            return ()
        self.notes[index_note(found.resource, index, value)] = None
        return _views(kind, found, found.by_index(index, value))

    def _lister(self, kind: Kind, namespace: str = "") -> Lister | None:
        """None: the kind is not served. Raises NotFilled."""
        known = self._extents.filled.get(kind)
        if known is not None and known.served_version == self._served.version:
            self.notes[known.note] = None
            return known.lister
        resource = resource_of(kind)
        if not self.serves(resource):
            return None
        extent = self._extents.of(resource, namespace)
        found = self._listers.filled(extent, self._work)
        if not extent.namespace:
            self._extents.filled[kind] = FilledKind(self._served.version, served_note(resource), found)
        return found


def _views(kind: type[T], lister: Lister, objects: Sequence[JsonObject] | Iterable[JsonObject]) -> tuple[T, ...]:
    return tuple([lister.view(kind, obj) for obj in objects])
