"""Which kinds the API server serves. A failed discovery keeps the previous result, and is retried."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.backoff import Backoff
from argosy.runtime.caches.informer import Caches
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

DEFINITIONS = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False
)
BACKOFF = Backoff(first=0.5, longest=30.0, jitter=0.5)

log = logging.getLogger(__name__)


class ServedKinds:
    """`run` until cancelled; `changed` is called with the kinds added or removed."""

    def __init__(
        self, client: Client, caches: Caches, clock: Clock, rng: Rng, changed: Callable[[Iterable[Resource]], None]
    ) -> None:
        self._client, self._clock, self._rng, self._changed = client, clock, rng, changed
        self._caches = caches
        self._kinds: frozenset[Resource] = frozenset()
        self._change = asyncio.Event()
        self.is_known = False
        self.version = 0
        """A new value whenever a kind is added or removed."""
        self._requested = asyncio.Event()
        self._requested.set()

    def __contains__(self, resource: Resource) -> bool:
        return resource in self._kinds

    async def wait_served(self, resource: Resource) -> None:
        while resource not in self._kinds:
            await self._change.wait()

    async def run(self) -> None:
        forget = self._caches.cache(DEFINITIONS, metadata_only=True).on_change(self._definition_changed)
        try:
            await self._follow()
        finally:
            forget()

    async def _follow(self) -> None:
        failures = 0
        while True:
            await self._requested.wait()
            self._requested.clear()
            try:
                found = frozenset((await self._client.served(fresh=True)).resources)
            except (StatusError, OSError, TimeoutError) as error:
                failures += 1
                log.log(logging.DEBUG, "discovery failed: %s", type(error).__name__)
                self._requested.set()
                await self._clock.sleep(BACKOFF.delay(failures, self._rng), background=failures > 5)
                continue
            failures = 0
            before, self._kinds = self._kinds, found
            self.version += before != found
            self.is_known = True
            self._change.set()
            self._change = asyncio.Event()
            self._changed(sorted(before ^ found))

    def _definition_changed(self, old: JsonObject | None, new: JsonObject | None) -> None:
        """Metadata cannot say whether the kind is established: discover now, and once more a moment later."""
        self._requested.set()
        self._clock.call_later(1.0, self._requested.set)
