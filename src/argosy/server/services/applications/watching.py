"""Watches of Applications: one subscription to the cache for all of them, and one message for all who may see it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.server.calls import Call
from argosy.server.messages import SharedMessage
from argosy.server.services.applications.access import RESOURCE, is_enabled, target_of_app
from argosy.server.services.applications.reading import Chosen
from argosy.server.services.applications.resource_health import with_health
from argosy.server.world import World

log = logging.getLogger(__name__)
BUFFER: Final = 1000


class Watching:
    def __init__(self, world: World) -> None:
        self._world = world
        self._watchers: set[Watcher] = set()
        self._listens = False

    async def watch(self, call: Call) -> AsyncGenerator[JsonObject, None]:
        request, world = call.request, self._world
        chosen, call.checked = Chosen(request, "labels with selectors"), True
        namespace = request.get("appNamespace") or ""
        version = request.get("resourceVersion") or ""
        since = int(version) if version.isdecimal() else 0
        watcher = self._begin()
        try:
            if not version or request.get("name"):
                for app in self._present(namespace):
                    if self._is_for(call, chosen, namespace, since, app):
                        yield SharedMessage({"type": "ADDED", "application": with_health(world, app)})
            while True:
                message = await watcher.next()
                if self._is_for(call, chosen, namespace, since, message["application"]):
                    yield message
        finally:
            self._watchers.discard(watcher)

    def _present(self, namespace: str) -> list[JsonObject]:
        found = self._world.gitops.plane.applications.list(namespace)
        return sorted(found, key=lambda app: f"{app['metadata']['namespace']}/{app['metadata']['name']}")

    def _is_for(self, call: Call, chosen: Chosen, namespace: str, since: int, app: JsonObject) -> bool:
        metadata = app["metadata"]
        if namespace and metadata["namespace"] != namespace:
            return False
        version = str(metadata.get("resourceVersion") or "")
        if since and version.isdecimal() and int(version) < since:
            return False
        return (
            chosen.takes(app)
            and is_enabled(self._world, metadata["namespace"])
            and call.may(RESOURCE, "get", target_of_app(self._world, app))
        )

    def _begin(self) -> Watcher:
        if not self._listens:
            self._listens = True
            self._world.gitops.plane.applications.on_change(self._heard)
        watcher = Watcher()
        self._watchers.add(watcher)
        return watcher

    def _heard(self, old: JsonObject | None, new: JsonObject | None) -> None:
        if not self._watchers:
            return
        kind = "DELETED" if new is None else "ADDED" if old is None else "MODIFIED"
        app = new if new is not None else old
        assert app is not None
        message = SharedMessage({"type": kind, "application": with_health(self._world, app)})
        for watcher in self._watchers:
            watcher.put(message)


class Watcher:
    """Messages that one stream has not taken yet; of too many, the newest are lost, as upstream."""

    def __init__(self) -> None:
        self._messages: deque[JsonObject] = deque()
        self._heard = asyncio.Event()
        self._lost = 0

    def put(self, message: JsonObject) -> None:
        if len(self._messages) >= BUFFER:
            self._lost += 1
            return
        self._messages.append(message)
        self._heard.set()

    async def next(self) -> JsonObject:
        while not self._messages:
            self._heard.clear()
            await self._heard.wait()
            if self._lost:
                log.warning("a watch lost %d events: its client reads too slowly", self._lost)
                self._lost = 0
        return self._messages.popleft()
