"""Objects in memory, a snapshot of them, and writes applied to them: enough to drive one controller's decisions.

No server and no engine: for recorded single turns, whose objects are no complete ones. What a real server would default
or refuse is not there; the stories in virtual time use `kit.engine`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

from argosy.apis.schema import read
from argosy.machinery.controller import PENDING, Apart, Event, Index, Question, Refusal, Step
from argosy.machinery.objects import JsonObject, Key, Kind, Resource, resource_of
from argosy.machinery.patches.jsonpatch import apply_json_patch
from argosy.machinery.patches.mergepatch import merge_patch
from argosy.machinery.requests import Write

Place = tuple[str, Key]


class PureWorld:
    def __init__(self) -> None:
        self.stored: dict[Place, JsonObject] = {}
        self.events: list[Event] = []
        self.memory: Any = None
        self.refusal: Refusal | None = None
        self.refusals: tuple[Refusal, ...] = ()
        self.absent_kinds: set[str] = set()
        self.answers: Callable[[Question[Any]], Any] = lambda question: PENDING
        self._versions = 1
        self._views: dict[int, tuple[JsonObject, Any]] = {}

    def add(self, resource: Resource, obj: JsonObject) -> JsonObject:
        metadata = obj["metadata"]
        metadata.setdefault("uid", f"uid-{resource.plural}-{metadata.get('name')}")
        metadata["resourceVersion"] = str(self._versions)
        self._versions += 1
        obj.setdefault("apiVersion", resource.api_version)
        obj.setdefault("kind", resource.kind)
        self.stored[resource.qualified, Key(metadata.get("namespace") or "", metadata["name"])] = obj
        return obj

    def carry_out(self, steps: Iterable[Step]) -> None:
        for step in steps:
            if isinstance(step, Event):
                self.events.append(step)
            elif isinstance(step, Apart):
                for chain in step.chains:
                    self.carry_out(chain)
            else:
                self._write(step)

    def _write(self, write: Write) -> None:
        place = write.resource.qualified, write.key
        if write.subresource == "eviction" or (write.verb == "delete"):
            self.stored.pop(place, None)
        elif write.verb == "create":
            assert place not in self.stored, f"{write} exists"
            self.add(write.resource, copy.deepcopy(write.body))
        else:
            assert write.verb == "patch", write
            old = self.stored[place]
            body = dict(write.body)
            conditions = body.pop("metadata", {})
            version = conditions.pop("resourceVersion", None)
            assert version in (None, old["metadata"]["resourceVersion"]), f"{write} is stale"
            conditions.pop("uid", None)
            if conditions:
                body["metadata"] = conditions
            self.add(write.resource, merge_patch(copy.deepcopy(old), body))

    # -- machinery.controller.Snapshot ---------------------------------------------------------------------------------

    def get(self, kind: type[Any], key: Key) -> Any:
        obj = self.object(resource_of(kind), key)
        return None if obj is None else self._view(kind, obj)

    def _view(self, kind: type[Any], obj: JsonObject) -> Any:
        return read(kind, obj)

    def list(self, kind: type[Any], namespace: str = "", selector: str = "") -> tuple[Any, ...]:
        return tuple(self._view(kind, obj) for obj in self.objects_in(resource_of(kind), namespace))

    def owned(self, kind: type[Any], owner_uid: str) -> tuple[Any, ...]:
        return tuple(self._view(kind, obj) for obj in self.owned_objects(resource_of(kind), owner_uid))

    def owned_objects(self, resource: Resource, owner_uid: str) -> tuple[JsonObject, ...]:
        found = [(obj, obj["metadata"].get("ownerReferences") or ()) for obj in self.objects_in(resource, "")]
        return tuple(obj for obj, refs in found if any(ref.get("uid") == owner_uid for ref in refs))

    def indexed(self, index: Index[Any], value: str) -> tuple[Any, ...]:
        assert not isinstance(index.kind, Resource)
        found = self.objects_in(resource_of(index.kind), "")
        return tuple(self._view(index.kind, obj) for obj in found if value in index.values(obj))

    def indexed_objects(self, index: Index[Any], value: str) -> tuple[JsonObject, ...]:
        return tuple(obj for obj in self.objects_in(resource_of(index.kind), "") if value in index.values(obj))

    def object(self, resource: Resource, key: Key) -> JsonObject | None:
        return self.stored.get((resource.qualified, key))

    def objects_in(self, resource: Resource, namespace: str) -> tuple[JsonObject, ...]:
        found = [(key, obj) for (name, key), obj in self.stored.items() if name == resource.qualified]
        return tuple(obj for key, obj in sorted(found, key=lambda pair: pair[0]) if namespace in ("", key.namespace))

    def objects(self, resource: Resource, namespace: str = "", selector: str = "") -> tuple[JsonObject, ...]:
        assert not selector, selector
        return self.objects_in(resource, namespace)

    def serves(self, kind: Kind) -> bool:
        return resource_of(kind).qualified not in self.absent_kinds

    def ask(self, question: Question[Any]) -> Any:
        return self.answers(question)


__all__ = ["PureWorld", "apply_json_patch"]
