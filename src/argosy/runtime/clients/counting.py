"""Counts the requests to an API server, and the key for which each was made."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from argosy.machinery.api import ListPage, WatchEvent
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.requests import Get, List, Watch, Write
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clients.access import Access, ClientAccess
from argosy.runtime.clients.fencing import WORKING_ON
from argosy.runtime.clients.request_metrics import RequestMetrics
from argosy.runtime.clients.wrapping import WrappingClient

Counted = Callable[[str, str, Resource, str, str, bool, "Key | None"], None]
"""(server, verb, resource, namespace, code, dry run, key being processed)."""
_VERBS = {"create": "Create", "update": "Update", "patch": "Patch", "apply": "Patch", "delete": "Delete"}


class CountingClient(WrappingClient):
    def __init__(self, inner: Client, server: str, counted: Counted, metrics: RequestMetrics) -> None:
        super().__init__(inner)
        self._server, self._counted, self._metrics = server, counted, metrics

    async def get(self, request: Get) -> JsonObject:
        try:
            with self._metrics.request(self._server, "Get"):
                found = await super().get(request)
        except StatusError as error:
            self._count("Get", request.resource, request.key.namespace, str(error.code))
            raise
        self._count("Get", request.resource, request.key.namespace, "200")
        return found

    async def page(self, request: List) -> ListPage:
        try:
            with self._metrics.request(self._server, "List"):
                found = await super().page(request)
        except StatusError as error:
            self._count("List", request.resource, request.namespace, str(error.code))
            raise
        self._count("List", request.resource, request.namespace, "200")
        return found

    def follow(self, request: Watch) -> AsyncIterator[WatchEvent]:
        self._count("Watch", request.resource, request.namespace, "200")
        return super().follow(request)

    async def write(self, request: Write) -> JsonObject:
        verb, namespace = _VERBS[request.verb], request.key.namespace
        try:
            with self._metrics.request(self._server, verb):
                found = await super().write(request)
        except StatusError as error:
            self._count(verb, request.resource, namespace, str(error.code), dry_run=request.dry_run)
            raise
        code = "201" if request.verb == "create" else "200"
        self._count(verb, request.resource, namespace, code, dry_run=request.dry_run)
        return found

    def _count(self, verb: str, resource: Resource, namespace: str, code: str, *, dry_run: bool = False) -> None:
        turn = WORKING_ON.get()
        self._counted(self._server, verb, resource, namespace, code, dry_run, turn.key if turn is not None else None)


def counting(access: Access, server: str, counted: Counted, metrics: RequestMetrics) -> Access:
    return ClientAccess(
        CountingClient(access.client, server, counted, metrics),
        lambda user: CountingClient(access.acting_as(user), server, counted, metrics),
    )
