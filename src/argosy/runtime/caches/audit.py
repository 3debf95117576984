"""Compares caches with the API server in the background, so that a wrong cache, whatever the cause, is corrected.

Each kind is listed within ROUND seconds, names and versions only. Differences are checked again after a pause, in
which a watch that is only late catches up; remaining differences are fixed in the cache, counted and logged.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.machinery.requests import Get, List
from argosy.machinery.status import StatusError
from argosy.observe.metrics import REGISTRY, Registry
from argosy.runtime.caches.informer_cache import InformerCache
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

ROUND: Final = 480.0
"""Seconds in which every cache is compared once: including the work itself, each is compared within ten minutes."""
PATIENCE: Final = 5.0
"""Seconds that a watch has to catch up before a difference counts."""
PAGE: Final = 50
"""One page is built in one event loop turn if the server is in this process."""
AT_ONCE: Final = 1000
"""Objects of the cache that are compared in one event loop turn."""
NAMED: Final = 5
"""Maximum objects named in one log line."""

log = logging.getLogger(__name__)
Versions = Mapping[Key, str]


@dataclass(slots=True)
class Audited:
    """The findings since the start."""

    checks: int = 0
    differences: int = 0


class CacheAudit:
    """`run` until cancelled. `caches`: the current caches, requested again for each round."""

    def __init__(
        self,
        client: Client,
        caches: Callable[[], Sequence[InformerCache]],
        clock: Clock,
        *,
        server: str = "",
        registry: Registry = REGISTRY,
    ) -> None:
        """`server`: its name in the log, if it is not the control plane's own."""
        self.found = Audited()
        self._client, self._caches, self._clock, self._server = client, caches, clock, server
        names = ("resource",)
        self._checked = registry.counter("argosy_cache_checks_total", "Caches compared with the API server.", names)
        text = "Objects that a cache had wrong, and that were repaired."
        self._differing = registry.counter("argosy_cache_differences_total", text, names)

    async def run(self) -> None:
        while True:
            caches = [cache for cache in self._caches() if cache.synced]
            for cache in caches:
                await self._clock.sleep(ROUND / len(caches), background=True)
                if cache in self._caches():
                    await self._check_safely(cache)
            if not caches:
                await self._clock.sleep(ROUND / 10, background=True)

    async def _check_safely(self, cache: InformerCache) -> None:
        """A kind that cannot be read now is compared in the next round."""
        try:
            await self.check(cache)
        except (StatusError, OSError) as error:
            log.debug("%s could not be compared: %s", cache.resource.qualified, type(error).__name__)

    async def check(self, cache: InformerCache) -> int:
        """How many objects were fixed. Raises StatusError and OSError."""
        resource = cache.resource.qualified
        suspects = await self._suspects(cache)
        if suspects:
            known = {key: cache.get(key) for key in suspects}
            await self._clock.sleep(PATIENCE, background=True)
            unmoved = [key for key in suspects if cache.get(key) is known[key]]
            suspects = [key for key in unmoved if await self._is_repaired(cache, key)]
        self.found.checks += 1
        self._checked.add(resource=resource)
        if suspects:
            self.found.differences += len(suspects)
            self._differing.add(len(suspects), resource=resource)
            named = ", ".join(map(str, suspects[:NAMED])) + (", ..." if len(suspects) > NAMED else "")
            where = f" of {self._server}" if self._server else ""
            log.warning("the cache of %s%s was wrong about %d: %s", resource, where, len(suspects), named)
        return len(suspects)

    async def _suspects(self, cache: InformerCache) -> list[Key]:
        listed, revision = await self._listed(cache)
        cached: dict[Key, str] = {}
        objects = cache.list()
        for start in range(0, len(objects), AT_ONCE):
            cached |= {key_of(obj): version_of(obj) for obj in objects[start : start + AT_ONCE]}
            await self._clock.sleep(0, background=True)
        return sorted(differing(listed, revision, cached))

    async def _listed(self, cache: InformerCache) -> tuple[dict[Key, str], str]:
        listed: dict[Key, str] = {}
        token, revision = "", ""
        while True:
            page = await self._client.page(
                List(
                    resource=cache.resource,
                    namespace=cache.namespace,
                    limit=PAGE,
                    continue_token=token,
                    metadata_only=True,
                )
            )
            listed |= {key_of(obj): version_of(obj) for obj in page.items}
            token, revision = page.continue_token, page.resource_version
            if not token:
                return listed, revision

    async def _is_repaired(self, cache: InformerCache, key: Key) -> bool:
        """Compares with the object as it is now; False if the cache turns out to be right."""
        try:
            live: JsonObject | None = await self._client.get(Get(cache.resource, key))
        except StatusError as error:
            if not error.is_not_found:
                raise
            live = None
        known = cache.get(key)
        if live is None:
            if known is None:
                return False
        elif known is not None and not _is_older(version_of(known), version_of(live)):
            return False
        cache.correct(key, live)
        return True


def differing(listed: Versions, revision: str, cached: Versions) -> Iterable[Key]:
    """Pure. A cache may be ahead of the list: only entries that are older than, or deleted on, the server count."""
    for key, version in listed.items():
        if key not in cached or _is_older(cached[key], version):
            yield key
    for key in cached.keys() - listed.keys():
        if not _is_older(revision, cached[key]):
            yield key


def _is_older(version: str, other: str) -> bool:
    """Resource versions of most servers count up; for others, a different one just counts as different."""
    if version.isdigit() and other.isdigit():
        return int(version) < int(other)
    return version != other


def version_of(obj: JsonObject) -> str:
    return str((obj.get("metadata") or {}).get("resourceVersion") or "")
