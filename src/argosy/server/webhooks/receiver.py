"""`/api/webhook`: answers at once. Events are queued without duplicates; a few tasks write the annotations."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Final

from argosy.cluster.http.exchange import Request, Response
from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource, key_of
from argosy.machinery.status import StatusError
from argosy.machinery.timestamps import seconds
from argosy.observe.metrics import Registry
from argosy.observe.tracing import ANNOTATION, span, traceparent
from argosy.server.context import APPLICATION_SETS, APPLICATIONS, ServerContext
from argosy.server.metrics import ServerMetrics
from argosy.server.services.applications.access import is_enabled
from argosy.server.transport.front import Page
from argosy.server.transport.gateway import TEXT
from argosy.server.transport.http1 import header_map
from argosy.server.webhooks.by_repository import ByRepository
from argosy.server.webhooks.concerned import asks_anew, refreshed, urls_of
from argosy.server.webhooks.news import News, Pushed, Refused, Stored
from argosy.server.webhooks.providers import Hook, news_of

log = logging.getLogger(__name__)
ROOM: Final = 50_000
AT_ONCE: Final = 4
"""Concurrent writes; more would delay other requests during a burst."""
PAUSE_SECONDS: Final = 1.0
QUIET_SECONDS, LONGEST_STORM_SECONDS = 0.2, 3.0
"""Writes start once no event came for the first time, or one has waited for the second: a burst is one refresh."""
GIVE_WAY: Final = 100
"""Applications examined before other tasks run."""
REFRESH: Final = "argocd.argoproj.io/refresh"
REFRESH_TIME: Final = "argocd.argoproj.io/refresh-timestamp"
HYDRATE: Final = "argocd.argoproj.io/hydrate"
ASK_ANEW: Final = "argocd.argoproj.io/application-set-refresh"
DEFAULT_MB: Final = 50
TRACE_HEADER: Final = "traceparent"


class Receiver:
    """`run` runs until cancelled."""

    def __init__(self, context: ServerContext, metrics: ServerMetrics | None = None) -> None:
        self._context = context
        self._metrics = metrics or ServerMetrics(Registry())
        self._waiting: dict[News, str] = {}
        """With the trace of each event; for duplicates, the last."""
        self._told: set[News] = set()
        """Events since the last write, whose targets are known and not yet written."""
        self._heard = asyncio.Event()
        self._wanted: dict[tuple[Resource, Key], dict[str, str]] = {}
        self._is_wanted = asyncio.Event()
        self._came_at = 0.0
        self._written: dict[tuple[Resource, Key], float] = {}
        """Recent writes with their times."""
        self._by_repository: ByRepository | None = None
        """Created at the first push."""
        self._writing = asyncio.Semaphore(AT_ONCE)

    def page(self) -> Page:
        async def page(request: Request, path: str, query: str) -> Response:
            try:
                with span("webhook", request.header(TRACE_HEADER)):
                    self._take(request)
            except Refused as refused:
                status = 405 if request.method != "POST" and refused.status == 400 else refused.status
                log.info("a webhook was refused: %s", refused)
                return Response(status, f"{refused}\n".encode(), TEXT, [], "")
            return Response(200, b"", "", [], "")

        return page

    def _take(self, request: Request) -> None:
        """Raises Refused."""
        configuration = self._context.configuration
        largest = _megabytes(configuration.settings) << 20
        news = news_of(Hook(header_map(request), request.body, configuration.secret, largest))
        if request.method != "POST":
            raise Refused(400, "Webhook processing failed")
        if news is None:
            return
        if len(self._waiting) >= ROOM:
            raise Refused(503, "Queue is full, discarding webhook payload")
        if isinstance(news, Pushed):
            self._metrics.pushed(news.urls)
        self._came_at = self._context.clock.monotonic()
        if news in self._told:
            return
        self._waiting[news] = traceparent()
        self._metrics.waiting(len(self._waiting))
        self._heard.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._write_all(tasks))
            while True:
                while not self._waiting:
                    if not self._wanted:
                        self._told.clear()
                    self._heard.clear()
                    await self._heard.wait()
                news = next(iter(self._waiting))
                self._told.add(news)
                with span("webhook.concerned", self._waiting.pop(news)):
                    await self._tell(news)
                await self._give_way()
                self._metrics.waiting(len(self._waiting))

    async def _tell(self, news: News) -> None:
        context = self._context
        concerned = 0
        for count, app in enumerate(await self._candidates(news)):
            if count % GIVE_WAY == GIVE_WAY - 1:
                await self._give_way()
            if not is_enabled(context, app["metadata"]["namespace"]):
                continue
            if not (what := refreshed(news, app)):
                if isinstance(news, Pushed):
                    self._metrics.kept(sorted(urls_of(app)))
                continue
            concerned += 1
            annotations = {REFRESH: "normal", REFRESH_TIME: seconds(context.clock.now())}
            if cause := traceparent():
                annotations[ANNOTATION] = cause
            if what == "hydrate":
                annotations[HYDRATE] = "normal"
            self._annotate(APPLICATIONS, key_of(app), annotations)
        for appset in await self._sets():
            if is_enabled(context, appset["metadata"]["namespace"]) and asks_anew(news, appset):
                concerned += 1
                self._annotate(APPLICATION_SETS, key_of(appset), {ASK_ANEW: "true"})
        if isinstance(news, Pushed):
            log.info("a push to %s, %s: %d objects are refreshed", ", ".join(news.urls), news.revision, concerned)

    async def _candidates(self, news: News) -> Sequence[JsonObject]:
        """Applications with a repository of the event; those of charts are searched."""
        apps = self._context.gitops.plane.applications
        if not isinstance(news, Pushed):
            return list(apps.list("")) if isinstance(news, Stored) else []
        if self._by_repository is None:
            self._by_repository = ByRepository(apps)
            await self._by_repository.fill(self._give_way)
        return self._by_repository.of(news.urls)

    async def _give_way(self) -> None:
        await self._context.clock.sleep(0)

    async def _sets(self) -> list[JsonObject]:
        cache = self._context.caches.cache(APPLICATION_SETS)
        await cache.wait_synced()
        return list(cache.list(""))

    def _annotate(self, resource: Resource, key: Key, annotations: Mapping[str, str]) -> None:
        self._wanted.setdefault((resource, key), {}).update(annotations)
        self._is_wanted.set()

    async def _write_all(self, tasks: asyncio.TaskGroup) -> None:
        """Writes each object at once, and then at most once a second."""
        clock = self._context.clock
        while True:
            await self._is_wanted.wait()
            await self._storm_over()
            self._is_wanted.clear()
            self._told.clear()
            now = clock.monotonic()
            self._written = {item: at for item, at in self._written.items() if now - at < PAUSE_SECONDS}
            for item in [item for item in self._wanted if item not in self._written]:
                await self._writing.acquire()
                self._written[item] = clock.monotonic()
                tasks.create_task(self._write(*item, self._wanted.pop(item)))
            if self._wanted:
                self._is_wanted.set()
                await clock.sleep(PAUSE_SECONDS / 4)

    async def _storm_over(self) -> None:
        clock = self._context.clock
        until = clock.monotonic() + LONGEST_STORM_SECONDS
        while (now := clock.monotonic()) < until and (self._waiting or now - self._came_at < QUIET_SECONDS):
            await clock.sleep(QUIET_SECONDS / 4)

    async def _write(self, resource: Resource, key: Key, annotations: Mapping[str, str]) -> None:
        patch = {"metadata": {"annotations": dict(annotations)}}
        try:
            await self._context.client.write(
                requests.patch(resource, Key(key.namespace, key.name), patch, PatchType.MERGE)
            )
        except StatusError as error:
            if not error.is_not_found:
                log.warning("%s %s was not refreshed: %s", resource.kind, key, error)
        finally:
            self._writing.release()


def _megabytes(settings: Mapping[str, str]) -> int:
    text = settings.get("webhook.maxPayloadSizeMB", "")
    return int(text) if text.isdecimal() and 0 < int(text) <= DEFAULT_MB else DEFAULT_MB
