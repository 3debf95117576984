"""The port for a Kubernetes API server: five methods over request values (`machinery.requests`), in plain JSON.

Adapters: `runtime.http` (any API server) and the embedded server's own in-process client. Wrappers, such as the fence
and the fault injection, are `runtime.wrapping`. All raise `machinery.status.StatusError` when the server refuses.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from argosy.machinery.api import ListPage, WatchEvent
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Get, List, Served, Watch, Write


class Client(Protocol):
    """Returned objects may be shared with a cache: never mutate them. They always have apiVersion and kind."""

    async def get(self, request: Get) -> JsonObject: ...

    async def page(self, request: List) -> ListPage:
        """One page; without a limit all items, however many requests that takes."""
        ...

    def follow(self, request: Watch) -> AsyncIterator[WatchEvent]:
        """Changes after the given version, bookmarks included, until the server ends it; 410 raises `is_expired`."""
        ...

    async def write(self, request: Write) -> JsonObject:
        """The object as it is now; for a deletion the Status, or the object if it still exists."""
        ...

    async def served(self, *, fresh: bool = False) -> Served:
        """An adapter may cache the answer for half a minute; `fresh` requests it again, e.g. after a CRD changed."""
        ...
