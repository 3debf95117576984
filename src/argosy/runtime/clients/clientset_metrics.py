"""The API requests of some controllers, in Argo Rollouts' metric. Source: spec/metrics.md E2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from argosy.machinery.api import ListPage
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.requests import Get, List, Write
from argosy.machinery.status import StatusError
from argosy.observe.metrics import REGISTRY, Registry
from argosy.runtime.client import Client
from argosy.runtime.clients.fencing import WORKING_ON
from argosy.runtime.clients.wrapping import WrappingClient

NAME: Final = "controller_clientset_k8s_request_total"
LABELS: Final = ("kind", "namespace", "name", "verb", "status_code")
_VERBS: Final = {"create": "Create", "update": "Update", "patch": "Patch", "apply": "Patch", "delete": "Delete"}


class CountedTurns(WrappingClient):
    """Counts requests in turns of `controllers`; watches are shared, so they are counted for none."""

    def __init__(self, inner: Client, controllers: frozenset[str], registry: Registry = REGISTRY) -> None:
        super().__init__(inner)
        self._controllers = controllers
        self._requests = registry.counter(NAME, "Requests of the controllers of Rollouts and analyses.", LABELS)

    async def get(self, request: Get) -> JsonObject:
        with self._counted(request.resource, request.key.namespace, request.key.name, "Get"):
            return await super().get(request)

    async def page(self, request: List) -> ListPage:
        with self._counted(request.resource, request.namespace, "", "List"):
            return await super().page(request)

    async def write(self, request: Write) -> JsonObject:
        verb = _VERBS[request.verb]
        with self._counted(request.resource, request.key.namespace, request.key.name, verb):
            return await super().write(request)

    @contextmanager
    def _counted(self, resource: Resource, namespace: str, name: str, verb: str) -> Iterator[None]:
        turn = WORKING_ON.get()
        if turn is None or turn.controller not in self._controllers:
            yield
            return
        code = "201" if verb == "Create" else "200"
        try:
            yield
        except StatusError as error:
            code = str(error.code)
            raise
        finally:
            self._requests.add(kind=resource.plural, namespace=namespace, name=name, verb=verb, status_code=code)
