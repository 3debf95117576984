"""A cache without malformed objects, so that readers and loops over all objects never meet one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from argosy.machinery.objects import JsonObject, Key, Resource, key_of
from argosy.runtime.caches.informer import Cache, Changed


class WellFormed:
    """The `runtime.informer.Cache`; `wrong` describes what is malformed, "" for nothing."""

    def __init__(self, cache: Cache, wrong: Callable[[JsonObject], str]) -> None:
        self._cache = cache
        self._wrong = wrong
        self._malformed: dict[Key, str] = {}
        self._was_malformed = False
        """What the current event changes; `_on_change` is called first."""
        cache.on_change(self._on_change)

    def malformed(self, key: Key) -> str:
        """What is malformed in the object; "" if it is well-formed, or does not exist."""
        return self._malformed.get(key, "")

    def raw(self, key: Key) -> JsonObject | None:
        """The object, even if malformed."""
        return self._cache.get(key)

    @property
    def resource(self) -> Resource:
        return self._cache.resource

    @property
    def synced(self) -> bool:
        return self._cache.synced

    @property
    def seen_up_to(self) -> int:
        return self._cache.seen_up_to

    def __len__(self) -> int:
        return len(self._cache) - len(self._malformed)

    def get(self, key: Key) -> JsonObject | None:
        return None if key in self._malformed else self._cache.get(key)

    def list(self, namespace: str = "") -> Sequence[JsonObject]:
        return self._well(self._cache.list(namespace))

    def by_index(self, index: str, value: str) -> Sequence[JsonObject]:
        return self._well(self._cache.by_index(index, value))

    def add_index(self, index: str, values: Callable[[JsonObject], Iterable[str]]) -> None:
        def of_any(obj: JsonObject) -> Iterable[str]:
            try:
                return tuple(values(obj))
            except (AttributeError, TypeError):
                return ()  # a malformed one; `by_index` leaves out those that have values

        self._cache.add_index(index, of_any)

    def on_change(self, handler: Changed, *, replay: bool = True) -> Callable[[], None]:
        """An object that becomes malformed is reported as deleted, and as added when it is well-formed again."""

        def on_change(old: JsonObject | None, new: JsonObject | None) -> None:
            was = None if self._was_malformed else old
            now = new if new is not None and key_of(new) not in self._malformed else None
            if was is not None or now is not None:
                handler(was, now)

        return self._cache.on_change(on_change, replay=replay)

    def on_malformed(self, handler: Callable[[Key], None]) -> Callable[[], None]:
        """Called for each added or changed object that is malformed."""

        def on_change(_old: JsonObject | None, new: JsonObject | None) -> None:
            if new is not None and (key := key_of(new)) in self._malformed:
                handler(key)

        return self._cache.on_change(on_change)

    async def wait_synced(self) -> None:
        await self._cache.wait_synced()

    def _well(self, found: Sequence[JsonObject]) -> Sequence[JsonObject]:
        if not self._malformed:
            return found
        return [obj for obj in found if key_of(obj) not in self._malformed]

    def _on_change(self, old: JsonObject | None, new: JsonObject | None) -> None:
        self._was_malformed = old is not None and self._malformed.pop(key_of(old), None) is not None
        if new is not None and (text := self._wrong(new)):
            self._malformed[key_of(new)] = text
