"""Sends each request to its handler: implements `request.Api`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from argosy.cluster.errors import method_not_allowed, no_such_resource
from argosy.cluster.handlers import creating, deleting, finalizing, patching, pods, reading, scaling, updating, watching
from argosy.cluster.handlers.core import Core
from argosy.cluster.handlers.writing import not_stored
from argosy.cluster.pace import Pace
from argosy.cluster.request import ApiRequest, ApiResponse, Frame
from argosy.cluster.store.entry import Unencodable
from argosy.machinery.pieces import Pieces

T = TypeVar("T")
Handler = Callable[[Core, ApiRequest], Awaitable[ApiResponse]]
_WRITES: dict[str, Handler] = {
    "create": creating.create,
    "update": updating.update,
    "patch": patching.patch,
    "delete": deleting.delete,
    "deletecollection": deleting.delete_collection,
}
_SUBRESOURCES: dict[tuple[str, str], Handler] = {
    ("pods", "binding"): pods.bind,
    ("pods", "eviction"): pods.evict,
    ("namespaces", "finalize"): finalizing.finalize,
}


class RequestHandlers:
    def __init__(self, core: Core) -> None:
        self.core = core
        self._pace = Pace(core.clock)

    async def handle(self, request: ApiRequest) -> ApiResponse:
        """Raises StatusError."""
        core, kind = self.core, request.kind
        if (preparing := kind.preparing()) is not None:
            await self._pace.made(preparing)
        resource = kind.resource
        if core.special:
            special = core.special.get((resource.group, resource.plural, request.subresource, request.verb))
            if special is not None:
                return self._warned(request, await special(request))
        if request.subresource:
            return await self._write(self._of_subresource(request), request)
        if request.verb not in kind.verbs:
            raise method_not_allowed()
        if request.verb == "get":
            return self._warned(request, reading.get(core, request))
        if request.verb == "list":
            return self._warned(request, await reading.list_(core, request))
        return await self._write(_WRITES[request.verb], request)

    async def in_turns(self, work: Pieces[T]) -> T:
        """Returns the result, taking as many event loop turns as it needs. Raises what the work raises."""
        return await self._pace.made(work)

    def _of_subresource(self, request: ApiRequest) -> Handler:
        kind, name = request.kind, request.subresource
        subresource = kind.subresources.get(name)
        if subresource is None:
            raise no_such_resource()
        if request.verb not in subresource.verbs:
            raise method_not_allowed()
        if name == "scale":
            return scaling.scale
        if request.verb == "get":
            return _get
        own = _SUBRESOURCES.get((kind.resource.plural, name)) if not kind.resource.group else None
        if own is not None:
            return own
        return _WRITES[request.verb]

    async def _write(self, handler: Handler, request: ApiRequest) -> ApiResponse:
        """Answers once the write is on disk: an acknowledged write survives the process."""
        await self._pace.turn()
        try:
            response = await handler(self.core, request)
            await self.core.store.durable()
        except (OSError, Unencodable) as error:
            raise not_stored(error) from error
        return self._warned(request, response)

    def _warned(self, request: ApiRequest, response: ApiResponse) -> ApiResponse:
        if not request.kind.deprecation:
            return response
        warnings = (request.kind.deprecation, *response.warnings)
        return ApiResponse(response.code, response.body, warnings, response.encoded)

    def watch(self, request: ApiRequest) -> AsyncIterator[list[Frame]]:
        return watching.watch(self.core, request)


async def _get(core: Core, request: ApiRequest) -> ApiResponse:
    return reading.get(core, request)
