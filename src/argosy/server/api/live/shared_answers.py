"""Computes content that many open pages share once for all of them, and each patch, too.

Pages share content if their callers have the same rights and the same query. A caller that waits for an older one may
get content that was computed a moment ago; it is notified of newer changes next time.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Final

import orjson

from argosy.machinery.objects import JsonObject
from argosy.runtime.clock import Clock
from argosy.server.api.live.changes import Changed, Changing, patched

FRESH_SECONDS: Final = 0.05
AGED_SECONDS: Final = 30.0
"""Content that depends on the time, such as the end of a soak, is recomputed after this many seconds."""
MOST: Final = 256
"""Cached queries and patches."""


@dataclass(slots=True)
class _Answer:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    found: JsonObject | None = None
    rights: object = None
    version: int = 0
    at: float = 0.0


class Shared:
    """Lives as long as the process. `version` counts the changes of the caches, which it forwards."""

    def __init__(self, clock: Clock, caches: Sequence[Changing], *, ages: bool = False) -> None:
        """`ages`: the content also changes with the time."""
        self._clock, self._lasts = clock, AGED_SECONDS if ages else math.inf
        self.version = 0
        self._answers: dict[Hashable, _Answer] = {}
        self._patches: dict[tuple[int, int], tuple[JsonObject, JsonObject, bytes]] = {}
        self._handlers: dict[int, Changed] = {}
        self._handed = 0
        for cache in caches:
            cache.on_change(self._count, replay=False)

    def on_change(self, handler: Changed, *, replay: bool = False) -> Callable[[], None]:
        """Existing objects are not reported."""
        self._handed += 1
        place = self._handed
        self._handlers[place] = handler

        def forget() -> None:
            self._handlers.pop(place, None)

        return forget

    def _count(self, old: JsonObject | None, new: JsonObject | None) -> None:
        self.version += 1
        for handler in list(self._handlers.values()):
            handler(old, new)

    async def of(
        self, question: Hashable, rights: object, since: int, make: Callable[[], Awaitable[JsonObject]]
    ) -> tuple[JsonObject, int]:
        """The content, and its version, which is at least `since`.

        `rights`: a new object whenever they change.
        """
        answer = self._answers.pop(question, None) or _Answer()
        while len(self._answers) >= MOST:
            del self._answers[next(iter(self._answers))]
        self._answers[question] = answer
        async with answer.lock:
            if answer.found is None or answer.rights is not rights or not self._serves(answer, since):
                version, at = self.version, self._clock.monotonic()
                answer.found, answer.rights, answer.version, answer.at = await make(), rights, version, at
            return answer.found, answer.version

    def _serves(self, answer: _Answer, since: int) -> bool:
        age = self._clock.monotonic() - answer.at
        if answer.version == self.version:
            return age < self._lasts
        return answer.version >= since and age < FRESH_SECONDS

    def patch(self, before: JsonObject, after: JsonObject) -> bytes:
        """The difference as JSON; b"" if there is none."""
        place = (id(before), id(after))
        known = self._patches.get(place)
        if known is None:
            found = patched(before, after)
            while len(self._patches) >= MOST:
                del self._patches[next(iter(self._patches))]
            # Keep both alive, so that no other object gets their identities.
            known = self._patches[place] = (before, after, orjson.dumps(found) if found else b"")
        return known[2]


@dataclass(frozen=True, slots=True)
class OnlyOf:
    """The changes of one object."""

    cache: Changing
    namespace: str
    name: str

    def on_change(self, handler: Changed, *, replay: bool = True) -> Callable[[], None]:
        def hear(old: JsonObject | None, new: JsonObject | None) -> None:
            metadata = (new or old or {}).get("metadata") or {}
            if metadata.get("name") == self.name and metadata.get("namespace", "") == self.namespace:
                handler(old, new)

        return self.cache.on_change(hear, replay=replay)
