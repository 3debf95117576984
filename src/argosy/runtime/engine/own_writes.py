"""Own writes that a cache does not show yet, so that the next look sees what the last one did.

An entry is dropped as soon as the cache has passed the version of the write, whatever it shows then: an object that
was created and deleted again before the cache saw it leaves no ghost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

from argosy.machinery.objects import JsonObject, Key


@dataclass(frozen=True, slots=True)
class OwnWrite:
    """The object as the server returned it; None: the server reported that the object of this uid is deleted."""

    obj: JsonObject | None
    uid: str
    version: int
    """The object's version; 0 for a deletion, whose version the server does not return."""


class OwnWrites:
    """Of one kind in one cluster."""

    def __init__(self) -> None:
        self._writes: dict[Key, OwnWrite] = {}
        self._by_version: list[tuple[int, Key]] = []
        """A heap: as the cache advances, only entries that it may have passed are examined."""

    def __bool__(self) -> bool:
        return bool(self._writes)

    def __contains__(self, key: object) -> bool:
        return key in self._writes

    def __iter__(self) -> Iterator[Key]:
        return iter(tuple(self._writes))

    def wrote(self, key: Key, obj: JsonObject, cached: JsonObject | None, revision: str) -> None:
        """`cached` is what the cache shows now, `revision` its current revision."""
        metadata = obj["metadata"]
        version = version_number(metadata.get("resourceVersion"))
        made = OwnWrite(obj, metadata.get("uid") or "", version)
        if version and not _is_passed(made, cached, revision):
            self._put(key, made)

    def deleted(self, key: Key, uid: str, cached: JsonObject | None) -> None:
        known = self._writes.pop(key, None)
        if (cached is not None and cached["metadata"].get("uid") == uid) or (known is not None and known.uid == uid):
            self._put(key, OwnWrite(None, uid, known.version if known is not None and known.uid == uid else 0))

    def see(self, key: Key, cached: JsonObject | None, revision: str) -> JsonObject | None:
        """The object as a look should see it."""
        own = self._writes.get(key)
        if own is None:
            return cached
        if _is_passed(own, cached, revision):
            del self._writes[key]
            return cached
        return own.obj

    def progressed(self, revision: str) -> Iterator[Key]:
        """The keys whose writes a cache at this revision may have passed, each once."""
        reached = version_number(revision)
        while self._by_version and self._by_version[0][0] <= reached:
            version, key = heappop(self._by_version)
            own = self._writes.get(key)
            if own is not None and own.version == version:
                yield key

    def passed(self, key: Key, cached: JsonObject | None, revision: str) -> OwnWrite | None:
        """Removes and returns the entry that the cache has passed by now."""
        own = self._writes.get(key)
        if own is None or not _is_passed(own, cached, revision):
            return None
        return self._writes.pop(key)

    def _put(self, key: Key, own: OwnWrite) -> None:
        self._writes[key] = own
        heappush(self._by_version, (own.version, key))


def version_number(text: object) -> int:
    """Resource versions of one server count up; 0 for one that is not a number, which cannot be compared."""
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() else 0


def _is_passed(own: OwnWrite, cached: JsonObject | None, revision: str) -> bool:
    """Whether what the cache shows is at least as new as the write."""
    if cached is None:
        return version_number(revision) >= own.version
    metadata = cached["metadata"]
    if own.obj is None:
        return bool(metadata.get("uid") != own.uid)
    return max(version_number(metadata.get("resourceVersion")), version_number(revision)) >= own.version
