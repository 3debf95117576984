"""Watches of Applications: one subscription to the cache for all of them, and one message for all who may see it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Hashable
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.server.calls import Call
from argosy.server.context import ServerContext
from argosy.server.messages import SharedMessage
from argosy.server.services.applications.access import RESOURCE, is_enabled, target_of_app
from argosy.server.services.applications.reading import Chosen
from argosy.server.services.applications.resource_health import with_health

log = logging.getLogger(__name__)
BUFFER: Final = 1000


class Watching:
    def __init__(self, context: ServerContext) -> None:
        self._context = context
        self._groups: dict[Hashable, Group] = {}
        self._listens = False

    async def watch(self, call: Call) -> AsyncGenerator[JsonObject, None]:
        request, context = call.request, self._context
        chosen, call.checked = Chosen(request, "labels with selectors"), True
        namespace = request.get("appNamespace") or ""
        version = request.get("resourceVersion") or ""
        since = int(version) if version.isdecimal() else 0
        group = self._group(call, chosen, namespace)
        watcher = Watcher(since)
        group.watchers.add(watcher)
        try:
            if not version or request.get("name"):
                for app in self._present(namespace):
                    if watcher.is_new(app) and group.takes(app):
                        yield SharedMessage({"type": "ADDED", "application": with_health(context, app)})
            while True:
                yield await watcher.next()
        finally:
            group.watchers.discard(watcher)
            if not group.watchers:
                self._groups.pop(group.key, None)

    def _present(self, namespace: str) -> list[JsonObject]:
        found = self._context.gitops.plane.applications.list(namespace)
        return sorted(found, key=lambda app: f"{app['metadata']['namespace']}/{app['metadata']['name']}")

    def _group(self, call: Call, chosen: Chosen, namespace: str) -> Group:
        """Of streams that the same subject opened with the same question: a change is judged once for all of them."""
        if not self._listens:
            self._listens = True
            self._context.gitops.plane.applications.on_change(self._heard)
        key = (call.caller.subject, namespace, chosen.key)
        if (found := self._groups.get(key)) is None:
            found = self._groups[key] = Group(self._context, call, chosen, namespace, key)
        return found

    def _heard(self, old: JsonObject | None, new: JsonObject | None) -> None:
        if not self._groups:
            return
        kind = "DELETED" if new is None else "ADDED" if old is None else "MODIFIED"
        app = new if new is not None else old
        assert app is not None
        message: SharedMessage | None = None
        for group in self._groups.values():
            if not group.takes(app):
                continue
            if message is None:
                message = SharedMessage({"type": kind, "application": with_health(self._context, app)})
            for watcher in group.watchers:
                if watcher.is_new(app):
                    watcher.put(message)


class Group:
    """Streams that see the same: who asks, and what for."""

    def __init__(self, context: ServerContext, call: Call, chosen: Chosen, namespace: str, key: Hashable) -> None:
        self._context, self._chosen, self._namespace, self.key = context, chosen, namespace, key
        self._subject, self._enforcer = call.caller.subject, call.enforcer
        self.watchers: set[Watcher] = set()

    def takes(self, app: JsonObject) -> bool:
        metadata = app["metadata"]
        if self._namespace and metadata["namespace"] != self._namespace:
            return False
        return (
            self._chosen.takes(app)
            and is_enabled(self._context, metadata["namespace"])
            and self._enforcer().allows(self._subject, RESOURCE, "get", target_of_app(self._context, app))
        )


class Watcher:
    """Messages that one stream has not taken yet; of too many, the newest are lost, as upstream."""

    def __init__(self, since: int = 0) -> None:
        self._since = since
        self._messages: deque[JsonObject] = deque()
        self._heard = asyncio.Event()
        self._lost = 0

    def is_new(self, app: JsonObject) -> bool:
        """No older than what the stream began with."""
        version = str(app["metadata"].get("resourceVersion") or "")
        return not self._since or not version.isdecimal() or int(version) >= self._since

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
