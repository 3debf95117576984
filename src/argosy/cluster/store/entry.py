"""One stored object, and one change of it. Both are immutable by convention and shared by all readers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import orjson

from argosy.cluster.store.packing import is_packed, labels_of, length_of
from argosy.machinery.objects import JsonObject, Key

if TYPE_CHECKING:
    from argosy.cluster.request import Frame
    from argosy.cluster.store.warmth import Warmth


class Unencodable(TypeError):
    """A value that JSON cannot represent; the message names the place and the reason, and shows no value."""


def encode(obj: JsonObject | None) -> bytes:
    """Raises Unencodable for values that JSON cannot represent, such as an integer of more than 64 bits."""
    try:
        # A copy: the serialiser's own bytes keep the spare room of the buffer that they were written to.
        return bytes(memoryview(orjson.dumps(obj)))
    except TypeError as error:
        raise Unencodable(_first_fault(obj, "") or str(error)) from None


def _first_fault(value: object, path: str) -> str:
    """Where the first unencodable value is, and why; empty when there is none."""
    try:
        orjson.dumps(value)
    except TypeError as error:
        inner: Iterable[tuple[str, object]] = ()
        if isinstance(value, dict):
            inner = ((f"{path}.{key}" if path else str(key), item) for key, item in value.items())
        elif isinstance(value, list):
            inner = ((f"{path}[{index}]", item) for index, item in enumerate(value))
        found = next((fault for place, item in inner if (fault := _first_fault(item, place))), "")
        return found or f"{path}: {error}"
    return ""


class Entry:
    """An object in its storage version: as bytes, and also decoded while it is in use (`warmth`, `packing`)."""

    __slots__ = ("_encoded", "_obj", "created_rev", "key", "rev", "used", "warmth")

    def __init__(
        self,
        key: Key,
        rev: int,
        created_rev: int,
        obj: JsonObject | None = None,
        encoded: bytes | None = None,
        warmth: Warmth | None = None,
    ) -> None:
        """Without `warmth` it stays decoded once it is."""
        self.key = key
        self.rev = rev
        self.created_rev = created_rev
        self.used = False
        """Whether it was used since `warmth` last checked."""
        self._obj = obj
        self._encoded = encoded
        self.warmth = warmth
        if obj is not None and warmth is not None:
            warmth.add(self)

    @property
    def obj(self) -> JsonObject:
        self.used = True
        obj = self._obj
        if obj is None:
            obj = self._obj = self.peek
            if self.warmth is not None:
                self.warmth.add(self)
        return obj

    @property
    def peek(self) -> JsonObject:
        """The object for a single read: a scan must not evict what is really in use."""
        if self._obj is not None:
            return self._obj
        found: JsonObject = orjson.loads(self.encoded)
        return found

    @property
    def encoded(self) -> bytes:
        held = self._encoded
        if held is None:
            held = self._encoded = encode(self._obj)
        return held if self.warmth is None or not is_packed(held) else self.warmth.packing.unpacked(held)

    @property
    def size(self) -> int:
        """The size of the bytes, where they exist."""
        return length_of(self._encoded) if self._encoded is not None else 0

    @property
    def is_decoded(self) -> bool:
        return self._obj is not None

    def may_contain(self, traces: tuple[bytes, ...]) -> bool:
        """False only if some of the texts (of labels) are certainly not in the object's bytes; a decoded object is not
        searched.
        """
        if self._obj is not None or self._encoded is None:
            return True
        labels = labels_of(self._encoded)
        return all(trace in labels for trace in traces)

    def cool(self) -> None:
        """Keeps bytes only, packed, until the object is read again."""
        if (obj := self._obj) is None:
            return
        held = self._encoded if self._encoded is not None else encode(obj)
        if self.warmth is not None and not is_packed(held):
            kind, labels = obj.get("kind"), obj["metadata"].get("labels")
            held = self.warmth.packing.packed(held, str(kind), encode(labels) if labels else b"")
        self._encoded = held
        self._obj = None

    def retire(self) -> None:
        """Only reads of past revisions need the decoded object."""
        if self._obj is None and self._encoded is not None and not is_packed(self._encoded):
            self._obj = self.peek
        self.cool()


class Change:
    """The effect of one revision on one object: `old` is absent for a creation, `new` for a deletion."""

    __slots__ = ("_deleted", "frames", "group", "new", "old", "plural", "rev")

    def __init__(self, group: str, plural: str, rev: int, old: Entry | None, new: Entry | None) -> None:
        self.group = group
        self.plural = plural
        self.rev = rev
        self.old = old
        self.new = new
        self._deleted: Entry | None = None
        self.frames: dict[tuple[str, str], Frame] = {}
        """Serialised once per event type and version, for all watchers (filled by handlers/watching.py)."""

    @property
    def key(self) -> Key:
        entry = self.new or self.old
        assert entry is not None
        return entry.key

    @property
    def obj(self) -> JsonObject:
        """The object as it is now, or its last state with the revision of its deletion."""
        return self.new.obj if self.new is not None else self.last.obj

    @property
    def past(self) -> tuple[Entry, ...]:
        """The states that only this change leads to."""
        return tuple(entry for entry in (self.old, self._deleted) if entry is not None)

    @property
    def last(self) -> Entry:
        """The state before this change under this change's revision: the content of a DELETED event (spec 9.2)."""
        if self._deleted is None:
            assert self.old is not None
            obj = self.old.obj
            marked = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(self.rev)}}
            self._deleted = Entry(self.old.key, self.rev, self.old.created_rev, marked, warmth=self.old.warmth)
        return self._deleted
