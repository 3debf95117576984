"""Watches of Applications: one subscription to the cache for all, and one message for everyone who may see it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Hashable, Iterable, Iterator
from itertools import chain, islice
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.runtime.loop_share import LoopShare
from argosy.server.calls import Call
from argosy.server.context import ServerContext
from argosy.server.fan_out import FanOut
from argosy.server.messages import Burst, Message, SharedMessage
from argosy.server.services.applications.access import RESOURCE, is_enabled, target_of_app
from argosy.server.services.applications.reading import Chosen
from argosy.server.services.applications.resource_health import with_health

log = logging.getLogger(__name__)
BUFFER: Final = 1000
TOGETHER: Final = 50
"""Changes that a stream takes at once."""
PRESENT_TOGETHER: Final = 10
"""Initial Applications per turn: each is authorised, completed and encoded."""


class Watching:
    def __init__(self, context: ServerContext) -> None:
        self._context = context
        self._groups: dict[Hashable, Group] = {}
        self._by_name: dict[str, dict[Hashable, Group]] = {}
        """Streams by the one name that they watch; "" for those that watch all."""
        self._present: dict[tuple[str, str], tuple[JsonObject, SharedMessage]] = {}
        """The message about an existing Application, cached as long as it is unchanged and watched."""
        self._fan_out = FanOut(context.clock)
        self._share = LoopShare(context.clock)
        """Shared by all starting streams."""
        self._listens = False

    async def watch(self, call: Call) -> AsyncGenerator[Message, None]:
        request = call.request
        chosen, call.checked = Chosen(request, "labels with selectors"), True
        namespace = request.get("appNamespace") or ""
        version = request.get("resourceVersion") or ""
        since = int(version) if version.isdecimal() else 0
        group = self._group(call, chosen, namespace)
        watcher = Watcher(since)
        group.watchers.add(watcher)
        try:
            if not version or request.get("name"):
                taken = (app for app in self._sorted(namespace) if watcher.is_new(app) and group.takes(app))
                while messages := [*islice(map(self._told_present, taken), PRESENT_TOGETHER)]:
                    yield Burst(messages)
                    await self._share.wait()
            while True:
                yield group.burst(await watcher.take())
        finally:
            group.watchers.discard(watcher)
            if not group.watchers:
                self._forget(group)

    def _sorted(self, namespace: str) -> Iterator[JsonObject]:
        found = self._context.gitops.plane.applications.list(namespace)
        return iter(sorted(found, key=lambda app: f"{app['metadata']['namespace']}/{app['metadata']['name']}"))

    def _told_present(self, app: JsonObject) -> SharedMessage:
        """The same message for all new streams while the Application is unchanged."""
        key = (app["metadata"]["namespace"], app["metadata"]["name"])
        known = self._present.get(key)
        if known is not None and known[0] is app:
            return known[1]
        message = SharedMessage({"type": "ADDED", "application": with_health(self._context, app)})
        if message["application"] is app:  # computed fields may differ next time
            self._present[key] = (app, message)
        return message

    def _group(self, call: Call, chosen: Chosen, namespace: str) -> Group:
        """The streams of one subject with the same query: a change is authorised once for all of them."""
        if not self._listens:
            self._listens = True
            self._context.gitops.plane.applications.on_change(self._heard, replay=False)
        key = (call.caller.subject, namespace, chosen.key)
        if (found := self._groups.get(key)) is None:
            found = self._groups[key] = Group(self._context, call, chosen, namespace, key)
            self._by_name.setdefault(found.name, {})[key] = found
        return found

    def _forget(self, group: Group) -> None:
        if self._groups.get(group.key) is not group:
            return
        del self._groups[group.key]
        named = self._by_name[group.name]
        del named[group.key]
        if not named:
            del self._by_name[group.name]
        if not self._groups:
            self._present.clear()

    def _heard(self, old: JsonObject | None, new: JsonObject | None) -> None:
        if not self._groups:
            return
        kind = "DELETED" if new is None else "ADDED" if old is None else "MODIFIED"
        app = new if new is not None else old
        assert app is not None
        metadata = app["metadata"]
        self._present.pop((metadata["namespace"], metadata["name"]), None)
        message: SharedMessage | None = None
        for group in self._concerned(metadata["name"]):
            if not group.takes(app):
                continue
            if message is None:
                message = SharedMessage({"type": kind, "application": with_health(self._context, app)})
            group.put(app, message, self._fan_out)

    def _concerned(self, name: str) -> Iterable[Group]:
        nobody: dict[Hashable, Group] = {}
        return chain(self._by_name.get("", nobody).values(), self._by_name.get(name, nobody).values())


class Group:
    """Streams that see the same: subject and query."""

    def __init__(self, context: ServerContext, call: Call, chosen: Chosen, namespace: str, key: Hashable) -> None:
        self._context, self._chosen, self._namespace, self.key = context, chosen, namespace, key
        self.name = str(chosen.name or "")
        self._subject, self._enforcer = call.caller.subject, call.enforcer
        self.watchers: set[Watcher] = set()
        self._bursts: dict[tuple[int, ...], Burst] = {}
        """By content, since the last change."""

    def takes(self, app: JsonObject) -> bool:
        metadata = app["metadata"]
        if self._namespace and metadata["namespace"] != self._namespace:
            return False
        return (
            self._chosen.takes(app)
            and is_enabled(self._context, metadata["namespace"])
            and self._enforcer().allows(self._subject, RESOURCE, "get", target_of_app(self._context, app))
        )

    def put(self, app: JsonObject, message: SharedMessage, fan_out: FanOut) -> None:
        self._bursts.clear()
        for watcher in self.watchers:
            if watcher.is_new(app):
                watcher.put(message)
                fan_out.wake(watcher)

    def burst(self, messages: list[JsonObject]) -> Burst:
        """One batch for all streams that send exactly these."""
        key = tuple(map(id, messages))  # the batch keeps them alive, so that no other object gets their identity
        if (found := self._bursts.get(key)) is None:
            found = self._bursts[key] = Burst(messages)
        return found


class Watcher:
    """Messages that one stream has not sent yet; beyond the limit, the newest are dropped, like upstream."""

    def __init__(self, since: int = 0) -> None:
        self._since = since
        self._messages: deque[JsonObject] = deque()
        self._heard = asyncio.Event()
        self._lost = 0

    def is_new(self, app: JsonObject) -> bool:
        """No older than what the stream started with."""
        if not self._since:
            return True
        version = str(app["metadata"].get("resourceVersion") or "")
        return not version.isdecimal() or int(version) >= self._since

    def put(self, message: JsonObject) -> None:
        """Resumes the stream when it is woken."""
        if len(self._messages) >= BUFFER:
            self._lost += 1
            return
        self._messages.append(message)

    def wake(self) -> None:
        self._heard.set()

    async def take(self) -> list[JsonObject]:
        """Pending messages, once there are any, in limited batches."""
        while not self._messages:
            self._heard.clear()
            await self._heard.wait()
        if self._lost:
            log.warning("a watch lost %d events: its client reads too slowly", self._lost)
            self._lost = 0
        return [self._messages.popleft() for _ in range(min(TOGETHER, len(self._messages)))]
