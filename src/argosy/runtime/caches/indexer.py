"""Objects by key, in order, and by their index values. It does not matter who fills it."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from argosy.machinery.objects import JsonObject, Key


@dataclass(slots=True)
class Trouble:
    """The errors of a cache since it was started, for metrics and health checks."""

    failures: int = 0
    """Consecutive failed lists and watches; 0 again after the next success."""
    last_error: str = ""
    is_refused: bool = False
    """The last failure was a denied read permission on the server."""
    bad_objects: int = 0
    handler_errors: int = 0


@dataclass(slots=True)
class _Index:
    values: Callable[[JsonObject], Iterable[str]]
    keys: dict[str, set[Key]] = field(default_factory=dict)

    def add(self, key: Key, obj: JsonObject) -> None:
        for value in self.values(obj):
            self.keys.setdefault(value, set()).add(key)

    def remove(self, key: Key, obj: JsonObject) -> None:
        for value in self.values(obj):
            keys = self.keys.get(value)
            if keys is not None:
                keys.discard(key)
                if not keys:
                    del self.keys[value]


class Indexer:
    """Reads are proportional to their results: a namespace's objects are kept sorted, an index has keys."""

    def __init__(self) -> None:
        self.trouble = Trouble()
        self._objects: dict[Key, JsonObject] = {}
        self._sorted: dict[str, list[Key]] = {}
        self._indexes: dict[str, _Index] = {}

    def __len__(self) -> int:
        return len(self._objects)

    def get(self, key: Key) -> JsonObject | None:
        return self._objects.get(key)

    def list(self, namespace: str = "") -> Sequence[JsonObject]:
        if namespace:
            return [self._objects[key] for key in self._sorted.get(namespace, ())]
        return [self._objects[key] for space in sorted(self._sorted) for key in self._sorted[space]]

    def by_index(self, index: str, value: str) -> Sequence[JsonObject]:
        return [self._objects[key] for key in sorted(self._indexes[index].keys.get(value, ()))]

    def add_index(self, index: str, values: Callable[[JsonObject], Iterable[str]]) -> None:
        """An object whose index values cannot be computed is left out of the index, and counted as an error."""
        if index in self._indexes:
            return
        made = self._indexes[index] = _Index(_tolerant(values, self.trouble))
        for key, obj in self._objects.items():
            made.add(key, obj)

    def _put(self, key: Key, obj: JsonObject) -> JsonObject | None:
        """Returns the previous object."""
        old = self._objects.get(key)
        self._objects[key] = obj
        if old is None:
            insort(self._sorted.setdefault(key.namespace, []), key)
        for index in self._indexes.values():
            if old is not None:
                index.remove(key, old)
            index.add(key, obj)
        return old

    def _remove(self, key: Key) -> JsonObject | None:
        """Returns the removed object."""
        old = self._objects.pop(key, None)
        if old is None:
            return None
        keys = self._sorted[key.namespace]
        del keys[bisect_left(keys, key)]
        if not keys:
            del self._sorted[key.namespace]
        for index in self._indexes.values():
            index.remove(key, old)
        return old


def _tolerant(values: Callable[[JsonObject], Iterable[str]], trouble: Trouble) -> Callable[[JsonObject], Iterable[str]]:
    def guarded(obj: JsonObject) -> Iterable[str]:
        try:
            return tuple(values(obj))
        except Exception:
            trouble.bad_objects += 1
            return ()

    return guarded
