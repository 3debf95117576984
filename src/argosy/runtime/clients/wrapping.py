"""A client that wraps another. A subclass overrides the one or two methods it changes."""

from __future__ import annotations

from collections.abc import AsyncIterator

from argosy.machinery.api import ListPage, WatchEvent
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Get, List, Served, Watch, Write
from argosy.runtime.client import Client


class WrappingClient:
    """Passes everything through."""

    def __init__(self, inner: Client) -> None:
        self._inner = inner

    @property
    def inner(self) -> Client:
        return self._inner

    async def get(self, request: Get) -> JsonObject:
        return await self._inner.get(request)

    async def page(self, request: List) -> ListPage:
        return await self._inner.page(request)

    def follow(self, request: Watch) -> AsyncIterator[WatchEvent]:
        return self._inner.follow(request)

    async def write(self, request: Write) -> JsonObject:
        return await self._inner.write(request)

    async def served(self, *, fresh: bool = False) -> Served:
        return await self._inner.served(fresh=fresh)
