"""The resource tree of one Application, live: objects by group, kind, namespace and name, so that patches are small."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from argosy.machinery.objects import JsonObject, key_of
from argosy.server.api.endpoint import ApiRequest, Endpoint
from argosy.server.api.live.changes import Changed
from argosy.server.api.live.shared_answers import OnlyOf
from argosy.server.api.live.stream import Events
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.services.applications.access import find
from argosy.server.services.applications.tree import tree_of
from argosy.server.services.applications.tree_scope import TreeScope

PAUSE_SECONDS: Final = 0.3
"""Changes within this time become one tree: a rollout changes many objects at once."""


def tree_stream(context: ServerContext) -> Endpoint:
    async def watched(request: ApiRequest) -> Events:
        path = request.path
        found = await find(context, request.call, "get", path["name"], namespace=path["namespace"])
        key = key_of(found.app)

        scope = TreeScope()

        async def now() -> JsonObject:
            app = context.gitops.plane.applications.get(key)
            if app is None:
                return {}
            scope.widen()
            tree = await tree_of(context, app)
            scope.cover(app, tree)
            return keyed(tree)

        request.call.permit("applications", "get", found.target)
        application = OnlyOf(context.gitops.plane.applications, *key)
        return Events(context, request.call, now, (application, LiveObjects(context, scope)), pause=PAUSE_SECONDS)

    return Endpoint(
        method="GET",
        path="/stream/applications/{namespace}/{name}/tree",
        summary="The resource tree of one Application, live: `nodes` and `orphanedNodes` by group/kind/namespace/name",
        needs=within("applications", "get"),
        stream=watched,
    )


@dataclass(frozen=True, slots=True)
class LiveObjects:
    """The changes of live objects that can change a tree, without the objects."""

    context: ServerContext
    scope: TreeScope

    def on_change(self, handler: Changed, *, replay: bool = True) -> Callable[[], None]:
        def heard(obj: JsonObject) -> None:
            if self.scope.has(obj):
                handler(None, None)

        return self.context.gitops.on_live_change(heard)


def keyed(tree: JsonObject) -> JsonObject:
    """Argo CD's tree with maps in place of lists. Pure."""
    return {name: _by_place(tree.get(name) or ()) for name in ("nodes", "orphanedNodes")}


def _by_place(nodes: Iterable[JsonObject]) -> JsonObject:
    return {
        "/".join(str(node.get(part) or "") for part in ("group", "kind", "namespace", "name")): node for node in nodes
    }
