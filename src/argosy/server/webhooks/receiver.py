"""`/api/webhook`: answers at once. News waits in a line, the same news once; a few tasks write the annotations."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from argosy.cluster.http.exchange import Request, Response
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource, key_of
from argosy.machinery.status import StatusError
from argosy.machinery.timestamps import seconds
from argosy.server.services.applications.access import is_enabled
from argosy.server.transport.front import Page
from argosy.server.transport.gateway import TEXT
from argosy.server.transport.http1 import header_map
from argosy.server.webhooks.concerned import asks_anew, refreshed
from argosy.server.webhooks.news import News, Pushed, Refused
from argosy.server.webhooks.providers import Hook, news_of
from argosy.server.world import APPLICATION_SETS, APPLICATIONS, World

log = logging.getLogger(__name__)
ROOM: Final = 50_000
AT_ONCE: Final = 20
GIVE_WAY: Final = 500
"""Applications looked at between two turns of others."""
REFRESH: Final = "argocd.argoproj.io/refresh"
REFRESH_TIME: Final = "argocd.argoproj.io/refresh-timestamp"
HYDRATE: Final = "argocd.argoproj.io/hydrate"
ASK_ANEW: Final = "argocd.argoproj.io/application-set-refresh"
DEFAULT_MB: Final = 50


class Receiver:
    """`run` until cancelled."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._waiting: dict[News, None] = {}
        self._heard = asyncio.Event()
        self._writing = asyncio.Semaphore(AT_ONCE)

    def page(self) -> Page:
        async def page(request: Request, path: str, query: str) -> Response:
            try:
                self._take(request)
            except Refused as refused:
                status = 405 if request.method != "POST" and refused.status == 400 else refused.status
                log.info("a webhook was refused: %s", refused)
                return Response(status, f"{refused}\n".encode(), TEXT, [], "")
            return Response(200, b"", "", [], "")

        return page

    def _take(self, request: Request) -> None:
        """Raises Refused."""
        configuration = self._world.configuration
        largest = _megabytes(configuration.settings) << 20
        news = news_of(Hook(header_map(request), request.body, configuration.secret, largest))
        if request.method != "POST":
            raise Refused(400, "Webhook processing failed")
        if news is None:
            return
        if len(self._waiting) >= ROOM:
            raise Refused(503, "Queue is full, discarding webhook payload")
        self._waiting[news] = None
        self._heard.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            while True:
                while not self._waiting:
                    self._heard.clear()
                    await self._heard.wait()
                news = next(iter(self._waiting))
                del self._waiting[news]
                await self._tell(news, tasks)

    async def _tell(self, news: News, tasks: asyncio.TaskGroup) -> None:
        world = self._world
        concerned = 0
        apps = world.gitops.plane.applications.list("")
        for count, app in enumerate(apps):
            if count % GIVE_WAY == GIVE_WAY - 1:
                await self._world.clock.sleep(0)
            if not is_enabled(world, app["metadata"]["namespace"]) or not (what := refreshed(news, app)):
                continue
            concerned += 1
            annotations = {REFRESH: "normal", REFRESH_TIME: seconds(world.clock.now())}
            if what == "hydrate":
                annotations[HYDRATE] = "normal"
            await self._annotate(tasks, APPLICATIONS, key_of(app), annotations)
        for appset in await self._sets():
            if is_enabled(world, appset["metadata"]["namespace"]) and asks_anew(news, appset):
                concerned += 1
                await self._annotate(tasks, APPLICATION_SETS, key_of(appset), {ASK_ANEW: "true"})
        if isinstance(news, Pushed):
            log.info("a push to %s, %s: %d objects are refreshed", ", ".join(news.urls), news.revision, concerned)

    async def _sets(self) -> list[JsonObject]:
        cache = self._world.caches.cache(APPLICATION_SETS)
        await cache.wait_synced()
        return list(cache.list(""))

    async def _annotate(
        self, tasks: asyncio.TaskGroup, resource: Resource, key: Key, annotations: Mapping[str, str]
    ) -> None:
        await self._writing.acquire()
        tasks.create_task(self._write(resource, key, annotations))

    async def _write(self, resource: Resource, key: Key, annotations: Mapping[str, str]) -> None:
        patch = {"metadata": {"annotations": dict(annotations)}}
        try:
            await self._world.client.patch(resource, key.name, key.namespace, patch, PatchType.MERGE)
        except StatusError as error:
            if not error.is_not_found:
                log.warning("%s %s was not refreshed: %s", resource.kind, key, error)
        finally:
            self._writing.release()


def _megabytes(settings: Mapping[str, str]) -> int:
    text = settings.get("webhook.maxPayloadSizeMB", "")
    return int(text) if text.isdecimal() and 0 < int(text) <= DEFAULT_MB else DEFAULT_MB
