"""Read-only details of an Application: tree, managed resources, manifests, revisions, events, links."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any, Final

from argosy.gitops.clusters.resolution import InvalidDestination
from argosy.gitops.model.application_spec import spec_of
from argosy.machinery.objects import JsonObject, key_of
from argosy.server.calls import Call
from argosy.server.context import ServerContext
from argosy.server.errors import invalid
from argosy.server.services.applications.access import Found, find
from argosy.server.services.applications.live_resources import LiveResources
from argosy.server.services.applications.managed import managed
from argosy.server.services.applications.revisions import Revisions
from argosy.server.services.applications.tree import tree_of
from argosy.server.services.applications.tree_scope import TreeScope
from argosy.server.services.clusters.secrets import cluster_json
from argosy.server.services.deep_links import links
from argosy.server.services.events import events_of

SETTLING_SECONDS: Final = 0.3
"""Changes within this time become one tree."""


class Seeing(Revisions):
    def __init__(self, context: ServerContext) -> None:
        super().__init__(context)
        self._live = LiveResources(context)

    async def tree(self, call: Call) -> JsonObject:
        found = await self._of(call, "applicationName")
        return await tree_of(self._context, found.app)

    async def watch_tree(self, call: Call) -> AsyncGenerator[JsonObject, None]:
        """Yields each different tree."""
        found = await self._of(call, "applicationName")
        context, key = self._context, key_of(found.app)
        changed = asyncio.Event()
        forget = context.gitops.plane.applications.on_change(_about(key, changed), replay=False)
        scope, tree = TreeScope(), await tree_of(context, found.app)
        scope.cover(found.app, tree)
        before = json.dumps(tree, sort_keys=True)
        stop = context.gitops.on_live_change(lambda obj: changed.set() if scope.has(obj) else None)
        try:
            while True:
                await changed.wait()
                await context.clock.sleep(SETTLING_SECONDS)
                changed.clear()
                app = context.gitops.plane.applications.get(key)
                if app is None:
                    return
                scope.widen()
                tree = await tree_of(context, app)
                scope.cover(app, tree)
                text = json.dumps(tree, sort_keys=True)
                if text != before:
                    before = text
                    yield tree
        finally:
            forget()
            stop()

    async def managed(self, call: Call) -> JsonObject:
        found = await self._of(call, "applicationName")
        return await managed(self._context, found.app, {**call.request, "name": call.request.get("name") or ""})

    async def events(self, call: Call) -> JsonObject:
        request = call.request
        found = await self._of(call, "name")
        metadata = found.app["metadata"]
        name, uid = str(request.get("resourceName") or ""), str(request.get("resourceUID") or "")
        if not name and not uid:
            return await events_of(
                self._context, name=metadata["name"], uid=metadata["uid"], namespace=metadata["namespace"]
            )
        namespace = str(request.get("resourceNamespace") or "")
        tree = await tree_of(self._context, found.app)
        for node in (*(tree.get("nodes") or ()), *(tree.get("orphanedNodes") or ())):
            if (node.get("uid"), node["name"], node.get("namespace") or "") == (uid, name, namespace):
                return await events_of(self._context, name=name, uid=uid, namespace=namespace)
        raise invalid(f"{name} not found as part of application {metadata['name']}")

    async def links(self, call: Call) -> JsonObject:
        found = await find(
            self._context,
            call,
            "get",
            str(call.request.get("name") or ""),
            namespace=str(call.request.get("namespace") or ""),
            project=str(call.request.get("project") or ""),
        )
        return links(self._context, "application.links", self._data(found.app))

    async def resource_links(self, call: Call) -> JsonObject:
        found = await self._of(call, "name")
        obj = await self._live.object_of(found, call.request)
        data = {**self._data(found.app), "resource": obj}
        project = self._context.gitops.plane.project(found.project)
        if project is not None:
            data["project"] = {**project.raw, "status": {}}
        return links(self._context, "resource.links", data)

    def _data(self, app: JsonObject) -> JsonObject:
        found: JsonObject = {"app": app, "application": app}
        annotations = app["metadata"].get("annotations") or {}
        url = annotations.get("argocd.argoproj.io/managed-by-url") or self._context.configuration.url
        if url:
            found["managedByURL"] = url
        try:
            cluster = cluster_json(self._context, self._context.engine.cluster(spec_of(app)))
        except InvalidDestination:
            return found
        kept = ("server", "name", "namespaces", "project", "labels", "annotations", "shard")
        found["cluster"] = {key: cluster[key] for key in kept if cluster.get(key)}
        return found

    async def _of(self, call: Call, name: str) -> Found:
        request = call.request
        return await find(
            self._context,
            call,
            "get",
            str(request.get(name) or ""),
            namespace=str(request.get("appNamespace") or ""),
            project=str(request.get("project") or ""),
        )


def _about(key: object, changed: asyncio.Event) -> Any:
    def heard(old: JsonObject | None, new: JsonObject | None) -> None:
        obj = new if new is not None else old
        if obj is not None and key_of(obj) == key:
            changed.set()

    return heard
