"""The API of Argo Rollouts' dashboard, `/rollouts/api/v1`, behind our sign-in and rights.

Upstream's own listens on the user's machine without authentication. Rights are those of Argosy's API: `objects, get`
and `objects, action/<verb>`. Streams are server-sent events or lines, as the client asks. Source:
spec/server-details.md B3.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

import orjson

from argosy import __version__
from argosy.cluster.http.exchange import Request, Response
from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key
from argosy.runtime.caches.informer import Cache
from argosy.server import rollout_views
from argosy.server.api.acting.rollouts_and_stages import MANAGER, Actions
from argosy.server.api.endpoint import ApiRequest, Endpoint
from argosy.server.api.live.stream import Events
from argosy.server.api.objects import LISTED, RIGHTS, target_of
from argosy.server.api.router import EVENTS, JSON, Router
from argosy.server.calls import Call, sign_in, within
from argosy.server.context import ServerContext
from argosy.server.dispatch import Dispatcher
from argosy.server.errors import Code, failed_precondition, invalid, not_found
from argosy.server.transport.front import Page

PREFIX: Final = "/rollouts/api/v1"
ONE: Final = "/rollouts/{namespace}/{name}"
Body = dict[str, Any]


def dashboard(context: ServerContext, dispatcher: Dispatcher) -> Page:
    inner = Router(dashboard_endpoints(context), PREFIX).page(dispatcher)

    async def page(request: Request, path: str, query: str) -> Response:
        if request.method != "GET" and not request.body:
            request = replace(request, body=b"{}")
        response = await inner(request, path, query)
        if response.status >= 400 and isinstance(response.body, bytes):
            return replace(response, body=_refusal(response.body))
        if response.content_type == EVENTS and EVENTS not in request.header("accept"):
            response.content_type = JSON
        return response

    return page


def _refusal(body: bytes) -> bytes:
    """In the form of a gRPC gateway."""
    fault = orjson.loads(body)["error"]
    return orjson.dumps({"error": fault["message"], "code": int(Code[fault["code"]]), "message": fault["message"]})


def dashboard_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    room = Dashboard(context)
    get = within(RIGHTS, "get")
    return (
        Endpoint(method="GET", path="/version", summary="Version", needs=sign_in(), answers=Body, answer=room.version),
        Endpoint(
            method="GET", path="/namespace", summary="Namespaces", needs=get, answers=Body, answer=room.namespaces
        ),
        Endpoint(
            method="GET", path="/rollouts/{namespace}/info", summary="All", needs=get, answers=Body, answer=room.several
        ),
        Endpoint(
            method="GET", path="/rollouts/{namespace}/info/watch", summary="All, live", needs=get, stream=room.watched
        ),
        Endpoint(method="GET", path=f"{ONE}/info", summary="One", needs=get, answers=Body, answer=room.one),
        Endpoint(method="GET", path=f"{ONE}/info/watch", summary="One, live", needs=get, stream=room.one_watched),
        *(_action(f"{ONE}/{verb}", room.verb(verb)) for verb in ("restart", "promote", "abort", "retry")),
        _action(f"{ONE}/undo/{{revision}}", room.undo),
        _action(f"{ONE}/set/{{container}}/{{image}}/{{tag}}", room.set_image),
    )


def _action(path: str, answer: Callable[[ApiRequest], Awaitable[Any]]) -> Endpoint:
    return Endpoint(
        method="PUT",
        path=path,
        summary="Changes a Rollout",
        needs=within(RIGHTS, "action", mutates=True),
        takes=Body,
        answers=Body,
        answer=answer,
    )


class Dashboard:
    def __init__(self, context: ServerContext) -> None:
        self._context, self._actions = context, Actions(context)

    async def version(self, _: ApiRequest) -> JsonObject:
        return {"rolloutsVersion": f"v{__version__}"}

    async def namespaces(self, request: ApiRequest) -> JsonObject:
        """Namespaces with a Rollout that the caller may see."""
        found = sorted({one["metadata"]["namespace"] for one in await self._visible(request, "")})
        return {"namespace": found[0] if found else "default", "availableNamespaces": found}

    async def several(self, request: ApiRequest) -> JsonObject:
        namespace = request.path["namespace"]
        found = await self._visible(request, namespace)
        objects = await rollout_views.made_in(self._context, namespace)
        return {"rollouts": [rollout_views.view(one, objects) for one in found]}

    async def one(self, request: ApiRequest) -> JsonObject:
        found = await self._found(request, "get")
        return rollout_views.view(found, await rollout_views.made_in(self._context, request.path["namespace"]))

    async def watched(self, request: ApiRequest) -> Lines:
        """One message for each existing Rollout, then one for each change."""
        request.call.checked = True

        async def now() -> JsonObject:
            return {one["objectMeta"]["name"]: one for one in (await self.several(request))["rollouts"]}

        return Lines(self._context, request.call, now, _changed, (self._cache(),))

    async def one_watched(self, request: ApiRequest) -> Lines:
        name = request.path["name"]
        await self._found(request, "get")

        async def now() -> JsonObject:
            return {name: await self.one(request)}

        return Lines(self._context, request.call, now, lambda _, info: info or {}, (self._cache(),))

    def _cache(self) -> Cache:
        return self._context.caches.cache(LISTED["rollouts"].resource)

    # -- changes -------------------------------------------------------------------------------------------------------

    def verb(self, verb: str) -> Callable[[ApiRequest], Awaitable[JsonObject]]:
        async def act(request: ApiRequest) -> JsonObject:
            full = verb == "promote" and request.body.get("full") is True
            await self._actions.of_rollout("promote-full" if full else verb)(request)
            return await self._context.client.get(
                requests.Get(_ROLLOUTS, Key(request.path["namespace"], request.path["name"]))
            )

        return act

    async def undo(self, request: ApiRequest) -> JsonObject:
        """Rolls back to a revision; 0 means the previous one."""
        from argosy.apis.kubernetes.views.apps import ReplicaSet
        from argosy.apis.rollouts import Rollout
        from argosy.apis.schema import read
        from argosy.rollouts.commands.undo import CannotUndo, revision_to_restore, undo_patch

        text = request.path["revision"]
        if not text.isdecimal() or len(text) > 9:
            raise invalid(f"revision: {text[:40]!r} is not a number")
        found = await self._found(request, "action/undo")
        sets = (await rollout_views.made_in(self._context, request.path["namespace"])).sets
        try:
            chosen = revision_to_restore(read(Rollout, found), [read(ReplicaSet, one) for one in sets], int(text))
        except CannotUndo as error:
            raise failed_precondition(str(error)) from None
        test = {"op": "test", "path": "/metadata/uid", "value": found["metadata"]["uid"]}
        return await self._patch(request, [test, *undo_patch(chosen)], PatchType.JSON)

    async def set_image(self, request: ApiRequest) -> JsonObject:
        from argosy.rollouts.commands.images import NoSuchContainer, with_image

        found = await self._found(request, "action/set-image")
        image = f"{request.path['image']}:{request.path['tag']}"
        try:
            changed = with_image(found, request.path["container"], image)
        except NoSuchContainer as error:
            raise failed_precondition(str(error)) from None
        return await self._context.client.write(requests.update(_ROLLOUTS, changed, manager=MANAGER))

    async def _patch(self, request: ApiRequest, patch: Any, kind: PatchType) -> JsonObject:
        name, namespace = request.path["name"], request.path["namespace"]
        return await self._context.client.write(
            requests.patch(_ROLLOUTS, Key(namespace, name), patch, kind, manager=MANAGER)
        )

    # -- what may be seen ----------------------------------------------------------------------------------------------

    async def _visible(self, request: ApiRequest, namespace: str) -> list[JsonObject]:
        request.call.checked = True
        if _ROLLOUTS not in (await self._context.client.served()).resources:
            return []
        found = (await self._context.client.page(requests.List(resource=_ROLLOUTS, namespace=namespace))).items
        return [one for one in found if request.call.may(RIGHTS, "get", _target(one))]

    async def _found(self, request: ApiRequest, action: str) -> JsonObject:
        """Raises ApiError: an object that the caller may not see does not exist for them."""
        namespace, name = request.path["namespace"], request.path["name"]
        target = target_of(_ROLLOUTS, namespace, name)
        absent = not_found(f'{_ROLLOUTS.qualified} "{name}" not found')
        if not request.call.may(RIGHTS, "get", target):
            raise absent
        request.call.permit(RIGHTS, action, target)
        if _ROLLOUTS not in (await self._context.client.served()).resources:
            raise absent
        return await self._context.client.get(requests.Get(_ROLLOUTS, Key(namespace, name)))


Form = Callable[[str, JsonObject | None], JsonObject]
"""Converts (name, RolloutInfo; None for a deletion) to a message."""


class Lines(Events):
    """One message for each Rollout, by name, that differs from the last one sent."""

    def __init__(
        self,
        context: ServerContext,
        call: Call,
        show: Callable[[], Awaitable[JsonObject]],
        form: Form,
        caches: tuple[Cache, ...],
    ) -> None:
        super().__init__(context, call, show, caches)
        self._form = form
        self._as_events = EVENTS in call.headers.get("accept", "")

    async def __anext__(self) -> bytes:
        """Keep-alives exist only for events: with lines, each line is a message."""
        chunk = await super().__anext__()
        while not self._as_events and not chunk.startswith(b"{"):
            chunk = await super().__anext__()
        return chunk

    async def _event(self) -> bytes | None:
        self._dirty = False
        before, shown = self._last or {}, await self._show()
        changed = [name for name, info in shown.items() if before.get(name) != info]
        gone = [name for name in before if name not in shown]
        self._last = shown
        return b"".join(self._line(self._form(name, shown.get(name))) for name in (*changed, *gone)) or None

    def _line(self, message: JsonObject) -> bytes:
        text = orjson.dumps({"result": message})
        return b"data: " + text + b"\n\n" if self._as_events else text + b"\n"


def _changed(name: str, info: JsonObject | None) -> JsonObject:
    return {"type": "Updated" if info is not None else "Deleted", "rolloutInfo": info or _gone(name)}


def _gone(name: str) -> JsonObject:
    return {"objectMeta": {"name": name}}


def _target(obj: JsonObject) -> str:
    return target_of(_ROLLOUTS, obj["metadata"]["namespace"], obj["metadata"]["name"])


_ROLLOUTS: Final = LISTED["rollouts"].resource
