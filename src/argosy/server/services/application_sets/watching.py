"""Watches of sets. Existing ones are sent only to a watch by name, like upstream."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from argosy.machinery.objects import JsonObject
from argosy.machinery.selectors import LabelSelector, SelectorError, parse_labels
from argosy.server.calls import Call
from argosy.server.context import APPLICATION_SETS, ServerContext
from argosy.server.errors import unknown
from argosy.server.messages import SharedMessage
from argosy.server.services.application_sets.access import RESOURCE, project_of, target_of_set
from argosy.server.services.applications.access import is_enabled
from argosy.server.services.applications.watching import Watcher


class SetWatching:
    def __init__(self, context: ServerContext) -> None:
        self._context = context
        self._watchers: set[Watcher] = set()
        self._listens = False

    async def watch(self, call: Call) -> AsyncGenerator[JsonObject, None]:
        selector, call.checked = _selector(call.request), True
        cache = self._context.caches.cache(APPLICATION_SETS)
        await cache.wait_synced()
        if not self._listens:
            self._listens = True
            cache.on_change(self._heard)
        watcher = Watcher()
        self._watchers.add(watcher)
        try:
            if call.request.get("name"):
                present = cache.list(call.request.get("appSetNamespace") or "")
                for item in sorted(present, key=lambda item: str(item["metadata"]["namespace"])):
                    if self._is_for(call, selector, item):
                        yield {"type": "ADDED", "applicationSet": item}
            while True:
                for message in await watcher.take():
                    if self._is_for(call, selector, message["applicationSet"]):
                        yield message
        finally:
            self._watchers.discard(watcher)

    def _is_for(self, call: Call, selector: LabelSelector | None, appset: JsonObject) -> bool:
        request, metadata = call.request, appset["metadata"]
        projects, since = request.get("projects") or (), str(request.get("resourceVersion") or "")
        if request.get("name") and metadata["name"] != request["name"]:
            return False
        if request.get("appSetNamespace") and metadata["namespace"] != request["appSetNamespace"]:
            return False
        if projects and project_of(appset) not in projects:
            return False
        if since.isdecimal() and int(metadata["resourceVersion"]) < int(since):
            return False
        if selector is not None and not selector.matches(metadata.get("labels") or {}):
            return False
        target = target_of_set(self._context, appset)
        return is_enabled(self._context, metadata["namespace"]) and call.may(RESOURCE, "get", target)

    def _heard(self, old: JsonObject | None, new: JsonObject | None) -> None:
        if not self._watchers:
            return
        appset = new if new is not None else old
        assert appset is not None
        kind = "DELETED" if new is None else "ADDED" if old is None else "MODIFIED"
        message = SharedMessage({"type": kind, "applicationSet": appset})
        for watcher in self._watchers:
            watcher.put(message)
            watcher.wake()


def _selector(request: JsonObject) -> LabelSelector | None:
    """Raises ApiError."""
    try:
        return parse_labels(request["selector"]) if request.get("selector") else None
    except SelectorError as error:
        raise unknown(f"error parsing labels with selectors: {error}") from None
